"""Which table a sheet or file is and which column a header means."""

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise
from typing import Final

from schemas.submission import READ_TABLES, Table
from tasks.gateways.sources.cells.words import COLUMN_NAMES, TABLE_NAMES

#: A title, a note or a logo may stand above the header; further down it is no header any more.
SEARCHED_LINES = 30
#: So many known names side by side are no labels of values.
_BESIDE = 3

_BRACKETED = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|【[^【】]*】|〔[^〔〕]*〕|<[^<>]*>")
_STRAY = re.compile(r"[\s*_\-.:·★#\u200b-\u200f\u2060\ufeff\u00ad]+")


@dataclass(frozen=True)
class Header:
    """What a line says as a header: place of each canonical column, headers nobody knows, columns named twice.

    `is_one`: whether it is a header, not a line of labels with their values beside them: most of its cells name columns.
    """

    columns: dict[str, int]
    unknown: list[tuple[int, str]]
    repeated: list[str]
    is_one: bool


#: What people put before and behind the name of a table: its number, that it is a table or a list, a copy's number.
_BEFORE = re.compile(r"^(?:附?表|附件|sheet)?[0-9一二三四五六七八九十]*[、,:]?(?=.)")
_BEHIND = re.compile(r"(?:(?:一览|登记|申报|统计|汇总|信息|情况|明细)?表格?|清单|名单|明细)?(?:表格)?(?:续表?)?[0-9]*$")
#: Sheets of this kind are not what was handed in.
_NOT_HANDED_IN = re.compile(
    r"旧|示例|范例|样例|样表|填写说明|填表说明|填报说明|使用说明|作废|废弃|备份|参考|下拉|字典|隐藏"
)


def is_aside(sheet: str) -> bool:
    """Whether a sheet's name says that it is an old one, an example or a note on how to fill the others in."""
    return bool(_NOT_HANDED_IN.search(sheet))


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
        self.column_meant = lru_cache(maxsize=4096)(self._column_meant)
        self.is_ignored = lru_cache(maxsize=4096)(self._is_ignored)
        #: All applicants fill in the same form.
        self.header_of = lru_cache(maxsize=4096)(self._header_of)

    def _table_named(self, text: str) -> Table | None:
        """The table of a sheet or file name."""
        word = key(text)
        named = self._tables.get(word)
        if named:
            return READ_TABLES[named]
        bare = _BEHIND.sub("", _BEFORE.sub("", word)) or word
        return next(
            (_tables()[spelling] for spelling in (word, _BEHIND.sub("", word), bare) if spelling in _tables()), None
        )

    def _column_named(self, table: str, text: str) -> str | None:
        """The canonical column of a table that a header means, by its own names."""
        word = key(text)
        return self._columns.get(table, {}).get(word) or _columns(table).get(word)

    def _column_meant(self, table: str, text: str) -> str | None:
        """The canonical column of a table that a header means in other words."""
        return _synonyms(table).get(key(text))

    def _is_ignored(self, table: str, text: str) -> bool:
        """Whether a header is known and not wanted."""
        return key(text) in self._ignored.get(table, frozenset()) | self._ignored.get("", frozenset())

    def _header_of(self, table: str, cells: tuple[str, ...]) -> Header:
        titled = [(place, name, self.column_named(table, name)) for place, name in enumerate(cells) if name.strip()]
        named = {column for _, _, column in titled if column}
        places: list[tuple[int, str, str | None]] = []
        for place, name, column in titled:
            meant = column or self.column_meant(table, name)
            if column is None and meant in named:
                meant = None
            if meant:
                named.add(meant)
            places.append((place, name, meant))
        counts = Counter(column for _, _, column in titled if column)
        columns = {column: place for place, _, column in reversed(places) if column}
        beside = sum(after - before == 1 for before, after in pairwise(sorted(columns.values())))
        return Header(
            columns=columns,
            unknown=[(place, name) for place, name, column in places if not (column or self.is_ignored(table, name))],
            repeated=[column for column, count in counts.items() if count > 1],
            is_one=len(columns) * 2 > len(titled) or beside >= _BESIDE,
        )


#: The contract's own names, English or Chinese.
CONTRACT: Final = Names()


@cache
def _tables() -> dict[str, Table]:
    named = {name: READ_TABLES[table] for table, names in TABLE_NAMES.items() for name in map(key, names)}
    return named | {key(name): table for table in READ_TABLES.values() for name in (table.name, table.title)}


@cache
def _columns(table: str) -> dict[str, str]:
    return {
        key(name): column.name
        for column in READ_TABLES[table].columns
        for name in (*column.headers, column.name, column.title)
    }


@cache
def _synonyms(table: str) -> dict[str, str]:
    columns = COLUMN_NAMES.get(table, {})
    return {
        key(name): column for column, names in columns.items() if column in READ_TABLES[table].names for name in names
    }


def header(table: Table, cells: Sequence[str], names: Names = CONTRACT) -> Header:
    """What each cell of a header line means; blank ones are neither known nor unknown.

    Another word for a column counts only where the column does not stand there by its own name.
    """
    return names.header_of(table.name, tuple(cells))


def header_line(table: Table, lines: Sequence[Sequence[str]], names: Names = CONTRACT) -> int | None:
    """The line among the first ones that names most of the table's columns; None when none names any."""
    scores = [len(header(table, line, names).columns) for line in lines[:SEARCHED_LINES]]
    best = max(scores, default=0)
    return scores.index(best) if best else None
