"""The submitted tables as the rules see them: cells beside their typed values, and what other tables need of an applicant."""

from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeVar, cast

import pandas as pd
import polars as pl

from expectations.reading import typed_cells
from expectations.scene import Scene
from schemas.policy import Policy
from schemas.submission import TABLES, WRITTEN, Column, Table

T = TypeVar("T")

#: Columns that intake adds to a form table (the row's number in its application is added to all).
ADDED = {
    **dict.fromkeys(("occupations", "staff", "programmes"), (WRITTEN,)),
    # `first_seen_on`: the day the first version was first seen; `in_time_until`: the last day on which this version would
    # have been in time, where it came later (WINDOW-2); both ISO; `stated_uscc`: the form's credit code, of an institution
    # that has another one now
    "applications": ("first_submitted_at", "first_seen_on", "in_time_until", "withdrawn", "stated_uscc", WRITTEN),
    "materials": ("attachment_sha256", "work_type", WRITTEN),
    "results": ("work_type", WRITTEN),
}
#: Columns no rule looks at stay outside, so that a million rows cost no more than they must.
UNREAD = {
    "staff": ("name", "title", "certificate_no"),
    "programmes": ("programme_code", "programme_name"),
}


def typed(column: str) -> pl.Expr:
    """The typed value of a column; null where the cell is blank or unreadable."""
    return pl.col(f"{column}!")


def compared(text: pl.Expr) -> pl.Expr:
    """Names as they are compared: in NFKC, whichever width their punctuation has."""
    return text.str.normalize("NFKC")


def unreadable(column: str) -> pl.Expr:
    """A cell that is there but cannot be read as its type."""
    return pl.col(column).is_not_null() & typed(column).is_null()


class Submissions:
    """One check's tables: `raw` text, `table` with typed values, `once` what rules share, `sent` for results."""

    def __init__(self, frames: Mapping[str, pd.DataFrame], scene: Scene, sent: pd.DataFrame | None = None) -> None:
        self.frames = frames
        self.scene = scene
        self.sent = pd.DataFrame() if sent is None else sent
        self._made: dict[object, Any] = {}

    def once(self, make: Callable[["Submissions"], T]) -> T:
        """What `make` makes of these submissions, made once."""
        if make not in self._made:
            self._made[make] = make(self)
        return cast(T, self._made[make])

    def raw(self, name: str) -> pl.DataFrame:
        """A table as it came: the text of each cell, read or not, with `row` numbers (Int64)."""
        return self._remember(("raw", name), lambda: _as_written(self._values(name), TABLES[name]))

    def table(self, name: str) -> pl.DataFrame:
        """A table as it came, with a typed value `column!` beside each column that is not plain text."""
        return self._remember(("read", name), lambda: self._read(name))

    def columns(self, name: str) -> tuple[Column, ...]:
        """A table's columns with the words that the policy gives them."""
        return self.scene.policy.table(TABLES[name]).columns

    def release(self, name: str) -> None:
        """Let go of a table's rows; asked for again, they are read again."""
        for kind in ("values", "raw", "read"):
            self._made.pop((kind, name), None)

    def _remember(self, key: object, make: Callable[[], pl.DataFrame]) -> pl.DataFrame:
        if key not in self._made:
            self._made[key] = make()
        return cast(pl.DataFrame, self._made[key])

    def _values(self, name: str) -> pl.DataFrame:
        return self._remember(("values", name), lambda: _text_frame(self.frames.get(name), TABLES[name]))

    def _read(self, name: str) -> pl.DataFrame:
        values, policy = self._values(name), self.scene.policy
        columns = [column for column in self.columns(name) if column.kind != "text"]
        unread = [
            column.name for column in self.columns(name) if column.kind == "text" and column.name in values.columns
        ]
        texts = self.raw(name)
        marks = [marked for column in unread if (marked := _unread(texts, values, column)).any()]
        return texts.with_columns(*marks).with_columns(
            typed_cells(column, values.get_column(column.name), policy.timezone, policy.cycle.months).alias(
                f"{column.name}!"
            )
            for column in columns
        )


