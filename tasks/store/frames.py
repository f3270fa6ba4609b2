"""Reading and writing whole frames by the fastest way that each database has."""

from collections.abc import Sequence
from datetime import date
from typing import Any, cast

import numpy as np
import pandas as pd
import polars as pl
from sqlalchemy import (
    Column,
    Connection,
    Date,
    Float,
    Integer,
    MetaData,
    Select,
    Table,
    Text,
)
from sqlalchemy.types import TypeEngine

from tasks.store.database import is_sqlite

TEXT = pd.StringDtype(na_value=np.nan)


def read(db: Connection, statement: Select[Any], order: Sequence[str] = ()) -> pd.DataFrame:
    """Rows of a SELECT as a frame: text as str, whole numbers as int64, dates as ISO text; sorted by columns, blanks last."""
    rows = read_polars(db, statement)
    # sorted as pandas sorts, for databases do not agree on the order of texts
    return (rows.sort(order, nulls_last=True, maintain_order=True) if order else rows).to_pandas()


def read_polars(db: Connection, statement: Select[Any]) -> pl.DataFrame:
    """Rows of a SELECT as `read` gives them, but as a polars frame."""
    columns = list(statement.selected_columns)
    schema = {column.name: _polars_type(column.type, sqlite=is_sqlite(db)) for column in columns}
    rows = _raw(db, statement) if is_sqlite(db) else [tuple(row) for row in db.execute(statement)]
    # column by column: polars takes rows apart three times as slowly
    cells = zip(*rows, strict=True) if rows else [()] * len(schema)
    named = zip(schema.items(), cells, strict=True)
    # numbers and booleans in a text column become text; text in a number column is an error
    series = (pl.Series(name, values, kind, strict=kind != pl.String) for (name, kind), values in named)
    return pl.DataFrame([cells.dt.to_string("%Y-%m-%d") if cells.dtype == pl.Date else cells for cells in series])


def page_start(after: int, most: int, number: int) -> int:
    """The place of the first of `most` rows from place `after` on; of the last page's where `number` rows do not reach so far."""
    return min(max(after, 0), max(number - 1, 0) // most * most)


def _polars_type(kind: TypeEngine[Any], *, sqlite: bool) -> Any:
    if isinstance(kind, Integer):
        return pl.Int64
    if isinstance(kind, Float):
        return pl.Float64
    if isinstance(kind, Date) and not sqlite:
        return pl.Date
    return pl.String


def _raw(db: Connection, statement: Select[Any]) -> list[Any]:
    """SQLite's own cursor, whose rows are plain tuples with dates as ISO text."""
    compiled = statement.compile(db, compile_kwargs={"render_postcompile": True})
    values = [compiled.params[name] for name in cast(Any, compiled).positiontup or []]
    cursor = db.connection.cursor()
    try:
        cursor.execute(str(compiled), [value.isoformat() if isinstance(value, date) else value for value in values])
        return list(cursor.fetchall())
    finally:
        cursor.close()


def append(db: Connection, table: Table, frame: pd.DataFrame) -> int:
    """Insert every row of a frame whose columns are columns of the table; returns how many."""
    return append_rows(db, table, list(frame.columns), rows_of(frame))


def rows_of(frame: pd.DataFrame) -> list[tuple[Any, ...]]:
    """The rows as plain tuples, missing values as None."""
    return pl.from_pandas(frame).rows() if len(frame) else []


def records(frame: pd.DataFrame, blank: str | None = "") -> list[dict[str, Any]]:
    """The rows as dictionaries by column, missing values as `blank`."""
    cells = frame.astype(object)
    return cells.where(cells.notna(), blank).to_dict("records")  # type: ignore[return-value]  # columns are named by text


def append_rows(db: Connection, table: Table, columns: Sequence[str], rows: list[tuple[Any, ...]]) -> int:
    """Insert rows whose values stand in the order of the columns; returns how many."""
    if not rows:
        return 0
    names = ", ".join(f'"{name}"' for name in columns)
    cursor = db.connection.cursor()
    if is_sqlite(db):
        marks = ", ".join("?" * len(columns))
        cursor.executemany(f'INSERT INTO "{table.name}" ({names}) VALUES ({marks})', rows)  # noqa: S608  own names
    else:
        with cast(Any, cursor).copy(f'COPY "{table.name}" ({names}) FROM STDIN') as copy:
            for row in rows:
                copy.write_row(row)
    cursor.close()
    return len(rows)


def working(db: Connection, name: str, frame: pd.DataFrame) -> Table:
    """A temporary table filled with a frame, for set-based statements over its rows; a former one is replaced."""
    kinds = {"i": Integer, "u": Integer, "f": Float}
    columns: list[Column[Any]] = [Column(str(n), kinds.get(frame[n].dtype.kind, Text)) for n in frame.columns]
    table = Table(name, MetaData(), *columns, prefixes=["TEMPORARY"])
    db.exec_driver_sql(f'DROP TABLE IF EXISTS "{name}"')
    table.create(db)
    append(db, table, frame)
    return table
