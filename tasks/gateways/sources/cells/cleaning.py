"""Cells as people and spreadsheets leave them, made plain, whole columns at a time; not what a value means.

Source: contract section 4, "Cells are cleaned before any check". Cleaning a clean cell changes nothing.
"""

from collections.abc import Callable
from typing import Final

import polars as pl

from schemas.policy import any_policy
from schemas.submission import APPLICATIONS, Column, Table
from tasks.gateways.sources.cells.dates import cycle_text, iso_date, iso_instant

#: Text columns that hold codes: no space is part of them, and every full-width sign is its ASCII one.
CODES: Final = frozenset(
    {
        *("application_no", "uscc", "region_code", "contact_phone", "contact_email", "id_number", "certificate_no"),
        *("occupation_code", "neighbour_code", "programme_code", "institution_code", "sha256", "rule"),
        *("expert_no", "employer_uscc", "email"),
    }
)
_DICTIONARY_CODES: Final = frozenset({"occupation_code", "neighbour_code", "programme_code"})

_CONTROL = r"\x00-\x08\x0e-\x1f\x7f-\x{84}\x{86}-\x{9f}"
_INVISIBLE = rf"[\u{{200b}}-\u{{200f}}\u{{202a}}-\u{{202e}}\u{{2060}}-\u{{206f}}\u{{feff}}\u{{ad}}\u{{180e}}{_CONTROL}]"
_SUSPECT = rf"^['\s]|\s$|\s\s|[^\S ]|[\u{{ff10}}-\u{{ff5a}}]|{_INVISIBLE}"
_DASHES = r"[\u{2010}-\u{2015}\u{2212}\u{fe58}\u{fe63}]"
_WIDE: Final = {chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
_WIDE_ALNUM: Final = {wide: plain for wide, plain in _WIDE.items() if plain.isalnum()}
_WIDE_IN_NUMBERS: Final = {wide: plain for wide, plain in _WIDE.items() if plain != "'"}
#: What exports write behind a day, midnight; codes have lost the space before it.
_MIDNIGHT = r"(?:[T ]?00:00(?::00(?:\.0+)?)?)?"
_CANONICAL_DATE = r"^\d{4}-\d{2}-\d{2}$"
_CANONICAL_INSTANT = r"^\d{4}-\d{2}-\d{2}T[01]\d:\d{2}:\d{2}([+-]\d{2}:\d{2})?$"
_CANONICAL_CYCLE = r"^20\d{2}-\d{2}$"
#: A code that a spreadsheet turned into a number and shows in scientific notation: its last digits are lost.
LOST_DIGITS: Final = r"^\d(\.\d+)?[eE]\+?\d{1,2}$"


def clean_table(frame: pl.DataFrame, table: Table) -> pl.DataFrame:
    """Every column of the table cleaned; other columns untouched."""
    return frame.with_columns(clean_column(frame[column.name], column) for column in table.columns)


def clean_column(cells: pl.Series, column: Column) -> pl.Series:
    """One column of text cleaned by what it must be readable as; blank becomes null."""
    if column.kind == "text" and column.name in CODES:
        return _codes(cells, column.name)
    cells = clean_text(cells)
    if column.name == "occupation_prefixes":
        return _prefixes(cells)
    if column.kind in ("enum", "boolean"):
        return _words(cells, column)
    return _BY_KIND.get(column.kind, _unchanged)(cells)


def clean_text(cells: pl.Series) -> pl.Series:
    """Text without invisible signs, stray spaces and a leading apostrophe, with ASCII digits and letters.

    All else is as it was; full-width brackets are part of Chinese names and addresses.
    """
    if not cells.str.contains(_SUSPECT).any():
        return _blank_to_null(cells)
    visible = cells.str.replace_all(_INVISIBLE, "").str.replace_many(_WIDE_ALNUM)
    return _blank_to_null(visible.str.replace_all(r"\s+", " ").str.replace_all(r"^['\s]+|\s+$", ""))


def _blank_to_null(cells: pl.Series) -> pl.Series:
    return cells.set(cells == "", None)


def _unchanged(cells: pl.Series) -> pl.Series:
    return cells


def _codes(cells: pl.Series, name: str) -> pl.Series:
    if cells.str.contains(r"[^0-9A-Za-z-]").any():
        cells = _plain_codes(cells)
    cells = _blank_to_null(cells)
    if name == "region_code":
        return cells.replace(any_policy(APPLICATIONS.column("region_code")).spellings())
    if name == "sha256":
        return cells.str.to_lowercase()
    return _undo_dates(cells) if name in _DICTIONARY_CODES else cells


def _plain_codes(cells: pl.Series) -> pl.Series:
    plain = cells.str.replace_all(_INVISIBLE, "").str.replace_all(r"\s", "").str.replace_many(_WIDE)
    plain = plain.str.replace_all(_DASHES, "-").str.replace(r"^'+", "")
    # ="0123" is how some exports keep a spreadsheet from reading a code as a number
    plain = plain.str.replace(r'^="([^"]*)"$', "${1}").str.replace(r"^'+", "")
    return _without_point_zero(plain)


def _without_point_zero(cells: pl.Series) -> pl.Series:
    return cells.str.replace(r"^(-?[0-9]+)\.0+$", "${1}")


def _undo_dates(cells: pl.Series) -> pl.Series:
    """`4-10-01` that a spreadsheet took for a day of 2004; a day of another year cannot have been such a code."""
    found = cells.str.extract_groups(rf"^200([1-9])[-/]([0-9]{{1,2}})[-/]([0-9]{{1,2}}){_MIDNIGHT}$").struct.unnest()
    if found["1"].null_count() == len(found):
        return cells
    month, day = (found[group].str.zfill(2) for group in ("2", "3"))
    return pl.select(pl.coalesce(found["1"] + "-" + month + "-" + day, cells)).to_series().alias(cells.name)


def _prefixes(cells: pl.Series) -> pl.Series:
    """Beginnings of codes; `6-18` that a spreadsheet took for the 18th of June is `6-18` again."""
    plain = _undo_dates(cells.str.replace_all(_DASHES, "-").str.replace_many(_WIDE_IN_NUMBERS))
    found = plain.str.extract_groups(rf"^20[0-9]{{2}}[-/]0?([1-8])[-/]([0-9]{{1,2}}){_MIDNIGHT}$").struct.unnest()
    return pl.select(pl.coalesce(found["1"] + "-" + found["2"].str.zfill(2), plain)).to_series().alias(cells.name)


def _words(cells: pl.Series, column: Column) -> pl.Series:
    """Canonical values for Chinese words and for English ones in any capitals; what is neither stays."""
    spelled = any_policy(column).spellings()
    keys = cells.str.replace_all(r"\s", "").str.to_lowercase()
    known = keys.replace_strict(list(spelled), list(spelled.values()), default=None, return_dtype=pl.String)
    return pl.select(pl.coalesce(known, cells)).to_series().alias(cells.name)


def _numbers(cells: pl.Series) -> pl.Series:
    plain = _without_point_zero(cells.str.replace_all(r"\s", "").str.replace_many(_WIDE_IN_NUMBERS))
    return plain.str.replace(r"^(-?[0-9]+\.[0-9]*[1-9])0+$", "${1}")


def _levels(cells: pl.Series) -> pl.Series:
    """`5-3` that a spreadsheet took for the third of May is `5-3` again; readings of levels belong to the rule book."""
    undone = cells.str.replace(rf"^[0-9]{{4}}[-/]0?([1-5])[-/]0?([1-5]){_MIDNIGHT}$", "${1}-${2}")
    return _without_point_zero(undone.str.replace(r"^([1-5])月([1-5])日$", "${1}-${2}"))


def _respelled(canonical: str, respell: Callable[[str], str]) -> Callable[[pl.Series], pl.Series]:
    def clean(cells: pl.Series) -> pl.Series:
        # such columns are short and nearly always canonical: only the distinct odd ones are looked at one by one
        odd = cells.filter(~cells.str.contains(canonical)).drop_nulls().unique()
        if odd.is_empty():
            return cells
        plain = odd.str.replace_many(_WIDE_IN_NUMBERS).to_list()
        return cells.replace(odd.to_list(), [respell(text) for text in plain])

    return clean


_BY_KIND: Final[dict[str, Callable[[pl.Series], pl.Series]]] = {
    "integer": _numbers,
    "number": _numbers,
    "level": _levels,
    "levels": _levels,
    "date": _respelled(_CANONICAL_DATE, iso_date),
    "instant": _respelled(_CANONICAL_INSTANT, iso_instant),
    "cycle": _respelled(_CANONICAL_CYCLE, cycle_text),
}
