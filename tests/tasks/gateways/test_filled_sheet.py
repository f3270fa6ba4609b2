"""Sheets whose cells are written straight as XML, held against the same cells written by xlsxwriter."""

from collections.abc import Callable
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from xlsxwriter import Workbook

from tasks.gateways.paper.filled_sheet import FilledSheet, Surroundings, Texts
from tasks.gateways.paper.packing import joined

_SHEET, _TEXTS = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"
_KEPT_AS_TEXT = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}

Cells = list[tuple[str, tuple[Any, ...]]]


def _title(sheet: Any, looks: list[Any]) -> None:
    sheet.merge_range(0, 0, 0, 3, "标题 & <b>", looks[0])
    sheet.set_row(0, 34)


def _spread(sheet: Any, looks: list[Any]) -> None:
    for row in range(2, 40):
        sheet.write_number(row, 0, row, looks[1])
        for column in range(1 + row % 3, 14):
            sheet.write_string(row, column, f"{row % 5} 格", looks[(row + column) % 3])
        sheet.set_row(row, 18 + row)


def _gaps(sheet: Any, looks: list[Any]) -> None:
    sheet.write_string(3, 5, "独", looks[2])
    sheet.merge_range(20, 1, 22, 4, "几行", looks[1])
    sheet.write_blank(23, 2, None, looks[0])
    sheet.set_row(21, 22)


def _odd_texts(sheet: Any, looks: list[Any]) -> None:
    odd = ["", " 前", "后 ", "a\nb", "\x00\x1f", "_x0041_", "\ufffe", "'=1+1", '"', "长" * 40_000, "😀" * 20_000]
    for row, text in enumerate(odd):
        sheet.write_string(row, 0, text, looks[row % 3])
        sheet.write_string(row, 1, text)


@pytest.mark.parametrize("fill", [_title, _spread, _gaps, _odd_texts])
def test_cells_are_the_xml_that_xlsxwriter_makes_of_them(fill: Callable[[Any, list[Any]], None]) -> None:
    whole, _ = _written(fill)
    bare, looks = _written(lambda sheet, looks: sheet.write_blank(0, 0, None, looks[0]))
    texts = Texts()
    sheet = FilledSheet(texts)
    fill(sheet, looks)
    around = Surroundings.of(bare[_SHEET].decode())
    made = _parts(joined({_SHEET: sheet.as_part(around, {}), _TEXTS: texts.as_part()}))
    assert made[_SHEET].decode() == whole[_SHEET].decode()
    assert made[_TEXTS] == whole[_TEXTS]


def test_text_that_looks_like_rich_text_stays_text() -> None:
    """Xlsxwriter takes `<r>…</r>` for parts of XML; here it is what somebody wrote."""
    texts = Texts()
    texts.place("<r><t>x</t></r>")
    assert b"&lt;r&gt;&lt;t&gt;x" in _parts(joined({_TEXTS: texts.as_part()}))[_TEXTS]


def test_a_cell_to_the_left_of_one_written_is_refused() -> None:
    sheet = FilledSheet(Texts())
    sheet.write_string(3, 2, "后")
    with pytest.raises(ValueError, match="B4"):
        sheet.write_string(3, 1, "前")


def _written(fill: Callable[[Any, list[Any]], Any]) -> tuple[dict[str, bytes], list[Any]]:
    buffer = BytesIO()
    with Workbook(buffer, _KEPT_AS_TEXT) as book:
        looks = [book.add_format({"bold": True}), book.add_format({"border": 1}), book.add_format({"italic": True})]
        sheet = book.add_worksheet("表")
        sheet.set_column(0, 3, 12)
        sheet.protect()
        for look in looks:
            look._get_xf_index()  # numbered as they were made, not as they are used
        fill(sheet, looks)
    return _parts(buffer.getvalue()), looks


def _parts(file: bytes) -> dict[str, bytes]:
    with ZipFile(BytesIO(file)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}
