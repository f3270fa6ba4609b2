"""Evaluation activities (认定活动) and whether any were ever supplied; what makes an occupation dormant is decided elsewhere."""

from datetime import date

import pandas as pd
from sqlalchemy import Connection, select

from schemas import tables
from schemas.qualification import KEYS
from schemas.run import Run
from tasks.store import frames, recodings

_KEYS = [*KEYS, "held_on"]


def note_supplied(db: Connection, names: set[str], run: Run) -> None:
    """Remember that a side table was supplied, even an empty one."""
    known = set(db.execute(select(tables.supplied.c.name)).scalars())
    new = sorted(names - known)
    frames.append(db, tables.supplied, pd.DataFrame({"name": new, "first_on": [run.day.isoformat()] * len(new)}))


def every(db: Connection) -> pd.DataFrame | None:
    """Every recorded activity, or None when no activity table was ever supplied."""
    ever = select(tables.supplied.c.name).where(tables.supplied.c.name == "activities")
    if db.execute(ever).first() is None:
        return None
    frame = frames.read(db, select(tables.activity))
    return frame.assign(uscc=recodings.followed(db, frame["uscc"]), candidates=frame["candidates"].astype("str"))


def add(db: Connection, rows: pd.DataFrame) -> int:
    """Record activities (typed: ISO date, whole numbers); one of the same day and item replaces the former.

    Of several of one day and item in one feed the one with the most candidates counts: an empty sitting does not undo
    one that was held (contract section 5, DORM-1).
    """
    keys = _KEYS
    rows = rows.sort_values("candidates", kind="stable").drop_duplicates(keys, keep="last").sort_index()
    known = frames.read(db, select(tables.activity))
    new = rows.merge(known, on=[*keys, "candidates", "passed"], how="left", indicator=True)
    new = new[new["_merge"] == "left_only"].drop(columns="_merge")
    _drop_activities(db, new[keys].merge(known[keys], on=keys))
    frames.append(db, tables.activity, new[[*keys, "candidates", "passed"]])
    return len(new)


def _drop_activities(db: Connection, replaced: pd.DataFrame) -> None:
    table = tables.activity
    for row in replaced.to_dict("records"):
        same = (table.c[key] == row[key] for key in KEYS)
        db.execute(table.delete().where(*same, table.c.held_on == date.fromisoformat(row["held_on"])))
