"""County lists (县区名单): for each edition what a county has on file, what changed there, and what is to be looked at."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from schemas.rows import tuples
from schemas.supervision import MATTERS
from tasks.gateways.disk import files
from tasks.gateways.paper.sheets import Cell, SheetColumn, book, day
from tasks.gateways.shelf.content import EditionContent, chinese_date
from tasks.gateways.shelf.workbook import change_columns, directory_cells, directory_columns, write_changes

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


def write_lists(outbox: Path, content: EditionContent, lists: list[CountyList]) -> None:
    """Write `counties/<region>/<edition>.xlsx` of each county; again, it changes nothing."""
    for county_list in lists:
        files.put(
            outbox / "counties", f"{county_list.region}/{content.name}.xlsx", county_workbook(content, county_list)
        )


def county_workbook(content: EditionContent, county: CountyList) -> bytes:
    """One county's workbook: 备案名册, 本版变更, 监管清单."""
    title = f"{county.name}职业技能等级认定评价机构名单"
    heading = [title, f"目录版次：{content.name}　　截至：{chinese_date(content.as_of)}"]
    part = replace(content, rows=county.on_file, changes=county.changes)
    with book(title, content.as_of) as (made, finished):
        columns = [*directory_columns(), SheetColumn("状态", 10, "centred")]
        standings = county.on_file["standing"].tolist()
        rows = ((*cells, standing) for cells, standing in zip(directory_cells(part), standings, strict=True))
        made.sheet("备案名册", columns, heading).rows(rows, filters=True)
        write_changes(made.sheet("本版变更", change_columns()), part)
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
