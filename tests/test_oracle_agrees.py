"""The product against an independent reading of the contract, on random cycles; single rules are tested elsewhere."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ORACLE = Path(__file__).parent / "oracle"
if str(ORACLE) not in sys.path:
    sys.path.append(str(ORACLE))  # the oracle's modules are plain files, also run as commands

import codes  # noqa: E402
from compare import differences, report  # noqa: E402
from expected import finding_rows, item_rows, read_tables  # noqa: E402
from facts import read_csv, rules  # noqa: E402
from random_cycles import MadeCycle, make_cycle, write  # noqa: E402
from reading import run  # noqa: E402

SEEDS = range(1, 9)


@pytest.fixture(scope="module")
def cycles() -> list[MadeCycle]:
    return [make_cycle(seed, 80) for seed in SEEDS]


def test_standard_vectors() -> None:
    assert codes.credit_code_is_valid("91350100M000100Y43")
    assert not codes.credit_code_is_valid("91350100M000100Y34")
    assert codes.identity_number_is_valid("11010519491231002X")
    assert not codes.identity_number_is_valid("11010519490231002X")


def test_a_seed_always_gives_the_same_cycle() -> None:
    first, again = make_cycle(7, 30), make_cycle(7, 30)
    assert (first.cycle, first.as_of, first.tables) == (again.cycle, again.as_of, again.tables)
    assert make_cycle(8, 30).tables != first.tables


def test_cycles_reach_every_rule_and_status(cycles: list[MadeCycle]) -> None:
    outcomes = [run(made.tables, made.cycle, made.as_of) for made in cycles]
    assert {found.rule for outcome in outcomes for found in outcome.findings} == set(rules())
    statuses = {state.status for outcome in outcomes for state in outcome.items.values()}
    assert statuses == {"returned", "held", "dispatched", "passed", "failed", "filed", "refused"}
    assert {outcome.waiting for outcome in outcomes} == {True, False}


def test_tables_survive_the_folder(cycles: list[MadeCycle], tmp_path: Path) -> None:
    made = cycles[0]
    write(made, tmp_path)
    outcome, again = (run(tables, made.cycle, made.as_of) for tables in (made.tables, read_tables(tmp_path)))
    assert finding_rows(outcome) == finding_rows(again)
    assert item_rows(outcome) == item_rows(again)


def test_differences_are_told(cycles: list[MadeCycle]) -> None:
    rows = finding_rows(run(cycles[0].tables, cycles[0].cycle, cycles[0].as_of))
    assert differences(rows, list(rows)) == []
    assert differences(rows, rows[1:]) != []
    wrong_field = [rows[0] | {"field": "elsewhere"}, *rows[1:]]
    assert {group.split()[-1] for group, _ in differences(rows, wrong_field)} == {"missing", "surplus"}
    assert differences(rows, wrong_field, loose=True) == []


def _filing(home: Path, *arguments: str) -> str:
    command = shutil.which("filing", path=str(Path(sys.executable).parent))
    assert command, "the console script is not installed: install the project into this environment"
    done = subprocess.run([command, "--home", str(home), *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_the_product_agrees(seed: int, tmp_path: Path) -> None:
    """`filing run` on a random cycle leaves exactly the findings and items that the contract's text gives."""
    made = make_cycle(seed, 120)
    inbox, home = tmp_path / "inbox", tmp_path / "home"
    write(made, inbox)
    _filing(home, "run", made.cycle, "--inbox", str(inbox), "--as-of", made.as_of.isoformat())
    outcome = run(made.tables, made.cycle, made.as_of)
    for name, expected in (("findings", finding_rows(outcome)), ("items", item_rows(outcome))):
        actual = tmp_path / f"{name}.csv"
        actual.write_text(_filing(home, name, made.cycle), "utf-8")
        found = differences(expected, read_csv(actual))
        assert not found, f"seed {seed}, {name}:\n{report(found, 3)}"
