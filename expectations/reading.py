"""Text to typed values as polars expressions; a cell that cannot be read becomes null; no rule stands here.

Source: contract section 4 (spellings) and 5 (FORM-10). Expressions take stripped text in which blank is null.
"""

from collections.abc import Callable, Collection, Iterable, Mapping

import polars as pl

from schemas.submission import BOOLEANS, Column

_DAY, _HOUR = 24, 60
_FARTHEST_OFFSET = 14
_TRUE = ("true", "是", "1")
_FALSE = ("false", "否", "0")
_RANGE_MARK = r"\s*[-－–—~～]\s*"
_SEPARATORS = r"[\s,，、/／;；]+"
#: While levels are read each stands as one sign of the private use area, the lowest as the first.
_FIRST_SIGN = 0xE000
_SPELLED = r"^\p{Co}(?:-\p{Co})?(?:,\p{Co}(?:-\p{Co})?)*$"
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

    boolean: Boolean; instant: Datetime in UTC; date: Date; integer: Int64 from 0; number: Float64; level and enum: Enum of
    the canonical words; levels: a set as `expectations.levels` keeps it, UInt16; cycle: text.
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
            return level(text, column.words)
        case "levels":
            return levels(text, column.words)
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


def _signs(words: Mapping[str, str]) -> dict[str, str]:
    """Every spelling of a level with its sign: `5`, `5级`, `五级` and `初级工` of `五级/初级工`; the longest first."""
    spelled = {
        spelling: chr(_FIRST_SIGN + place)
        for place, (code, title) in enumerate(words.items())
        for spelling in (code, *([f"{code}级"] if code.isdigit() else []), *title.split("/"))
    }
    return {spelling.strip(): spelled[spelling] for spelling in sorted(spelled, key=len, reverse=True)}


def _spelled_levels(text: pl.Expr, words: Mapping[str, str]) -> pl.Expr:
    """Levels as signs, listed or in ranges; anything that was not a level stays and will not match."""
    signs = _signs(words)
    plain = text.str.replace_many(list(signs), list(signs.values()), leftmost=True)
    ranged = plain.str.replace_all(_RANGE_MARK, "-").str.replace_all(_SEPARATORS, ",").str.strip_chars(",")
    return pl.when(ranged.str.contains(_SPELLED)).then(ranged)


def _ranges(count: int) -> dict[str, str]:
    """`a-b` in signs, with all signs from the one to the other."""
    pairs = ((first, last) for first in range(count) for last in range(count))
    return {
        f"{chr(_FIRST_SIGN + a)}-{chr(_FIRST_SIGN + b)}": ",".join(
            chr(_FIRST_SIGN + each) for each in range(min(a, b), max(a, b) + 1)
        )
        for a, b in pairs
    }


def levels(text: pl.Expr, words: Mapping[str, str]) -> pl.Expr:
    """A set of levels as UInt16: `5,4,3`, `五级、四级`, `5-3级`, `初级工/中级工`; `words`: code to title, lowest first."""
    ranges = _ranges(len(words))
    listed = _spelled_levels(text, words).str.replace_many(list(ranges), list(ranges.values()))
    bits = (
        pl.when(listed.str.contains(chr(_FIRST_SIGN + place), literal=True)).then(1 << place).otherwise(0)
        for place in range(len(words))
    )
    return pl.when(listed.is_not_null()).then(pl.sum_horizontal(*bits)).cast(pl.UInt16)


def level(text: pl.Expr, words: Mapping[str, str]) -> pl.Expr:
    """One level as the Enum of its codes, lowest first; `三级/高级工` is one level in two words."""
    single = {1 << place: code for place, code in enumerate(words)}
    return levels(text, words).replace_strict(single, default=None, return_dtype=pl.Enum(list(words)))


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


def _level_spellings(column: Column) -> dict[str, str]:
    codes, names = list(column.words), [title.split("/")[0] for title in column.words.values()]
    grade = "级" if all(code.isdigit() for code in codes) else ""
    listed, named = ",".join(codes[:3]), "、".join(names[:2])
    return {
        "level": f"请填写{'、'.join(codes)}或{names[0]}至{names[-1]}之一",
        "levels": f"请按“{listed}”“{named}”或“{codes[0]}-{codes[:3][-1]}{grade}”的格式填写",
    }


def spellings(column: Column) -> str:
    """What may stand in a column, in Chinese, for the person who has to mend it."""
    if column.kind in ("level", "levels"):
        return _level_spellings(column)[column.kind]
    words = "、".join(column.words.values())
    known = {
        "enum": f"可填：{words}",
        "boolean": f"可填：{'、'.join(BOOLEANS.values())}",
        "instant": "请按“2026-09-01 09:30”的格式填写",
        "date": "请按“2026-09-01”的格式填写",
        "integer": "请填写不小于0的整数",
        "number": "请填写0至100的数字",
        "cycle": "请按“2026-09”的格式填写申报批次",
    }
    return known.get(column.kind, "请按要求填写")
