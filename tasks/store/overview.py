"""What stands where: counts a person or a machine asks for; it changes nothing."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Table, func, select

from schemas import tables
from schemas.item import OPEN, UNIT
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
        "quarantined": len(runs.set_aside(db, cycle, unsettled=True)),
        "complaints": ", ".join(complaints.due(db)),
    }


def _counted(db: Connection, table: Table, column: str, cycle: str) -> dict[str, int]:
    statement = select(table.c[column], func.count()).where(table.c.cycle == cycle).group_by(table.c[column])
    return {str(value): int(number) for value, number in sorted(map(tuple, db.execute(statement)))}


def by_cycle(db: Connection) -> list[tuple[str, dict[str, int]]]:
    """Every cycle, newest first, with its applications counted by status."""
    table = tables.application
    statement = select(table.c.cycle, table.c.status, func.count()).group_by(table.c.cycle, table.c.status)
    counts: dict[str, dict[str, int]] = {cycle: {} for cycle in cycles(db)}
    for cycle, status, number in db.execute(statement):
        counts[cycle][status] = int(number)
    return sorted(counts.items(), reverse=True)


def life(db: Connection, subject: str) -> pd.DataFrame:
    """Every history entry of an application, or of an institution under all its codes and all its applications, in order."""
    table = tables.application
    codes = institutions.family(db, subject)
    own = list(db.execute(select(table.c.application_no).where(table.c.uscc.in_(codes))).scalars())
    entries = history.of(db, [*codes, *own])
    return entries.drop(columns=["run_id", "digest"])


#: Who has to act on an item that stands somewhere, as people are told.
_WHO = {
    "returned": "applicant: correct it",
    "held": "centre: decide (filing decide)",
    "accepted": "centre: run the cycle (filing run)",
    "dispatched": "panel: send its results",
    "passed": "centre: run the cycle (filing run)",
    "late": "centre: decide under WINDOW-2, or leave it",
}
OPEN_COLUMNS = ["application_no", "institution_name", "status", "items", "since", "days", "who"]


def open_of(db: Connection, cycle: str, day: date) -> pd.DataFrame:
    """Everything of a cycle that is not final, with its age on a day and who must act: OPEN_COLUMNS; sorted."""
    item, entry = tables.item, tables.history
    of = (item.c.cycle == cycle, item.c.status.in_(OPEN))
    rows = frames.read(db, select(item.c.application_no, item.c.status).where(*of))
    since = (
        select(
            entry.c.subject.label("application_no"), entry.c.became.label("status"), func.max(entry.c.on).label("since")
        )
        .where(entry.c.kind.in_(["item", "application"]), entry.c.became.in_([*OPEN, "late"]))
        .where(
            entry.c.subject.in_(select(tables.application.c.application_no).where(tables.application.c.cycle == cycle))
        )
        .group_by(entry.c.subject, entry.c.became)
    )
    version = tables.application_version
    late = (
        select(version.c.application_no)
        .join(tables.application, tables.application.c.application_no == version.c.application_no)
        .where(
            tables.application.c.cycle == cycle, version.c.standing == "late", tables.application.c.status != "closed"
        )
    )
    waiting = frames.read(db, late).drop_duplicates().assign(status="late")
    counted = pd.concat([rows, waiting]).groupby(["application_no", "status"]).size().rename("items").reset_index()
    told = counted.merge(frames.read(db, since), on=["application_no", "status"], how="left")
    names = (
        select(tables.application.c.application_no, version.c.institution_name)
        .join(
            version,
            (version.c.application_no == tables.application.c.application_no)
            & (version.c.version == tables.application.c.version),
        )
        .where(tables.application.c.cycle == cycle)
    )
    told = told.merge(frames.read(db, names), on="application_no", how="left").fillna(
        {"institution_name": "", "since": ""}
    )
    told["days"] = [(day - date.fromisoformat(each[:10])).days if each else 0 for each in told["since"]]
    told["who"] = told["status"].map(_WHO)
    return told[OPEN_COLUMNS].sort_values(
        ["days", "application_no", "status"], ascending=[False, True, True], ignore_index=True
    )


def reported(db: Connection, cycle: str) -> pd.DataFrame:
    """Items of a cycle counted by institution type, region, outcome and the rules behind it; sorted."""
    application, version, item = tables.application, tables.application_version, tables.item
    current = (version.c.application_no == application.c.application_no) & (version.c.version == application.c.version)
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
    """What of a cycle was ended, and why: application_no, UNIT, on, by, because; sorted."""
    entry = tables.history
    mine = select(tables.application.c.application_no).where(tables.application.c.cycle == cycle)
    columns = [entry.c[name] for name in (*UNIT, "on", "by", "because")]
    statement = select(entry.c.subject.label("application_no"), *columns).where(
        entry.c.kind == "item", entry.c.became == "ended", entry.c.subject.in_(mine)
    )
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
