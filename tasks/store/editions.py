"""Editions in the database: their rows, and which of them stands; building files belongs to the shelf."""

from typing import Any

import pandas as pd
from sqlalchemy import Connection, func, insert, select, update
from sqlalchemy.engine import RowMapping

from schemas import tables
from schemas.directory import DIRECTORY_COLUMNS
from schemas.run_summary import RunKey
from tasks.store import frames, history

_edition = tables.edition
_row = tables.edition_row
_ORDER = (_edition.c.cycle, _edition.c.number)


def newest(db: Connection, *standings: str) -> RowMapping | None:
    """The newest edition in one of these standings, or in any."""
    statement = select(_edition).order_by(*(column.desc() for column in _ORDER)).limit(1)
    if standings:
        statement = statement.where(_edition.c.standing.in_(standings))
    return db.execute(statement).mappings().first()


def get(db: Connection, name: str) -> RowMapping | None:
    return db.execute(select(_edition).where(_edition.c.edition == name)).mappings().first()


def published(db: Connection) -> list[RowMapping]:
    """Published editions, oldest first."""
    statement = select(_edition).where(_edition.c.standing == "published").order_by(*_ORDER)
    return list(db.execute(statement).mappings())


def rows_of(db: Connection, name: str) -> pd.DataFrame:
    """The directory rows of an edition (DIRECTORY_COLUMNS, text), sorted."""
    statement = select(*(_row.c[column] for column in DIRECTORY_COLUMNS)).where(_row.c.edition == name)
    return frames.read(db, statement).fillna("").sort_values(["uscc", "occupation_code"], ignore_index=True)


def draft(db: Connection, rows: pd.DataFrame, run: RunKey, *, previous: str | None, waits_because: str) -> str:
    """A new edition of the run's cycle with these rows; it waits for approval when there is a reason to. Its name."""
    last = select(func.coalesce(func.max(_edition.c.number), 0)).where(_edition.c.cycle == run.cycle)
    number = int(db.execute(last).scalar_one()) + 1
    name = f"{run.cycle}.{number}"
    values: dict[str, Any] = {"edition": name, "cycle": run.cycle, "number": number, "as_of": run.as_of}
    standing = "waiting" if waits_because else "building"
    db.execute(insert(_edition).values(**values, standing=standing, waits_because=waits_because, previous=previous))
    frames.append(db, _row, rows[DIRECTORY_COLUMNS].assign(edition=name))
    history.add(db, history.one("edition", name, "", standing, waits_because or "目录有变化"), run, "filing")
    return name


def discard(db: Connection, name: str, run: RunKey, because: str) -> None:
    """Take back a drafted edition that was never published."""
    db.execute(_row.delete().where(_row.c.edition == name))
    db.execute(_edition.delete().where(_edition.c.edition == name, _edition.c.standing != "published"))
    history.add(db, history.one("edition", name, "waiting", "", because), run, "filing")


def approve(db: Connection, name: str, run: RunKey, by: str) -> None:
    """Release an edition that waits."""
    db.execute(
        update(_edition)
        .where(_edition.c.edition == name, _edition.c.standing == "waiting")
        .values(standing="building", approved_by=by)
    )
    history.add(db, history.one("edition", name, "waiting", "building", "批准发布"), run, by)


def placed(db: Connection, name: str, manifest_sha256: str, run: RunKey) -> None:
    """Note that the edition's folder stands in its place."""
    db.execute(
        update(_edition).where(_edition.c.edition == name).values(standing="published", manifest_sha256=manifest_sha256)
    )
    history.add(db, history.one("edition", name, "building", "published", manifest_sha256), run, "filing")