def mark(column: str) -> str:
    """The column that marks cells of a plain text that cannot be read, there only where a table has some."""
    return f"{column}?"


def _unread(texts: pl.DataFrame, values: pl.DataFrame, column: str) -> pl.Series:
    return (texts.get_column(column).is_not_null() & values.get_column(column).is_null()).alias(mark(column))


def _as_written(rows: pl.DataFrame, table: Table) -> pl.DataFrame:
    """The rows with what was written in place of values that say less."""
    originals = rows.get_column(WRITTEN)
    if originals.null_count() == len(originals):
        return rows
    names = [name for name in table.names if name in rows.columns]
    return rows.with_columns(
        pl.coalesce(pl.col(WRITTEN).str.json_path_match(f"$.{name}"), pl.col(name)).alias(name) for name in names
    )


def columns_read(table: Table) -> list[str]:
    """The columns of a table that rules look at."""
    left_out = UNREAD.get(table.name, ())
    read = (name for name in table.names if name not in left_out)
    return list(dict.fromkeys([*read, *ADDED.get(table.name, ())]))


def _text_frame(frame: pd.DataFrame | None, table: Table) -> pl.DataFrame:
    names = columns_read(table)
    schema = {**dict.fromkeys(names, pl.String()), "row": pl.Int64()}
    if frame is None or frame.empty:
        return pl.DataFrame(schema=schema)
    present = [name for name in schema if name in frame.columns]
    texts = pl.from_pandas(frame[present].reset_index(drop=True))
    return texts.select(
        pl.col(name).cast(kind) if name in texts.columns else pl.lit(None, kind).alias(name)
        for name, kind in schema.items()
    )


def applicants(submissions: Submissions) -> pl.DataFrame:
    """One row an application: application_no, uscc, type, kind (Enums), submitted_at (UTC), submitted_on, withdrawn."""
    zone = submissions.scene.policy.timezone
    rows = submissions.table("applications").select(
        "application_no",
        "uscc",
        typed("institution_type").alias("type"),
        typed("kind").alias("kind"),
        typed("submitted_at").alias("submitted_at"),
        typed("submitted_at").dt.convert_time_zone(zone).dt.date().alias("submitted_on"),
        (pl.col("withdrawn") == "true").fill_null(False).alias("withdrawn"),
    )
    # a second row of a number would double every row that is joined to it
    return rows.unique("application_no", keep="first", maintain_order=True)


def withdrawn(submissions: Submissions) -> pl.DataFrame:
    """Numbers of applications that are taken back: they are not checked."""
    return submissions.once(applicants).filter("withdrawn").select("application_no")


def by_type(texts: Mapping[str, str]) -> pl.Expr:
    """A text for each institution type."""
    return pl.col("type").cast(pl.String).replace_strict(dict(texts), default="", return_dtype=pl.String)


def type_title(policy: Policy) -> pl.Expr:
    """The institution type in Chinese."""
    return by_type(policy.institution_types)


def has_trait(policy: Policy, trait: Literal["neighbour", "programmes"]) -> pl.Expr:
    """Whether the row's institution type has a trait in the policy; false without a type."""
    types = [name for name, kind in policy.institution.items() if getattr(kind, trait)]
    return pl.col("type").cast(pl.String).is_in(types).fill_null(False)


def is_capped(policy: Policy) -> pl.Expr:
    """Whether the row's institution type is under the cap; false without a type."""
    return pl.col("type").cast(pl.String).is_in(policy.cap.capped).fill_null(False)


def is_one_of(column: pl.Expr, allowed: Mapping[str, list[str]]) -> pl.Expr:
    """Whether a text is among what the policy allows the row's institution type; null without a type."""
    chosen: pl.Expr = pl.lit(None, pl.Boolean())
    for institution_type, values in allowed.items():
        chosen = (
            pl.when(pl.col("type") == institution_type).then(column.cast(pl.String).is_in(values)).otherwise(chosen)
        )
    return chosen
