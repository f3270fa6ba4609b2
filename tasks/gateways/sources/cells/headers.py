"""Which table a sheet or file is and which column a header means; the cells below them do not belong here."""

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final

from schemas.submission import READ_TABLES, Table

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


class Names:
    """What the names of a source mean: those a column map gives, then the contract's own, English or Chinese.

    `tables` and `columns` (by table) are keyed by `key`; `ignored` are keys of columns nobody wants, by table, and under
    "" those of any. With `nested`, a field of a nested JSON object is named with dots: `base.name`.
    """

    def __init__(
        self,
        tables: Mapping[str, str] | None = None,
        columns: Mapping[str, Mapping[str, str]] | None = None,
        ignored: Mapping[str, frozenset[str]] | None = None,
        *,
        nested: bool = False,
    ) -> None:
        self._tables: Mapping[str, str] = tables or {}
        self._columns = columns or {}
        self._ignored = ignored or {}
        self.nested = nested
        #: A JSON file asks the same few names once a row.
        self.table_named = lru_cache(maxsize=4096)(self._table_named)
        self.column_named = lru_cache(maxsize=4096)(self._column_named)
        self.is_ignored = lru_cache(maxsize=4096)(self._is_ignored)

    def _table_named(self, text: str) -> Table | None:
        """The table of a sheet or file name."""
        named = self._tables.get(key(text))
        return READ_TABLES[named] if named else _tables().get(key(text))

    def _column_named(self, table: str, text: str) -> str | None:
        """The canonical column of a table that a header means."""
        word = key(text)
        return self._columns.get(table, {}).get(word) or _columns(table).get(word)

    def _is_ignored(self, table: str, text: str) -> bool:
        """Whether a header is known and not wanted."""
        return key(text) in self._ignored.get(table, frozenset()) | self._ignored.get("", frozenset())


#: The contract's own names, English or Chinese.
CONTRACT: Final = Names()


@cache
def _tables() -> dict[str, Table]:
    return {key(name): table for table in READ_TABLES.values() for name in (table.name, table.title)}


@cache
def _columns(table: str) -> dict[str, str]:
    return {key(name): column.name for column in READ_TABLES[table].columns for name in (column.name, column.title)}


def header(table: Table, cells: Sequence[str], names: Names = CONTRACT) -> Header:
    """What each cell of a header line means; blank ones are neither known nor unknown."""
    places = [(place, name, names.column_named(table.name, name)) for place, name in enumerate(cells) if name.strip()]
    counts = Counter(column for _, _, column in places if column)
    return Header(
        columns={column: place for place, _, column in reversed(places) if column},
        unknown=[(place, name) for place, name, column in places if not (column or names.is_ignored(table.name, name))],
        repeated=[column for column, count in counts.items() if count > 1],
    )


def header_line(table: Table, lines: Sequence[Sequence[str]], names: Names = CONTRACT) -> int | None:
    """The line among the first ten that names most of the table's columns; None when none names any."""
    scores = [len(header(table, line, names).columns) for line in lines[:SEARCHED_LINES]]
    best = max(scores, default=0)
    return scores.index(best) if best else None
