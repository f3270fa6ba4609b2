"""Text to typed values as polars expressions; a cell that cannot be read becomes null; no rule stands here.

Source: contract section 4 (spellings) and 5 (FORM-10). Expressions take stripped text in which blank is null.
"""

from collections.abc import Callable, Collection, Iterable, Mapping

import polars as pl

from schemas.submission import BOOLEANS, LEVEL_TITLES, LEVELS, Column

#: A level set is a bit mask: level 5 is bit 5, level 1 bit 1.
MASKS = tuple(range(2, 64, 2))

_DAY, _HOUR = 24, 60
_FARTHEST_OFFSET = 14
_TRUE = ("true", "是", "1")
_FALSE = ("false", "否", "0")
_RANGE_MARK = r"\s*[-－–—~～]\s*"
_SEPARATORS = r"[\s,，、/／;；]+"
_SPELLED = r"^[1-5](?:-[1-5])?(?:,[1-5](?:-[1-5])?)*$"
_DATE = (
    r"(?<year>[0-9]{4})"
    r"(?:[-/.年](?<month>[0-9]{1,2})[-/.月](?<day>[0-9]{1,2})|(?<basic_month>[0-9]{2})(?<basic_day>[0-9]{2}))"
)
_CLOCK = (
    r"(?:(?<hour>[0-9]{1,2})[:：时](?<minute>[0-9]{1,2})分?(?:[:：]?(?<second>[0-9]{2})秒?(?:[.,](?<fraction>[0-9]{1,9}))?)?"
    r"|(?<basic_hour>[0-9]{2})(?<basic_minute>[0-9]{2})(?<basic_second>[0-9]{2})?)"
)
_OFFSET = r"\s*(?:(?<utc>[Zz])|(?<sign>[+-])(?<offset_hour>[0-9]{2}):?(?<offset_minute>[0-9]{2})?)?"
_INSTANT = rf"^{_DATE}(?:日?|(?:日\s*|[Tt]|\s+){_CLOCK}{_OFFSET})$"


def read(column: Column, timezone: str, months: Collection[int] = range(1, 13)) -> pl.Expr:  # noqa: PLR0911  one a kind
    """The typed value of a column, null where the text is blank or cannot be read.

    boolean: Boolean; instant: Datetime in UTC; date: Date; integer: Int64 from 0; number: Float64; level: Int8 1..5;
    levels: UInt8 mask; enum: Enum of the canonical words; cycle: text.
    """
    text = pl.col(column.name)
    match column.kind:
        case "enum":
            return enumeration(text, column.words)
        case "boolean":
            return boolean(text)
        case "instant":
            return instant(text, timezone)
        case "date":
            return day(text)
        case "integer":
            return integer(text)
        case "number":
            return number(text)
        case "level":
            return level(text)
        case "levels":
            return levels(text)
        case "cycle":
            return cycle(text, months)
        case "text":
            return text


def enumeration(text: pl.Expr, words: Mapping[str, str]) -> pl.Expr:
    """The canonical word of an enumeration given in English or Chinese, as a polars Enum in the words' order."""
    known = {spelling: word for word, chinese in words.items() for spelling in (word, chinese)}
    return text.replace_strict(known, default=None, return_dtype=pl.Enum(list(words)))


def boolean(text: pl.Expr) -> pl.Expr:
    """true/false in any case, 是/否, 1/0."""
    known = {**dict.fromkeys(_TRUE, True), **dict.fromkeys(_FALSE, False)}
    return text.str.to_lowercase().replace_strict(known, default=None, return_dtype=pl.Boolean)


def integer(text: pl.Expr) -> pl.Expr:
    """A whole number from 0 on; a sign, a fraction or a thousands separator is not read."""
    return pl.when(text.str.contains(r"^[0-9]+$")).then(text).cast(pl.Int64, strict=False)


def number(text: pl.Expr) -> pl.Expr:
    """A decimal number, also with an exponent as spreadsheets write it."""
    return (
        pl.when(text.str.contains(r"^[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?$"))
        .then(text)
        .cast(pl.Float64, strict=False)
    )


def cycle(text: pl.Expr, months: Iterable[int]) -> pl.Expr:
    """`YYYY-MM` with one of the policy's months (Notice, article 3(1))."""
    allowed = [f"{month:02d}" for month in months]
    return pl.when(text.str.contains(r"^[0-9]{4}-[0-9]{2}$") & text.str.tail(2).is_in(allowed)).then(text)


def _spelled_levels(text: pl.Expr) -> pl.Expr:
    """Levels as `5`, `5,4` or `5-3`; anything that was not a level stays and will not match."""
    digits = text.str.replace_all(r"([1-5])级", "${1}")
    words = {title: digit for digit, title in (*LEVEL_TITLES.items(), *LEVELS.items())}
    longest_first = sorted(words, key=len, reverse=True)
    plain = digits.str.replace_many(longest_first, [words[word] for word in longest_first], leftmost=True)
    ranged = plain.str.replace_all(_RANGE_MARK, "-").str.replace_all(_SEPARATORS, ",").str.strip_chars(",")
    return pl.when(ranged.str.contains(_SPELLED)).then(ranged)


def _range_words() -> dict[str, str]:
    pairs = ((first, last) for first in range(1, 6) for last in range(1, 6))
    return {f"{a}-{b}": ",".join(str(each) for each in range(min(a, b), max(a, b) + 1)) for a, b in pairs}


