"""Numbers that name institutions, people and telephones, as vectorised expressions; who must have them is the rules'.

Sources: GB 32100-2015 (unified social credit code), GB 11714-1997 (organisation code inside it),
GB 11643-1999 (resident identity number, check character by ISO 7064 MOD 11-2).
"""

import polars as pl

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
_FEBRUARY = 2

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
    written = text.str.slice(17, 1).replace_strict(
        {c: v for v, c in enumerate(USCC_ALPHABET)}, default=None, return_dtype=pl.Int32
    )
    inner = (11 - _weighted(text, 8, _ORGANISATION_WEIGHTS, _ORGANISATION_ALPHABET) % 11) % 11
    organisation = text.str.slice(16, 1)
    inner_written = pl.when(organisation == "X").then(10).otherwise(organisation.cast(pl.Int32, strict=False))
    return (
        text.str.contains(_USCC_SHAPE) & (check == written).fill_null(False) & (inner == inner_written).fill_null(False)
    )


def is_resident_id(text: pl.Expr) -> pl.Expr:
    """Whether a resident identity number is valid: 18 characters, a real date, the check character (x or X for 10).

    Area codes are not judged: those of renamed and dissolved counties stay valid for life. Source: GB 11643-1999, 3.
    """
    number = text.str.slice(0, 17).cast(pl.Int64, strict=False)
    # 17 digits without sign: the first digit of an area code is never 0
    seventeen = (text.str.len_bytes() == _RESIDENT_LENGTH) & (number >= 10**16)
    total = pl.sum_horizontal(
        *((number // 10 ** (16 - place) % 10) * weight for place, weight in enumerate(_RESIDENT_WEIGHTS))
    )
    last = text.str.slice(17, 1)
    check = pl.when(last.is_in(["X", "x"])).then(10).otherwise(last.cast(pl.Int64, strict=False))
    return (seventeen & _is_real_day(number // 1000 % 10**8) & ((total + check) % 11 == 1)).fill_null(False)


def _is_real_day(ymd: pl.Expr) -> pl.Expr:
    """Whether an integer YYYYMMDD is a day of the calendar."""
    year, month, day = ymd // 10000, ymd // 100 % 100, ymd % 100
    leap = ((year % 4 == 0) & (year % 100 != 0)) | (year % 400 == 0)
    february = pl.when(leap).then(29).otherwise(28)
    length = pl.when(month == _FEBRUARY).then(february).when(month.is_in([4, 6, 9, 11])).then(30).otherwise(31)
    return (year > 0) & month.is_between(1, 12) & (day >= 1) & (day <= length)


def is_telephone(text: pl.Expr) -> pl.Expr:
    """Whether a text is a mainland mobile number or a landline number with area code, with the usual separators."""
    return text.str.replace_all(r"[ -]", "").str.contains(_MOBILE) | text.str.contains(_LANDLINE)
