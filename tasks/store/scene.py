"""The scene of a cycle's check: what is on record beside the submissions on the deadline, and how institutions stand then."""

from dataclasses import replace
from datetime import date
from typing import TypedDict

import pandas as pd
from sqlalchemy import Connection, select

from expectations.check import occupations_without_level
from expectations.scene import PEER_ITEMS, Scene
from schemas import tables
from schemas.item import TRADE, VERSION
from schemas.law.cycle import CycleId
from schemas.policy import for_cycle
from schemas.reference_data import reference
from schemas.supervision import TO_BE_MENDED, UNSETTLED
from tasks.store import (
    activities,
    applications,
    code_changes,
    complaints,
    conditions,
    frames,
    history,
    inspections,
    institutions,
    register,
    suspensions,
    twins,
)

_adjustment = tables.adjustment


def suspended(db: Connection, day: date) -> pd.DataFrame:
    """uscc and occupation_code of what is suspended on a day; the code is blank for an institution as a whole."""
    suspensions_on_record = suspensions.every(db)
    running = suspensions_on_record[
        (suspensions_on_record["starts_on"] <= day.isoformat())
        & (suspensions_on_record["ends_on"].isna() | (suspensions_on_record["ends_on"] >= day.isoformat()))
    ]
    occupations = running[["uscc", "occupation_code"]].drop_duplicates()
    whole = sorted(_suspended_whole(db, day) & set(occupations["uscc"]))
    rows = pd.DataFrame({"uscc": whole, "occupation_code": ""}, dtype=frames.TEXT)
    return pd.concat([occupations, rows], ignore_index=True)


def _suspended_whole(db: Connection, day: date) -> set[str]:
    """Institutions whose last decision on all they have on file suspended it; one that went into another keeps its decisions."""
    statement = (
        select(_adjustment.c.uscc, _adjustment.c.kind)
        .where(
            _adjustment.c.kind.in_(["suspend", "reinstate"]),
            _adjustment.c.occupation_code == "",
            _adjustment.c.effective_on <= day,
        )
        .order_by(_adjustment.c.recorded_on, _adjustment.c.effective_on)
    )
    decided = frames.read(db, statement.add_columns(_adjustment.c.recorded_on))
    decided["uscc"] = institutions.recoded(db, decided["uscc"])
    kinds = decided.groupby(["uscc", "recorded_on"], sort=False)["kind"].agg(set)
    # what a day both suspended and reinstated, in whichever order it could, is as it was before
    clear = kinds[kinds.map(len) == 1].map(lambda one: next(iter(one))).reset_index()
    last = clear.drop_duplicates("uscc", keep="last")
    return set(last.loc[last["kind"] == "suspend", "uscc"])


def revoked(db: Connection, day: date) -> pd.DataFrame:
    """uscc and revoked_on (ISO, the day it took effect) of every revocation until a day."""
    rows = history.revocations(db)
    rows = rows.assign(uscc=institutions.followed(db, rows["uscc"]))
    return rows[rows["revoked_on"] <= day.isoformat()].drop_duplicates(ignore_index=True)


def matters(db: Connection, day: date) -> pd.DataFrame:
    """uscc and matter, in words: what is open about an institution, or still to be mended, on a day."""
    open_still = complaints.unsettled(db, day)
    words = "举报" + open_still["complaint_no"] + open_still["outcome"].map(UNSETTLED)
    outcomes = inspections.every_outcome(db)
    outcomes = outcomes[outcomes["outcome"].isin(list(TO_BE_MENDED)) & (outcomes["inspected_on"] <= day.isoformat())]
    mended = outcomes["inspected_on"] + "抽查整改未完成"
    rows = pd.concat(
        [
            pd.DataFrame({"uscc": open_still["uscc"], "matter": words}),
            pd.DataFrame({"uscc": institutions.followed(db, outcomes["uscc"]), "matter": mended}),
        ]
    )
    return rows.drop_duplicates().sort_values(["uscc", "matter"], ignore_index=True)


