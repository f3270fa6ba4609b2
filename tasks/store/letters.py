"""Letters in the outbox: written with their entry in the history, and listed by cycle, kind and subject."""

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd
from sqlalchemy import Connection, select

from schemas import tables
from schemas.run import Run
from schemas.tables import outbox
from tasks.store import history
from tasks.store.outbox import LETTERS, Entry
from tasks.store.outbox import write as put

_LETTERS = outbox.c.box == LETTERS.code


def write(db: Connection, letters: Sequence[Entry], run: Run) -> int:
    """Put letters into the outbox whose occasion has had none yet; returns how many."""
    new = put(db, LETTERS, [replace(letter, cycle=run.cycle) for letter in letters], run.day)
    if new:
        lines = [{"subject": entry.subject, "became": entry.kind, "because": entry.occasion} for entry in new]
        history.add(db, "notice", pd.DataFrame(lines), run, "filing")
    return len(new)


def of_cycle(db: Connection, cycle: str, kind: str) -> list[tuple[str, str, str]]:
    """Letters of a kind written in a cycle: subject, day, and the file they were delivered as, in order."""
    statement = select(outbox.c.subject, outbox.c.written_on, outbox.c.receipt).where(
        _LETTERS, outbox.c.cycle == cycle, outbox.c.kind == kind
    )
    return sorted((subject, day.isoformat(), receipt or "") for subject, day, receipt in db.execute(statement))


def subjects(db: Connection, occasions: Sequence[str]) -> set[str]:
    """Application numbers the letters of these occasions are about."""
    about = outbox.c.subject.in_(select(tables.application.c.application_no))
    return set(db.execute(select(outbox.c.subject).where(_LETTERS, outbox.c.occasion.in_(occasions), about)).scalars())


def occasions(db: Connection, kind: str) -> set[str]:
    """Every occasion a kind of letter was written for."""
    return set(db.execute(select(outbox.c.occasion).where(_LETTERS, outbox.c.kind == kind)).scalars())
