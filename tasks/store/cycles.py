"""What is on record of a cycle as a whole: since when it is decided, and whether a person closed it."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, insert, select, update

from schemas import tables
from schemas.history import facts_text
from schemas.run import Run
from tasks.store import history, seals

_cycle = tables.cycle


@dataclass(frozen=True)
class Closing:
    """Who closed a cycle on which day, why, and by which document."""

    day: date
    by: str
    reason: str
    document_no: str


def closed(db: Connection) -> set[str]:
    """Every closed cycle."""
    return set(db.execute(select(_cycle.c.cycle).where(_cycle.c.closed_on.is_not(None))).scalars())


def closing(db: Connection, cycle: str) -> Closing | None:
    """How a cycle was closed; None while it is open."""
    row = db.execute(select(_cycle).where(_cycle.c.cycle == cycle, _cycle.c.closed_on.is_not(None))).first()
    return Closing(row.closed_on, row.closed_by, row.reason, row.document_no) if row else None


def close(db: Connection, cycle: str, by: str, reason: str, document_no: str, run: Run) -> None:
    """Put on record that a cycle is closed."""
    _have(db, cycle)
    values = {"closed_on": run.day, "closed_by": by, "reason": reason, "document_no": document_no}
    db.execute(update(_cycle).where(_cycle.c.cycle == cycle).values(**values))
    because = f"终止办理：{reason}" + (f"（{document_no}）" if document_no else "")
    facts = facts_text(reason=reason, document_no=document_no)
    history.add_one(db, "cycle", cycle, because, run, by, became="closed", facts=facts)


def has_decided(db: Connection, cycle: str) -> bool:
    """Whether the day on which the cycle is decided has come."""
    since = select(_cycle.c.decides_since).where(_cycle.c.cycle == cycle)
    return db.execute(since).scalar() is not None


def decides(db: Connection, cycle: str, run: Run) -> None:
    """Note once that the day on which the cycle is decided has come: what comes later is decided when it is found."""
    if has_decided(db, cycle):
        return
    _have(db, cycle)
    db.execute(update(_cycle).where(_cycle.c.cycle == cycle).values(decides_since=run.day))


def undecide_after(db: Connection, day: date) -> int:
    """Take back that cycles are decided since a day after a day; returns of how many."""
    later = (_cycle.c.decides_since > day, _cycle.c.closed_on.is_(None))
    seals.touch_where(db, seals.CYCLE, *later)
    return db.execute(update(_cycle).where(*later).values(decides_since=None)).rowcount


def _have(db: Connection, cycle: str) -> None:
    seals.touch_one(db, seals.CYCLE, cycle)
    if db.execute(select(_cycle.c.cycle).where(_cycle.c.cycle == cycle)).first() is None:
        db.execute(insert(_cycle).values(cycle=cycle))
