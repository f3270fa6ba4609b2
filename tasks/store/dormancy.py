"""Dormancy marks as last swept; what makes an occupation dormant is decided in the sweep."""

import pandas as pd
from sqlalchemy import Connection, and_, delete, select

from schemas import tables
from schemas.run_summary import RunKey
from tasks.store import frames, history

_mark = tables.dormancy_mark


def marks(db: Connection) -> pd.DataFrame:
    """uscc, occupation_code, state, since (ISO)."""
    return frames.read(db, select(_mark)).sort_values(["uscc", "occupation_code"], ignore_index=True)


def mark(db: Connection, swept: pd.DataFrame, run: RunKey) -> pd.DataFrame:
    """Write the marks that changed (uscc, occupation_code, state), with their history; returns those."""
    keys = ["uscc", "occupation_code"]
    both = swept[[*keys, "state"]].merge(
        marks(db).rename(columns={"state": "was"})[[*keys, "was"]], on=keys, how="left"
    )
    changed = both[both["state"] != both["was"].fillna("")].sort_values(keys, ignore_index=True)
    if changed.empty:
        return changed
    work = frames.working(db, "marking", changed[keys])
    same = and_(_mark.c.uscc == work.c.uscc, _mark.c.occupation_code == work.c.occupation_code)
    db.execute(delete(_mark).where(select(work.c.uscc).where(same).exists()))
    frames.append(db, _mark, changed[[*keys, "state"]].assign(since=run.as_of.isoformat()))
    told = changed.assign(kind="dormancy", subject=changed["uscc"], level="", was=changed["was"].fillna(""))
    told = told.assign(became=told["state"], because="认定活动核定")
    wanted = ["kind", "subject", "occupation_code", "level", "was", "became", "because"]
    history.add(db, told[wanted], run, "filing")
    return changed
