"""Counts and lists of where things stand, for people and machines; nothing here writes."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, select
from sqlalchemy.engine import Row

from schemas import tables
from schemas.item import VERSION
from schemas.law.cycle import cycle_id
from schemas.policy import for_cycle
from schemas.supervision import UNSETTLED
from tasks.store import code_changes, conditions, runs, unfinished


def cycles(db: Connection) -> list[str]:
    """Every cycle that has an application or a run, oldest first."""
    with_applications = set(db.execute(select(tables.application.c.cycle).distinct()).scalars())
    return sorted(with_applications | set(db.execute(select(tables.run.c.cycle).distinct()).scalars()))


def of_cycle(db: Connection, cycle: str) -> dict[str, Any]:
    """Counts of applications, items, findings, results received, editions, and files set aside."""
    back, sent = unfinished.results_back(db, cycle)
    item, result, finding, version = tables.item, tables.result, tables.finding, tables.application_version
    late = _versions(db, cycle, version.c.standing == "late")
    unjudged = select(func.count()).where(result.c.cycle == cycle, result.c.standing == "received")
    return {
        "cycle": cycle,
        "applications": _counted(db, conditions.standing(), tables.application.c.cycle == cycle),
        "items": _counted(db, item.c.status, item.c.cycle == cycle),
        "findings": _counted(db, finding.c.nature, and_(finding.c.cycle == cycle, conditions.finding_stands())),
        "results": f"{back} of {sent}",
        "unjudged_results": int(db.execute(unjudged).scalar_one()),
        "undone": ", ".join(runs.undone(db, cycle)),
        "editions": ", ".join(_editions(db, cycle)),
        "public_notices": ", ".join(_notices(db, cycle)),
        "waits_for_approval": why_waiting(db) or "",
        "seen_late": ", ".join(
            f"{row.application_no} v{row.version} (stated {row.submitted_at}, seen {row.received_on})"
            for row in seen_late(db, cycle)
        ),
        "late_versions": ", ".join(f"{row.application_no} v{row.version} (received {row.received_on})" for row in late),
        "quarantined": runs.unsettled(db, cycle),
        "complaints": ", ".join(_complaints(db)),
    }


def _editions(db: Connection, cycle: str) -> list[str]:
    """The cycle's published editions, oldest first."""
    edition = tables.edition
    published = (edition.c.cycle == cycle, edition.c.standing == "published")
    return list(db.execute(select(edition.c.edition).where(*published).order_by(edition.c.number)).scalars())


def _notices(db: Connection, cycle: str) -> list[str]:
    """The cycle's published notices with their first and last day."""
    notice = tables.public_notice
    published = (notice.c.cycle == cycle, notice.c.standing == "published")
    statement = select(notice.c.notice, notice.c.published_on, notice.c.ends_on).where(*published)
    return [f"{name} {begins}–{ends}" for name, begins, ends in db.execute(statement.order_by(notice.c.number))]


def why_waiting(db: Connection) -> str | None:
    """The edition that waits for approval and why, as one sentence; None when none does."""
    waiting = db.execute(conditions.newest_edition("waiting")).first()
    return f"{waiting.edition}：{waiting.waits_because}" if waiting is not None else None


def _complaints(db: Connection) -> list[str]:
    """The state of each unsettled complaint, in words with its day, by number."""
    complaint, present = tables.complaint, code_changes.present_credit_codes(db)
    waiting = (complaint.c.closed_on.is_(None), complaint.c.outcome.in_(list(UNSETTLED)))
    rows = db.execute(select(complaint).where(*waiting))
    return [
        f"{row.complaint_no} of {present.get(row.uscc, row.uscc)} "
        + (f"to be mended by {row.due_on}" if row.due_on else f"open since {row.received_on}")
        + f" ({row.handled_by})"
        for row in sorted(rows, key=lambda row: str(row.complaint_no))
    ]


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


def seen_late(db: Connection, cycle: str) -> list[Row[Any]]:
    """Versions that state a time within the cycle's window and were first seen after its deadline.

    application_no, version, submitted_at and received_on, sorted; a matter only where a portal's stated time counts.
    """
    policy = for_cycle(cycle_id(cycle))
    if policy.cycle.moment != "stated":
        return []
    version = tables.application_version
    opens, closes = (int(end.timestamp() * 1_000_000) for end in policy.window(cycle_id(cycle)))
    stated = version.c.submitted_utc.between(opens, closes)
    return _versions(db, cycle, and_(stated, version.c.received_on > policy.deadline(cycle_id(cycle))))


def _versions(db: Connection, cycle: str, chosen: "ColumnElement[bool]") -> list[Row[Any]]:
    """application_no, version, submitted_at and received_on of versions of the cycle's applications, sorted."""
    application, version = tables.application, tables.application_version
    columns = [version.c[name] for name in (*VERSION, "submitted_at", "received_on")]
    statement = select(*columns).join(application, application.c.application_no == version.c.application_no)
    rows = db.execute(statement.where(application.c.cycle == cycle, chosen))
    return sorted(rows, key=lambda row: (str(row.application_no), int(row.version)))


@dataclass(frozen=True)
class Outcome:
    """The outcome of one application."""

    application_no: str
    institution_name: str
    institution_type: str
    status: str
    items: list[tuple[str, int]]
    rules: list[str]


def outcomes(db: Connection, cycle: str) -> list[Outcome]:
    """Every application of a cycle with the statuses of its items and the rules behind them, by number."""
    table, version, item, finding = tables.application, tables.application_version, tables.item, tables.finding
    chosen = (
        select(table.c.application_no, version.c.institution_name, version.c.institution_type, table.c.status)
        .join(version, conditions.is_current())
        .where(table.c.cycle == cycle)
    )
    statuses: dict[str, Counter[str]] = {}
    rules: dict[str, set[str]] = {}
    moved = select(item.c.application_no, item.c.status, item.c.reason).where(item.c.cycle == cycle)
    for number, status, reason in db.execute(moved):
        statuses.setdefault(number, Counter())[status] += 1
        rules[number] = rules.get(number, set()) | set(reason.split(";"))
    hard = (finding.c.cycle == cycle, finding.c.nature == "hard", conditions.finding_stands())
    for number, rule in db.execute(select(finding.c.application_no, finding.c.rule).where(*hard).distinct()):
        rules.setdefault(number, set()).add(rule)
    return [
        Outcome(
            number,
            name or "",
            kind or "",
            status,
            sorted(statuses.get(number, Counter()).items()),
            sorted(rules.get(number, set()) - {""}),
        )
        for number, name, kind, status in sorted(map(tuple, db.execute(chosen)), key=lambda row: str(row[0]))
    ]
