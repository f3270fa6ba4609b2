"""The scene of a cycle's check: what is on record beside the submissions, as it stands on the deadline."""

from dataclasses import replace

import pandas as pd
from sqlalchemy import Connection, select

from expectations.check import occupations_without_level
from expectations.scene import PEER_ITEMS, Scene
from schemas import tables
from schemas.item import TRADE, VERSION
from schemas.law.cycle import CycleId
from schemas.policy import for_cycle
from schemas.reference_data import reference
from tasks.store import activities, applications, conditions, frames, register, renumberings, standing, twins

_application = tables.application
_finding = tables.finding


def scene(db: Connection, cycle: CycleId) -> Scene:
    """The world the cycle is judged against: the register as it stands on the deadline (contract section 5)."""
    there, numbers = _facts(db, cycle), _with_unread_levels(db, cycle)
    if not numbers:
        return there
    return replace(there, peer_items=pd.concat([there.peer_items, _without_level(db, numbers, there)]))


def without_level(db: Connection, cycle: CycleId) -> pd.DataFrame:
    """What current applications ask for at levels nobody can read: the columns of `scene.PEER_ITEMS`, a blank level."""
    numbers = _with_unread_levels(db, cycle)
    return _without_level(db, numbers, _facts(db, cycle)) if numbers else pd.DataFrame(columns=PEER_ITEMS, dtype="str")


def _facts(db: Connection, cycle: CycleId) -> Scene:
    policy = for_cycle(cycle)
    on_file = register.before_cycle(db, policy.deadline(cycle), cycle)
    return Scene(
        cycle=cycle,
        policy=policy,
        reference=reference(),
        on_file=on_file,
        activities=activities.every(db),
        peers=twins.peers(db, cycle),
        peer_items=renumbered(db, twins.peer_items(db, cycle)),
        under_way=renumbered(db, twins.under_way(db, cycle)),
        present_codes=renumberings.newest(db),
        **standing.facts(db, policy.deadline(cycle), on_file),
    )


def renumbered(db: Connection, rows: pd.DataFrame) -> pd.DataFrame:
    """Rows under the occupation codes the register goes by now."""
    return rows.assign(occupation_code=renumberings.followed(db, rows["occupation_code"]))


def _with_unread_levels(db: Connection, cycle: str) -> list[str]:
    """Applications, neither withdrawn nor ended, whose check found a row without levels, or with levels of no policy."""
    current = conditions.same(_finding, _application, VERSION)
    unread = (
        _finding.c.table == "occupations",
        _finding.c.field == "levels",
        _finding.c.rule.in_(["FORM-10", "OCC-8"]),
    )
    statement = select(_application.c.application_no).join(_finding, current).distinct()
    mine = (_application.c.cycle == cycle, _finding.c.cycle == cycle, _application.c.outcome.is_(None))
    return sorted(db.execute(statement.where(*mine, *unread)).scalars())


def _without_level(db: Connection, numbers: list[str], there: Scene) -> pd.DataFrame:
    """Rows like those of items; none for an occupation that has items beside, which say where it stands."""
    asked = occupations_without_level(applications.submissions(db, numbers), there)
    key = ["application_no", *TRADE]
    asked = renumbered(db, asked)
    asked = asked.merge(there.peer_items[key].drop_duplicates(), on=key, how="left", indicator=True)
    rows = asked.loc[asked["_merge"] == "left_only", key]
    whose = there.peers.set_index("application_no")["uscc"]
    return rows.assign(uscc=rows["application_no"].map(whose).astype(frames.TEXT), level="", status="returned")
