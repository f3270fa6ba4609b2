"""Canonical text as typed columns: submissions are read where they come in, so that nothing here can fail to be read."""

from collections.abc import Collection
from datetime import UTC, datetime

import polars as pl

from schemas.submission import BOOLEANS, Column

_OFFSET = r"[+-][0-9]{2}:[0-9]{2}$"
_CLOCK = "%Y-%m-%dT%H:%M:%S%.f"
#: The first and the last moment that Python's calendar has in every zone.
_CALENDAR = (datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC))


def typed_cells(column: Column, cells: pl.Series, timezone: str, months: Collection[int]) -> pl.Series:
    """A whole column of canonical text as typed values, null where it is blank.

    boolean: Boolean; instant: Datetime in UTC; date: Date; integer: Int64; number: Float64; level and enum: Enum of the
    column's words; levels: a set as `expectations.levels` keeps it, UInt16; cycle: text. What the policy of the column does
    not have (a word of another city, another month) is null too.
    """
    text = pl.col(column.name)
    if column.kind == "levels":
        # of levels a column has few: each is told apart once
        distinct = cells.drop_nulls().unique().to_frame()
        masks = distinct.with_columns(_mask(text, list(column.words)).alias("read"))
        return cells.to_frame().join(masks, on=column.name, how="left", maintain_order="left").get_column("read")
    return cells.to_frame().select(_typed(column, text, timezone, months)).to_series()


def _typed(column: Column, text: pl.Expr, timezone: str, months: Collection[int]) -> pl.Expr:  # noqa: PLR0911  one a kind
    match column.kind:
        case "enum" | "level":
            return text.replace_strict(
                {word: word for word in column.words}, default=None, return_dtype=pl.Enum(list(column.words))
            )
        case "boolean":
            return text == "true"
        case "instant":
            return moment(text, timezone)
        case "date":
            return text.str.to_date("%Y-%m-%d")
        case "integer":
            return text.cast(pl.Int64)
        case "number":
            return text.cast(pl.Float64)
        case "cycle":
            allowed = [f"{month:02d}" for month in months]
            return pl.when(text.str.tail(2).is_in(allowed)).then(text)
        case "levels" | "enums" | "text":
            return text


def moment(text: pl.Expr, timezone: str) -> pl.Expr:
    """Moments in UTC from canonical text; one without offset is local.

    One at the edge of the calendar, which some zone has outside it, counts as the nearest that every zone has.
    """
    local = text.str.replace(_OFFSET, "").str.to_datetime(_CLOCK, time_unit="us")
    here = local.dt.replace_time_zone(timezone, ambiguous="earliest", non_existent="null").dt.convert_time_zone("UTC")
    offset = text.str.extract(rf"({_OFFSET})")
    minutes = offset.str.slice(1, 2).cast(pl.Int64) * 60 + offset.str.slice(4, 2).cast(pl.Int64)
    ahead = pl.when(offset.str.starts_with("-")).then(-minutes).otherwise(minutes)
    with_offset = (local - pl.duration(minutes=ahead)).dt.replace_time_zone("UTC")
    return pl.when(offset.is_not_null()).then(with_offset).otherwise(here).clip(*_CALENDAR)


def _mask(text: pl.Expr, codes: list[str]) -> pl.Expr:
    listed = text.str.split(",")
    bits = (pl.when(listed.list.contains(code)).then(1 << place).otherwise(0) for place, code in enumerate(codes))
    is_listed = listed.list.set_difference(pl.lit(pl.Series([codes]))).list.len() == 0
    return pl.when(is_listed).then(pl.sum_horizontal(*bits)).cast(pl.UInt16)


def _level_spellings(column: Column) -> dict[str, str]:
    codes, names = list(column.words), [title.split("/")[0] for title in column.words.values()]
    grade = "级" if all(code.isdigit() for code in codes) else ""
    listed, titles = ",".join(codes[:3]), "、".join(names[:2])
    return {
        "level": f"请填写{'、'.join(codes)}或{names[0]}至{names[-1]}之一",
        "levels": f"请按“{listed}”“{titles}”或“{codes[0]}-{codes[:3][-1]}{grade}”的格式填写",
    }


def spellings(column: Column) -> str:
    """What may stand in a column, in Chinese, for the person who has to mend it."""
    if column.kind in ("level", "levels"):
        return _level_spellings(column)[column.kind]
    words = "、".join(column.words.values())
    hints = {
        "enum": f"可填：{words}",
        "enums": f"可填：{words}，多个以“;”分隔",
        "boolean": f"可填：{'、'.join(BOOLEANS.values())}",
        "instant": "请按“2026-09-01 09:30”的格式填写",
        "date": "请按“2026-09-01”的格式填写",
        "integer": "请填写不小于0的整数",
        "number": "请填写0至100的数字",
        "cycle": "请按“2026-09”的格式填写申报批次",
    }
    return hints.get(column.kind, "请按要求填写")
