"""Printed tables, held against the same cells written one by one by xlsxwriter."""

from datetime import date, datetime
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from xlsxwriter import Workbook

from tasks.gateways.paper import sheets
from tasks.gateways.paper.sheets import Cell, SheetColumn, book, lines, points

_DAY = date(2026, 9, 10)
_COLUMNS = [SheetColumn("名称", 12), SheetColumn("序号 & <号>", 6, "centred"), SheetColumn("日期", 12, "date")]
_ROWS: list[tuple[Cell, ...]] = [
    ("甲", 1, _DAY),
    ("很长的名称" * 5, 2, "不是日期"),
    ("", 3, ""),
    ("=1+1", 1, _DAY),
    ("长" * 40_000, 12, date(2027, 2, 28)),
]


def test_every_part_of_a_book_is_what_xlsxwriter_makes_of_the_same_cells() -> None:
    with book("标题", _DAY) as (made, finished):
        made.sheet("表一", _COLUMNS, ["标题", "说明"]).rows(_ROWS, filters=True)
        made.sheet("表二", _COLUMNS[:1]).rows([])
        blocks = made.sheet("表三", _COLUMNS)
        blocks.merge(0, 0, 2)
        blocks.row(("合并", 7, _DAY), 40)
        blocks.row(("", 8, _DAY), 20.25)
    parts, expected = _parts(finished.getvalue()), _parts(_by_xlsxwriter())
    assert list(parts) == list(expected)
    for name, content in expected.items():
        assert parts[name].decode() == content.decode(), name


@pytest.mark.parametrize("text", ["甲" * 20, "“" * 20, "…—" * 10])
def test_a_sign_that_chinese_fonts_draw_wide_takes_two_columns(text: str) -> None:
    assert lines(text, 21) == 2


def test_a_row_has_a_cell_for_every_column() -> None:
    with pytest.raises(ValueError, match="shorter"), book("标题", _DAY) as (made, _):
        made.sheet("表", _COLUMNS).rows([("甲", 1)])


def _by_xlsxwriter() -> bytes:
    buffer = BytesIO()
    workbook = Workbook(buffer, vars(sheets)["_OPTIONS"])
    workbook.set_properties({"title": "标题", "created": datetime(2026, 9, 10)})
    looks = {name: workbook.add_format(style) for name, style in vars(sheets)["_STYLES"].items()}
    first = _laid_out(workbook, looks, "表一", _COLUMNS, ["标题", "说明"])
    for place, row in enumerate(_ROWS, start=3):
        for column, value in enumerate(row):
            _write(first, place, column, value, looks[_COLUMNS[column].style])
        texts = [(value, _COLUMNS[column].width) for column, value in enumerate(row) if isinstance(value, str)]
        needed = max(lines(text, width) for text, width in texts)
        if needed > 1:
            first.set_row(place, min(points(needed), 409))
    first.autofilter(2, 0, 7, 2)
    _laid_out(workbook, looks, "表二", _COLUMNS[:1], [])
    third = _laid_out(workbook, looks, "表三", _COLUMNS, [])
    third.merge_range(1, 0, 2, 0, "", looks["text"])
    for place, (name, number, height) in enumerate((("合并", 7, 40), ("", 8, 20.25)), start=1):
        cells: tuple[Cell, ...] = (name, number, _DAY)
        for column, cell in enumerate(cells):
            _write(third, place, column, cell, looks[_COLUMNS[column].style])
        third.set_row(place, height)
    workbook.close()
    return buffer.getvalue()


def _laid_out(
    workbook: Workbook, looks: dict[str, Any], name: str, columns: list[SheetColumn], heading: list[str]
) -> Any:
    sheet = workbook.add_worksheet(name)
    sheet.set_paper(9)
    sheet.set_landscape()
    sheet.set_margins(left=0.5, right=0.5, top=0.6, bottom=0.7)
    sheet.fit_to_pages(1, 0)
    sheet.center_horizontally()
    sheet.set_footer("&C第 &P 页 共 &N 页")
    for line, text in enumerate(heading):
        sheet.merge_range(line, 0, line, len(columns) - 1, text, looks["note" if line else "title"])
        sheet.set_row(line, 20 if line else 36)
    for place, column in enumerate(columns):
        sheet.set_column(place, place, column.width)
        sheet.write_string(len(heading), place, column.title, looks["header"])
    sheet.set_row(len(heading), 24)
    sheet.freeze_panes(len(heading) + 1, 0)
    sheet.repeat_rows(len(heading))
    return sheet


def _write(sheet: Any, row: int, column: int, value: Cell, look: Any) -> None:
    if isinstance(value, date):
        sheet.write_datetime(row, column, datetime(value.year, value.month, value.day), look)
    elif isinstance(value, int):
        sheet.write_number(row, column, value, look)
    elif value:
        sheet.write_string(row, column, value, look)
    else:
        sheet.write_blank(row, column, None, look)


def _parts(file: bytes) -> dict[str, bytes]:
    with ZipFile(BytesIO(file)) as archive:
        return {name: archive.read(name) for name in sorted(archive.namelist())}
