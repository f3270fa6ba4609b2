"""The directory as a workbook (`directory.xlsx`) to read, filter and print; the look of sheets does not belong here."""

from collections.abc import Iterator
from itertools import groupby

import pandas as pd

from schemas.directory import CHANGE_COLUMNS, CHANGE_KINDS, CHANGE_TITLES, DIRECTORY_TITLES, change_text, levels_text
from tasks.gateways.paper.sheets import Cell, Sheet, SheetColumn, Style, book, day, lines, points
from tasks.gateways.shelf.content import EditionContent, chinese_date

#: Canonical column, width, look; the first five are one institution's and merged over its rows.
_SHARED = 5
_LAYOUT: list[tuple[str, float, Style]] = [
    ("institution_name", 34, "text"),
    ("institution_type", 18, "centred"),
    ("uscc", 21, "centred"),
    ("institution_code", 15, "centred"),
    ("region_code", 20, "centred"),
    ("occupation_code", 13, "centred"),
    ("occupation_name", 24, "text"),
    ("levels", 24, "centred"),
    ("filed_on", 12, "date"),
    ("valid_until", 12, "date"),
]
_NUMBER = SheetColumn("序号", 6, "centred")
_CHANGE_WIDTHS = {"uscc": 21, "institution_name": 32, "occupation_code": 13, "occupation_name": 20, "change": 11}


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
    return [SheetColumn(DIRECTORY_TITLES[name], width, style) for name, width, style in _LAYOUT]


def edition_line(content: EditionContent) -> str:
    """Edition, day and size of the directory in one line."""
    size = f"共 {len(content.institutions)} 家机构、{len(content.rows)} 个职业（工种）"
    return f"版次：{content.name}　　截至：{chinese_date(content.as_of)}　　{size}"


def directory_cells(content: EditionContent) -> Iterator[tuple[Cell, ...]]:
    """One row of cells for each row of the directory, as people read it."""
    rows = content.listed
    shown = pd.DataFrame({name: rows[name] for name, _, _ in _LAYOUT})
    shown["institution_type"] = rows["institution_type"].replace(content.type_titles)
    shown["region_code"] = rows["region_code"].replace(content.region_names)
    shown["levels"] = rows["levels"].map(levels_text)
    dates = {text: day(text) for column in ("filed_on", "valid_until") for text in set(rows[column])}
    # columns as lists: walking a frame's cells one by one costs as much as writing them
    for *texts, filed, valid in zip(*(shown[name].tolist() for name in shown), strict=True):
        yield (*texts, dates[filed], dates[valid])


def change_columns() -> list[SheetColumn]:
    """The columns of a sheet of changes."""
    return [SheetColumn(title, _CHANGE_WIDTHS.get(name, 50)) for name, title in CHANGE_TITLES.items()]


def write_changes(sheet: Sheet, content: EditionContent) -> None:
    """The edition's changes, one row each."""
    changed = content.changed[CHANGE_COLUMNS].itertuples(index=False, name=None)
    sheet.rows(
        (
            (
                *key,
                CHANGE_KINDS[kind],
                change_text(before, content.region_names),
                change_text(after, content.region_names),
            )
            for *key, kind, before, after in changed
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
        _fit(sheet, top, str(shared[0]), rows)
        sheet.next_row = bottom + 1


def _fit(sheet: Sheet, top: int, name: str, rows: list[tuple[Cell, ...]]) -> None:
    """Give a block's rows the height that the merged name needs: spreadsheets fit no height to merged cells."""
    own = [max(lines(str(row[1]), _LAYOUT[6][1]), lines(str(row[2]), _LAYOUT[7][1])) for row in rows]
    needed = points(lines(name, _LAYOUT[0][1]))
    spare = max(0.0, needed - sum(map(points, own))) / len(rows)
    for offset, count in enumerate(own):
        sheet.height(top + offset, max(points(count) + spare, 20))
