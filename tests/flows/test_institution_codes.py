"""The province's codes come back, fill the rows of the next edition, and disturb nothing else."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from flows.stages import publication
from schemas.history import facts_of
from schemas.qualification import Recoding
from tasks.store import history
from tasks.store.database import reading
from tests import homes
from tests.commands import Filing
from tests.registers import BAKER, COOK, ELECTRICIAN, ONE, THREE, TWO, run_on, take_over, terms

CYCLE, DAY, NEXT = "2026-04", date(2026, 6, 1), date(2026, 6, 20)
TERM = (date(2024, 5, 25), date(2027, 5, 24))
HELD = [(ONE, COOK, "4"), (ONE, BAKER, "4"), (TWO, COOK, "3"), (THREE, ELECTRICIAN, "3")]
A, B, C = "Y000142000001", "Y000142000002", "S000142000003"


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory, migrated: Path) -> Path:
    """An installation with a published edition and its report."""
    with homes.begun(tmp_path_factory.mktemp("first") / "home", migrated) as home:
        take_over(HELD, *TERM)
        publication.fn(CYCLE, DAY)
    return home


@pytest.fixture
def filing(
    first: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Filing]:
    """The first edition of this test's own."""
    with homes.copied(first, tmp_path / "home") as home:
        yield Filing(home, monkeypatch, capsys)


def write(folder: Path, rows: list[tuple[str, str]]) -> str:
    """A list of codes as CSV; its path."""
    path = folder / "codes.csv"
    pd.DataFrame(rows, columns=["统一社会信用代码", "机构编码"]).to_csv(path, index=False)
    return str(path)


def edition(home: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(home / "published" / name / "directory.csv", dtype="str", keep_default_na=False)


def test_the_report_filled_in_fills_the_rows_of_the_next_edition(filing: Filing) -> None:
    report = filing.home / "outbox" / "province" / "2026-04.1" / "report.xlsx"
    book = openpyxl.load_workbook(report)
    sheet = book["待核发机构编码"]
    assert [cell.value for cell in sheet[1]] == ["统一社会信用代码", "机构名称", "机构编码"]
    given = {ONE: A, TWO: B}
    for row in sheet.iter_rows(min_row=2):
        row[2].value = given.get(str(row[0].value))
    filled = filing.home / "核发结果.xlsx"
    book.save(filled)
    before, was = edition(filing.home, "2026-04.1"), terms(NEXT)

    first = filing("import", "institution-codes", str(filled), "--as-of", NEXT.isoformat())
    assert (first.code, first.out) == (0, "2 new of 3 rows of institution-codes\n"), first.err
    assert publication.fn(CYCLE, NEXT).done == {"editions": 1, "rows": 4}
    after = edition(filing.home, "2026-04.2")
    assert dict(zip(after["uscc"], after["institution_code"], strict=True)) == {ONE: A, TWO: B, THREE: ""}
    assert after.drop(columns="institution_code").equals(before.drop(columns="institution_code"))
    assert terms(NEXT) == was
    changed = pd.read_csv(filing.home / "published" / "2026-04.2" / "changes.csv", dtype="str", keep_default_na=False)
    assert changed[["uscc", "change", "before", "after"]].values.tolist() == [
        [ONE, "details_changed", "机构编码：", f"机构编码：{A}"],
        [ONE, "details_changed", "机构编码：", f"机构编码：{A}"],
        [TWO, "details_changed", "机构编码：", f"机构编码：{B}"],
    ]
    written = filing.lines("letters")[1:]
    assert {tuple(line.split(",")[1:4:2]) for line in written if ONE in line or TWO in line} == {
        ("机构编码告知书", ONE),
        ("机构编码告知书", TWO),
    }

    again = filing("import", "institution-codes", str(filled), "--as-of", NEXT.isoformat())
    assert (again.code, again.out) == (0, "0 new of 3 rows of institution-codes\n")
    assert publication.fn(CYCLE, NEXT).done == {}, "twice is once"


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([(ONE, "Z000142000001")], f"第2行（{ONE}）未采用：机构编码“Z000142000001”不符合省级规定的样式"),
        ([(ONE, "Y0001420000012")], f"第2行（{ONE}）未采用：机构编码“Y0001420000012”不符合"),
        ([("91420200MA4999999X", A)], "第2行（91420200MA4999999X）未采用：该机构不在备案名册内"),
        ([(ONE, A), (ONE, B)], f"第2行（{ONE}）未采用：同一机构给出了不同的机构编码"),
        ([(ONE, A), (THREE, A)], f"第3行（{THREE}）未采用：机构编码“{A}”给了不止一家机构"),
        ([(THREE, C)], f"第2行（{THREE}）未采用：机构编码“{C}”已属于{TWO}"),
    ],
)
def test_a_row_that_cannot_be_taken_is_named_and_the_others_are(
    filing: Filing, rows: list[tuple[str, str]], message: str
) -> None:
    assert filing("import", "institution-codes", write(filing.home, [(TWO, C)])).code == 0
    refused = filing("import", "institution-codes", write(filing.home, [*rows, (TWO, C)]))
    assert refused.code == 1
    assert any(line.startswith(message) for line in refused.err.splitlines()), refused.err
    publication.fn(CYCLE, NEXT)
    codes = edition(filing.home, "2026-04.2").drop_duplicates("uscc").set_index("uscc")["institution_code"]
    assert codes.to_dict() == {ONE: "", TWO: C, THREE: ""}


def test_a_corrected_code_replaces_the_former_and_the_history_keeps_both(filing: Filing) -> None:
    filing("import", "institution-codes", write(filing.home, [(ONE, A)]), "--as-of", "2026-06-10")
    refused = filing("import", "institution-codes", write(filing.home, [(ONE, B)]), "--as-of", "2026-06-12")
    assert f"该机构已有机构编码“{A}”，确需替换的，请加 --replace 重新导入" in refused.err
    assert (
        filing("import", "institution-codes", "--replace", write(filing.home, [(ONE, B)]), "--as-of", "2026-06-12").code
        == 0
    )
    publication.fn(CYCLE, NEXT)
    assert set(edition(filing.home, "2026-04.2").query("uscc == @ONE")["institution_code"]) == {B}
    with reading() as db:
        entries = history.all_entries(db).query("kind == 'institution' and subject == @ONE")
    assert [facts_of(text)["institution_code"] for text in entries["facts"]] == ["", A, B]


def test_a_code_given_to_a_former_credit_code_finds_its_institution(filing: Filing) -> None:
    from tasks.adjustment import carry_out_change

    words = {"ground": "登记机关换发", "document_no": "鄂市监〔2026〕2号", "decided_by": "王处长", "effective_on": DAY}
    new = valid_like(TWO)
    with run_on(DAY, CYCLE) as run:
        carry_out_change(run, Recoding.model_validate({"old_uscc": TWO, "new_uscc": new, **words}))
    assert filing("import", "institution-codes", write(filing.home, [(TWO, A)]), "--as-of", NEXT.isoformat()).code == 0
    lines = filing.lines("directory", "--as-of", NEXT.isoformat())
    assert any(new in line and A in line for line in lines)


def valid_like(uscc: str) -> str:
    """Another valid credit code of the same area."""
    import polars as pl

    from expectations.identifiers import is_credit_code

    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    tried = pl.DataFrame({"code": [f"{uscc[:15]}{a}{b}{c}" for a in alphabet for b in "0123456789X" for c in alphabet]})
    return str(tried.filter(is_credit_code(pl.col("code")) & (pl.col("code") != uscc))["code"][0])
