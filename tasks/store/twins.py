"""Twins: the other applications an institution's application is checked beside, of its cycle and of others."""

import pandas as pd
from sqlalchemy import Connection, and_, select

from schemas import tables
from schemas.item import UNDER_WAY, UNIT
from tasks.store import frames

_application = tables.application
_version = tables.application_version


def peers(db: Connection, cycle: str) -> pd.DataFrame:
    """Every current application of the cycle that is neither withdrawn nor ended: the columns of `scene.PEERS`."""
    current = and_(
        _version.c.application_no == _application.c.application_no, _version.c.version == _application.c.version
    )
    statement = (
        select(_application.c.application_no, _application.c.uscc, _version.c.kind, _version.c.submitted_utc)
        .join(_version, current)
        .where(_application.c.cycle == cycle, _application.c.outcome.is_(None))
    )
    return frames.read(db, statement)


def peer_items(db: Connection, cycle: str) -> pd.DataFrame:
    """The items of those applications as they stand: the columns of `scene.PEER_ITEMS`."""
    item = tables.item
    live = and_(item.c.application_no == _application.c.application_no, _application.c.outcome.is_(None))
    columns = [item.c[name] for name in ("application_no", "uscc", *UNIT, "status")]
    return frames.read(db, select(*columns).join(_application, live).where(_application.c.cycle == cycle))


def under_way(db: Connection, cycle: str) -> pd.DataFrame:
    """Items of other cycles that are under way: the columns of `scene.UNDER_WAY`."""
    item = tables.item
    columns = [item.c[name] for name in ("application_no", "cycle", "uscc", *UNIT)]
    return frames.read(db, select(*columns).where(item.c.cycle != cycle, item.c.status.in_(UNDER_WAY)))


def among(db: Connection, cycle: str) -> dict[str, str]:
    """Application number to the institution's other applications its check looks at, as text; blank where there are none.

    A version that comes or goes changes it, and so does an item under way in another cycle (FORM-8, OCC-14, CAP-1).
    """
    columns = ("application_no", "uscc", "version")
    chosen = select(*(_application.c[name] for name in columns))
    mine = frames.read(db, chosen.where(_application.c.cycle == cycle, _application.c.outcome.is_(None)))
    mine = mine[mine["uscc"].fillna("") != ""]
    mine["mark"] = mine["application_no"] + ":v" + mine["version"].astype(str)
    elsewhere = under_way(db, cycle)
    elsewhere["mark"] = elsewhere[["application_no", *UNIT]].agg("/".join, axis=1) if len(elsewhere) else ""
    every = pd.concat([mine[["uscc", "mark"]], elsewhere[["uscc", "mark"]]])
    marks = every.sort_values("mark").groupby("uscc")["mark"].agg(list).to_dict()
    return {
        number: ";".join(mark for mark in marks[uscc] if mark != own)
        for number, uscc, own in zip(mine["application_no"], mine["uscc"], mine["mark"], strict=True)
    }
