"""The letters' outbox: one row for an occasion, whatever is repeated; rendering and posting belong to the tasks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pandas as pd
from sqlalchemy import Connection, insert, select, update

from schemas import tables
from schemas.run import Run
from tasks.store import frames, history

_notice = tables.notice


@dataclass(frozen=True)
class Notice:
    """One letter to be sent: its occasion is its key."""

    occasion: str
    kind: str
    subject: str
    content: dict[str, Any]


def write(db: Connection, notices: Sequence[Notice], run: Run) -> int:
    """Put letters into the outbox whose occasion has had none yet; returns how many."""
    if not notices:
        return 0
    asked = pd.DataFrame({"occasion": [notice.occasion for notice in notices]}, dtype=frames.TEXT)
    work = frames.working(db, "occasions", asked)
    known = set(db.execute(select(_notice.c.occasion).join(work, work.c.occasion == _notice.c.occasion)).scalars())
    new = sorted((notice for notice in notices if notice.occasion not in known), key=lambda notice: notice.occasion)
    if not new:
        return 0
    rows = [
        {
            "occasion": notice.occasion,
            "kind": notice.kind,
            "subject": notice.subject,
            "cycle": run.cycle,
            "written_on": run.day,
            "content": notice.content,
        }
        for notice in new
    ]
    db.execute(insert(_notice), rows)
    told = pd.DataFrame(rows)[["kind", "subject", "occasion"]].rename(columns={"kind": "became", "occasion": "because"})
    history.add(db, "notice", told, run, "filing")
    return len(new)


def undelivered(db: Connection) -> list[str]:
    """Occasions whose letter has not been delivered, in order."""
    statement = select(_notice.c.occasion).where(_notice.c.delivered_at.is_(None))
    return sorted(db.execute(statement).scalars())


def of_cycle(db: Connection, cycle: str, kind: str) -> list[tuple[str, str, str]]:
    """Letters of a kind written in a cycle: subject, day, and the file they were delivered as, in order."""
    statement = select(_notice.c.subject, _notice.c.written_on, _notice.c.receipt).where(
        _notice.c.cycle == cycle, _notice.c.kind == kind
    )
    return sorted((subject, day.isoformat(), receipt or "") for subject, day, receipt in db.execute(statement))


def subjects(db: Connection, occasions: list[str]) -> set[str]:
    """Application numbers the letters of these occasions are about."""
    about = _notice.c.subject.in_(select(tables.application.c.application_no))
    return set(db.execute(select(_notice.c.subject).where(_notice.c.occasion.in_(occasions), about)).scalars())


def read(db: Connection, occasion: str) -> Notice:
    """The letter as it was put into the outbox."""
    row = db.execute(select(_notice).where(_notice.c.occasion == occasion)).one()
    return Notice(row.occasion, row.kind, row.subject, row.content)


def delivered(db: Connection, occasion: str, receipt: str) -> None:
    """Note that a letter has been handed over."""
    mine = _notice.c.occasion == occasion
    db.execute(update(_notice).where(mine).values(delivered_at=datetime.now(UTC), receipt=receipt))


def occasions(db: Connection, kind: str) -> set[str]:
    """Every occasion a kind of letter was written for."""
    return set(db.execute(select(_notice.c.occasion).where(_notice.c.kind == kind)).scalars())
