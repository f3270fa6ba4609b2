"""The workbooks of an edition, to read, filter and print: the directory (`directory.xlsx`), and each county's list (县区名单)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import pandas as pd

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
from schemas.supervision import MATTERS
from tasks.gateways.disk import files
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
        made.sheet("明细", columns).rows(directory_cells(content.listed, content), filters=True)
        write_changes(made.sheet("本版变更", change_columns()), content.changed, content)
    return finished.getvalue()


def directory_columns() -> list[SheetColumn]:
    """The columns of a sheet with one full row for each row of the directory."""
    return [SheetColumn(column.title, column.width, _STYLES.get(column.kind, "centred")) for column in COLUMNS]


def edition_line(content: EditionContent) -> str:
    """Edition, day and size of the directory in one line."""
    size = f"共 {len(content.institutions)} 家机构、{len(content.rows)} 个职业（工种）"
    return f"版次：{content.name}　　截至：{chinese_date(content.as_of)}　　{size}"


def directory_cells(rows: pd.DataFrame, content: EditionContent) -> Iterator[tuple[Cell, ...]]:
    """One row of cells for each row of the directory (`content.listed`, or a part of it), as people read it."""
    # columns as lists: walking a frame's cells one by one costs as much as writing them
    yield from zip(*(_cells(rows[column.name], column, content) for column in COLUMNS), strict=True)


def _cells(texts: "pd.Series[str]", column: Column, content: EditionContent) -> list[Cell]:
    """The cells of one column of the directory, as people read them."""
    if column.kind == "type":
        texts = texts.replace(content.type_titles)
    elif column.kind == "region":
        texts = texts.replace(content.region_names)
    elif column.kind == "levels":
        return _each(texts.tolist(), lambda levels: levels_text(levels, content.policy))
    elif column.kind == "audiences":
        return _each(texts.tolist(), audiences_text)
    elif column.kind == "date":
        return _each(texts.tolist(), day)
    return list(texts.tolist())


def _each(texts: list[str], cell: Callable[[str], Cell]) -> list[Cell]:
    """The cell of each text; few of them differ."""
    cells = {text: cell(text) for text in set(texts)}
    return [cells[text] for text in texts]


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


def write_changes(sheet: Sheet, changed: pd.DataFrame, content: EditionContent) -> None:
    """Changes of the edition (`content.changed`, or a part of them), one row each."""
    columns = {name: changed[name].tolist() for name in CHANGE_COLUMNS}
    texts: dict[str, list[Cell]] = {
        name: _each(columns[name], lambda text: change_text(text, content.policy)) for name in ("before", "after")
    }
    texts["change"] = [CHANGE_KINDS[kind] for kind in columns["change"]]
    sheet.rows(zip(*(columns | texts).values(), strict=True), filters=True)


def _write_grouped(sheet: Sheet, content: EditionContent) -> None:
    """One block for each institution: its own cells merged, its occupations one row each."""
    cells = directory_cells(content.listed, content)
    for number, (shared, block) in enumerate(groupby(cells, lambda row: row[:_SHARED]), start=1):
        rows = [row[_SHARED:] for row in block]
        for place in range(_SHARED + 1):
            sheet.merge(place, place, len(rows))
        above: tuple[Cell, ...] = (number, *shared)
        for row, height in zip(rows, _heights(shared, rows), strict=True):
            sheet.row((*above, *row), height)
            above = ("",) * len(above)


def _heights(shared: tuple[Cell, ...], rows: list[tuple[Cell, ...]]) -> list[float]:
    """The height of each of a block's rows that its merged cells need: spreadsheets fit no height to merged cells."""
    heights = [points(_lines((*shared, *row), of_institution=False)) for row in rows]
    spare = max(0.0, points(_lines(shared, of_institution=True)) - sum(heights)) / len(rows)
    return [max(height + spare, 20) for height in heights]


def _lines(cells: tuple[Cell, ...], *, of_institution: bool) -> int:
    """The lines that the longest of an institution's own cells needs, or of the others."""
    wrapped = [(place, column.width) for place, column in _WRAPPED if (place < _SHARED) == of_institution]
    return max(lines(str(cells[place]), width) for place, width in wrapped)


_WIDTHS = {"institution_name": 32, "occupation_name": 20, "details": 44, "uscc": 21, "matter": 22}
_DATES = ("since", "due_on")


@dataclass(frozen=True, eq=False)
class CountyList:
    """One county: its code and name, what is on file (DIRECTORY_COLUMNS and standing), changes, matters (MATTERS)."""

    region: str
    name: str
    on_file: pd.DataFrame
    changes: pd.DataFrame
    matters: pd.DataFrame


def write_county_lists(outbox: Path, content: EditionContent, lists: list[CountyList]) -> None:
    """Write `counties/<region>/<edition>.xlsx` of each county; again, it changes nothing."""
    for county_list in lists:
        files.put(
            outbox / "counties", f"{county_list.region}/{content.name}.xlsx", county_workbook(content, county_list)
        )


def county_workbook(content: EditionContent, county: CountyList) -> bytes:
    """One county's workbook: 备案名册, 本版变更, 监管清单."""
    title = f"{county.name}职业技能等级认定评价机构名单"
    heading = [title, f"目录版次：{content.name}　　截至：{chinese_date(content.as_of)}"]
    with book(title, content.as_of) as (made, finished):
        columns = [*directory_columns(), SheetColumn("状态", 10, "centred")]
        standings = county.on_file["standing"].tolist()
        cells = directory_cells(county.on_file, content)
        rows = ((*row, standing) for row, standing in zip(cells, standings, strict=True))
        made.sheet("备案名册", columns, heading).rows(rows, filters=True)
        write_changes(made.sheet("本版变更", change_columns()), county.changes, content)
        matters = [
            SheetColumn(text, _WIDTHS.get(name, 14), "date" if name in _DATES else "text")
            for name, text in MATTERS.items()
        ]
        made.sheet("监管清单", matters).rows(_matters(county), filters=True)
    return finished.getvalue()


def _matters(county: CountyList) -> Iterator[tuple[Cell, ...]]:
    dated = [place for place, name in enumerate(MATTERS) if name in _DATES]
    for cells in tuples(county.matters[list(MATTERS)]):
        yield tuple(day(cell) if place in dated else cell for place, cell in enumerate(cells))
