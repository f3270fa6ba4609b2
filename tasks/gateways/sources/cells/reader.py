"""The one reader of a cell: text becomes a value or is unreadable; nothing that comes after parses it again.

A column comes out as canonical text (an enumeration's word, `true`/`false`, `2026-09-01`, `5,4,3`, digits), blank where
the cell is blank or cannot be read; `WRITTEN` keeps what stood there. Source: docs/intake.md.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import polars as pl

from schemas.policy import any_policy
from schemas.submission import WRITTEN, Column, Table
from tasks.gateways.sources.cells import moments
from tasks.gateways.sources.cells.levels import LevelWords
from tasks.gateways.sources.cells.text import clean_text, code, respelled, visible
from tasks.gateways.sources.cells.words import NOTHING, Regions, WordReader, integer, number

#: A code that a spreadsheet turned into a number and shows in scientific notation: its last digits are lost.
LOST_DIGITS: Final = r"^-?\d(\.\d+)?[eE]\+?\d{1,2}$"

_NOTES: Final = re.compile(r"[(\[【〔][^()\[\]【】〔〕]*[)\]】〕]")
_CREDIT_CODE: Final = re.compile(r"[^0-9A-Za-z]*([0-9A-Z]{18})[^0-9A-Za-z]*")
_IDENTITY: Final = re.compile(r"[^0-9A-Za-z]*([0-9]{17}[0-9X]|[0-9]{15})[^0-9A-Za-z]*")
#: Signs that look like the last character of an identity number.
_CROSSES: Final = str.maketrans({"×": "X", "χ": "X", "Χ": "X", "х": "X", "Х": "X", "✕": "X", "╳": "X", "x": "X"})
_OCCUPATION: Final = re.compile(
    r"(?P<name>[^0-9A-Za-z]*)(?P<a>[1-8])[-._/一ー]?(?P<b>\d{2}|(?<=[-._/一ー])\d)[-._/一ー]?(?P<c>\d{2}|(?<=[-._/一ー])\d)"
    r"(?:[-._/一ー]?(?P<d>\d{2}|(?<=[-._/一ー])\d))?(?P<mark>-?[(]?(?:L/?S|S/?L|L|S)[)]?)?(?P<behind>[^0-9A-Za-z]*)"
)
#: What exports write behind a day, midnight; codes have lost the space before it.
_MIDNIGHT: Final = r"(?:T?00:00(?::00(?:\.0+)?)?)?"
_DAY: Final = re.compile(rf"200([1-9])[-/](\d{{1,2}})[-/](\d{{1,2}}){_MIDNIGHT}")
_PREFIX_DAY: Final = re.compile(rf"20\d{{2}}[-/]0?([1-8])[-/](\d{{1,2}}){_MIDNIGHT}")


def credit_code(text: str) -> str:
    """A unified social credit code in capitals, without hyphens, labels and copy marks."""
    bare = _capitals(text)
    match = _CREDIT_CODE.fullmatch(_NOTES.sub("", bare).replace("-", ""))
    return match[1] if match else code(bare.replace("-", ""))


def identity_number(text: str) -> str:
    """A number of an identity document in capitals; every sign that looks like X is one in a resident's."""
    bare = _capitals(text)
    match = _IDENTITY.fullmatch(bare.translate(_CROSSES).replace("-", ""))
    return match[1] if match else bare


def occupation_code(text: str) -> str:
    """A code of the Dictionary with its hyphens, without its marks and the name beside it; also one taken for a day."""
    bare = code(text).upper()
    if day := _DAY.fullmatch(bare):
        return _code_of(day)
    match = _OCCUPATION.fullmatch(bare)
    if match is None or (not match["d"] and "-" not in bare):
        return code(text)
    parts = [match["a"], *(match[part].zfill(2) for part in "bcd" if match[part])]
    return "-".join(parts)


def prefixes(text: str) -> str:
    """Beginnings of codes; `6-18` that a spreadsheet took for the 18th of June is `6-18` again."""
    if day := _DAY.fullmatch(code(text)):
        return _code_of(day)
    day = _PREFIX_DAY.fullmatch(code(text))
    return f"{day[1]}-{day[2]:0>2}" if day else text


def programme_code(text: str) -> str:
    """A school's code of a programme; one that a spreadsheet took for a day is a code again."""
    bare = code(text)
    day = _DAY.fullmatch(bare)
    return _code_of(day) if day else bare


def _code_of(day: re.Match[str]) -> str:
    return f"{day[1]}-{day[2]:0>2}-{day[3]:0>2}"


def _capitals(text: str) -> str:
    return code(code(text).upper())  # some letters come apart as capitals


#: Column of codes to how its cells are spelt.
CODES: Final[Mapping[str, Callable[[str], str]]] = {
    "uscc": credit_code,
    "employer_uscc": credit_code,
    "id_number": identity_number,
    "occupation_code": occupation_code,
    "neighbour_code": occupation_code,
    "programme_code": programme_code,
    "application_no": _capitals,
    "institution_code": _capitals,
    "rule": _capitals,
    "sha256": lambda text: code(text).lower(),
    **dict.fromkeys(("region_code", "contact_phone", "contact_email", "certificate_no", "expert_no", "email"), code),
}
#: Cells that are spelt so already, by column; others are looked at one by one.
PLAIN: Final[Mapping[str, str]] = {
    "uscc": r"^[0-9A-Z]{18}$",
    "id_number": r"^[0-9]{17}[0-9X]$",
    "occupation_code": r"^[1-8](-[0-9]{2}){2,3}$",
    "neighbour_code": r"^[1-8](-[0-9]{2}){2,3}$",
    **dict.fromkeys(("application_no", "institution_code", "rule"), r"^[0-9A-Z-]+$"),
    "sha256": r"^[0-9a-f]+$",
    "contact_phone": r"^[0-9]+$",
    "region_code": r"^[0-9]+$",
}


