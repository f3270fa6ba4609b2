"""Files made to burst memory are refused before they are opened; ordinary large ones are not."""

import resource
import zipfile
from io import BytesIO
from pathlib import Path

import polars as pl
import pytest
import xlsxwriter

from tasks.gateways.sources import pull_folder
from tasks.gateways.sources.contents import UnreadableError
from tasks.gateways.sources.formats import limits, sandbox_process

SHEET = "xl/worksheets/sheet1.xml"


def only_reason(folder: Path) -> str:
    (quarantined,) = pull_folder(folder).quarantined
    return quarantined.reason


def archive(members: dict[str, bytes]) -> bytes:
    target = BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in members.items():
            packed.writestr(name, content)
    return target.getvalue()


def workbook(path: Path, *cells: tuple[int, int]) -> None:
    book = xlsxwriter.Workbook(path)
    sheet = book.add_worksheet("基本信息")
    sheet.write_row(0, 0, ["申报编号", "统一社会信用代码"])
    sheet.write_blank(1_048_575, 16_383, None, book.add_format({"bold": True}))
    for line, place in cells:
        sheet.write_row(line, place, ["A", "9142"] if place == 0 else ["A"])
    book.close()


def test_a_stray_value_in_the_last_cell_of_a_sheet_ends_nothing_but_its_workbook(tmp_path: Path) -> None:
    workbook(tmp_path / "1.xlsx", (1, 0), (1_048_575, 16_383))
    workbook(tmp_path / "2.xlsx", (1, 0))
    workbook(tmp_path / "3.xlsx", (2, 0))
    pull = pull_folder(tmp_path)
    assert [file.file for file in pull.quarantined if not file.application_no] == ["1.xlsx"]
    assert "无法在限定的内存和时间内读完" in pull.quarantined[0].reason
    assert pull.tables["applications"]["application_no"].tolist() == ["A"]


def test_a_far_cell_that_is_only_formatted_is_none(tmp_path: Path) -> None:
    workbook(tmp_path / "formatted.xlsx", (1, 0))
    pull = pull_folder(tmp_path)
    assert pull.quarantined == []
    assert pull.tables["applications"]["application_no"].tolist() == ["A"]


FAR = {
    "rows and cells without a place": b'<row r="1048576"><c><v>1</v></c></row><row r="1">'
    + b"<c><v>1</v></c>" * 16_384,
    "a place beyond every sheet": b'<row r="2"><c r="A' + b"9" * 99 + b'"><v>1</v></c>',
    "very many copies of a long text": b"<row>" + b'<c t="s"><v>0</v></c>' * 400_000,
}


@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=[pytest.mark.slow] if "copies" in kind else []) for kind in FAR]
)
def test_a_sheet_made_to_burst_memory_is_set_aside(kind: str, tmp_path: Path) -> None:
    workbook(tmp_path / "good.xlsx", (1, 0))
    with zipfile.ZipFile(tmp_path / "good.xlsx") as packed:
        members = {name: packed.read(name) for name in packed.namelist()}
    before, opening, _ = members[SHEET].partition(b"<sheetData>")
    sheet = before + opening + FAR[kind] + b"</row></sheetData></worksheet>"
    long = members["xl/sharedStrings.xml"].replace("申报编号".encode(), b"x" * 32_767)
    (tmp_path / "far.xlsx").write_bytes(archive({**members, SHEET: sheet, "xl/sharedStrings.xml": long}))
    pull = pull_folder(tmp_path)
    assert [file.file for file in pull.quarantined] == ["far.xlsx"]
    assert pull.tables["applications"]["application_no"].tolist() == ["A"]


