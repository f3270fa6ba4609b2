"""Verdicts on rows: how a rule is stated and its findings collected."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import polars as pl

from expectations.reading import spellings
from expectations.submissions import Submissions, mark, unreadable
from schemas.finding import IDENTITY
from schemas.submission import WRITTEN, Column, headers_key

#: The columns of a verdict; nature, article and the rule's own sentence are the rule book's and join later.
VERDICT = {
    "application_no": pl.String(),
    "rule": pl.String(),
    "table": pl.String(),
    "row": pl.Int64(),
    "field": pl.String(),
    "value": pl.String(),
    "mend": pl.String(),
}
#: Fields of these names may hold a long number that is not a person's.
_NOT_PERSONAL = ("uscc", "sha256", "size_bytes", "application_no")
_HIDDEN = "${1}**********${3}${5}"
#: A code that a spreadsheet turned into a number and shows in scientific notation.
_LOST_DIGITS = r"^-?[0-9](\.[0-9]+)?[eE]\+?[0-9]{1,2}$"
_UNDATED, _UNDATED_HIDDEN = r"([1-9][0-9]{5})[0-9]{10}([0-9][0-9Xx])", "${1}**********${2}"


@dataclass(frozen=True, eq=False)
class Breach:
    """One way a row does not meet a rule: `when` is true on such rows; null or false means met or not judged.

    `field` names the cell, or is an expression where it differs by row; `value` defaults to the cell's text as it came;
    `mend` tells the applicant in Chinese what to mend.
    """

    rule: str
    field: str | pl.Expr
    when: pl.Expr
    mend: str | pl.Expr
    value: pl.Expr | None = None


def breached(table: str, rows: pl.DataFrame, breaches: Sequence[Breach], raw: pl.DataFrame) -> list[pl.DataFrame]:
    """The verdicts on all rows of a table for all its breaches, judged in one pass; `raw` is aligned with `rows`."""
    if rows.is_empty():
        return []
    conditions = (_judged(breach, rows).alias(str(place)) for place, breach in enumerate(breaches))
    flags = rows.lazy().select(conditions).collect()
    hits = ((breach, flags.get_column(str(place)).arg_true()) for place, breach in enumerate(breaches))
    return [_verdict(table, breach, rows[at], raw[at]) for breach, at in hits if len(at)]


def _judged(breach: Breach, rows: pl.DataFrame) -> pl.Expr:
    """Where a rule is not met; of text that cannot be read nothing but that is said."""
    when = breach.when.fill_null(False)
    if breach.rule == "FORM-10" or not isinstance(breach.field, str) or mark(breach.field) not in rows.columns:
        return when
    return when & ~pl.col(mark(breach.field))


def _verdict(table: str, breach: Breach, rows: pl.DataFrame, raw: pl.DataFrame) -> pl.DataFrame:
    field = pl.lit(breach.field) if isinstance(breach.field, str) else breach.field
    mend = pl.lit(breach.mend) if isinstance(breach.mend, str) else breach.mend
    value = breach.value
    if value is None:
        assert isinstance(breach.field, str)
        value = pl.lit(raw.get_column(breach.field))
    if isinstance(breach.field, str) and WRITTEN in rows.columns:
        mend = _with_headers(breach.field, mend.fill_null(""))
    return rows.select(
        "application_no",
        pl.lit(breach.rule).alias("rule"),
        pl.lit(table).alias("table"),
        "row",
        field.cast(pl.String).alias("field"),
        value.cast(pl.String).fill_null("").alias("value"),
        mend.fill_null("").alias("mend"),
    )


def _with_headers(field: str, mend: pl.Expr) -> pl.Expr:
    """How to mend a cell whose column is not there, with the headers of its sheet that nobody knows: it may be one of them."""
    unknown = pl.col(WRITTEN).str.json_path_match(f"$.{headers_key(field)}")
    hint = pl.format("{}（该表没有这一列，有不认识的列{}，如即其中之一，请改用统一模板的列名）", mend, unknown)
    return pl.when(unknown.is_not_null() & pl.col(field).is_null()).then(hint).otherwise(mend)


def absent(rule: str, table: str, things: pl.DataFrame, mend: str | pl.Expr) -> pl.DataFrame:
    """Verdicts on things that are not there: row 0, `field` is what is missing, `value` what was found."""
    value = pl.col("value") if "value" in things.columns else pl.lit("")
    return things.select(
        "application_no",
        pl.lit(rule).alias("rule"),
        pl.lit(table).alias("table"),
        pl.lit(0, pl.Int64()).alias("row"),
        pl.col("field").cast(pl.String),
        value.alias("value"),
        (pl.lit(mend) if isinstance(mend, str) else mend).alias("mend"),
    )


def unread_cells(submissions: Submissions, table: str) -> list[Breach]:
    """FORM-10 for every typed column of a table; a blank cell too where the table cannot do without it.

    Source: contract section 5. Blank cells of `applications` are FORM-1's, blank `levels` OCC-8's.
    """
    marks = submissions.table(table).columns
    typed = [column for column in submissions.columns(table) if column.kind != "text"]
    texts = [column for column in submissions.columns(table) if mark(column.name) in marks]
    return [
        *(_unread(column, blank_too=_indispensable(table, column)) for column in typed),
        *(Breach("FORM-10", column.name, pl.col(mark(column.name)), _mend(column, "请按要求填写")) for column in texts),
    ]


def _indispensable(table: str, column: Column) -> bool:
    return table != "applications" and column.kind in ("enum", "level") and not column.optional


def _unread(column: Column, *, blank_too: bool) -> Breach:
    when = unreadable(column.name)
    if blank_too:
        when = when | pl.col(column.name).is_null()
    return Breach("FORM-10", column.name, when, _mend(column, spellings(column)))


def _mend(column: Column, spelled: str) -> pl.Expr:
    """What is wrong with a cell, by what is left of it, and how to mend it."""
    text = pl.col(column.name)
    return (
        pl.when(text == "=")
        .then(pl.lit(f"“{column.title}”的公式没有计算结果，请用表格软件打开并保存，或直接填写内容后重新提交"))
        .when(text.str.starts_with("#"))
        .then(pl.format("“{}”的公式出错（{}），请直接填写内容后重新提交", pl.lit(column.title), text))
        .when(text.str.contains(_LOST_DIGITS))
        .then(pl.lit(f"“{column.title}”被电子表格变成了数字，末尾数位已丢失，请将该列设为文本格式后重新填写"))
        .otherwise(pl.lit(f"“{column.title}”无法识别，{spelled}"))
    )


def gathered(verdicts: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """All verdicts in one frame, identity numbers masked wherever they were written."""
    frame = pl.concat([pl.DataFrame(schema=VERDICT), *verdicts])
    field = pl.col("field")
    undivided = pl.col("value").str.replace_all(_UNDATED, _UNDATED_HIDDEN)
    # names of files carry dates and numbers of all kinds; FORM-8 and OCC-14 name applications
    masked = pl.when(field == "file_name").then(undivided).otherwise(_hidden(undivided))
    value = pl.when(field.is_in(_NOT_PERSONAL)).then("value").otherwise(masked)
    mend = pl.when(pl.col("rule").is_in(["FORM-8", "OCC-14"])).then("mend").otherwise(_hidden(pl.col("mend")))
    # a code that is none may be what is missing
    return frame.with_columns(value.alias("value"), _hidden(field), mend.alias("mend"))


def _hidden(text: pl.Expr) -> pl.Expr:
    return text.str.replace_all(IDENTITY, _HIDDEN)


def masked(text: pl.Expr) -> pl.Expr:
    """An identity number with all but its first 6 and last 2 characters hidden (as `schemas.finding.masked` does)."""
    between = text.str.slice(6, text.str.len_chars().cast(pl.Int64) - 8)
    long = pl.concat_str(text.str.head(6), between.str.replace_all("(?s).", "*"), text.str.tail(2))
    return pl.when(text.str.len_chars() > 8).then(long).otherwise(text.str.replace_all("(?s).", "*"))  # noqa: PLR2004  as the contract says
