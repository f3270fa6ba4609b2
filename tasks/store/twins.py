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
    columns = (*(_application.c[name] for name in ("application_no", "uscc", "version")), _version.c.kind)
    chosen = select(*columns).join(_version, conditions.is_current())
    mine = frames.read(db, chosen.where(_application.c.cycle == cycle, _application.c.outcome.is_(None)))
    mine = mine[mine["uscc"].fillna("") != ""]
    mine = mine.assign(kind=mine["kind"].fillna(""))
    repeating = mine["application_no"].isin(_repeating(db, cycle))
    # most have no twin
    several = mine[mine["uscc"].duplicated(keep=False)]
    twins = mine.loc[several.index, ["application_no", "uscc"]].merge(several, on="uscc", suffixes=("", "_other"))
    twins = twins[twins["application_no"] != twins["application_no_other"]]
    others: dict[str, list[str]] = {}
    for number, other, kind in tuples(twins[["application_no", "application_no_other", "kind"]]):
        others.setdefault(number, []).append(other + _RENEWS.get(kind, ""))
    for number, rows in _details(db, cycle, mine[repeating], twins).groupby("application_no")["mark"]:
        others.setdefault(str(number), []).extend(rows)
    return {number: ";".join(sorted(others.get(number, []))) for number in mine["application_no"]}


def _repeating(db: Connection, cycle: str) -> set[str]:
    """Applications of a cycle whose current version has FORM-8 or OCC-14."""
    finding = tables.finding
    current = conditions.same(finding, _application, VERSION)
    statement = select(_application.c.application_no).join(finding, current).distinct()
    mine = (_application.c.cycle == cycle, finding.c.rule.in_(["FORM-8", "OCC-14"]), finding.c.table != "results")
    return set(db.execute(statement.where(*mine)).scalars())


def _details(db: Connection, cycle: str, repeating: pd.DataFrame, twins: pd.DataFrame) -> pd.DataFrame:
    """application_no and a mark of each version of a twin, and of each item of the institution in another cycle."""
    if repeating.empty:
        return pd.DataFrame({"application_no": [], "mark": []}, dtype=frames.TEXT)
    versions = twins[twins["application_no"].isin(repeating["application_no"])]
    versions = versions.assign(mark=versions["application_no_other"] + ":v" + versions["version"].astype(str))
    elsewhere = repeating[["application_no", "uscc"]].merge(under_way(db, cycle), on="uscc", suffixes=("", "_other"))
    parts = tuples(elsewhere[["application_no_other", *UNIT]])
    elsewhere["mark"] = pd.Series(["/".join(part) for part in parts], index=elsewhere.index, dtype=frames.TEXT)
    return pd.concat([versions[["application_no", "mark"]], elsewhere[["application_no", "mark"]]])
