"""What stands where: counts a person or a machine asks for; it changes nothing."""

from dataclasses import dataclass
from typing import Any

import pandas as pd
from sqlalchemy import ColumnElement, Connection, and_, exists, func, or_, select

from schemas import tables
from schemas.item import UNIT, VERSION
from schemas.law.cycle import cycle_id
from schemas.policy import for_cycle
from tasks.store import (
    complaints,
    conditions,
    credit_codes,
    editions,
    findings,
    frames,
    history,
    late_versions,
    public_notices,
    results,
    runs,
)


def cycles(db: Connection) -> list[str]:
    """Every cycle that has an application or a run, oldest first."""
    known = set(db.execute(select(tables.application.c.cycle).distinct()).scalars())
    return sorted(known | set(db.execute(select(tables.run.c.cycle).distinct()).scalars()))


def of_cycle(db: Connection, cycle: str) -> dict[str, Any]:
    """Counts of applications, items and findings, results back, editions, what was put aside."""
    back, sent = results.progress(db, cycle)
    numbers = [edition["edition"] for edition in editions.published(db) if edition["cycle"] == cycle]
    return {
        "cycle": cycle,
        "applications": _counted(db, conditions.standing(), tables.application.c.cycle == cycle),
        "items": _counted(db, tables.item.c.status, tables.item.c.cycle == cycle),
        "findings": findings.by_nature(db, cycle),
        "results": f"{back} of {sent}",
        "unjudged_results": next((backlog.number for backlog in results.unjudged(db) if backlog.cycle == cycle), 0),
        "undone": ", ".join(runs.undone(db, cycle)),
        "editions": ", ".join(numbers),
        "public_notices": ", ".join(
            f"{notice['notice']} {notice['published_on']}–{notice['ends_on']}"
            for notice in public_notices.published(db, cycle)
        ),
        "waits_for_approval": editions.why_waiting(db) or "",
        "seen_late": ", ".join(
            f"{row['application_no']} v{row['version']} (stated {row['submitted_at']}, seen {row['received_on']})"
            for row in seen_late(db, cycle).to_dict("records")
        ),
        "late_versions": ", ".join(
            f"{row['application_no']} v{row['version']} (received {row['received_on']})"
            for row in late_versions.every(db, cycle).to_dict("records")
        ),
        "quarantined": len(runs.set_aside(db, cycle, unsettled=True)),
        "complaints": ", ".join(complaints.due(db)),
    }


def _counted(db: Connection, value: "ColumnElement[str]", chosen: "ColumnElement[bool]") -> dict[str, int]:
    rows = select(value.label("value")).where(chosen).subquery()
    statement = select(rows.c.value, func.count()).group_by(rows.c.value)
    return {str(value): int(number) for value, number in sorted(map(tuple, db.execute(statement)))}


def by_cycle(db: Connection) -> list[tuple[str, dict[str, int]]]:
    """Every cycle, newest first, with its applications counted by status, NOT_TAKEN_UP apart."""
    rows = select(tables.application.c.cycle, conditions.standing()).subquery()
    statement = select(rows.c.cycle, rows.c.status, func.count()).group_by(rows.c.cycle, rows.c.status)
    counts: dict[str, dict[str, int]] = {cycle: {} for cycle in cycles(db)}
    for cycle, status, number in db.execute(statement):
        counts[cycle][status] = int(number)
    return sorted(counts.items(), reverse=True)


def life(db: Connection, subject: str) -> pd.DataFrame:
    """Every history entry of an application, or of an institution under all its codes and all its applications, in order."""
    table = tables.application
    codes = credit_codes.family(db, subject)
    numbers = list(db.execute(select(table.c.application_no).where(table.c.uscc.in_(codes))).scalars())
    entries = history.of(db, [*codes, *numbers])
    return entries.drop(columns=["run_id", "digest"])


