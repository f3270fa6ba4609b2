"""Twins: the other applications an institution's application is checked beside, of its cycle and of others."""

import pandas as pd
from sqlalchemy import Connection, and_, select

from schemas import tables
from schemas.item import UNDER_WAY, UNIT, VERSION
from schemas.rows import tuples
from tasks.store import conditions, frames

_application = tables.application
_version = tables.application_version
#: What the mark of a twin says of its kind; a blank kind is one that cannot be read.
_RENEWS = {"renewal": ":renewal", "": ":?"}


def peers(db: Connection, cycle: str) -> pd.DataFrame:
    """Every current application of the cycle that is neither withdrawn nor ended: the columns of `scene.PEERS`."""
    statement = (
        select(_application.c.application_no, _application.c.uscc, _version.c.kind, _version.c.submitted_utc)
        .join(_version, conditions.is_current())
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

    One that comes or goes changes it (FORM-8, OCC-14), or whose version is a renewal where the former was none. For an
    application with such a finding so does any version of one, and an item under way in another cycle. What CAP-1 counts
    elsewhere does not: its hold falls without a check.
    """
    columns = (_application.c[name] for name in ("uscc", "application_no", "version"))
    chosen = select(*columns, _version.c.kind).join(_version, conditions.is_current())
    live = (_application.c.cycle == cycle, _application.c.outcome.is_(None), _application.c.uscc.is_not(None))
    by_institution: dict[str, list[tuple[str, int, str]]] = {}
    for uscc, number, version, kind in db.execute(chosen.where(*live)):
        if uscc:
            by_institution.setdefault(uscc, []).append((number, version, _RENEWS.get(kind or "", "")))
    repeating = _repeating(db, cycle)
    elsewhere = _elsewhere(db, cycle) if repeating else {}
    among: dict[str, str] = {}
    for uscc, applications in by_institution.items():
        for number, *_ in applications:
            twins = [(twin, version, kind) for twin, version, kind in applications if twin != number]
            marks = [twin + kind for twin, _, kind in twins]
            if number in repeating:
                marks += [*(f"{twin}:v{version}" for twin, version, _ in twins), *elsewhere.get(uscc, ())]
            among[number] = ";".join(sorted(marks))
    return among


def _repeating(db: Connection, cycle: str) -> set[str]:
    """Applications of a cycle whose current version has FORM-8 or OCC-14."""
    finding = tables.finding
    current = conditions.same(finding, _application, VERSION)
    statement = select(_application.c.application_no).join(finding, current).distinct()
    repeating = (_application.c.cycle == cycle, finding.c.rule.in_(["FORM-8", "OCC-14"]), finding.c.table != "results")
    return set(db.execute(statement.where(*repeating)).scalars())


def _elsewhere(db: Connection, cycle: str) -> dict[str, list[str]]:
    """A mark of each item of an institution in another cycle, by uscc."""
    marks: dict[str, list[str]] = {}
    for uscc, *parts in tuples(under_way(db, cycle)[["uscc", "application_no", *UNIT]]):
        marks.setdefault(uscc, []).append("/".join(parts))
    return marks
