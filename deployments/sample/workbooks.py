"""An applicant's files: the form as a workbook of five Chinese sheets, its cells as people write them, and documents."""

from collections.abc import Mapping
from datetime import datetime
from io import BytesIO
from typing import Any
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import pandas as pd
import xlsxwriter

from schemas.policy import any_policy
from schemas.submission import FORM_TABLES, Column, Table

Cell = str | int | datetime
_FASHIONS = 4
_UNTIDY = 7  # one applicant in so many leaves full-width digits and stray spaces
_WIDE = str.maketrans("0123456789-", "０１２３４５６７８９－")


def spelled(column: Column, text: str, applicant: int) -> Cell:
    """A cell as the applicant of that number writes it; what is no value of the column stays as it is."""
    match column.kind:
        case "enum" | "boolean":
            return any_policy(column).words.get(text, text)
        case "levels":
            return _levels(column, text, applicant)
        case "level":
            return _level_names(column, text)[0] if applicant % 2 else text
        case "instant":
            return _instant(text)
        case "integer" if text.isdigit():
            return int(text)
    return _text(column, text, untidy=applicant % _UNTIDY == 0)


def _text(column: Column, text: str, *, untidy: bool) -> str:
    if column.name == "region_code":
        return any_policy(column).words.get(text, text)
    if untidy and column.name == "legal_representative":
        return f" {text}\u00a0"
    return text.translate(_WIDE) if untidy and column.name == "occupation_code" else text


def _level_names(column: Column, code: str) -> list[str]:
    """A level's names, `三级` and `高级工`."""
    return any_policy(column).words.get(code, code).split("/")


def _levels(column: Column, text: str, applicant: int) -> str:
    """`5,4,3`, `五级、四级、三级`, `5-3级` or `初级工/中级工/高级工`."""
    levels = text.split(",")
    order = list(any_policy(column).words)
    if not set(levels) <= set(order):
        return text
    fashion = applicant % _FASHIONS
    consecutive = len(levels) == order.index(levels[-1]) - order.index(levels[0]) + 1
    if fashion == 1:
        return "、".join(_level_names(column, level)[0] for level in levels)
    if fashion == 2 and consecutive and len(levels) > 1:  # noqa: PLR2004  the fashions have no names
        return f"{levels[0]}-{levels[-1]}级"
    if fashion == 3:  # noqa: PLR2004  the fashions have no names
        return "/".join(_level_names(column, level)[-1] for level in levels)
    return text


def _instant(text: str) -> Cell:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return text


#: One moment for every made workbook: the same input gives the same bytes.
_CREATED = datetime(2021, 2, 2)
_TITLE = "{city}职业技能等级认定机构备案申报表"
_FONT = {"font_name": "宋体", "font_size": 11, "valign": "vcenter", "border": 1}
_FORMATS: dict[str, dict[str, Any]] = {
    "title": {"font_name": "黑体", "font_size": 16, "bold": True, "align": "center", "valign": "vcenter"},
    "header": {**_FONT, "bold": True, "bg_color": "#DDEBF7", "align": "center", "text_wrap": True},
    "text": {**_FONT, "num_format": "@"},
    "instant": {**_FONT, "num_format": "yyyy-mm-dd hh:mm:ss"},
    "number": {**_FONT, "num_format": "0"},
}
_WIDTHS = {"institution_name": 36, "registered_address": 34, "file_name": 44, "sha256": 68, "uscc": 24, "id_number": 24}
_KIND_WIDTHS = {"instant": 20, "enum": 18, "levels": 20}
_USUAL_WIDTH = 16
_HEADER_LINE = 1  # the title stands above it


def workbook(
    tables: Mapping[str, pd.DataFrame], applicant: int, city: str, extra: Mapping[str, str] | None = None
) -> bytes:
    """The form tables of one applicant as a workbook; `extra`: by table, the header of one more column."""
    content, title = BytesIO(), _TITLE.format(city=city)
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        book.set_properties({"title": title, "created": _CREATED})
        formats = {name: book.add_format(look) for name, look in _FORMATS.items()}
        for table in FORM_TABLES:
            sheet = book.add_worksheet(table.title)
            _lay_out(sheet, table, title, len(tables[table.name]), formats)
            _fill(sheet, table, tables[table.name], applicant, formats)
            if extra and table.name in extra:
                _add_column(sheet, table, extra[table.name], len(tables[table.name]), formats)
    return content.getvalue()


