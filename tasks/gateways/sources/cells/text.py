"""Text as people, spreadsheets and PDFs leave it, made plain.

Source: docs/intake.md. Making plain text plain again changes nothing.
"""

import re
import unicodedata
from collections.abc import Callable
from csv import DictReader
from datetime import date, datetime, time, timedelta
from functools import cache, lru_cache
from math import isnan
from pathlib import Path
from typing import Final

import polars as pl

#: A spreadsheet keeps 15 significant digits: a longer whole number has lost its last ones.
EXACT_BELOW: Final = 10**15
_HALF_SECOND: Final = timedelta(milliseconds=500)

_CONTROL = r"\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f"
_INVISIBLE = re.compile(rf"[\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufe0e\ufe0f\u00ad\u180e{_CONTROL}]")
#: How a workbook spells a control character: a line break pasted from elsewhere stays behind as `_x000D_`.
_ESCAPED = re.compile(r"_x00(?:0[0-9A-Fa-f]|1[0-9A-Fa-f])_")
_DASHES = re.compile("[-\u2010-\u2015\u2212\u30fc\ufe58\ufe63\uff0d\u2500]")
_ODD: Final = (
    r"^['\s]|\s$|\s\s|[^\S ]|_x00|[^\x20-\x7e\u{3001}\u{3002}\u{3008}-\u{301b}\u{4e00}-\u{9fff}"
    r"\u{ff01}-\u{ff0f}\u{ff1a}-\u{ff20}\u{ff3b}-\u{ff40}\u{ff5b}-\u{ff5e}"
    r"\u{b7}\u{d7}\u{2010}-\u{2027}\u{3010}\u{3400}-\u{4dbf}\u{20000}-\u{3ffff}]"
)
"""What plain text has not: outer, doubled or strange spaces, and signs that may have to become others."""


def respelled(cells: pl.Series, odd: pl.Series, respell: Callable[[str], str | None]) -> pl.Series:
    """The column with its odd cells (true in a column beside it) written anew.

    Nearly all cells are plain, and of the others many are alike: only the distinct ones are looked at one by one.
    """
    texts = cells.filter(odd).drop_nulls().unique().to_list()
    if not texts:
        return cells
    spelled = [respell(text) for text in texts]
    return cells.replace_strict(texts, spelled, default=cells, return_dtype=pl.String).alias(cells.name)


def clean_text(cells: pl.Series) -> pl.Series:
    """Names, addresses and other text without what nobody sees; full-width punctuation is part of Chinese names."""
    return respelled(cells, (cells == "") | cells.str.contains(_ODD), lambda text: plain(text) or None)


def plain(text: str) -> str:
    """One line of text without invisible signs, stray spaces and a leading apostrophe, its characters the usual ones."""
    return re.sub(r"^['\s]+", "", " ".join(usual(_shown(text)).split()))


def visible(text: str) -> str:
    """A name as it is spelt, without what nobody sees."""
    return " ".join(_shown(text).split()).lstrip("' ")


def folded(text: str) -> str:
    """Text as values are read from it: NFKC, small letters, single spaces, nothing invisible."""
    return " ".join(_folded(text).lower().split()).lstrip("'")


@lru_cache(maxsize=16_384)
def compared(text: str) -> str:
    """Text as words are compared: as `folded`, without any space."""
    return "".join(folded(text).split())


def code(text: str) -> str:
    """A code without spaces and a spreadsheet's wrappings, its signs ASCII ones; every dash is a hyphen."""
    # without a space before it, an accent may become one with its letter
    joined = unicodedata.normalize("NFKC", "".join(_folded(text).split()))
    bare = _DASHES.sub("-", joined).lstrip("'")
    # ="0123" is how some exports keep a spreadsheet from reading a code as a number
    bare = re.sub(r'^="([^"]*)"$', r"\1", bare).lstrip("'")
    return re.sub(r"^(-?[0-9]+)\.0+$", r"\1", bare)


def _shown(text: str) -> str:
    return _INVISIBLE.sub("", _ESCAPED.sub("", text))


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", _shown(text).translate(_radicals()))


@cache
def _radicals() -> dict[int, str]:
    """Radicals that stand for characters where text was copied out of a PDF (Unicode EquivalentUnifiedIdeograph)."""
    with (Path(__file__).parent / "radicals.csv").open(encoding="utf-8") as rows:
        return {int(row["radical"][2:], 16): row["character"] for row in DictReader(rows)}


def usual(text: str) -> str:
    """Text in NFKC but for punctuation and signs, which are the writer's choice; radicals become characters."""
    if text.isascii():
        return text
    text = text.translate(_radicals())
    signs = (sign if _is_kept(sign) else unicodedata.normalize("NFKC", sign) for sign in text)
    return unicodedata.normalize("NFC", "".join(signs))


def _is_kept(sign: str) -> bool:
    kangxi = "\u2f00" <= sign <= "\u2fd5"
    return sign < "\x80" or (unicodedata.category(sign)[0] in "PS" and not kangxi) or unicodedata.combining(sign) > 0


def cell_text(value: object) -> str | None:
    """A typed cell as text: whole numbers without `.0`, days and moments as ISO 8601; None for nothing.

    A whole number of more than 15 digits stays as the spreadsheet shows it (`9.142e+16`), so that it is not taken for
    one that kept them all. Raises TypeError for a value that is no cell (a list of lists, an object).
    """
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, list):
        return _listed(value)
    return _moment(value)


def _number(value: float) -> str | None:
    if isnan(value):
        return None
    return str(int(value)) if value.is_integer() and abs(value) < EXACT_BELOW else repr(value)


def _listed(values: list[object]) -> str:
    if any(isinstance(value, list) for value in values):
        raise TypeError("a list of lists is no cell")
    return ",".join(cell_text(value) or "" for value in values)


def _moment(value: object) -> str:
    if isinstance(value, datetime):
        # a spreadsheet's day fraction misses the second a person typed by some microseconds
        return (value + _HALF_SECOND).replace(microsecond=0).isoformat()
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    raise TypeError(f"a {type(value).__name__} is no cell")
