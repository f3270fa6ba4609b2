"""Pauses (暂停): cycles and automatic works that a person paused, each from its beginning until it is lifted."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Connection, func, insert, or_, select, update
from sqlalchemy.engine import Row

from schemas.tables import pause
from tasks.store.database import highest, in_utc

_ON_RECORD = pause.c.lifted_at.is_(None)


@dataclass(frozen=True)
class Pause:
    """One pause: of a cycle or an automatic work, since when, through which day (None: until lifted), by whom and why.

    `flow_run`: the run in Prefect whose cancelling meant it, blank for one stated as such.
    """

    subject: str
    paused_at: datetime
    until: date | None
    by: str
    reason: str
    flow_run: str = ""


def standing(db: Connection, day: date) -> list[Pause]:
    """Every pause in force on a day, by subject."""
    holds = (_ON_RECORD, or_(pause.c.until.is_(None), pause.c.until >= day))
    return [_read(row) for row in db.execute(select(pause).where(*holds).order_by(pause.c.subject))]


def over(db: Connection, day: date) -> list[Pause]:
    """Every pause whose last day has passed and which nobody has lifted, by subject."""
    rows = db.execute(select(pause).where(_ON_RECORD, pause.c.until < day).order_by(pause.c.subject))
    return [_read(row) for row in rows]


def of(db: Connection, subject: str) -> Pause | None:
    """The pause of a subject that nobody has lifted, even if its last day has passed; None if there is none."""
    row = db.execute(select(pause).where(_ON_RECORD, pause.c.subject == subject)).first()
    return _read(row) if row else None


def meant_by(db: Connection, flow_runs: list[str]) -> set[str]:
    """Those of the runs in Prefect whose cancelling has become a pause, lifted since or not."""
    return set(db.execute(select(pause.c.flow_run).where(pause.c.flow_run.in_(flow_runs))).scalars())


def last_lifted(db: Connection, subject: str) -> datetime | None:
    """When the last pause of a subject was lifted; None before the first."""
    last = db.execute(select(func.max(pause.c.lifted_at)).where(pause.c.subject == subject)).scalar()
    return in_utc(last) if last else None


def to_release(db: Connection) -> list[str]:
    """Subjects whose pause is lifted here but not yet in Prefect, sorted."""
    lifted = (pause.c.lifted_at.is_not(None), pause.c.released_at.is_(None))
    return sorted(set(db.execute(select(pause.c.subject).where(*lifted)).scalars()))


def released(db: Connection, subject: str) -> None:
    """Note that a subject's pause is lifted in Prefect as well."""
    lifted = (pause.c.subject == subject, pause.c.lifted_at.is_not(None), pause.c.released_at.is_(None))
    db.execute(update(pause).where(*lifted).values(released_at=datetime.now(UTC)))


def add(db: Connection, new: Pause) -> None:
    """Record a pause; the database allows a subject one at a time."""
    names = ("subject", "paused_at", "until", "by", "reason", "flow_run")
    db.execute(
        insert(pause).values(pause_id=highest(db, pause.c.pause_id) + 1, **{name: getattr(new, name) for name in names})
    )


def lift(db: Connection, subject: str, by: str, because: str) -> int:
    """Record that a subject's pause is lifted; returns how many were, 0 if somebody else was quicker."""
    values = {"lifted_at": datetime.now(UTC), "lifted_by": by, "lifted_because": because}
    return db.execute(update(pause).where(_ON_RECORD, pause.c.subject == subject).values(**values)).rowcount


def _read(row: "Row[Any]") -> Pause:
    values = {name: getattr(row, name) for name in ("subject", "until", "by", "reason", "flow_run")}
    return Pause(paused_at=in_utc(row.paused_at), **values)
