"""Rules on evaluation results, and how each row is to be read."""

from dataclasses import replace

import pandas as pd
import polars as pl

from expectations.submissions import Submissions, typed
from expectations.verdict import Breach, breached, unread_cells
from schemas.item import KEYS
from schemas.submission import RESULTS

#: Rules whose findings keep a result from being accepted (contract section 5).
REJECTING = ("FORM-10", "EVAL-2", "EVAL-3", "EVAL-4", "EVAL-6")
_FULL_SCORE = 100
_ITEM = tuple(KEYS)


def sent_items(sent: pd.DataFrame) -> pl.DataFrame:
    """Items sent out: KEYS (text), has_commitment, filed."""
    flags = ("has_commitment", "filed")
    schema = {**dict.fromkeys(_ITEM, pl.String()), **dict.fromkeys(flags, pl.Boolean())}
    if sent.empty:
        return pl.DataFrame(schema=schema)
    items = pl.from_pandas(sent[[name for name in schema if name in sent.columns]].reset_index(drop=True))
    blank = {"work_type": pl.lit(""), "filed": pl.lit(False)}
    frame = items.with_columns(value.alias(name) for name, value in blank.items() if name not in items.columns)
    rows = frame.select(pl.col(name).cast(kind) for name, kind in schema.items())
    return rows.with_columns(pl.col("work_type").fill_null("")).group_by(_ITEM).agg(pl.col(flags).any())


def judged_rows(submissions: Submissions, sent: pl.DataFrame) -> pl.DataFrame:
    """Result rows, in input order, beside what was sent and what the other rows of their item say.

    Adds `work` (the work type, blank for none), `known_application`, `known_occupation`, `known_work`, `known_item`,
    `has_commitment`, `filed`, `conflicting` (it differs in more than remarks from the first of its item), `contradicted`
    (some row of its item is) and `again` (the same result was there before).
    """
    rows = submissions.table("results").with_row_index("place")
    rows = rows.with_columns(
        pl.col("work_type").fill_null("").alias("work"),
        typed("level").cast(pl.String).alias("item_level"),
        _content().alias("content"),
    )
    item = ["application_no", "occupation_code", "work", "item_level"]
    sent = sent.rename({"work_type": "work", "level": "item_level"})
    lookups = (
        (sent.select(item[:1]).unique().with_columns(pl.lit(True).alias("known_application")), item[:1]),
        (sent.select(item[:2]).unique().with_columns(pl.lit(True).alias("known_occupation")), item[:2]),
        (sent.select(item[:3]).unique().with_columns(pl.lit(True).alias("known_work")), item[:3]),
        (sent.with_columns(pl.lit(True).alias("known_item")), item),
    )
    for frame, key in lookups:
        rows = rows.join(frame, on=key, how="left", maintain_order="left")
    is_complete = pl.all_horizontal(pl.col(item).is_not_null())
    differs = is_complete & (pl.col("content") != pl.col("content").first().over(item))
    return rows.with_columns(
        differs.alias("conflicting"),
        (is_complete & differs.any().over(item)).alias("contradicted"),
        (is_complete & ~pl.struct(*item, "content").is_first_distinct()).alias("again"),
    )


def _content() -> pl.Expr:
    """What a result says, remarks aside: readings where there are any, else the text as written."""
    columns = (column for column in RESULTS.columns if column.name not in (*_ITEM, "remarks"))
    cells = (
        pl.col(column.name)
        if column.kind == "text"
        else pl.coalesce(typed(column.name).cast(pl.String), pl.col(column.name))
        for column in columns
    )
    return pl.concat_str(*(cell.fill_null("") for cell in cells), separator="\x1f")


def breaches(submissions: Submissions) -> list[Breach]:
    """The rules on results (Notice, article 3(2) and 3(3))."""
    passed = typed("verdict") == "pass"
    return [
        *unread_cells(submissions, "results"),
        *_scores(passed),
        _unsent(),
        *(_where_sent(sent) for sent in _of_sent(submissions, passed)),
    ]


def _of_sent(submissions: Submissions, passed: pl.Expr) -> list[Breach]:
    numbers = submissions.scene.policy.evaluation
    return [
        *_panels(passed, numbers.panel_size),
        _contradiction(passed, numbers.pass_mark),
        *_dates(submissions),
        _takes_off(passed),
    ]


def _where_sent(breach: Breach) -> Breach:
    """A row with EVAL-3 gets no other EVAL finding (contract section 5)."""
    return replace(breach, when=breach.when & _missing_in_dispatches().is_null())


def _scores(passed: pl.Expr) -> list[Breach]:
    missing = passed & pl.col("score").is_null()
    return [
        Breach("FORM-10", "score", typed("score") > _FULL_SCORE, "“评分”须在0至100之间"),
        Breach("FORM-10", "score", missing, "结论为合格时请填写“评分”"),
    ]


