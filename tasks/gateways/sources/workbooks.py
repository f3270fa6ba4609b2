"""One workbook, read sheet by sheet into parts; which of its rows can be used and cleaning do not belong here."""

from io import BytesIO
from typing import Any

import polars as pl
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetTypeEnum

from schemas.submission import APPLICATIONS, FORM_TABLES, Table
from tasks.gateways.sources import headers, limits
from tasks.gateways.sources.cells import cell_text
from tasks.gateways.sources.contents import FLAW, LINE, Advice, FileContent, Part, UnknownColumn, UnreadableError

_FORM = tuple(table.name for table in FORM_TABLES)
_Lines = list[list[Any]]


def read_workbook(name: str, data: bytes, table: Table | None = None) -> FileContent:
    """The sheets named after tables; with `table`, the first sheet that has its header if none is named so.

    Raises UnreadableError where the workbook does not open, has no such sheet, or has form sheets but no 基本信息.
    """
    limits.check_workbook(name, data)
    try:
        with CalamineWorkbook.from_filelike(BytesIO(data)) as workbook:
            content = _sheets(name, workbook, table)
    except CalamineError as broken:
        raise UnreadableError(
            f"工作簿“{name}”无法打开，可能已损坏，请用表格软件打开、另存为.xlsx后重新提交"
        ) from broken
    supplied = {part.table for part in content.parts}
    if not supplied:
        titles = "、".join(each.title for each in FORM_TABLES)
        raise UnreadableError(f"工作簿“{name}”没有名为“{titles}”等的工作表，请使用统一模板重新提交", foreign=True)
    if table is None and supplied & set(_FORM) and APPLICATIONS.name not in supplied:
        raise UnreadableError(f"工作簿“{name}”缺少“{APPLICATIONS.title}”工作表，请补上该工作表后重新提交", foreign=True)
    absent = tuple(each for each in _FORM if each not in supplied) if APPLICATIONS.name in supplied else ()
    return FileContent(content.parts, content.unknown_columns, content.advice, absent)


def _sheets(name: str, workbook: CalamineWorkbook, table: Table | None) -> FileContent:
    content = FileContent()
    sheets = [sheet.name for sheet in workbook.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet]
    for sheet in sheets:
        if holder := headers.table_named(sheet):
            _read(name, workbook.get_sheet_by_name(sheet), holder, content)
        elif workbook.get_sheet_by_name(sheet).height and table is None:
            content.advice.append(Advice(name, f"工作簿“{name}”的工作表“{sheet}”不是申报表，未读取"))
    if table is not None and table.name not in {part.table for part in content.parts}:
        for sheet in sheets:
            found = workbook.get_sheet_by_name(sheet)
            if (
                headers.header_line(table, _texts(found.to_python(skip_empty_area=False, nrows=headers.SEARCHED_LINES)))
                is not None
            ):
                _read(name, found, table, content)
                break
    return content


def _read(name: str, sheet: CalamineSheet, table: Table, content: FileContent) -> None:
    lines = sheet.to_python(skip_empty_area=False)
    start = headers.header_line(table, _texts(lines[: headers.SEARCHED_LINES]))
    if start is None:
        if any(cell != "" for line in lines for cell in line):
            raise UnreadableError(
                f"工作簿“{name}”的工作表“{sheet.name}”前{headers.SEARCHED_LINES}行没有表头，"
                f"请写上列名（如“{table.columns[0].title}”）后重新提交"
            )
        content.parts.append(Part(name, table.name, _frame({}, 0, []), closed=True))
        return
    _fill_merged(sheet, lines, start)
    head, body = _texts([lines[start]])[0], lines[start + 1 :]
    found = headers.header(table, head)
    if found.repeated:
        titles = "、".join(table.column(column).title for column in found.repeated)
        raise UnreadableError(f"工作簿“{name}”的工作表“{sheet.name}”表头“{titles}”出现不止一次，请只保留一列后重新提交")
    content.parts.append(Part(name, table.name, _frame(found.columns, start, body), closed=True))
    content.unknown_columns.extend(UnknownColumn(name, table.name, head[place].strip()) for place, _ in found.unknown)


def _fill_merged(sheet: CalamineSheet, lines: _Lines, start: int) -> None:
    """A value merged downwards below the header stands in each of its rows: a person reads it there too."""
    budget = limits.MAX_SHEET_CELLS
    for (top, left), (bottom, _) in sheet.merged_cell_ranges or []:
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
