"""Names that spreadsheets, browsers or templates might take for something else stay text through a whole cycle."""

import csv
import json
import re
from io import BytesIO, StringIO
from pathlib import Path
from zipfile import ZipFile

import docx
import openpyxl
import pytest

from deployments import sample
from tests import editions, factories

NAMES = [
    "=cmd|' /C calc'!A0",
    "+1+1",
    "@SUM(A1:A9)",
    "<script>window.hacked=1</script>",
    "abc\u202egnp.exe\u202c",
    "👩‍🔧🇨🇳培训学校",
    "长" * 300,
    "第一行\n第二行",
    "引号\"'“”,;\\",
    "{{ 7 * 7 }}{% raw %}",
    "</script><img src=x onerror=alert(1)>",
]
#: The code points that turn text around.
DIRECTIONS = re.compile("[\u202a-\u202e\u2066-\u2069\u200e\u200f]")


def _story() -> factories.Story:
    """A made cycle in which institutions that are filed, returned and refused have these names."""
    story = factories.make_story(institutions=24, seed=3)
    intended = story.sample.intended
    kinds = story.sample.tables["applications"].set_index("application_no")["kind"]

    def not_filed_under_its_name(number: str) -> tuple[bool, bool, str]:
        # who is on file already keeps the name on file
        return not intended[number].startswith(("filed", "held")), kinds[number] != "initial", number

    chosen = sorted(intended, key=not_filed_under_its_name)
    names = dict(zip(chosen, [*NAMES, *NAMES], strict=False))
    for forms in (story.sample.tables, story.sample.corrected):
        rows = forms["applications"]
        rows["institution_name"] = rows["application_no"].map(names).fillna(rows["institution_name"])
    # the register keeps the name it has: an institution on file has had its name before
    applied, on_file = story.sample.tables["applications"], story.sample.tables["register"]
    by_code = dict(zip(applied["uscc"], applied["institution_name"], strict=True))
    on_file["institution_name"] = on_file["uscc"].map(by_code).fillna(on_file["institution_name"])
    return story


def _hand_in(made: sample.SampleCycle, inbox: Path, desk: Path) -> None:
    """The forms in the inbox, the lists on the desk."""
    sample.write_json(made, inbox)
    (inbox / "desk").rename(desk)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a whole cycle with such names put out."""
    from deployments import schema
    from schemas.settings import Settings, using

    root = tmp_path_factory.mktemp("hostile") / "home"
    with using(Settings(home=root)), pytest.MonkeyPatch.context() as patch:
        # an attacker hands in a table, not a workbook named after the institution
        patch.setattr(sample, "write_inbox", _hand_in)
        schema.migrate()
        summary = factories.play(_story(), root)
        assert summary.edition == "2026-09.1"
    return root


@pytest.fixture(scope="module")
def names(home: Path) -> list[str]:
    """The names in the directory, as they were taken in."""
    rows = json.loads((home / "published" / "latest" / "directory.json").read_text("utf-8"))["rows"]
    published = [row["institution_name"] for row in rows]
    changed_at_intake = {"abc\u202egnp.exe\u202c", "👩\u200d🔧🇨🇳培训学校", "第一行\n第二行"}
    assert set(NAMES) - set(published) <= changed_at_intake
    return published


def test_csv_runs_nothing_and_keeps_its_rows(home: Path, names: list[str]) -> None:
    text = (home / "published" / "latest" / "directory.csv").read_text("utf-8-sig")
    rows = list(csv.DictReader(StringIO(text)))
    assert [row["institution_name"].removeprefix("'") for row in rows] == names
    assert not [row for row in rows for cell in row.values() if re.match(r"\s*[=+\-@\t\r\n]", cell)]


def test_workbooks_hold_text_only(home: Path) -> None:
    books = [*(home / "published").rglob("*.xlsx"), *(home / "outbox").rglob("*.xlsx")]
    assert len(books) > 5
    for path in books:
        for sheet in openpyxl.load_workbook(path):
            for row in sheet.iter_rows():
                formulas = [cell.value for cell in row if cell.data_type == "f" and "评分" not in path.name]
                assert not formulas, path
                assert not [cell for cell in row if cell.hyperlink], path
        with ZipFile(path) as parts:
            assert not [name for name in parts.namelist() if "external" in name.lower() or name.endswith(".bin")], path


def test_scoring_workbooks_compute_nothing_of_a_name(home: Path) -> None:
    for path in (home / "outbox" / "evaluation").rglob("*.xlsx"):
        for sheet in openpyxl.load_workbook(path):
            formulas = [str(cell.value) for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
            assert not [text for text in formulas if "cmd|" in text or "1+1" in text or "A1:A9" in text], path


def test_documents_show_names_as_text(home: Path) -> None:
    texts = {}
    for path in [*(home / "published").rglob("*.docx"), *(home / "outbox").rglob("*.docx")]:
        document = docx.Document(BytesIO(path.read_bytes()))
        cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
        texts[path] = "\n".join([*(paragraph.text for paragraph in document.paragraphs), *cells])
        assert not DIRECTIONS.search(texts[path]), path
        assert "\n49" not in texts[path], "a template was run"
    announced = next(text for path, text in texts.items() if path.name == "公告.docx")
    for name in ("=cmd|' /C calc'!A0", "<script>window.hacked=1</script>", "长" * 300, "{{ 7 * 7 }}{% raw %}"):
        assert name in announced
    assert "abcgnp.exe" in announced, "marks that turn text around are gone since intake"
    letters = "\n".join(text for path, text in texts.items() if "letters" in path.parts)
    assert "=cmd|' /C calc'!A0（统一社会信用代码" in letters
    assert "<script>window.hacked=1</script>（统一社会信用代码" in letters


def test_the_page_holds_them_as_data(home: Path) -> None:
    page = (home / "published" / "latest" / "index.html").read_text("utf-8")
    ordinary = editions.page(editions.edition(editions.ordinary())).decode()
    assert page.count("<script") == ordinary.count("<script"), "the page's own data, description and scripts"
    assert "<img" not in page
    assert not DIRECTIONS.search(page)
    data = json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)[1])
    shown = data["institutions"]["name"]
    assert "<script>window.hacked=1</script>" in shown
    assert "</script><img src=x onerror=alert(1)>" in shown
    assert "👩🔧🇨🇳培训学校" in shown, "emoji stay; the joiner nobody sees is gone since intake"


def test_files_stay_where_they_belong(home: Path) -> None:
    paths = [path.relative_to(home).as_posix() for path in home.rglob("*")]
    assert not [path for path in paths if re.search(r"[<>|=\n\"]|\.\./", path)]
