"""Dormancy marks as last swept; what makes an occupation dormant is decided in the sweep."""

import pandas as pd
from sqlalchemy import Connection, and_, delete, select, update

from schemas import tables
from schemas.run import Run
from tasks.store import frames, history

_mark = tables.dormancy_mark
KEYS = ["uscc", "occupation_code"]


def marks(db: Connection) -> pd.DataFrame:
    """uscc, occupation_code, state, since (ISO)."""
    return frames.read(db, select(_mark)).sort_values(KEYS, ignore_index=True)


def mark(db: Connection, swept: pd.DataFrame, run: Run) -> pd.DataFrame:
    """Write the marks that changed (uscc, occupation_code, state, because), with their history; returns those.

    The mark of an occupation that was not swept is taken away: it is no longer on file.
    """
    both = swept[[*KEYS, "state", "because"]].merge(
        marks(db).rename(columns={"state": "was"})[[*KEYS, "was"]], on=KEYS, how="outer"
    )
    both = both.fillna({"was": "", "state": "", "because": "已不在册"})
    changed = both[both["state"] != both["was"]].sort_values(KEYS, ignore_index=True)
    if changed.empty:
        return changed
    work = frames.working(db, "marking", changed[KEYS])
    same = and_(_mark.c.uscc == work.c.uscc, _mark.c.occupation_code == work.c.occupation_code)
    db.execute(delete(_mark).where(select(work.c.uscc).where(same).exists()))
    present = changed[changed["state"] != ""]
    frames.append(db, _mark, present[[*KEYS, "state"]].assign(since=run.day.isoformat()))
    moves = changed[["occupation_code", "was", "because"]].assign(subject=changed["uscc"], became=changed["state"])
    history.add(db, "dormancy", moves, run, "filing")
    return present


def move(db: Connection, old: str, new: str) -> None:
    """Give the marks of one credit code to another."""
    db.execute(update(_mark).where(_mark.c.uscc == old).values(uscc=new))
