"""Rulings (例外审批) in the database: recording them, and the latest one on each hold, application or rule."""

import hashlib
import json
from collections.abc import Collection, Sequence

import pandas as pd
import polars as pl
from sqlalchemy import Connection, select

from expectations import reading
from schemas import tables
from schemas.item import KEYS, VERSION
from schemas.law.cycle import cycle_id
from schemas.law.rulings import ApplicationOnRecord
from schemas.policy import for_cycle
from schemas.rows import tuples
from schemas.run import Run
from schemas.submission import DECISIONS
from tasks.store import conditions, cycles, findings, frames, history, public_notices, seals

_IN_ORDER = ["decided_at", "decision_id"]  # the order of entries of one recording


def record(db: Connection, decisions: pd.DataFrame, run: Run) -> int:
    """Record decisions (the columns of the input table, blank occupation concerns all); returns how many were new."""
    if decisions.empty:
        return 0
    rows = decisions[DECISIONS.names].fillna("").drop_duplicates()
    rows["decision_id"] = _ids(rows)
    recorded = frames.read(db, select(tables.decision.c.decision_id))
    new = rows[~rows["decision_id"].isin(recorded["decision_id"])]
    seals.touch(db, seals.DECISION, new)
    frames.append(db, tables.decision, new.assign(recorded_on=run.day.isoformat()))
    entries = new.assign(subject=new["application_no"], became=new["verdict"])
    entries["because"] = entries["rule"] + "：" + entries["reason"] + "（" + entries["document_no"] + "）"
    entries["facts"] = history.facts(new[["rule", "reason", "document_no"]])
    for operator, group in entries.groupby("decided_by", sort=True):
        history.add(db, "decision", group.sort_values(_IN_ORDER), run, str(operator))
    return len(new)


def _ids(rows: pd.DataFrame) -> list[str]:
    return [
        hashlib.sha256(json.dumps(record, ensure_ascii=False, sort_keys=True).encode()).hexdigest()
        for record in rows[DECISIONS.names].fillna("").to_dict("records")
    ]


def are_known(db: Connection, rows: pd.DataFrame) -> "pd.Series[bool]":
    """Which decisions (the columns of the input table) are on record."""
    recorded = set(db.execute(select(tables.decision.c.decision_id)).scalars())
    return pd.Series([key in recorded for key in _ids(rows)], index=rows.index, dtype="bool")


def application_on_record(db: Connection, number: str) -> ApplicationOnRecord | None:
    """What is on record of the application a ruling names; None where nobody filed it."""
    application, version = tables.application, tables.application_version
    current = conditions.same(version, application, VERSION)
    columns = (application.c.cycle, application.c.version, application.c.outcome, application.c.uscc)
    statement = select(*columns, version.c.institution_type).join(version, current)
    row = db.execute(statement.where(application.c.application_no == number)).first()
    if row is None:
        return None
    entry = tables.qualification_item
    return ApplicationOnRecord(
        cycle=row.cycle,
        policy=for_cycle(cycle_id(row.cycle)),
        institution_type=row.institution_type or "",
        is_closed=row.cycle in cycles.closed(db),
        outcome=row.outcome or "",
        is_on_register=db.execute(select(entry.c.entry).where(entry.c.uscc == row.uscc).limit(1)).first() is not None,
        statuses=_statuses(db, number, row.version),
        notice_periods=public_notices.periods(db, number),
    )


def _statuses(db: Connection, number: str, version: int) -> dict[str, set[str]]:
    """Occupation code to the statuses of its items, for every occupation requested; empty for one without an item."""
    item, requested = tables.item, tables.requested_occupation
    statuses: dict[str, set[str]] = {}
    rows = select(item.c.occupation_code, item.c.status).where(item.c.application_no == number)
    for code, status in db.execute(rows):
        statuses.setdefault(code, set()).add(status)
    names = [requested.c[name] for name in ("occupation_code", "neighbour_code", "occupation_name")]
    form = db.execute(select(*names).where(requested.c.application_no == number, requested.c.version == version))
    # where the item carries the neighbour's code, or a name as its code, rulings name that
    without_item = [set(filter(None, codes)) for codes in form if not set(codes) & set(statuses)]
    return statuses | {code: set() for codes in without_item for code in codes}


def of_cycle(db: Connection, cycle: str, rule: str | None = None, *, moments: bool = False) -> pd.DataFrame:
    """Rulings on applications of the cycle under one rule, or all, in the order of the moments they were made at.

    With `moments`, also the column `moment`.
    """
    numbers = select(tables.application.c.application_no).where(tables.application.c.cycle == cycle)
    statement = select(tables.decision).where(tables.decision.c.application_no.in_(numbers))
    if rule is not None:
        statement = statement.where(tables.decision.c.rule == rule)
    zone = for_cycle(cycle_id(cycle)).timezone
    decided = frames.read_polars(db, statement)
    decided = decided.with_columns(reading.moment(pl.col("decided_at"), zone).alias("moment"))
    ordered = decided.sort("moment", "recorded_on", "decision_id", nulls_last=True)
    return (ordered if moments else ordered.drop("moment")).to_pandas()


