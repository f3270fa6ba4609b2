"""House rules a machine can hold: sizes, first sentences, words that do not belong in names."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("flows", "tasks", "schemas", "expectations", "deployments")
MODULES = sorted(
    path for package in PACKAGES for path in (ROOT / package).rglob("*.py") if "migrations" not in path.parts
)
#: Long lists of facts, not of steps.
DATA = {"schemas/tables.py"}
BANNED = {"utils", "helpers", "common", "manager", "misc"}


def _named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", MODULES, ids=_named)
def test_module_opens_with_a_sentence(path: Path) -> None:
    docstring = ast.get_docstring(ast.parse(path.read_text("utf-8")))
    assert docstring, f"{_named(path)} does not say what it is"
    assert docstring[0].isupper() or docstring[0] in "`_"


#: What a module does not hold is said of packages alone.
ABSENT = re.compile(
    r"(do|does) not belong here|(is|are) (elsewhere|not here)|(not its|another module's|is .*'s) matter"
)


@pytest.mark.parametrize("path", MODULES, ids=_named)
def test_module_says_what_it_holds(path: Path) -> None:
    docstring = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
    assert path.name == "__init__.py" or not ABSENT.search(docstring)


@pytest.mark.parametrize("path", MODULES, ids=_named)
def test_module_stays_one_thing(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= 300 or _named(path) in DATA


@pytest.mark.parametrize("path", MODULES, ids=_named)
def test_module_that_is_run_is_whole_by_then(path: Path) -> None:
    statements = [ast.unparse(statement) for statement in ast.parse(path.read_text("utf-8")).body]
    assert not [statement for statement in statements[:-1] if statement.startswith("if __name__ == ")]


def test_no_module_is_a_drawer() -> None:
    assert not [_named(path) for path in MODULES if BANNED & set(path.relative_to(ROOT).with_suffix("").parts)]


def test_nothing_names_a_machine_or_a_registry() -> None:
    words = ("/work/", "pypi.org", "files.pythonhosted", "deb.debian.org")
    texts = [*MODULES, *ROOT.glob("*.lock"), *ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), ROOT / "Makefile"]
    names = [_named(path) for path in texts if any(word in path.read_text("utf-8") for word in words)]
    assert not names


#: What only the policy of a city may say; the sample is one city's.
CITY_WORDS = ("social_organisation", "社会培训评价组织", "技工院校", "黄石", "4202", "YYYY-04", "4 and 9")


def test_a_citys_words_stand_in_its_policy_alone() -> None:
    sources = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py") if "sample" not in path.parts]
    places = [(path.name, word) for path in sources for word in CITY_WORDS if word in path.read_text("utf-8")]
    assert not places


#: Where SQL is written: the store, the tables, and the source that reads a foreign database.
SQL = ("tasks/store/", "schemas/tables.py", "tasks/gateways/sources/far/sql_tables.py")


def _statements(path: Path) -> set[str]:
    imported = (node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.ImportFrom))
    names = {alias.name for node in imported if node.module == "sqlalchemy" for alias in node.names}
    return names & {"select", "insert", "update", "delete", "text", "func"}


def test_only_the_store_writes_sql() -> None:
    writing = {_named(path) for path in MODULES if _statements(path) and not _named(path).startswith(SQL)}
    assert not writing, "ask tasks.store instead"
    assert _statements(ROOT / "tasks/store/items.py") >= {"select", "update"}


def test_only_a_step_is_a_task_of_prefect() -> None:
    def takes_task(path: Path) -> bool:
        nodes = ast.walk(ast.parse(path.read_text("utf-8")))
        imports = [
            node for node in nodes if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("prefect")
        ]
        return any(alias.name == "task" for node in imports for alias in node.names)

    assert [_named(path) for path in MODULES if takes_task(path)] == ["tasks/runs/run.py"]


#: A file or folder of ours, as a page on the code names it.
PLACE = re.compile(r"`((?:flows|tasks|schemas|expectations|deployments|tests|benchmarks|docs)/[\w/.-]*)`")


def test_every_file_the_guide_for_developers_names_is_there() -> None:
    places = PLACE.findall((ROOT / "docs/developing.md").read_text("utf-8"))
    assert len(places) > 30
    assert [place for place in places if not (ROOT / place).exists()] == []


#: Architecture, rule 17: no names for data.
NO_NAMES = {"told", "said", "each", "own", "wanted", "mine", "theirs", "there", "whose", "asked"}


def test_data_have_nouns() -> None:
    nodes = [(path, node) for path in MODULES for node in ast.walk(ast.parse(path.read_text("utf-8")))]
    names = [(_named(path), node.id) for path, node in nodes if isinstance(node, ast.Name) and node.id in NO_NAMES]
    names += [(_named(path), node.arg) for path, node in nodes if isinstance(node, ast.arg) and node.arg in NO_NAMES]
    assert names == []