#: Names in which no space is meant: a cell was justified with them.
_UNSPACED: Final = frozenset({"occupation_name", "work_type"})
#: Names of work types are what tells items apart: those that differ in the width of these signs alone are one.
_ONE_WIDTH: Final = str.maketrans("(),:;", "（），：；")
#: What a spreadsheet shows in place of a value, and what is kept for a formula that was never worked out.
_FAILED: Final = r"^#(REF|N/A|VALUE|NAME|DIV/0|NUM|NULL|SPILL|CALC|GETTING_DATA|FIELD|BLOCKED|CONNECT|BUSY)[!?]?$|^=$"
_CANONICAL: Final[Mapping[str, str]] = {
    "date": r"^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])$",
    "instant": r"^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T[01]\d:[0-5]\d:[0-5]\d(?:[+-](?:0\d|1[0-3]):[0-5]\d)?$",
    "cycle": r"^20\d{2}-(?:0[1-9]|1[0-2])$",
    "integer": r"^(?:0|[1-9][0-9]{0,17})$",
    "number": r"^(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{0,3}[1-9])?$",
    "boolean": r"^(?:true|false)$",
}
"""Cells that are canonical already, by kind; the last days of a month are looked at, for not each month has them."""


def read_table(rows: pl.DataFrame, table: Table) -> pl.DataFrame:
    """Every column of the table as canonical text, and WRITTEN; other columns untouched.

    Words are those of any policy there is: a file may hold applications of several cycles.
    """
    columns = [any_policy(column) for column in table.columns]
    texts = [tidy(rows[column.name], column) for column in columns]
    read = [values(cells, column) for cells, column in zip(texts, columns, strict=True)]
    return rows.with_columns(*read, _written(table, texts, read))


def spelled(text: str, column: Column) -> str:
    """What a person typed for one cell of a column as the registers have it; what cannot be read stays, so that it is named."""
    cells = tidy(pl.Series(column.name, [text], pl.String), column)
    return values(cells, column)[0] or cells[0] or text


def tidy(cells: pl.Series, column: Column) -> pl.Series:
    """One column as it is shown to people: its text made plain, blank ones null, what says nothing in an optional one too."""
    cells = _tidy(cells, column)
    return cells.set(cells.str.to_lowercase().is_in(NOTHING), None) if column.optional else cells


def _tidy(cells: pl.Series, column: Column) -> pl.Series:
    if column.name == "file_name":  # two files may differ in how a character is spelt, and in nothing else
        return respelled(cells, cells.is_not_null(), lambda text: visible(text) or None)
    if column.kind != "text" or column.name not in CODES:
        cells = clean_text(cells)
        if column.name == "work_type":
            cells = respelled(cells, cells.str.contains("[(),:;]"), lambda text: text.translate(_ONE_WIDTH))
        if column.name in _UNSPACED:
            return cells.str.replace_all(" ", "", literal=True)
        return respelled(cells, cells.is_not_null(), prefixes) if column.name == "occupation_prefixes" else cells
    spell = CODES[column.name]
    plain = cells.str.contains(PLAIN.get(column.name, r"^[0-9A-Za-z-]+$")) | cells.str.contains(LOST_DIGITS)
    cells = respelled(cells, ~plain, lambda text: spell(text) or None)
    if column.listed == "regions":
        regions = Regions(column)
        return respelled(cells, cells.is_not_null() & ~cells.is_in(list(column.words)), regions.code)
    return cells


def values(cells: pl.Series, column: Column) -> pl.Series:
    """The values of tidy cells as canonical text, null where the cell is blank or cannot be read."""
    if column.kind == "text":
        failed = cells.str.contains(_FAILED)
        return cells.set(failed | cells.str.contains(LOST_DIGITS) if column.name in CODES else failed, None)
    canonical = _CANONICAL.get(column.kind)
    odd = ~cells.str.contains(canonical) if canonical else cells.is_not_null()
    return respelled(cells, odd, _reading(column))


def _reading(column: Column) -> Callable[[str], str | None]:
    """How one cell of a column is read."""
    if column.kind in ("enum", "boolean"):
        return WordReader(column).read
    if column.kind == "enums":
        return WordReader(column).read_several
    if column.kind in ("level", "levels"):
        levels = LevelWords(column.words)
        return levels.read_one if column.kind == "level" else levels.read
    by_kind: dict[str, Callable[[str], str | None]] = {
        "date": moments.iso_day,
        "instant": moments.iso_moment,
        "cycle": moments.cycle,
        "integer": lambda text: integer(text, column.name),
        "number": lambda text: number(text, column.name),
    }
    return by_kind[column.kind]


def _written(table: Table, texts: Sequence[pl.Series], read: Sequence[pl.Series]) -> pl.Series:
    """For each row the texts of the cells that cannot be read or say more than their value, as JSON; null for none."""
    by_place: dict[int, dict[str, str]] = {}
    for column, cells, canonical in zip(table.columns, texts, read, strict=True):
        unread = cells.is_not_null() & canonical.is_null()
        if column.kind in ("level", "levels"):
            unread |= (cells != canonical).fill_null(False)
        for place in unread.arg_true():
            by_place.setdefault(place, {})[column.name] = cells[place]
    size = len(texts[0])
    if not by_place:
        return pl.Series(WRITTEN, [None], pl.String).extend_constant(None, size)[:size]
    notes = [json.dumps(by_place[place], ensure_ascii=False) if place in by_place else None for place in range(size)]
    return pl.Series(WRITTEN, notes, pl.String)