def _lay_out(sheet: Any, table: Table, title: str, rows: int, formats: Mapping[str, Any]) -> None:
    sheet.merge_range(0, 0, 0, len(table.columns) - 1, f"{title}　{table.title}", formats["title"])
    sheet.set_default_row(20)
    sheet.set_row(0, 32)
    for place, column in enumerate(table.columns):
        width = _WIDTHS.get(column.name) or _KIND_WIDTHS.get(column.kind, _USUAL_WIDTH)
        sheet.set_column(place, place, width)
        sheet.write_string(_HEADER_LINE, place, column.title, formats["header"])
        if column.kind in ("enum", "boolean") and rows:
            choice = {
                "validate": "list",
                "source": list(any_policy(column).words.values()),
                "error_type": "information",
            }
            if column.name != "material":  # twenty words are more than a drop-down list of a workbook holds
                sheet.data_validation(_HEADER_LINE + 1, place, _HEADER_LINE + rows, place, choice)
    sheet.freeze_panes(_HEADER_LINE + 1, 0)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(_HEADER_LINE)


def _fill(sheet: Any, table: Table, rows: pd.DataFrame, applicant: int, formats: Mapping[str, Any]) -> None:
    for line, cells in enumerate(rows.itertuples(index=False), _HEADER_LINE + 1):
        for place, (column, text) in enumerate(zip(table.columns, cells, strict=True)):
            if isinstance(text, str):
                _write(sheet, line, place, spelled(column, text, applicant), formats)
            else:
                sheet.write_blank(line, place, None, formats["text"])


def _write(sheet: Any, line: int, place: int, cell: Cell, formats: Mapping[str, Any]) -> None:
    if isinstance(cell, datetime):
        sheet.write_datetime(line, place, cell, formats["instant"])
    elif isinstance(cell, int):
        sheet.write_number(line, place, cell, formats["number"])
    else:
        sheet.write_string(line, place, cell, formats["text"])


def _add_column(sheet: Any, table: Table, title: str, rows: int, formats: Mapping[str, Any]) -> None:
    place = len(table.columns)
    sheet.write_string(_HEADER_LINE, place, title, formats["header"])
    for line in range(_HEADER_LINE + 1, _HEADER_LINE + 1 + rows):
        sheet.write_string(line, place, "否", formats["text"])


_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_DOCUMENT = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
_WORDS = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
_DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
_ZIPPED_AT = (2021, 2, 2, 0, 0, 0)  # the same input gives the same bytes


def document(title: str, *lines: str) -> bytes:
    """A Word document (ECMA-376) of a centred title and some lines of text."""
    head = f'<w:p><w:pPr><w:jc w:val="center"/></w:pPr>{_run(title, bold=True)}</w:p>'
    body = head + "".join(f"<w:p>{_run(line)}</w:p>" for line in lines)
    kinds = '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    main = f'<Override PartName="/word/document.xml" ContentType="{_DOCUMENT}"/>'
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">{kinds}{main}</Types>',
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_OFFICE}" Target="word/document.xml"/></Relationships>',
        "word/document.xml": f'<w:document xmlns:w="{_WORDS}"><w:body>{body}</w:body></w:document>',
    }
    content = BytesIO()
    with ZipFile(content, "w", ZIP_DEFLATED) as package:
        for name, text in parts.items():
            package.writestr(ZipInfo(name, _ZIPPED_AT), (_DECLARATION + text).encode(), ZIP_DEFLATED)
    return content.getvalue()


def _run(text: str, *, bold: bool = False) -> str:
    look = '<w:b/><w:sz w:val="36"/>' if bold else '<w:sz w:val="28"/>'
    fonts = '<w:rFonts w:ascii="宋体" w:eastAsia="宋体" w:hAnsi="宋体"/>'
    return f"<w:r><w:rPr>{fonts}{look}</w:rPr><w:t>{escape(text)}</w:t></w:r>"
