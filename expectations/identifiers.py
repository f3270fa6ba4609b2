"""Numbers that name institutions, people and telephones, as vectorised expressions, and whether a public text holds one.

Sources: GB 32100-2015 (unified social credit code), GB 11714-1997 (organisation code inside it),
GB 11643-1999 (resident identity number, check character by ISO 7064 MOD 11-2).
"""

from functools import cache

import numpy as np
import polars as pl

from expectations.verdict import Breach
from schemas.finding import IDENTITY

#: GB 32100-2015, table 1: digits and capital letters without I, O, S, V and Z; a character's value is its place.
USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC_WEIGHTS = tuple(pow(3, place, 31) for place in range(17))
_USCC_SHAPE = rf"^[{USCC_ALPHABET}]{{2}}[0-9]{{6}}[{USCC_ALPHABET}]{{10}}$"

#: GB 11714-1997: digits and all capital letters, A is 10 and Z is 35; the check character X stands for 10.
_ORGANISATION_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)

#: GB 11643-1999, 3.2.6: the weights of the 17 digits, the first digit's first.
_RESIDENT_WEIGHTS = tuple(pow(2, 17 - place, 11) for place in range(17))

_RESIDENT_LENGTH = 18
#: The groups of the 17 digits: lowest power of ten, number of digits, place of the first.
_RESIDENT_GROUPS = {"area": (11, 6, 0), "year": (7, 4, 6), "day": (3, 4, 10), "order": (0, 3, 14)}
_MONTH_DAYS = dict(enumerate((31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31), start=1))
_LEAP_DAY = 229

_MOBILE = r"^(?:\+?86)?1[3-9][0-9]{9}$"
_AREA_CODE = r"(?:\(0[0-9]{2,3}\)|0[0-9]{2,3})"
_LANDLINE = rf"^(?:\+?86[ -]?)?{_AREA_CODE}[ -]?[0-9]{{7,8}}(?:(?:-|转|,|，|#|x|ext\.?)[0-9]{{1,6}})?$"


def _weighted(text: pl.Expr, start: int, weights: tuple[int, ...], alphabet: str) -> pl.Expr:
    """The sum of character values times weights, from a place on."""
    values = {character: value for value, character in enumerate(alphabet)}
    terms = (
        text.str.slice(start + place, 1).replace_strict(values, default=None, return_dtype=pl.Int32) * weight
        for place, weight in enumerate(weights)
    )
    return pl.sum_horizontal(*terms, ignore_nulls=False)


def is_credit_code(text: pl.Expr) -> pl.Expr:
    """Whether a unified social credit code is valid: alphabet, check character, inner organisation code.

    Any registering department and category is accepted (also N, A and Y): which of them denote what is the policy's.
    Source: GB 32100-2015, 4 and annex; GB 11714-1997, 3.
    """
    check = (31 - _weighted(text, 0, _USCC_WEIGHTS, USCC_ALPHABET) % 31) % 31
    check_written = text.str.slice(17, 1).replace_strict(
        {c: v for v, c in enumerate(USCC_ALPHABET)}, default=None, return_dtype=pl.Int32
    )
    inner = (11 - _weighted(text, 8, _ORGANISATION_WEIGHTS, _ORGANISATION_ALPHABET) % 11) % 11
    organisation = text.str.slice(16, 1)
    inner_written = pl.when(organisation == "X").then(10).otherwise(organisation.cast(pl.Int32, strict=False))
    return (
        text.str.contains(_USCC_SHAPE)
        & (check == check_written).fill_null(False)
        & (inner == inner_written).fill_null(False)
    )


def are_resident_ids(texts: pl.Series) -> pl.Series:
    """Which resident identity numbers are valid: 18 characters, a real date, the check character (x or X for 10).

    Area codes are not judged: those of renamed and dissolved counties stay valid for life. Source: GB 11643-1999, 3.
    In steps, and a group of digits at a time from tables: a million numbers are weighed in a tenth of a second.
    """
    text = pl.col(texts.name)
    digits = {**{str(digit): digit for digit in range(10)}, "X": 10, "x": 10}
    read = texts.to_frame().select(
        (text.str.len_bytes() == _RESIDENT_LENGTH).alias("long"),
        text.str.slice(0, 17).cast(pl.Int64, strict=False).alias("number"),
        text.str.slice(17, 1).replace_strict(digits, default=None, return_dtype=pl.Int32).alias("check"),
    )
    groups = read.with_columns(
        (pl.col("number") // 10**low % 10**size).cast(pl.UInt32, strict=False).alias(name)
        for name, (low, size, _) in _RESIDENT_GROUPS.items()
    )
    weighed = (
        pl.lit(_weights(size, first)).gather(pl.col(name)) for name, (_, size, first) in _RESIDENT_GROUPS.items()
    )
    year, day = pl.col("year"), pl.col("day")
    leap = ((year % 4 == 0) & (year % 100 != 0)) | (year % 400 == 0)
    real_day = pl.lit(_days()).gather(day) & (leap | (day != _LEAP_DAY)) & (year > 0)
    sound = pl.sum_horizontal(*weighed, "check", ignore_nulls=False) % 11 == 1
    # 17 digits without sign: the first digit of an area code is never 0
    seventeen = pl.col("long") & (pl.col("number") >= 10**16)
    return groups.select((seventeen & real_day & sound).fill_null(False).alias(texts.name)).to_series()


@cache
def _weights(size: int, first: int) -> pl.Series:
    """For each number of `size` digits, the sum of its digits times their weights, the first digit in place `first`."""
    numbers = np.arange(10**size)
    places = range(size)
    total = sum(numbers // 10 ** (size - 1 - place) % 10 * _RESIDENT_WEIGHTS[first + place] for place in places)
    return pl.Series(np.asarray(total, dtype=np.int32))


@cache
def _days() -> pl.Series:
    """For each MMDD whether it is a day of a leap year."""
    return pl.Series([_MONTH_DAYS.get(number // 100, 0) >= number % 100 > 0 for number in range(10**4)])


def is_telephone(text: pl.Expr) -> pl.Expr:
    """Whether a text is a mainland mobile number or a landline number with area code, with the usual separators."""
    return text.str.replace_all(r"[ -]", "").str.contains(_MOBILE) | text.str.contains(_LANDLINE)


#: The fields that become public, by the table they stand in.
PUBLIC = {
    "applications": ("institution_name", "registered_address"),
    "occupations": ("occupation_name", "work_type"),
}
_EDGE, _BETWEEN = r"(?:^|[^0-9])", r"[ \u{00a0}\u{3000}\u{2010}-\u{2015}-]?"
_SOME_MOBILE = rf"{_EDGE}(?:\+?86{_BETWEEN})?1[3-9][0-9]{_BETWEEN}[0-9]{{4}}{_BETWEEN}[0-9]{{4}}(?:[^0-9]|$)"
_SOME_LANDLINE = rf"{_EDGE}[(（]?0[0-9]{{2,3}}[)）]?{_BETWEEN}[2-9][0-9]{{6,7}}(?:[^0-9]|$)"


def holds_number(text: pl.Expr) -> pl.Expr:
    """Whether an identity number, a mobile number or a telephone number with area code stands in a text."""
    return text.str.contains(IDENTITY) | text.str.contains(_SOME_MOBILE) | text.str.contains(_SOME_LANDLINE)


def public_text(field: str) -> Breach:
    """FORM-11 for one field."""
    return Breach("FORM-11", field, holds_number(pl.col(field)), "请删除其中的号码")
