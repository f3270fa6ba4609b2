"""The sheets of one workbook made parts of tables; which of their rows can be used and cleaning do not belong here."""

from collections.abc import Sequence
from typing import Any

import polars as pl

from schemas.submission import APPLICATIONS, FORM_TABLES, Table
from tasks.gateways.sources.cells import headers
from tasks.gateways.sources.cells.text import cell_text
from tasks.gateways.sources.contents import FLAW, LINE, Advice, FileContent, Part, UnknownColumn, UnreadableError
from tasks.gateways.sources.formats import limits
from tasks.gateways.sources.formats.sheets import Sheet

_FORM = tuple(table.name for table in FORM_TABLES)
_Lines = list[list[Any]]


def read_workbook(
    name: str, sheets: Sequence[Sheet], table: Table | None = None, names: headers.Names = headers.CONTRACT
) -> FileContent:
    """The sheets named after tables; with `table`, the first sheet that has its header if none is named so.

    Raises UnreadableError where the workbook has no such sheet, or has form sheets but no 基本信息.
    """
    content = _named(name, sheets, table, names)
    if table is not None and table.name not in {part.table for part in content.parts}:
        headed = (sheet for sheet in sheets if _header_line(table, sheet, names) is not None)
        if (sheet := next(headed, None)) is not None:
            _read(name, sheet, table, content, names)
    supplied = {part.table for part in content.parts}
    if not supplied:
        titles = "、".join(each.title for each in FORM_TABLES)
        raise UnreadableError(f"工作簿“{name}”没有名为“{titles}”等的工作表，请使用统一模板重新提交", foreign=True)
    if table is None and supplied & set(_FORM) and APPLICATIONS.name not in supplied:
        raise UnreadableError(f"工作簿“{name}”缺少“{APPLICATIONS.title}”工作表，请补上该工作表后重新提交", foreign=True)
    absent = tuple(each for each in _FORM if each not in supplied) if APPLICATIONS.name in supplied else ()
    return FileContent(content.parts, content.unknown_columns, content.advice, absent)


def _named(name: str, sheets: Sequence[Sheet], table: Table | None, names: headers.Names) -> FileContent:
    content = FileContent()
    for sheet in sheets:
        if holder := names.table_named(sheet.name):
            _read(name, sheet, holder, content, names)
        elif sheet.lines and table is None:
            content.advice.append(Advice(name, f"工作簿“{name}”的工作表“{sheet.name}”不是申报表，未读取"))
    return content


def _header_line(table: Table, sheet: Sheet, names: headers.Names) -> int | None:
    return headers.header_line(table, _texts(sheet.lines[: headers.SEARCHED_LINES]), names)


def _read(name: str, sheet: Sheet, table: Table, content: FileContent, names: headers.Names) -> None:
    lines = sheet.lines
    start = _header_line(table, sheet, names)
    if start is None:
        if any(cell != "" for line in lines for cell in line):
            raise UnreadableError(
                f"工作簿“{name}”的工作表“{sheet.name}”前{headers.SEARCHED_LINES}行没有表头，"
                f"请写上列名（如“{table.columns[0].title}”）后重新提交"
            )
        content.parts.append(Part(name, table.name, _frame({}, 0, []), closed=True))
        return
    _fill_merged(sheet, start)
    head, body = _texts([lines[start]])[0], lines[start + 1 :]
    found = headers.header(table, head, names)
    if found.repeated:
        titles = "、".join(table.column(column).title for column in found.repeated)
        raise UnreadableError(f"工作簿“{name}”的工作表“{sheet.name}”表头“{titles}”出现不止一次，请只保留一列后重新提交")
    content.parts.append(Part(name, table.name, _frame(found.columns, start, body), closed=True))
    content.unknown_columns.extend(UnknownColumn(name, table.name, head[place].strip()) for place, _ in found.unknown)


def _fill_merged(sheet: Sheet, start: int) -> None:
    """A value merged downwards below the header stands in each of its rows: a person reads it there too."""
    budget, lines = limits.MAX_MERGED_CELLS, sheet.lines
    for (top, left), (bottom, _) in sheet.merged:
        last = min(bottom, len(lines) - 1)
        budget -= max(last - top, 0)
        if top <= start or budget < 0:
            continue
        for line in lines[top + 1 : last + 1]:
            line[left] = lines[top][left]


def _texts(lines: _Lines) -> list[list[str]]:
    return [[cell_text(cell) or "" for cell in line] for line in lines]


def _frame(columns: dict[str, int], start: int, body: _Lines) -> pl.DataFrame:
    cells = {
        column: [cell if type(cell) is str else cell_text(cell) for cell in (line[place] for line in body)]
        for column, place in columns.items()
    }
    numbers = list(range(start + 2, start + 2 + len(body)))
    return pl.DataFrame(
        {**cells, LINE: numbers, FLAW: [None] * len(body)},
        schema={**dict.fromkeys(cells, pl.String()), LINE: pl.Int64(), FLAW: pl.String()},
    )