def test_an_archive_that_unfolds_to_too_much_is_refused() -> None:
    blank = bytes(limits.MAX_WORKBOOK_BYTES // 2)
    with pytest.raises(UnreadableError, match="展开后过大"):
        limits.check_workbook("bomb.xlsx", archive({SHEET: blank, "a": blank, "b": b"x"}))


def test_an_archive_packed_beyond_belief_is_refused() -> None:
    with pytest.raises(UnreadableError, match="压缩比异常"):
        limits.check_workbook("bomb.xlsx", archive({SHEET: bytes(limits.RATIO_MATTERS_FROM + 1)}))


def test_an_archive_of_very_many_members_is_refused() -> None:
    members = {f"m{place}": b"" for place in range(limits.MAX_WORKBOOK_MEMBERS + 1)}
    with pytest.raises(UnreadableError, match="展开后过大"):
        limits.check_workbook("many.xlsx", archive(members))


def test_a_member_larger_than_it_says_is_refused(tmp_path: Path) -> None:
    """The sizes an archive declares are what the limits go by, so no reader may go beyond them."""
    workbook(tmp_path / "lie.xlsx", *[(line, 0) for line in range(1, 500)])
    data = bytearray((tmp_path / "lie.xlsx").read_bytes())
    with zipfile.ZipFile(BytesIO(data)) as packed:
        declared = packed.getinfo(SHEET).file_size.to_bytes(4, "little")
    assert data.count(declared) >= 2
    (tmp_path / "lie.xlsx").write_bytes(data.replace(declared, (100).to_bytes(4, "little")))
    assert "已损坏" in only_reason(tmp_path)


def test_entities_are_not_unfolded(tmp_path: Path) -> None:
    workbook(tmp_path / "entities.xlsx", (1, 0))
    with zipfile.ZipFile(tmp_path / "entities.xlsx") as packed:
        members = {name: packed.read(name) for name in packed.namelist()}
    entities = "".join(f'<!ENTITY e{place} "{f"&e{place - 1};" * 20}">' for place in range(1, 12))
    head, _, body = members["xl/sharedStrings.xml"].partition(b"?>")
    bomb = f'?><!DOCTYPE sst [<!ENTITY e0 "lol">{entities}]>'.encode() + body.replace(b"<t>A<", b"<t>&e11;<")
    (tmp_path / "entities.xlsx").write_bytes(archive({**members, "xl/sharedStrings.xml": head + bomb}))
    assert "无法打开" in only_reason(tmp_path)


def test_a_table_of_more_rows_than_any_real_one_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_ROWS", 5)
    pl.DataFrame({"application_no": ["A"] * 6}).write_parquet(tmp_path / "applications.parquet")
    (tmp_path / "staff.csv").write_text("application_no\n" + "A\n" * 6)
    (tmp_path / "occupations.csv").write_text('"application_no"\n' + "A\n" * 6)
    (tmp_path / "materials.json").write_text('[{"application_no": "A"}' + ', {"application_no": "A"}' * 5 + "]")
    pull = pull_folder(tmp_path)
    assert len(pull.quarantined) == 4
    assert all("超过5行" in file.reason for file in pull.quarantined)


def test_a_file_larger_than_any_real_one_is_not_even_read(tmp_path: Path) -> None:
    with (tmp_path / "applications.csv").open("wb") as sparse:
        sparse.truncate(limits.MAX_DELIMITED_BYTES + 1)
    assert "超过256MB" in only_reason(tmp_path)


def test_the_process_apart_answers_file_after_file_within_its_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    limits_set: list[tuple[int, tuple[int, int]]] = []
    monkeypatch.setattr(resource, "setrlimit", lambda kind, bounds: limits_set.append((kind, bounds)))
    handed = [b"one", b"", b"three"]
    requests = BytesIO(b"".join(len(data).to_bytes(sandbox_process.LENGTH_BYTES) + data for data in handed))
    replies = BytesIO()
    sandbox_process.serve(lambda data: data[::-1], requests, replies)
    answered = [b"eno", b"", b"eerht"]
    assert replies.getvalue() == b"".join(len(data).to_bytes(sandbox_process.LENGTH_BYTES) + data for data in answered)
    bound = dict(limits_set)
    assert bound[resource.RLIMIT_AS] == (sandbox_process.MEMORY_BYTES, sandbox_process.MEMORY_BYTES)
    assert bound[resource.RLIMIT_CORE] == (0, 0)
    assert [kind for kind, _ in limits_set].count(resource.RLIMIT_CPU) == len(handed), "each file has its seconds"
