"""What stands where: counts a person or a machine asks for; it changes nothing."""

from typing import Any

import pandas as pd
from sqlalchemy import Connection, func, select

from schemas import tables
from tasks.store import editions, history, results, runs


def cycles(db: Connection) -> list[str]:
    """Every cycle that has an application or a run, oldest first."""
    known = set(db.execute(select(tables.application.c.cycle).distinct()).scalars())
    return sorted(known | set(db.execute(select(tables.run.c.cycle).distinct()).scalars()))


def of_cycle(db: Connection, cycle: str) -> dict[str, Any]:
    """Counts of applications, items and findings, results back, editions, what was put aside."""
    back, sent = results.progress(db, cycle)
    numbers = [edition["edition"] for edition in editions.published(db) if edition["cycle"] == cycle]
    waiting = editions.newest(db, "waiting")
    return {
        "cycle": cycle,
        "applications": _counted(db, tables.application, "status", cycle),
        "items": _counted(db, tables.item, "status", cycle),
        "findings": _counted(db, tables.finding, "nature", cycle),
        "results": f"{back} of {sent}",
        "editions": ", ".join(numbers),
        "waits_for_approval": waiting["waits_because"] if waiting and waiting["cycle"] == cycle else "",
        "quarantined": len(runs.quarantine(db, cycle)),
    }


def _counted(db: Connection, table: "tables.Table", column: str, cycle: str) -> dict[str, int]:
    statement = select(table.c[column], func.count()).where(table.c.cycle == cycle).group_by(table.c[column])
    return {str(value): int(number) for value, number in sorted(map(tuple, db.execute(statement)))}


def life(db: Connection, subject: str) -> pd.DataFrame:
    """Every history entry of an application, or of an institution and all its applications, in order."""
    table = tables.application
    own = list(db.execute(select(table.c.application_no).where(table.c.uscc == subject)).scalars())
    told = history.of(db, [subject, *own])
    return told.drop(columns=["run_id", "digest"])