def levels(text: pl.Expr) -> pl.Expr:
    """A set of levels as a UInt8 mask: `5,4,3`, `五级、四级`, `5-3级`, `初级工/中级工`."""
    words = _range_words()
    listed = _spelled_levels(text).str.replace_many(list(words), list(words.values()))
    bits = (pl.when(listed.str.contains(str(each), literal=True)).then(1 << each).otherwise(0) for each in range(1, 6))
    return pl.when(listed.is_not_null()).then(pl.sum_horizontal(*bits)).cast(pl.UInt8)


def level(text: pl.Expr) -> pl.Expr:
    """One level as Int8, 5 the lowest and 1 the highest; `三级/高级工` is one level in two words."""
    return levels(text).replace_strict({1 << each: each for each in range(1, 6)}, default=None, return_dtype=pl.Int8)


def day(text: pl.Expr) -> pl.Expr:
    """A date in ISO 8601 or the usual spreadsheet spellings (2026/9/1, 2026年9月1日, 20260901); a clock is dropped."""
    return _date(_groups(text))


def instant(text: pl.Expr, timezone: str) -> pl.Expr:
    """A moment in UTC from ISO 8601, with T or space, seconds and offset optional; without offset it is local."""
    return _moment(_groups(text), timezone)


def read_cells(column: Column, cells: pl.Series, timezone: str, months: Collection[int]) -> pl.Series:
    """What `read` gives for a whole column of stripped cells, at a fraction of the cost.

    Instants are matched once, not once for each of their parts; of levels each distinct spelling is read once. Done with
    frames, never by calling back from an expression: two threads would wait for each other.
    """
    if column.kind == "instant":
        parts = cells.str.extract_groups(_INSTANT).struct.unnest()
        return parts.lazy().select(_moment(pl.col, timezone).alias(column.name)).collect().to_series()
    if column.kind in ("level", "levels"):
        distinct = cells.drop_nulls().unique().to_frame()
        spelled = distinct.with_columns(read(column, timezone, months).alias("read"))
        return cells.to_frame().join(spelled, on=column.name, how="left", maintain_order="left").get_column("read")
    return cells.to_frame().select(read(column, timezone, months)).to_series()


#: Where the groups of `_INSTANT` are found: in a struct behind each expression, or in columns.
_Part = Callable[[str], pl.Expr]


def _groups(text: pl.Expr) -> _Part:
    return text.str.extract_groups(_INSTANT).struct.field


def _figure(part: _Part, *names: str) -> pl.Expr:
    return pl.coalesce(*(part(name).cast(pl.Int64) for name in names))


def _date(part: _Part) -> pl.Expr:
    """The day, null where there is no such day or the clock is none (24:00 is the end of the day)."""
    hour, minute, second, micros = _clock(part)
    midnight = (hour == _DAY) & (minute + second + micros == 0)
    offset = _figure(part, "offset_hour").fill_null(0)
    possible = (minute < _HOUR) & (second < _HOUR) & ((hour < _DAY) | midnight) & (offset <= _FARTHEST_OFFSET)
    month, number = (_figure(part, name, f"basic_{name}").cast(pl.String).str.zfill(2) for name in ("month", "day"))
    written = pl.concat_str(part("year"), month, number, separator="-")
    return pl.when(possible).then(written.str.to_date("%Y-%m-%d", strict=False))


def _clock(part: _Part) -> tuple[pl.Expr, pl.Expr, pl.Expr, pl.Expr]:
    hour, minute, second = (_figure(part, name, f"basic_{name}").fill_null(0) for name in ("hour", "minute", "second"))
    fraction = part("fraction").fill_null("").str.pad_end(6, "0").str.head(6).cast(pl.Int64)
    return hour, minute, second, fraction


def _moment(part: _Part, timezone: str) -> pl.Expr:
    hour, minute, second, micros = _clock(part)
    clock = pl.duration(hours=hour, minutes=minute, seconds=second, microseconds=micros)
    local = _date(part).cast(pl.Datetime("us")) + clock
    here = local.dt.replace_time_zone(timezone, ambiguous="earliest", non_existent="null").dt.convert_time_zone("UTC")
    ahead = _figure(part, "offset_hour") * _HOUR + _figure(part, "offset_minute").fill_null(0)
    signed = pl.when(part("sign") == "-").then(-ahead).when(part("utc").is_not_null()).then(0).otherwise(ahead)
    stated = (local - pl.duration(minutes=signed)).dt.replace_time_zone("UTC")
    return pl.when(signed.is_not_null()).then(stated).otherwise(here)


def spellings(column: Column) -> str:
    """What may stand in a column, in Chinese, for the person who has to mend it."""
    words = "、".join(column.words.values())
    known = {
        "enum": f"可填：{words}",
        "boolean": f"可填：{'、'.join(BOOLEANS.values())}",
        "instant": "请按“2026-09-01 09:30”的格式填写",
        "date": "请按“2026-09-01”的格式填写",
        "integer": "请填写不小于0的整数",
        "number": "请填写0至100的数字",
        "level": "请填写5、4、3、2、1或五级至一级之一",
        "levels": "请按“5,4,3”“五级、四级”或“5-3级”的格式填写",
        "cycle": "请按“2026-09”的格式填写申报批次",
    }
    return known.get(column.kind, "请按要求填写")
