"""A column map: how a portal's names and codes are said in the contract's words, read from its file (TOML), mistakes named."""

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, NoReturn

import polars as pl

from schemas.errors import WrongUseError
from schemas.policy import any_policy
from schemas.submission import TABLES, Column, Table
from tasks.gateways.sources.cells import headers
from tasks.gateways.sources.cells.headers import CONTRACT, Names
from tasks.gateways.sources.contents import FLAW, LINE, FileContent, Part, discreet

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
        return replace(part, frame=_filled(rows, mapped.defaults))


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
    names = [name for name in rows.columns if name not in (LINE, FLAW)]
    filled = pl.any_horizontal(pl.col(name).str.strip_chars() != "" for name in names)
    absent = [pl.lit(None, pl.String).alias(name) for name in defaults if name not in rows.columns]
    rows = rows.with_columns(absent)
    return rows.with_columns(
        pl.when(filled & (pl.col(name).fill_null("").str.strip_chars() == ""))
        .then(pl.lit(value))
        .otherwise(pl.col(name))
        .alias(name)
        for name, value in defaults.items()
    )


_SHIPPED: Final = Path(__file__).parent / "maps"
_TOP: Final = ("title", "ignore", "pages", "tables")
_OF_TABLE: Final = ("from", "ignore", "order_by", "columns", "values", "defaults")
_OF_PAGES: Final = ("next", "next_parameter", "page_parameter")
_LARGEST_BYTES: Final = 1024 * 1024
_LONGEST_NAME: Final = 100


class ColumnMapError(WrongUseError, ValueError):
    """A column map that cannot be used: one sentence naming file, table, key and the remedy."""


def shipped() -> list[str]:
    """Names of the maps that come with the program."""
    return sorted(path.stem for path in _SHIPPED.glob("*.toml"))


def load(named: str) -> ColumnMap:
    """The map of a file, or of this name among those shipped; without a name, the contract's words alone."""
    if not named:
        return UNMAPPED
    path = Path(named)
    if named in shipped() and not path.is_file():
        path = _SHIPPED / f"{named}.toml"
    text = _text(path)
    return replace(_Reading(path.name).read(_document(path, text)), identity=sha256(text.encode()).hexdigest())


