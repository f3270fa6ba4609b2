"""From submissions to findings, items and holds, by the bare rules."""

from collections.abc import Callable, Mapping
from typing import Literal

import polars as pl

from expectations import application_form, materials, occupations, requests, results, staff
from expectations.rulebook import rules_of
from expectations.submissions import Submissions, withdrawn
from expectations.verdict import breached, gathered, unread_cells
from schemas.finding import FINDING_COLUMNS, FINDING_ORDER
from schemas.item import KEYS
from schemas.policy import Policy


def _programmes(submissions: Submissions) -> list[pl.DataFrame]:
    rows, raw = submissions.table("programmes"), submissions.raw("programmes")
    return breached("programmes", rows, unread_cells(submissions, "programmes"), raw)


#: The verdicts of each table, all its rules in one pass.
JUDGES: Mapping[str, Callable[[Submissions], list[pl.DataFrame]]] = {
    "applications": application_form.verdicts,
    "occupations": occupations.verdicts,
    "staff": staff.verdicts,
    "materials": materials.verdicts,
    "programmes": _programmes,
    "results": results.verdicts,
}


#: Tables that hold most of the memory and are not looked at again once they are judged.
_BIG = ("staff", "materials")


def judge(submissions: Submissions, table: str) -> pl.DataFrame:
    """Every verdict on one table (columns of `verdict.VERDICT`), identity numbers masked."""
    verdicts = gathered(JUDGES[table](submissions))
    if table != "results":
        verdicts = verdicts.join(submissions.once(withdrawn), on="application_no", how="anti", nulls_equal=True)
    if table in _BIG:
        submissions.release(table)
    return verdicts


def findings(verdicts: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    """Verdicts as findings: with nature, article and message of the rule book, in the contract's order."""
    book = rules_of(policy)
    chosen = {
        name: {code: getattr(rule, name) for code, rule in book.items()} for name in ("nature", "article", "message_zh")
    }
    with_rule = verdicts.with_columns(
        pl.col("rule").replace_strict(values, return_dtype=pl.String).alias(name) for name, values in chosen.items()
    )
    message = (
        pl.when(pl.col("mend") == "").then(pl.col("message_zh")).otherwise(pl.format("{}：{}", "message_zh", "mend"))
    )
    return (
        with_rule.with_columns(message.alias("message"), pl.col("application_no").fill_null(""))
        .select(FINDING_COLUMNS)
        .sort(FINDING_ORDER)
    )


def holds(submissions: Submissions, verdicts: pl.DataFrame) -> pl.DataFrame:
    """Which in-principle findings hold which items (contract section 2), by item and rule."""
    order = [*KEYS, "rule"]
    of_rule = [_held(submissions, verdicts.filter(pl.col("rule") == rule), rule).select(order) for rule in HELD_BY]
    return pl.concat(of_rule).unique().sort(order)


def _held(submissions: Submissions, verdicts: pl.DataFrame, rule: str) -> pl.DataFrame:
    reach, which = HELD_BY[rule]
    key = ["application_no", "row"] if reach == "row" else ["application_no"]
    return submissions.once(requests.items_by_row).filter(which).join(verdicts.select(*key, "rule"), on=key)


#: What each in-principle rule holds: items of the whole application or of the finding's row, and which of them.
HELD_BY: Mapping[str, tuple[Literal["application", "row"], pl.Expr]] = {
    "WINDOW-1": ("application", pl.lit(True)),
    "WINDOW-2": ("application", pl.lit(True)),
    "IDENT-2": ("application", pl.lit(True)),
    "STAND-1": ("application", ~pl.col("on_file")),
    "CAP-1": ("application", pl.col("new_place")),
    "CAP-2": ("row", pl.lit(True)),
    "DORM-1": ("row", ~pl.col("on_file")),
}