def _panels(passed: pl.Expr, panel_size: int) -> list[Breach]:
    unshown = _unshown(passed)
    short = pl.col("panel_size").is_null() | (typed("panel_size") < panel_size)
    return [
        Breach("EVAL-1", "commitments_shown", unshown, "该项按不合格处理"),
        Breach("EVAL-2", "panel_size", short, f"评估专家须不少于{panel_size}人，请补足后重新报送"),
    ]


def _unshown(passed: pl.Expr) -> pl.Expr:
    """Whether an item passed although a committed material was not produced."""
    is_answered = pl.col("commitments_shown").is_null() | typed("commitments_shown").is_not_null()
    return passed & pl.col("has_commitment") & is_answered & ~typed("commitments_shown").fill_null(False)


def _missing_in_dispatches() -> pl.Expr:
    """The first field of a row that names what was not sent out; null where all was."""
    return (
        pl.when(pl.col("known_application").is_null())
        .then(pl.lit("application_no"))
        .when(pl.col("known_occupation").is_null())
        .then(pl.lit("occupation_code"))
        .when(pl.col("known_work").is_null())
        .then(pl.lit("work_type"))
        .when(pl.col("known_item").is_null() & pl.col("item_level").is_not_null())
        .then(pl.lit("level"))
    )


def _unsent() -> Breach:
    wrong = _missing_in_dispatches()
    value = pl.coalesce(pl.when(wrong == name).then(pl.col(name)) for name in _ITEM)
    return Breach("EVAL-3", wrong, wrong.is_not_null(), "请按送评清单核对申报编号、职业编码、工种和等级", value)


def _dates(submissions: Submissions) -> list[Breach]:
    """EVAL-6: a result without day or lead, or from a day that is still to come."""
    as_of = submissions.scene.as_of
    future = (typed("evaluated_on") > pl.lit(as_of)) if as_of else pl.lit(False)
    mend = pl.when(pl.col("evaluated_on").is_null()).then(pl.lit("请填写评估日期")).otherwise(pl.lit("请核对评估日期"))
    return [
        Breach("EVAL-6", "evaluated_on", pl.col("evaluated_on").is_null() | future.fill_null(False), mend),
        Breach("EVAL-6", "panel_lead", pl.col("panel_lead").is_null(), "请填写评估组长"),
    ]


def _takes_off(passed: pl.Expr) -> Breach:
    """EVAL-5: a result that would take a filed item off the register."""
    fails = (typed("verdict") == "fail") | _unshown(passed)
    return Breach("EVAL-5", "verdict", pl.col("filed").fill_null(False) & fails, "备案保持不变，待审批决定")


def _contradiction(passed: pl.Expr, pass_mark: float) -> Breach:
    below = (passed & (typed("score") < pass_mark)).fill_null(False)
    mend = (
        pl.when(below)
        .then(pl.lit(f"评分低于{pass_mark:g}分不得评为合格"))
        .otherwise(pl.lit("同一职业等级有两个不同的结果，请只报送一个"))
    )
    return Breach("EVAL-4", "verdict", below | pl.col("conflicting"), mend)


def verdicts(submissions: Submissions) -> list[pl.DataFrame]:
    """The verdicts on the results table."""
    return breached("results", submissions.once(result_rows), breaches(submissions), submissions.raw("results"))


def result_rows(submissions: Submissions) -> pl.DataFrame:
    """See `judged_rows`; made once from what was sent."""
    return judged_rows(submissions, sent_items(submissions.sent))


def readings(submissions: Submissions, verdict_rows: pl.DataFrame) -> pl.DataFrame:
    """How each row is to be taken, in input order (columns as in `check.CheckedResults`)."""
    rows = submissions.once(result_rows)
    key = ["application_no", "row"]

    def has(*rules: str) -> pl.Expr:
        broken = verdict_rows.filter(pl.col("rule").is_in(rules)).select(pl.struct(*key).alias("key"))
        return pl.struct(*key).is_in(broken.get_column("key").implode())

    failed = has("EVAL-1")
    return rows.select(
        "application_no",
        "row",
        "occupation_code",
        pl.col("work").alias("work_type"),
        pl.coalesce("item_level", "level").alias("level"),
        pl.when(failed).then(pl.lit("fail")).otherwise(typed("verdict").cast(pl.String)).alias("verdict"),
        typed("score").alias("score"),
        # the later row has the finding, and neither says what the panel means
        (~has(*REJECTING) & ~pl.col("again") & ~pl.col("contradicted").fill_null(False)).alias("accepted"),
        pl.when(failed).then(pl.lit("EVAL-1")).otherwise(pl.lit("")).alias("failed_by"),
        has("EVAL-5").alias("in_question"),
    )
