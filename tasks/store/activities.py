"""Evaluation activities (认定活动), whether any were ever supplied, and the dormancy marks of the last sweep."""

from datetime import date

import pandas as pd
from sqlalchemy import Connection, delete, select, update

from schemas import tables
from schemas.item import TRADE
from schemas.law.standing import OCCUPATION
from schemas.qualification import KEYS
from schemas.run import Run
from tasks.store import code_changes, conditions, frames, history, institutions, seals

_KEYS = [*KEYS, "held_on"]


def note_supplied(db: Connection, names: set[str], run: Run) -> None:
    """Remember that a side table was supplied, even an empty one."""
    supplied_before = set(db.execute(select(tables.supplied.c.name)).scalars())
    new = sorted(names - supplied_before)
    supplied = pd.DataFrame({"name": new, "first_on": [run.day.isoformat()] * len(new)})
    seals.touch(db, seals.SUPPLIED, supplied)
    frames.append(db, tables.supplied, supplied)


def every(db: Connection) -> pd.DataFrame | None:
    """Every recorded activity, or None when no activity table was ever supplied."""
    ever = select(tables.supplied.c.name).where(tables.supplied.c.name == "activities")
    if db.execute(ever).first() is None:
        return None
    frame = frames.read(db, select(tables.activity))
    return frame.assign(
        uscc=institutions.followed(db, frame["uscc"]),
        occupation_code=code_changes.follow_occupations(db, frame["occupation_code"]),
        candidates=frame["candidates"].astype("str"),
    )


def add(db: Connection, rows: pd.DataFrame) -> int:
    """Record activities (typed: ISO date, whole numbers); one of the same day and item replaces the former.

    If a feed has several of one day and item, the one with the most candidates counts, so that an empty sitting does not
    undo one that was held (contract section 5, DORM-1).
    """
    keys = _KEYS
    rows = rows.fillna({"work_type": ""})
    rows = rows.sort_values("candidates", kind="stable").drop_duplicates(keys, keep="last").sort_index()
    recorded = frames.read(db, select(tables.activity))
    new = rows.merge(recorded, on=[*keys, "candidates", "passed"], how="left", indicator=True)
    new = new[new["_merge"] == "left_only"].drop(columns="_merge")
    seals.touch(db, seals.ACTIVITIES, new)
    _drop_activities(db, new[keys].merge(recorded[keys], on=keys))
    frames.append(db, tables.activity, new[[*keys, "candidates", "passed"]])
    return len(new)


def _drop_activities(db: Connection, replaced: pd.DataFrame) -> None:
    table = tables.activity
    for row in replaced.to_dict("records"):
        same = (table.c[key] == row[key] for key in KEYS)
        db.execute(table.delete().where(*same, table.c.held_on == date.fromisoformat(row["held_on"])))


_mark = tables.dormancy_mark


def marks(db: Connection) -> pd.DataFrame:
    """OCCUPATION, state, since (ISO)."""
    return frames.read(db, select(_mark), OCCUPATION)


def mark(db: Connection, swept: pd.DataFrame, run: Run, *, also_later: bool) -> pd.DataFrame:
    """Write the marks that changed (OCCUPATION, state, because), with their history; returns those.

    Occupations not among them are no longer on file and lose their mark. A mark made for a day after the run's stays,
    unless `also_later`.
    """
    marks_before = marks(db).rename(columns={"state": "was"})
    both = swept[[*OCCUPATION, "state", "because"]].merge(marks_before, on=OCCUPATION, how="outer")
    both = both.fillna({"was": "", "state": "", "because": "已不在册", "since": ""})
    stays = (both["state"] == both["was"]) | ((both["since"] > run.day.isoformat()) & (not also_later))
    changed = both[~stays].sort_values(OCCUPATION, ignore_index=True)
    if changed.empty:
        return changed
    seals.touch(db, seals.DORMANCY_MARK, changed)
    work = frames.working(db, "marking", changed[OCCUPATION])
    db.execute(delete(_mark).where(conditions.among(_mark, work, OCCUPATION)))
    present = changed[changed["state"] != ""]
    frames.append(db, _mark, present[[*OCCUPATION, "state"]].assign(since=run.day.isoformat()))
    moves = changed[[*TRADE, "was", "because"]].assign(subject=changed["uscc"], became=changed["state"])
    history.add(db, "dormancy", moves, run, "filing")
    return present


def rekey_marks(db: Connection, column: str, old: str, new: str) -> None:
    """Move the marks of one credit code or occupation code to another; a mark that the other has already stands."""
    other_mark, has_old_code = _mark.alias(), _mark.c[column] == old
    same = (other_mark.c[name] == (new if name == column else _mark.c[name]) for name in OCCUPATION)
    marks_moved = marks(db)
    marks_moved = marks_moved[marks_moved[column] == old]
    seals.touch(db, seals.DORMANCY_MARK, marks_moved)
    seals.touch(db, seals.DORMANCY_MARK, marks_moved.assign(**{column: new}))
    db.execute(delete(_mark).where(has_old_code, select(other_mark.c.uscc).where(*same).exists()))
    db.execute(update(_mark).where(has_old_code).values({column: new}))
