"""Whether rows of activities, register and decisions have what they need; the rules of the notice do not stand here."""

import pandas as pd
import polars as pl

from expectations.reading import spellings
from schemas.submission import WRITTEN, Table


def readable(frame: pd.DataFrame, table: Table) -> tuple[pd.DataFrame, list[str]]:
    """The rows whose every required cell has a value, and one Chinese sentence for each cell for which a row is left out.

    `frame`: the table's columns as canonical text, `written` and `row`. Whole numbers come back as int64.
    """
    rows = pl.from_pandas(frame)
    # an optional cell that is blank is fine; any other null is a cell nobody can read
    broken = rows.select(
        (pl.col(column.name).is_null() & (_stands(column.name) if column.optional else pl.lit(True))).alias(column.name)
        for column in table.columns
    )
    bad = broken.select(pl.any_horizontal(pl.all())).to_series()
    complaints = [
        f"{table.title}（{table.name}）第{rows['row'][index]}行“{column.title}”无法读取：{spellings(column)}。"
        for column in table.columns
        for index in broken[column.name].arg_true()
    ]
    numbers = [pl.col(column.name).cast(pl.Int64) for column in table.columns if column.kind == "integer"]
    return rows.filter(~bad).select("row", *table.names).with_columns(numbers).to_pandas(), complaints


def _stands(column: str) -> pl.Expr:
    """Whether something stands in a cell that has no value."""
    return pl.col(WRITTEN).str.json_path_match(f"$.{column}").is_not_null()
