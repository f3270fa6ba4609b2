"""A column map: how a portal's names and codes are said in the contract's words."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import polars as pl

from schemas.submission import TABLES
from tasks.gateways.sources.cells.headers import CONTRACT, Names
from tasks.gateways.sources.contents import FLAW, LINE, FileContent, Part

_DIVIDED = re.compile(r"[,，、;；/|\s]+")


@dataclass(frozen=True)
class PageWords:
    """How an HTTP API says where its next page is.

    `next` is a name in a page (dotted where nested), the others are parameters of its address, or "" where it has none.
    """

    next: str = "next"
    next_parameter: str = ""
    page_parameter: str = ""


@dataclass(frozen=True)
class TableMap:
    """One table of the contract as a portal keeps it.

    `origins` are its names there, `order_by` the columns that put rows of a SQL table in order; `values` (by canonical
    column) and `defaults` are canonical cells, the former keyed by `word`.
    """

    origins: tuple[str, ...] = ()
    order_by: tuple[str, ...] = ()
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    defaults: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class ColumnMap:
    """What a source's names and codes mean."""

    title: str = ""
    #: Of the file it was read from.
    identity: str = ""
    names: Names = CONTRACT
    tables: Mapping[str, TableMap] = field(default_factory=dict)
    pages: PageWords = PageWords()

    def translated(self, content: FileContent) -> FileContent:
        """The content with the portal's codes as canonical values and its defaults filled in."""
        if not self.tables:
            return content
        return replace(content, parts=[self._translated(part) for part in content.parts])

    def _translated(self, part: Part) -> Part:
        mapped = self.tables.get(part.table)
        if mapped is None or part.rows.is_empty():
            return part
        rows = part.rows
        for column, meanings in mapped.values.items():
            if column in rows.columns:
                divided = TABLES[part.table].column(column).kind == "levels"
                rows = rows.with_columns(_meant(rows[column], meanings, divided=divided))
        return replace(part, given=_filled(rows, mapped.defaults))


#: The contract's own names and words, and nothing else.
UNMAPPED: Final = ColumnMap()


def word(text: str) -> str:
    """A code as it is compared: without spaces around it, full-width forms, capitals, a spreadsheet's `.0`."""
    plain = unicodedata.normalize("NFKC", text).strip().casefold()
    return plain.removesuffix(".0")


def _meant(cells: pl.Series, meanings: Mapping[str, str], *, divided: bool) -> pl.Series:
    """Codes with a meaning replaced by it; others stay, so that the check names them. `divided`: several in a cell."""
    distinct = cells.drop_nulls().unique().to_list()
    readings = {text: _all_meant(text, meanings) if divided else meanings.get(word(text), text) for text in distinct}
    return cells.replace(readings)


def _all_meant(text: str, meanings: Mapping[str, str]) -> str:
    return ",".join(meanings.get(word(part), part) for part in _DIVIDED.split(text.strip()) if part)


def _filled(rows: pl.DataFrame, defaults: Mapping[str, str]) -> pl.DataFrame:
    """Blank cells with their default, but none in a row that is blank altogether."""
    if not defaults:
        return rows
    given = [name for name in rows.columns if name not in (LINE, FLAW)]
    filled = pl.any_horizontal(pl.col(name).str.strip_chars() != "" for name in given)
    absent = [pl.lit(None, pl.String).alias(name) for name in defaults if name not in rows.columns]
    rows = rows.with_columns(absent)
    return rows.with_columns(
        pl.when(filled & (pl.col(name).fill_null("").str.strip_chars() == ""))
        .then(pl.lit(value))
        .otherwise(pl.col(name))
        .alias(name)
        for name, value in defaults.items()
    )