def _document(path: Path, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as wrong:
        raise ColumnMapError(f"column map {path.name} is not TOML: {wrong}; mend that line") from wrong


def _text(path: Path) -> str:
    name = discreet(path.name[:_LONGEST_NAME])
    try:
        # a pipe or a device has no size and no end
        content = _beginning(path) if path.is_file() else None
    except OSError as locked:
        raise ColumnMapError(
            f"column map {name} cannot be opened: {locked.strerror}; mend its name or rights"
        ) from locked
    if content is None:
        raise ColumnMapError(
            f"there is no column map '{discreet(str(path))}': "
            f"let FILING_COLUMN_MAP name a TOML file, or one of {', '.join(shipped())}"
        )
    if len(content) > _LARGEST_BYTES:
        raise ColumnMapError(f"column map {name} is larger than 1 MB: FILING_COLUMN_MAP names another file")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        raise ColumnMapError(f"column map {name} is not UTF-8: save it as UTF-8") from wrong


def _beginning(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(_LARGEST_BYTES + 1)


class _Reading:
    """One file being read; what is wrong is said with its name."""

    def __init__(self, file: str) -> None:
        self.file = file

    def read(self, document: Mapping[str, Any]) -> ColumnMap:
        self._known("", document, _TOP)
        tables = self._section("tables", document)
        for name in tables:
            if name not in TABLES:
                self._wrong("tables", name, f"is no table; write one of {', '.join(TABLES)}")
        pages = self._section("pages", document)
        self._known("pages", pages, _OF_PAGES)
        words = PageWords(**{key: self._text("pages", key, value) for key, value in pages.items()})
        columns = {name: self._columns(TABLES[name], self._section(f"tables.{name}", tables)) for name in tables}
        maps = {name: self._table(TABLES[name], tables[name]) for name in tables}
        names = headers.Names(self._origins(maps), columns, self._ignored(document, tables, words), nested=True)
        title = self._text("", "title", document.get("title", self.file))
        return ColumnMap(title, names=names, tables=maps, pages=words)

    def _table(self, table: Table, section: Mapping[str, Any]) -> TableMap:
        where = f"tables.{table.name}"
        self._known(where, section, _OF_TABLE)
        values = {
            column: self._values(table, self._column(table, f"{where}.values", column), meanings)
            for column, meanings in self._section(f"{where}.values", section).items()
        }
        defaults = {
            column: self._cell(f"{where}.defaults", column, self._column(table, f"{where}.defaults", column), value)
            for column, value in self._section(f"{where}.defaults", section).items()
        }
        origins, order = (tuple(self._texts(where, key, section.get(key, []))) for key in ("from", "order_by"))
        return TableMap(origins, order, values, defaults)

    def _columns(self, table: Table, section: Mapping[str, Any]) -> dict[str, str]:
        where, columns = f"tables.{table.name}.columns", dict[str, str]()
        for column, value in self._section(where, section).items():
            self._column(table, where, column)
            for name in self._texts(where, column, value):
                other = columns.setdefault(headers.key(name), column)
                if other != column:
                    self._wrong(where, column, f"and {other} both have '{name}'; leave it to one of them")
        return columns

    def _values(self, table: Table, column: Column, meanings: object) -> dict[str, str]:
        where = f"tables.{table.name}.values.{column.name}"
        if not isinstance(meanings, dict):
            self._wrong(
                f"tables.{table.name}.values", column.name, 'is no table of codes; write "code" = "value" below it'
            )
        return {word(code): self._cell(where, code, column, value) for code, value in meanings.items()}

    def _cell(self, where: str, key: str, column: Column, value: object) -> str:
        """A canonical cell; for a column of words its Chinese word is taken as well."""
        text = self._text(where, key, value)
        words = any_policy(column)
        if not words.words or column.kind == "text" or text in words.words:
            return text
        canonical = words.spellings().get(text)
        if canonical is None:
            self._wrong(where, key, f"gives '{text}'; write one of {', '.join(words.words)}")
        return canonical

    def _column(self, table: Table, where: str, name: str) -> Column:
        if name not in table.names:
            self._wrong(where, name, f"is no column of {table.name}; write one of {', '.join(table.names)}")
        return table.column(name)

    def _origins(self, maps: Mapping[str, TableMap]) -> dict[str, str]:
        names: dict[str, str] = {}
        for name, mapped in maps.items():
            for origin in mapped.origins:
                other = names.setdefault(headers.key(origin), name)
                if other != name:
                    self._wrong(f"tables.{name}", "from", f"and that of {other} both have '{origin}'; leave it to one")
        return names

    def _ignored(
        self, document: Mapping[str, Any], tables: Mapping[str, Any], pages: PageWords
    ) -> dict[str, frozenset[str]]:
        anywhere = [*self._texts("", "ignore", document.get("ignore", [])), pages.next]
        by_table = {
            name: self._texts(f"tables.{name}", "ignore", section.get("ignore", [])) for name, section in tables.items()
        }
        return {name: frozenset(map(headers.key, columns)) for name, columns in {"": anywhere, **by_table}.items()}

    def _section(self, where: str, holder: Mapping[str, Any]) -> Mapping[str, Any]:
        section = holder.get(where.rpartition(".")[2], {})
        if not isinstance(section, dict):
            self._wrong("", where, f"is no table; write it as [{where}]")
        return dict(section)

    def _known(self, where: str, section: Mapping[str, Any], keys: tuple[str, ...]) -> None:
        for key in section:
            if key not in keys:
                self._wrong(where, key, f"is not known; write one of {', '.join(keys)}")

    def _texts(self, where: str, key: str, value: object) -> list[str]:
        texts = value if isinstance(value, list) else [value]
        return [self._text(where, key, text) for text in texts]

    def _text(self, where: str, key: str, value: object) -> str:
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, int):
            return str(value)
        if not isinstance(value, str) or (value.strip() == "" and where != "pages"):
            self._wrong(where, key, 'is no text; write it in quotation marks, as "…"')
        return value

    def _wrong(self, where: str, key: str, problem: str) -> NoReturn:
        place = f", [{where}]" if where else ""
        raise ColumnMapError(f'column map {self.file}{place}: "{key}" {problem}')
