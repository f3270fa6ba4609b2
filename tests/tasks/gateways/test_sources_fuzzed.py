"""Spoiled bytes of every format: whatever a file holds, the pull comes back with tables and sentences."""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.submission import FORM_TABLES
from tasks.gateways.sources import pull_folder
from tasks.gateways.sources.contents import LINE

NAMES = ["申报编号", "姓名", "证件号码"]
ROWS = [["A", "张三", "11010519491231002X"], ["B", "李，四", "9.1"]]


def workbook() -> bytes:
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True})
    for table in FORM_TABLES:
        sheet = book.add_worksheet(table.title)
        for line, row in enumerate([NAMES, *ROWS]):
            sheet.write_row(line, 0, row)
    book.close()
    return target.getvalue()


def parquet() -> bytes:
    target = io.BytesIO()
    pl.DataFrame([dict(zip(NAMES, row, strict=True)) for row in ROWS]).write_parquet(target)
    return target.getvalue()


def delimited() -> bytes:
    return "\n".join(",".join(f'"{cell}"' for cell in line) for line in [NAMES, *ROWS]).encode("gb18030")


def nested() -> bytes:
    rows = [dict(zip(NAMES, row, strict=True)) for row in ROWS]
    return json.dumps({"applications": [{"application_no": "A", "staff": rows}], "results": rows}).encode()


SEEDS: dict[str, Callable[[], bytes]] = {
    "many.xlsx": workbook,
    "staff.parquet": parquet,
    "staff.csv": delimited,
    "applications.json": nested,
}
PIECES = [
    b"",
    b'"',
    b",",
    b"\n",
    b"\xff",
    b"\x00",
    b"{",
    b"[",
    b"null",
    b"\\ud800",
    b"1e999",
    b"9" * 400,
    b"<",
    b"&e;",
    b"XFD1048576",
]
EDITS = st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 40), st.sampled_from(PIECES)), max_size=4)


def edited(data: bytes, edits: list[tuple[float, int, bytes]]) -> bytes:
    for place, dropped, piece in edits:
        start = int(place * len(data))
        data = data[:start] + piece + data[start + dropped :]
    return data


def edited_inside(data: bytes, member: float, edits: list[tuple[float, int, bytes]]) -> bytes:
    """One member of the archive spoiled, the archive itself sound."""
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        members = {name: packed.read(name) for name in packed.namelist()}
    name = sorted(members)[int(member * len(members))]
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as packed:
        for path, content in members.items():
            packed.writestr(path, edited(content, edits) if path == name else content)
    return target.getvalue()


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.parametrize("name", SEEDS)
@given(edits=EDITS, member=st.floats(-1, 1, exclude_max=True))
def test_no_bytes_break_the_pull(
    name: str, edits: list[tuple[float, int, bytes]], member: float, tmp_path: Path
) -> None:
    data = SEEDS[name]()
    inside = name.endswith(".xlsx") and member >= 0
    (tmp_path / name).write_bytes(edited_inside(data, member, edits) if inside else edited(data, edits))
    pull = pull_folder(tmp_path)
    sentences = [*(file.reason for file in pull.quarantined), *(advice.sentence for advice in pull.advice)]
    sentences += [column.column for column in pull.unknown_columns]
    assert all(sentence.encode() and "11010519491231002X" not in sentence for sentence in sentences)
    for frame in pull.tables.values():
        # rows of lists come with the number a sheet shows beside them
        cells = frame.drop(columns=["row", LINE], errors="ignore")
        assert set(cells.dtypes.map(str)) == {"str"}
        assert frame.to_csv().encode()
