"""Which table a sheet or file is and which column a header means; the cells below them do not belong here."""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from schemas.submission import TABLES, Table

#: A title, a note or a logo may stand above the header; further down it is no header any more.
SEARCHED_LINES = 10

_BRACKETED = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|【[^【】]*】|〔[^〔〕]*〕|<[^<>]*>")
_STRAY = re.compile(r"[\s*_\-.:·★#\u200b-\u200f\u2060\ufeff\u00ad]+")


@dataclass(frozen=True)
class Header:
    """A recognised header line: place of each canonical column, headers nobody knows, columns named twice."""

    columns: dict[str, int]
    unknown: list[tuple[int, str]]
    repeated: list[str]


def key(text: str) -> str:
    """A name without what people add to it: spaces, asterisks, notes in brackets, full-width forms, capitals."""
    plain = _BRACKETED.sub("", unicodedata.normalize("NFKC", text))
    return _STRAY.sub("", plain).lower()


@cache
def _tables() -> dict[str, Table]:
    return {key(name): table for table in TABLES.values() for name in (table.name, table.title)}


@cache
def _columns(table: str) -> dict[str, str]:
    return {key(name): column.name for column in TABLES[table].columns for name in (column.name, column.title)}


@lru_cache(maxsize=4096)
def table_named(text: str) -> Table | None:
    """The table of a sheet or file name, English or Chinese."""
    return _tables().get(key(text))


@lru_cache(maxsize=4096)
def column_named(table: str, text: str) -> str | None:
    """The canonical column of a table that a header means, English or Chinese."""
    return _columns(table).get(key(text))


def header(table: Table, names: Sequence[str]) -> Header:
    """What each cell of a header line means; blank ones are neither known nor unknown."""
    places = [(place, name, column_named(table.name, name)) for place, name in enumerate(names) if name.strip()]
    counts = Counter(column for _, _, column in places if column)
    return Header(
        columns={column: place for place, _, column in reversed(places) if column},
        unknown=[(place, name) for place, name, column in places if not column],
        repeated=[column for column, count in counts.items() if count > 1],
    )


def header_line(table: Table, lines: Sequence[Sequence[str]]) -> int | None:
    """The line among the first ten that names most of the table's columns; None when none names any."""
    scores = [len(header(table, line).columns) for line in lines[:SEARCHED_LINES]]
    best = max(scores, default=0)
    return scores.index(best) if best else None