def on_holds(db: Connection, cycle: str) -> pd.DataFrame:
    """Each hold of the cycle with the latest decision on it: application_no, occupation_code, level, rule, verdict.

    `verdict` is missing while nobody has decided, and `free` where nobody needs to because the hold has fallen; the
    latest ruling counts, whether on one occupation or on all.
    """
    holds = pl.from_pandas(findings.holds_of(db, cycle).drop(columns="cycle"))
    columns = ["application_no", "rule", pl.col("occupation_code").alias("concerns"), "verdict"]
    decided = pl.from_pandas(of_cycle(db, cycle)).select(columns).with_row_index("order")
    pairs = holds.join(decided, on=["application_no", "rule"])
    pairs = pairs.filter((pl.col("concerns") == "") | (pl.col("concerns") == pl.col("occupation_code")))
    keys = [*KEYS, "rule"]
    latest = pairs.sort("order").unique(keys, keep="last", maintain_order=True)
    decided_on = holds.join(latest.select(*keys, "verdict"), on=keys, how="left", maintain_order="left")
    unneeded = pl.col("verdict").is_null() & pl.col("fallen_on").is_not_null()
    verdict = pl.when(unneeded).then(pl.lit("free")).otherwise(pl.col("verdict"))
    return decided_on.with_columns(verdict.alias("verdict")).drop("fallen_on").to_pandas()


def has_hold(db: Connection, number: str, rule: str, occupation: str) -> bool:
    """Whether a rule holds, or held, an item of an application; of one occupation, or of any where none is named."""
    hold = tables.hold
    statement = select(hold.c.rule).where(hold.c.application_no == number, hold.c.rule == rule)
    if occupation:
        statement = statement.where(hold.c.occupation_code == occupation)
    return db.execute(statement.limit(1)).first() is not None


def on_applications(db: Connection, cycle: str, rule: str) -> pd.DataFrame:
    """The latest decision under a rule on all of an application: the table's columns and its `moment`, a row each."""
    decided = of_cycle(db, cycle, rule, moments=True)
    decided = decided[decided["occupation_code"] == ""]
    return decided.drop_duplicates("application_no", keep="last")


def permitted(db: Connection, cycle: str, rules: Collection[str], rows: pd.DataFrame) -> set[tuple[str, str, str]]:
    """(rule, application_no, occupation_code) of those asked for which the latest decision on one of the rules is a permit."""
    codes: dict[str, set[str]] = {}
    for number, code in tuples(rows[["application_no", "occupation_code"]]):
        codes.setdefault(number, set()).add(code)
    latest = {
        (rule, number, code): verdict
        for rule, number, concerns, verdict in tuples(
            of_cycle(db, cycle)[["rule", "application_no", "occupation_code", "verdict"]]
        )
        if rule in rules
        for code in codes.get(number, ())
        if concerns in ("", code)
    }
    return {key for key, verdict in latest.items() if verdict == "permit"}


def permits(db: Connection, rule: str) -> set[tuple[str, str]]:
    """uscc and occupation_code of every permit ever given under a rule; a blank code concerns all occupations."""
    decision, application = tables.decision, tables.application
    statement = (
        select(application.c.uscc, decision.c.occupation_code)
        .join(application, application.c.application_no == decision.c.application_no)
        .where(decision.c.rule == rule, decision.c.verdict == "permit")
    )
    return {(uscc, code) for uscc, code in db.execute(statement)}


def latest(
    db: Connection, cycle: str, rule: str, rows: pd.DataFrame, columns: Sequence[str] = ("verdict",)
) -> pd.DataFrame:
    """The latest decision on a rule for each (application_no, occupation_code) asked that has one: these and `columns`.

    As on holds, the latest counts, whether it was made for the one occupation or for all.
    """
    keys = ["application_no", "occupation_code"]
    decided = of_cycle(db, cycle, rule)
    if decided.empty:
        return decided[[*keys, *columns]]
    decided = decided.rename(columns={"occupation_code": "concerns"})
    decided["order"] = range(len(decided))
    pairs = rows[keys].drop_duplicates().merge(decided[["application_no", "concerns", *columns, "order"]])
    pairs = pairs[(pairs["concerns"] == "") | (pairs["concerns"] == pairs["occupation_code"])]
    return pairs.sort_values("order").drop_duplicates(keys, keep="last")[[*keys, *columns]]