class _Standing(TypedDict):
    """The frames of a Scene about how institutions stand."""

    institutions: pd.DataFrame
    suspensions: pd.DataFrame
    revocations: pd.DataFrame
    matters: pd.DataFrame


def _standing(db: Connection, day: date, on_file: pd.DataFrame) -> _Standing:
    """The frames of a Scene about how institutions stand on its deadline; `on_file`: what is on file then."""
    details = institutions.on(db, day)
    return {
        "institutions": details[details["uscc"].isin(on_file["uscc"])].reset_index(drop=True),
        "suspensions": suspended(db, day),
        "revocations": revoked(db, day),
        "matters": matters(db, day),
    }


_application = tables.application
_finding = tables.finding


def scene(db: Connection, cycle: CycleId) -> Scene:
    """The world the cycle is judged against: the register as it stands on the deadline (contract section 5)."""
    bare_scene, numbers = _facts(db, cycle), _with_unread_levels(db, cycle)
    if not numbers:
        return bare_scene
    return replace(bare_scene, peer_items=pd.concat([bare_scene.peer_items, _without_level(db, numbers, bare_scene)]))


def without_level(db: Connection, cycle: CycleId) -> pd.DataFrame:
    """What current applications ask for at levels nobody can read: the columns of `scene.PEER_ITEMS`, a blank level."""
    numbers = _with_unread_levels(db, cycle)
    if not numbers:
        return pd.DataFrame(columns=PEER_ITEMS, dtype="str")
    # an occupation is recognised by the law alone, whatever is on file
    present = renumbered(db, twins.peer_items(db, cycle))
    peers_scene = replace(without_facts(cycle), peers=twins.peers(db, cycle), peer_items=present)
    return _without_level(db, numbers, peers_scene)


def without_facts(cycle: CycleId, as_of: date | None = None) -> Scene:
    """The law a cycle is judged by, with nothing on record: what results are held against, and occupations known by."""
    nothing = pd.DataFrame()
    return Scene(cycle, for_cycle(cycle), reference(), on_file=nothing, activities=None, peers=nothing, as_of=as_of)


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
        present_codes=code_changes.present_occupation_codes(db),
        **_standing(db, policy.deadline(cycle), on_file),
    )


def renumbered(db: Connection, rows: pd.DataFrame) -> pd.DataFrame:
    """Rows under the occupation codes the register goes by now."""
    return rows.assign(occupation_code=code_changes.follow_occupations(db, rows["occupation_code"]))


def _with_unread_levels(db: Connection, cycle: str) -> list[str]:
    """Applications, neither withdrawn nor ended, whose check found a row without levels, or with levels of no policy."""
    current = conditions.same(_finding, _application, VERSION)
    unread = (
        _finding.c.table == "occupations",
        _finding.c.field == "levels",
        _finding.c.rule.in_(["FORM-10", "OCC-8"]),
    )
    statement = select(_application.c.application_no).join(_finding, current).distinct()
    of_cycle = (_application.c.cycle == cycle, _finding.c.cycle == cycle, _application.c.outcome.is_(None))
    return sorted(db.execute(statement.where(*of_cycle, *unread)).scalars())


def _without_level(db: Connection, numbers: list[str], beside: Scene) -> pd.DataFrame:
    """Rows like those of items; none for an occupation that has items beside, which say where it stands."""
    requested = occupations_without_level(applications.submissions(db, numbers), beside)
    key = ["application_no", *TRADE]
    requested = renumbered(db, requested)
    requested = requested.merge(beside.peer_items[key].drop_duplicates(), on=key, how="left", indicator=True)
    rows = requested.loc[requested["_merge"] == "left_only", key]
    owners = beside.peers.set_index("application_no")["uscc"]
    return rows.assign(uscc=rows["application_no"].map(owners).astype(frames.TEXT), level="", status="returned")
