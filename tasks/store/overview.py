"""What stands where: counts a person or a machine asks for; it changes nothing."""

from dataclasses import dataclass
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Table, func, select

from schemas import tables
from tasks.store import complaints, editions, findings, frames, history, institutions, public_notices, results, runs


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
        "applications": _counted(db, tables.application, "status", cycle),
        "items": _counted(db, tables.item, "status", cycle),
        "findings": _counted(db, tables.finding, "nature", cycle),
        "results": f"{back} of {sent}",
        "unjudged_results": next((each.number for each in results.unjudged(db) if each.cycle == cycle), 0),
        "undone": ", ".join(runs.undone(db, cycle)),
        "editions": ", ".join(numbers),
        "public_notices": ", ".join(
            f"{each['notice']} {each['published_on']}–{each['ends_on']}" for each in public_notices.published(db, cycle)
        ),
        "waits_for_approval": editions.why_waiting(db) or "",
        "quarantined": len(runs.quarantine(db, cycle)),
        "complaints": ", ".join(complaints.due(db)),
    }


def _counted(db: Connection, table: Table, column: str, cycle: str) -> dict[str, int]:
    statement = select(table.c[column], func.count()).where(table.c.cycle == cycle).group_by(table.c[column])
    return {str(value): int(number) for value, number in sorted(map(tuple, db.execute(statement)))}


def life(db: Connection, subject: str) -> pd.DataFrame:
    """Every history entry of an application, or of an institution under all its codes and all its applications, in order."""
    table = tables.application
    codes = institutions.family(db, subject)
    own = list(db.execute(select(table.c.application_no).where(table.c.uscc.in_(codes))).scalars())
    told = history.of(db, [*codes, *own])
    return told.drop(columns=["run_id", "digest"])


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
        .join(
            version,
            (version.c.application_no == table.c.application_no) & (version.c.version == table.c.version),
        )
        .where(table.c.cycle == cycle)
    )
    items = frames.read(db, select(tables.item).where(tables.item.c.cycle == cycle))
    statuses = items.groupby(["application_no", "status"]).size()
    reasons = items.groupby("application_no")["reason"].agg(";".join)
    found = findings.of_cycle(db, cycle)
    hard = found[found["nature"] == "hard"].groupby("application_no")["rule"].agg(";".join)
    return [
        Outcome(
            number,
            name or "",
            kind or "",
            status,
            [(str(each), int(count)) for each, count in statuses[number].items()] if number in statuses else [],
            sorted({rule for rule in f"{reasons.get(number, '')};{hard.get(number, '')}".split(";") if rule}),
        )
        for number, name, kind, status in sorted(map(tuple, db.execute(chosen)))
    ]
