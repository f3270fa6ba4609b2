"""Whether rows of activities, register and decisions can be read at all; the rules of the notice do not stand here."""

import pandas as pd
import polars as pl

from expectations import reading
from schemas.submission import Column, Table


def readable(frame: pd.DataFrame, table: Table, timezone: str) -> tuple[pd.DataFrame, list[str]]:
    """The rows whose every required cell can be read, and one Chinese sentence for each row that is left out.

    `frame`: the table's columns as cleaned text and `row`. Dates come back as ISO text, levels as `5`..`1`,
    whole numbers as int64; other cells as the canonical text.
    """
    rows = pl.from_pandas(frame)
    typed = rows.select("row", *(_value(column, timezone).alias(column.name) for column in table.columns))
    # an optional cell that is blank is fine; any other null is a cell nobody can read
    broken = typed.select(
        (pl.col(column.name).is_null() & (rows[column.name].is_not_null() if column.optional else pl.lit(True))).alias(
            column.name
        )
        for column in table.columns
    )
    bad = broken.select(pl.any_horizontal(pl.all())).to_series()
    complaints = [
        f"{table.title}（{table.name}）第{rows['row'][index]}行“{column.title}”无法读取：{reading.spellings(column)}。"
        for column in table.columns
        for index in broken[column.name].arg_true()
    ]
    good = typed.filter(~bad)
    return _plain(good).to_pandas(), complaints


def _value(column: Column, timezone: str) -> pl.Expr:
    # a moment keeps its text: its offset says where it was written
    if column.kind == "instant":
        return pl.when(reading.read(column, timezone).is_not_null()).then(pl.col(column.name))
    return reading.read(column, timezone)


def _plain(rows: pl.DataFrame) -> pl.DataFrame:
    texts = [
        pl.col(name).cast(pl.String) for name, kind in rows.schema.items() if not kind.is_integer() or name == "level"
    ]
    return rows.with_columns(texts)
