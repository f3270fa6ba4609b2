"""The sheets of one workbook made parts of tables."""

from collections.abc import Iterator, Sequence
from typing import Final

from schemas.submission import APPLICATIONS, FORM_TABLES, Table
from tasks.gateways.sources.cells import headers
from tasks.gateways.sources.cells.text import cell_text
from tasks.gateways.sources.contents import (
    Advice,
    FileContent,
    Part,
    QuarantinedFile,
    UnknownColumn,
    UnreadableError,
)
from tasks.gateways.sources.formats import layout
from tasks.gateways.sources.formats.sheets import Sheet

_FORM: Final = tuple(table.name for table in FORM_TABLES)
#: Days that a workbook counts from 1904 are so many behind those of all others.
_LATER: Final = 1462
#: The sheets of a filled scoring workbook, which panels hand in elsewhere.
_SCORING: Final = ("评分表", "送评清单")
_NAMED: Final = 20


def read_workbook(
    name: str, sheets: Sequence[Sheet], table: Table | None = None, names: headers.Names = headers.CONTRACT
) -> FileContent:
    """The sheets named after tables; with `table`, the first sheet that has its header, and is none of them, if none is.

    Hidden sheets, and those whose name says that they are old or an example, are reported and not read. Raises
    UnreadableError where the workbook has no such sheet, or has form sheets but no 基本信息.
    """
    _refuse_scoring(name, sheets, table)
    content = FileContent()
    chosen = [sheet for sheet in sheets if not _is_left_out(name, sheet, content)]
    for sheet in chosen:
        if holder := names.table_named(sheet.name):
            _read(name, sheet, holder, content, names)
    supplied = {part.table for part in content.parts}
    if table is not None and table.name not in supplied:
        free = (sheet for sheet in chosen if not _is_another(sheet, table, names))
        headed = next((sheet for sheet in free if layout.head_of(table, sheet, names) is not None), None)
        if headed is not None:
            _read(name, headed, table, content, names)
    unnamed = [sheet for sheet in chosen if not names.table_named(sheet.name)] if table is None else []
    unplaced = tuple(_read_unnamed(name, unnamed, content, names))
    supplied = {part.table for part in content.parts}
    if not supplied:
        titles = "、".join(table.title for table in FORM_TABLES)
        raise UnreadableError(f"工作簿“{name}”没有名为“{titles}”等的工作表，请使用统一模板重新提交", foreign=True)
    if table is None and supplied & set(_FORM) and APPLICATIONS.name not in supplied:
        raise UnreadableError(f"工作簿“{name}”缺少“{APPLICATIONS.title}”工作表，请补上该工作表后重新提交", foreign=True)
    absent = tuple(name for name in _FORM if name not in supplied) if APPLICATIONS.name in supplied else ()
    parts = layout.with_numbers(content.parts) if APPLICATIONS.name in supplied else content.parts
    return FileContent(parts, content.unknown_columns, content.advice, absent, unplaced, content.aside)


def _is_another(sheet: Sheet, table: Table, names: headers.Names) -> bool:
    """Whether a sheet's name says that it is another table, and its header does not say otherwise."""
    named = names.table_named(sheet.name)
    return named is not None and layout.fit(named, sheet, names) >= layout.fit(table, sheet, names)


def _refuse_scoring(name: str, sheets: Sequence[Sheet], table: Table | None) -> None:
    if table is None and {sheet.name for sheet in sheets} & set(_SCORING):
        raise UnreadableError(f"工作簿“{name}”是评估组填写的评分表，不是申报材料，请放入results文件夹后重新报送")


def _is_left_out(name: str, sheet: Sheet, content: FileContent) -> bool:
    why = "已隐藏" if not sheet.visible else "从名称看不是本次申报的内容" if headers.is_aside(sheet.name) else ""
    if why and any(cell != "" for line in sheet.lines for cell in line):
        content.aside.append(
            QuarantinedFile(
                name,
                f"工作簿“{name}”的工作表“{sheet.name}”{why}，未读取；如需申报请取消隐藏或改名后重新提交",
                whole=False,
            )
        )
    return bool(why)


