"""The append-only history: adding entries, reading them, and checking their chain."""

from collections.abc import Iterator

import pandas as pd
from sqlalchemy import Connection, Text, and_, cast, func, or_, select

from schemas import tables
from schemas.history import CHAINED, GENESIS, digest, facts_of, facts_text
from schemas.item import UNIT
from schemas.run import Run
from tasks.store import frames
from tasks.store.database import is_sqlite

_history = tables.history
_PLAIN = [*CHAINED[: CHAINED.index("facts")], *CHAINED[CHAINED.index("facts") + 1 :]]
_FACTS = cast(_history.c.facts, Text).label("facts")
#: The columns of an entry its writer gives; the number, who, when and in which run are added here.
_GIVEN = ["kind", "subject", *UNIT, "was", "became", "because", "facts"]
#: What an entry has that concerns no occupation, comes from nowhere, or has no facts.
_BLANK = {**dict.fromkeys(UNIT, ""), "was": "", "facts": facts_text()}
_CHAIN_LOCK = 0x66696C69  # any fixed number: PostgreSQL writers of history take turns


def add(db: Connection, kind: str, entries: pd.DataFrame, run: Run, by: str) -> None:
    """Append entries of a kind, chained to the last one.

    `entries`: subject, became, because; where they apply UNIT, was, and facts (of `facts_text`). Other columns are not
    looked at.
    """
    if entries.empty:
        return
    if not is_sqlite(db):
        db.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_CHAIN_LOCK})")
    newest = select(_history.c.entry, _history.c.digest).order_by(_history.c.entry.desc()).limit(1)
    last = db.execute(newest).first()
    before, previous = (last.entry, last.digest) if last else (0, GENESIS)
    blanks = {name: value for name, value in _BLANK.items() if name not in entries.columns}
    rows = []
    for number, given in enumerate(frames.rows_of(entries.assign(kind=kind, **blanks)[_GIVEN]), before + 1):
        entry = (number, *given, by, run.day.isoformat(), run.run_id)
        previous = digest(previous, entry)
        rows.append((*entry, previous))
    frames.append_rows(db, _history, [*CHAINED, "digest"], rows)


def add_one(db: Connection, kind: str, subject: str, because: str, run: Run, by: str, **entry: str) -> None:
    """Append one entry that concerns no single occupation; `entry`: became, and where they apply was and facts."""
    add(db, kind, pd.DataFrame([{"subject": subject, "because": because, **entry}]), run, by)


def facts(rows: pd.DataFrame, **shared: object) -> list[str]:
    """The facts of an entry for each row: its columns by name, and what all rows share."""
    names = [str(name) for name in rows.columns]
    values = rows.itertuples(index=False, name=None)
    return [facts_text(**dict(zip(names, row, strict=True)), **shared) for row in values]


def of(db: Connection, subjects: list[str]) -> pd.DataFrame:
    """Every entry about these application numbers or credit codes, in order, without its facts."""
    columns = [*(_history.c[name] for name in _PLAIN), _history.c.digest]
    return frames.read(db, select(*columns).where(_history.c.subject.in_(subjects)).order_by(_history.c.entry))


def reopened(db: Connection, numbers: list[str]) -> dict[str, int]:
    """How often a corrected result reopened items of these applications after they were decided; none is left out."""
    moved = or_(
        and_(_history.c.was == "filed", _history.c.became == "failed"),
        and_(_history.c.was == "failed", _history.c.became == "passed"),
    )
    counted = (
        select(_history.c.subject, func.count()).where(_history.c.kind == "item", moved).group_by(_history.c.subject)
    )
    asked = set(numbers)
    return {subject: int(count) for subject, count in db.execute(counted) if subject in asked}


def all_entries(db: Connection) -> pd.DataFrame:
    """The whole history, in order; facts as JSON text."""
    columns = [_FACTS if name == "facts" else _history.c[name] for name in CHAINED]
    return frames.read(db, select(*columns, _history.c.digest).order_by(_history.c.entry))


def last_moves(db: Connection) -> pd.DataFrame:
    """The last move of everything that was ever on the register: uscc, UNIT and what it became."""
    unit = [_history.c[name] for name in UNIT]
    statement = select(_history.c.subject.label("uscc"), *unit, _history.c.entry, _history.c.became)
    moves = frames.read(db, statement.where(_history.c.kind == "qualification")).sort_values("entry")
    return moves.drop_duplicates(["uscc", *UNIT], keep="last").drop(columns="entry")


def filings(db: Connection) -> pd.DataFrame:
    """uscc and UNIT of everything that was ever filed."""
    columns = (_history.c.subject.label("uscc"), *(_history.c[name] for name in UNIT))
    filed = (_history.c.kind == "qualification", _history.c.became == "filed")
    return frames.read(db, select(*columns).where(*filed).distinct())


def lapses(db: Connection) -> set[tuple[str, ...]]:
    """uscc, UNIT and last day (ISO) of every term that ran out."""
    columns = (_history.c.subject, *(_history.c[name] for name in UNIT), _FACTS)
    statement = select(*columns).where(_history.c.kind == "qualification", _history.c.became == "lapsed")
    return {(*key, facts_of(facts)["valid_until"]) for *key, facts in db.execute(statement)}


def broken_links(db: Connection) -> Iterator[str]:
    """Sentences naming the first entry whose digest does not fit; nothing when the chain holds."""
    previous, expected = GENESIS, 1
    for row in all_entries(db).to_dict("records"):
        if row["entry"] != expected:
            yield f"history entry {expected} is missing"
            return
        previous = digest(previous, [row[name] for name in CHAINED])
        if previous != row["digest"]:
            yield f"history entry {row['entry']} ({row['kind']} {row['subject']}) was changed after it was written"
            return
        expected += 1


def count(db: Connection) -> int:
    return db.execute(select(func.count()).select_from(_history)).scalar_one()
