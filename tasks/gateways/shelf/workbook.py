"""The directory as a workbook (`directory.xlsx`) to read, filter and print."""

from collections.abc import Iterator
from itertools import groupby

from schemas.directory import (
    CHANGE_COLUMNS,
    CHANGE_KINDS,
    CHANGE_TITLES,
    COLUMNS,
    Column,
    audiences_text,
    change_text,
    levels_text,
)
from schemas.rows import tuples
from tasks.gateways.paper.sheets import Cell, Sheet, SheetColumn, Style, book, day, lines, points
from tasks.gateways.shelf.content import EditionContent, chinese_date

#: How the cells of a kind of column look; others are centred.
_STYLES: dict[str, Style] = {"text": "text", "date": "date"}
#: So many columns, the first ones, are one institution's and merged over its rows.
_SHARED = sum(column.of == "institution" for column in COLUMNS)
#: Columns whose texts may need several lines, with their places.
_WRAPPED = [(place, column) for place, column in enumerate(COLUMNS) if column.kind in ("text", "levels", "audiences")]
_NUMBER = SheetColumn("序号", 6, "centred")
_CHANGE_WIDTHS = {
    "uscc": 21,
    "institution_name": 32,
    "occupation_code": 13,
    "occupation_name": 20,
    "work_type": 16,
    "change": 11,
}


def directory_workbook(content: EditionContent) -> bytes:
    """`directory.xlsx`: 目录 as bureaus print it, 明细 one full row each with filters, 本版变更."""
    columns = directory_columns()
    heading = [content.title, edition_line(content)]
    with book(content.title, content.as_of) as (made, finished):
        _write_grouped(made.sheet("目录", [_NUMBER, *columns], heading), content)
        made.sheet("明细", columns).rows(directory_cells(content), filters=True)
        write_changes(made.sheet("本版变更", change_columns()), content)
    return finished.getvalue()


def directory_columns() -> list[SheetColumn]:
    """The columns of a sheet with one full row for each row of the directory."""
    return [SheetColumn(column.title, column.width, _STYLES.get(column.kind, "centred")) for column in COLUMNS]


def edition_line(content: EditionContent) -> str:
    """Edition, day and size of the directory in one line."""
    size = f"共 {len(content.institutions)} 家机构、{len(content.rows)} 个职业（工种）"
    return f"版次：{content.name}　　截至：{chinese_date(content.as_of)}　　{size}"


def directory_cells(content: EditionContent) -> Iterator[tuple[Cell, ...]]:
    """One row of cells for each row of the directory, as people read it."""
    # columns as lists: walking a frame's cells one by one costs as much as writing them
    yield from zip(*(_cells(content, column) for column in COLUMNS), strict=True)


def _cells(content: EditionContent, column: Column) -> list[Cell]:
    """The cells of one column of the directory, as people read them."""
    texts = content.listed[column.name]
    if column.kind == "type":
        texts = texts.replace(content.type_titles)
    elif column.kind == "region":
        texts = texts.replace(content.region_names)
    elif column.kind == "levels":
        texts = texts.map(lambda levels: levels_text(levels, content.policy))
    elif column.kind == "audiences":
        texts = texts.map(audiences_text)
    elif column.kind == "date":
        dates = {text: day(text) for text in set(texts)}
        return [dates[text] for text in texts]
    return list(texts.tolist())


def directory_text(name: str, text: str, content: EditionContent) -> str:
    """One cell of a column of the directory, as people read it."""
    kind = next(column.kind for column in COLUMNS if column.name == name)
    if kind == "type":
        return content.type_titles.get(text, text)
    if kind == "region":
        return content.region_names.get(text, text)
    if kind == "levels":
        return levels_text(text, content.policy) if text else ""
    return audiences_text(text) if kind == "audiences" else text


def change_columns() -> list[SheetColumn]:
    """The columns of a sheet of changes."""
    return [SheetColumn(title, _CHANGE_WIDTHS.get(name, 50)) for name, title in CHANGE_TITLES.items()]


def write_changes(sheet: Sheet, content: EditionContent) -> None:
    """The edition's changes, one row each."""
    changed = tuples(content.changed[CHANGE_COLUMNS])
    sheet.rows(
        (
            (
                *key,
                CHANGE_KINDS[kind],
                change_text(before, content.policy),
                change_text(after, content.policy),
                reason,
                document_no,
            )
            for *key, kind, before, after, reason, document_no in changed
        ),
        filters=True,
    )


def _write_grouped(sheet: Sheet, content: EditionContent) -> None:
    """One block for each institution: its own cells merged, its occupations one row each."""
    for number, (shared, block) in enumerate(groupby(directory_cells(content), lambda row: row[:_SHARED]), start=1):
        rows = [row[_SHARED:] for row in block]
        top, bottom = sheet.next_row, sheet.next_row + len(rows) - 1
        for place, value in enumerate((number, *shared)):
            sheet.merged((top, place, bottom, place), value, sheet.columns[place].style)
        for offset, row in enumerate(rows):
            for place, value in enumerate(row, start=_SHARED + 1):
                sheet.cell(top + offset, place, value, sheet.columns[place].style)
        _fit(sheet, top, shared, rows)
        sheet.next_row = bottom + 1


def _fit(sheet: Sheet, top: int, shared: tuple[Cell, ...], rows: list[tuple[Cell, ...]]) -> None:
    """Give a block's rows the height that its merged cells need: spreadsheets fit no height to merged cells."""
    heights = [_lines((*shared, *row), of_institution=False) for row in rows]
    needed = points(_lines(shared, of_institution=True))
    spare = max(0.0, needed - sum(map(points, heights))) / len(rows)
    for offset, count in enumerate(heights):
        sheet.height(top + offset, max(points(count) + spare, 20))


def _lines(cells: tuple[Cell, ...], *, of_institution: bool) -> int:
    """The lines that the longest of an institution's own cells needs, or of the others."""
    wrapped = [(place, column.width) for place, column in _WRAPPED if (place < _SHARED) == of_institution]
    return max(lines(str(cells[place]), width) for place, width in wrapped)