def _read_unnamed(name: str, sheets: Sequence[Sheet], content: FileContent, names: headers.Names) -> Iterator[str]:
    """Sheets of other names that have the header of a form table nobody named a sheet after; the others are reported."""
    for sheet in sheets:
        supplied = {part.table for part in content.parts}
        candidates = [
            table for table in FORM_TABLES if table.name not in supplied and layout.is_surely(table, sheet, names)
        ]
        if len(candidates) == 1:
            _read(name, sheet, candidates[0], content, names)
        elif sheet.lines:
            content.advice.append(Advice(name, f"工作簿“{name}”的工作表“{sheet.name}”不是申报表，未读取"))
            yield sheet.name


def _read(name: str, sheet: Sheet, table: Table, content: FileContent, names: headers.Names) -> None:
    """Add a sheet to the content: rows below a header or, of the first table, values beside their names."""
    head = layout.head_of(table, sheet, names)
    header = headers.header(table, head.names, names) if head else None
    columns = len(header.columns) if header else 0
    is_whole = columns >= sum(not column.optional for column in table.columns)
    pairs = layout.pairs_of(table, sheet, names) if table is APPLICATIONS and not is_whole else None
    if pairs and len(pairs[0]) > columns:
        cells, line = pairs
        rows = {column: [cell_text(cell)] for column, cell in cells.items()}
        content.parts.append(Part(name, table.name, closed=True, cells=rows, lines=[line]))
    elif head and header:
        _read_rows(name, sheet, table, head, header, content)
    elif any(cell != "" for line in sheet.lines for cell in line):
        raise UnreadableError(
            f"工作簿“{name}”的工作表“{sheet.name}”前{headers.SEARCHED_LINES}行没有表头，"
            f"请写上列名（如“{table.columns[0].title}”）后重新提交"
        )
    else:
        content.parts.append(Part(name, table.name, closed=True))


def _read_rows(
    name: str, sheet: Sheet, table: Table, head: layout.Head, header: headers.Header, content: FileContent
) -> None:
    if header.repeated:
        titles = "、".join(table.column(column).title for column in header.repeated)
        raise UnreadableError(f"工作簿“{name}”的工作表“{sheet.name}”表头“{titles}”出现不止一次，请只保留一列后重新提交")
    layout.fill_merged(sheet, head.last)
    body = layout.body_of(table, sheet, head, header.columns)
    if body.hidden:
        content.aside.append(_hidden_rows(name, sheet, table, body.hidden))
    texts = {column: _texts(table, column, sheet, body, place) for column, place in header.columns.items()}
    content.parts.append(Part(name, table.name, closed=True, cells=texts, lines=body.numbers))
    content.unknown_columns.extend(
        UnknownColumn(name, table.name, head.names[place].strip()) for place, _ in header.unknown
    )


def _hidden_rows(name: str, sheet: Sheet, table: Table, lines: Sequence[int]) -> QuarantinedFile:
    listed = "、".join(str(line) for line in lines[:_NAMED]) + ("等" if len(lines) > _NAMED else "")
    return QuarantinedFile(
        name,
        f"工作簿“{name}”的“{table.title}”第{listed}行已隐藏或被筛选，未读取；如需申报请取消隐藏后重新提交",
        whole=False,
        sheet=sheet.name,
        row=",".join(map(str, lines)),
    )


def _texts(table: Table, column: str, sheet: Sheet, body: layout.Body, place: int) -> list[str | None]:
    cells = [line[place] for line in body.lines]
    if sheet.from_1904 and table.column(column).kind in ("date", "instant", "cycle"):
        cells = [
            cell + _LATER if isinstance(cell, (int, float)) and not isinstance(cell, bool) else cell for cell in cells
        ]
    return [cell if type(cell) is str else cell_text(cell) for cell in cells]
