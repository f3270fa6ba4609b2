"""Suspensions (暂停) on the register: who is suspended when, and when we knew it."""

from datetime import date, timedelta

import pandas as pd
from sqlalchemy import Connection, and_, or_, select, update
from sqlalchemy.sql.elements import ColumnElement

from schemas import tables
from schemas.qualification import KEYS
from schemas.run import Run
from tasks.store import frames, seals
from tasks.store.database import highest

_suspension = tables.suspension


def every(db: Connection, known_on: date | None = None) -> pd.DataFrame:
    """Every suspension: keys, starts_on and ends_on (ISO, missing while open), as known now or as known on a day."""
    open_still: ColumnElement[bool] = _suspension.c.known_to.is_(None)
    chosen = open_still
    if known_on is not None:
        chosen = and_(_suspension.c.known_from <= known_on, or_(open_still, _suspension.c.known_to > known_on))
    columns = [*(_suspension.c[key] for key in KEYS), _suspension.c.starts_on, _suspension.c.ends_on]
    return frames.read(db, select(*columns).where(chosen), [*KEYS, "starts_on"])


def concerning(suspensions: pd.DataFrame, entries: pd.DataFrame, day: "pd.Series[str] | str") -> "pd.Series[bool]":
    """Which entries (keys, filed_on) are suspended on a day, or each on its own day (ISO).

    A suspension concerns the filing it was decided on: what is filed anew after a lapse is not suspended by it.
    """
    numbered = entries[[*KEYS, "filed_on"]].assign(day=day, place=range(len(entries)))
    both = numbered[numbered["uscc"].isin(suspensions["uscc"])].merge(suspensions, on=KEYS)
    runs = (both["filed_on"] <= both["starts_on"]) & (both["starts_on"] <= both["day"])
    open_still = both["ends_on"].isna() | (both["ends_on"] >= both["day"])
    hit = set(both.loc[runs & open_still, "place"])
    return pd.Series([place in hit for place in range(len(entries))], index=entries.index, dtype="bool")


def begin(db: Connection, entries: pd.DataFrame, day: date, run: Run) -> None:
    """Suspend these entries (keys) from a day on."""
    _append(db, entries[KEYS].assign(starts_on=day.isoformat(), ends_on=None), run)


def end(db: Connection, entries: pd.DataFrame, day: date, run: Run) -> None:
    """Let the open suspensions of these entries (keys) end on the day before a day."""
    present = every(db)
    ended = present[present["ends_on"].isna()].merge(entries[KEYS].drop_duplicates(), on=KEYS)
    _forget(db, ended, run)
    _append(db, ended.assign(ends_on=(day - timedelta(days=1)).isoformat()), run)


def rekey(db: Connection, run: Run, column: str, old: str, new: str, but: pd.DataFrame) -> None:
    """Give the suspensions of one credit code or occupation code to another; those of the keys in `but` end with it."""
    present = every(db)
    of_old_code = present[present[column] == old]
    _forget(db, of_old_code, run)
    moved = of_old_code.assign(**{column: new})
    matched = moved.merge(but[KEYS].drop_duplicates(), on=KEYS, how="left", indicator=True)
    _append(db, matched[matched["_merge"] == "left_only"].drop(columns="_merge"), run)


def _forget(db: Connection, rows: pd.DataFrame, run: Run) -> None:
    seals.touch(db, seals.SUSPENSIONS, rows)
    for row in rows.to_dict("records"):
        same = and_(*(_suspension.c[key] == row[key] for key in KEYS))
        started = _suspension.c.starts_on == date.fromisoformat(row["starts_on"])
        db.execute(update(_suspension).where(same, started, _suspension.c.known_to.is_(None)).values(known_to=run.day))


def _append(db: Connection, rows: pd.DataFrame, run: Run) -> None:
    first = highest(db, _suspension.c.entry) + 1
    ordered = rows[[*KEYS, "starts_on", "ends_on"]].sort_values([*KEYS, "starts_on"]).astype(frames.TEXT)
    numbered = ordered.assign(entry=range(first, first + len(ordered)), known_from=run.day.isoformat())
    seals.touch(db, seals.SUSPENSIONS, numbered)
    frames.append(db, _suspension, numbered)