def seen_late(db: Connection, cycle: str) -> pd.DataFrame:
    """Versions that state a time within the cycle's window and were first seen after its deadline.

    application_no, version, submitted_at and received_on (ISO), sorted; a matter only where a portal's stated time counts.
    """
    policy = for_cycle(cycle_id(cycle))
    version, application = tables.application_version, tables.application
    columns = [version.c[name] for name in ("application_no", "version", "submitted_at", "received_on")]
    opens, closes = (int(end.timestamp() * 1_000_000) for end in policy.window(cycle_id(cycle)))
    statement = (
        select(*columns)
        .join(application, application.c.application_no == version.c.application_no)
        .where(
            application.c.cycle == cycle,
            version.c.submitted_utc.between(opens, closes),
            version.c.received_on > policy.deadline(cycle_id(cycle)),
        )
    )
    rows = frames.read(db, statement).sort_values(VERSION, ignore_index=True)
    return rows if policy.cycle.moment == "stated" else rows.iloc[:0]


def reported(db: Connection, cycle: str) -> pd.DataFrame:
    """Items of a cycle counted by institution type, region, outcome and the rules behind it; sorted."""
    application, version, item = tables.application, tables.application_version, tables.item
    current = conditions.same(version, application, VERSION)
    keys = [version.c.institution_type, version.c.region_code, item.c.status, item.c.reason]
    statement = (
        select(*keys, func.count().label("items"))
        .join(application, application.c.application_no == item.c.application_no)
        .join(version, current)
        .where(item.c.cycle == cycle)
        .group_by(*keys)
    )
    rows = frames.read(db, statement).fillna("")
    return rows.sort_values([key.name for key in keys], ignore_index=True)


def endings(db: Connection, cycle: str) -> pd.DataFrame:
    """What of a cycle was ended, and why: application_no, UNIT, on, by, because; sorted.

    UNIT is blank where an application had no items.
    """
    entry, application, item = tables.history, tables.application, tables.item
    mine = select(application.c.application_no).where(application.c.cycle == cycle)
    without = mine.where(
        application.c.outcome == "ended", ~exists().where(item.c.application_no == application.c.application_no)
    )
    columns = [entry.c[name] for name in (*UNIT, "on", "by", "because")]
    of_items = and_(entry.c.kind == "item", entry.c.became == "ended", entry.c.subject.in_(mine))
    of_whole = and_(entry.c.kind == "application", entry.c.became == "closed", entry.c.subject.in_(without))
    statement = select(entry.c.subject.label("application_no"), *columns).where(or_(of_items, of_whole))
    return frames.read(db, statement).sort_values(["application_no", *UNIT], ignore_index=True)


@dataclass(frozen=True)
class Outcome:
    """What became of one application."""

    application_no: str
    institution_name: str
    institution_type: str
    status: str
    items: list[tuple[str, int]]
    rules: list[str]


def outcomes(db: Connection, cycle: str) -> list[Outcome]:
    """Every application of a cycle with the statuses of its items and the rules behind them, by number."""
    table, version = tables.application, tables.application_version
    chosen = (
        select(table.c.application_no, version.c.institution_name, version.c.institution_type, table.c.status)
        .join(version, conditions.same(version, table, VERSION))
        .where(table.c.cycle == cycle)
    )
    items = frames.read(db, select(tables.item).where(tables.item.c.cycle == cycle))
    statuses = items.groupby(["application_no", "status"]).size()
    reasons = items.groupby("application_no")["reason"].agg(";".join)
    rows = findings.of_cycle(db, cycle)
    hard = rows[rows["nature"] == "hard"].groupby("application_no")["rule"].agg(";".join)
    return [
        Outcome(
            number,
            name or "",
            kind or "",
            status,
            [(str(status), int(count)) for status, count in statuses[number].items()] if number in statuses else [],
            sorted({rule for rule in f"{reasons.get(number, '')};{hard.get(number, '')}".split(";") if rule}),
        )
        for number, name, kind, status in sorted(map(tuple, db.execute(chosen)))
    ]
