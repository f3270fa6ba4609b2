"""The append-only history: adding entries and checking their chain; which moves there are is the model's matter."""

from collections.abc import Iterator

import pandas as pd
from sqlalchemy import Connection, and_, func, or_, select

from schemas import tables
from schemas.history import CHAINED, GENESIS, digest
from schemas.run import Run
from tasks.store import frames
from tasks.store.database import is_sqlite

#: What whoever adds an entry tells; the number, who, when and in which run are added here.
_TOLD = ["kind", "subject", "occupation_code", "level", "was", "became", "because"]
_CHAIN_LOCK = 0x66696C69  # any fixed number: PostgreSQL writers of history take turns


def add(db: Connection, entries: pd.DataFrame, run: Run, by: str) -> None:
    """Append entries (kind, subject, occupation_code, level, was, became, because), chained to the last one."""
    if entries.empty:
        return
    if not is_sqlite(db):
        db.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_CHAIN_LOCK})")
    newest = select(tables.history.c.entry, tables.history.c.digest).order_by(tables.history.c.entry.desc()).limit(1)
    last = db.execute(newest).first()
    before, previous = (last.entry, last.digest) if last else (0, GENESIS)
    rows = []
    for number, told in enumerate(frames.rows_of(entries[_TOLD]), before + 1):
        entry = (number, *told, by, run.day.isoformat(), run.run_id)
        previous = digest(previous, entry)
        rows.append((*entry, previous))
    frames.append_rows(db, tables.history, [*CHAINED, "digest"], rows)


def one(kind: str, subject: str, was: str, became: str, because: str) -> pd.DataFrame:
    """A single entry that is not about an item."""
    row = {"kind": kind, "subject": subject, "occupation_code": "", "level": ""}
    return pd.DataFrame([{**row, "was": was, "became": became, "because": because}])


def of(db: Connection, subjects: list[str]) -> pd.DataFrame:
    """Every entry about these application numbers or credit codes, in order."""
    table = tables.history
    statement = select(table).where(table.c.subject.in_(subjects)).order_by(table.c.entry)
    return frames.read(db, statement)


def reopened(db: Connection, numbers: list[str]) -> dict[str, int]:
    """How often a corrected result reopened items of these applications after they were decided; none is left out."""
    table = tables.history
    moved = or_(
        and_(table.c.was == "filed", table.c.became == "failed"),
        and_(table.c.was == "failed", table.c.became == "passed"),
    )
    counted = select(table.c.subject, func.count()).where(table.c.kind == "item", moved).group_by(table.c.subject)
    wanted = set(numbers)
    return {subject: int(count) for subject, count in db.execute(counted) if subject in wanted}


def all_entries(db: Connection) -> pd.DataFrame:
    """The whole history, in order."""
    return frames.read(db, select(tables.history).order_by(tables.history.c.entry))


def broken_links(db: Connection) -> Iterator[str]:
    """Sentences naming the first entry whose digest does not fit; nothing when the chain holds."""
    previous, expected = GENESIS, 1
    for row in db.execute(select(tables.history).order_by(tables.history.c.entry)).mappings():
        entry = {**row, "on": row["on"].isoformat()}
        if row["entry"] != expected:
            yield f"history entry {expected} is missing"
            return
        previous = digest(previous, [entry[field] for field in CHAINED])
        if previous != row["digest"]:
            yield f"history entry {row['entry']} ({row['kind']} {row['subject']}) was changed after it was written"
            return
        expected += 1


def count(db: Connection) -> int:
    return db.execute(select(func.count()).select_from(tables.history)).scalar_one()
