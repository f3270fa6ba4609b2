"""Places (名额) and standing at filing: which passed items may be filed now, and which holds fall because a place is free.

Source: contract sections 2, 3 ("At filing") and 5 (CAP-1, CAP-2, STAND-1).
"""

import pandas as pd
from sqlalchemy import Connection

from schemas.directory import INSTITUTION_DETAILS
from schemas.item import FINAL
from schemas.law.places import places_used, take_in_turn, unit
from schemas.law.standing import bars
from schemas.run import Run
from schemas.run_summary import Counts
from tasks.runs.step import step
from tasks.store import applications, decisions, findings, items, register, standing
from tasks.store.leases import writing

CAPS = ("CAP-1", "CAP-2")
AT_FILING = ("STAND-1", *CAPS)
#: Statuses of items that count under the cap in other cycles.
_UNDER_WAY = ["held", "accepted", "dispatched", "passed"]


def candidates(db: Connection, run: Run) -> pd.DataFrame:
    """Items that may be filed now: passed ones, and those that wait for a place since they would have been filed.

    Items' columns, what the application says of the institution, kind, submitted_utc, and `chosen`: whether the run is
    for them.
    """
    passed = items.of_cycle(db, run.cycle, ["passed"])
    waiting = _waiting(db, run)
    found = pd.concat([passed, waiting]) if len(waiting) else passed
    if found.empty:
        return found
    current = applications.current(db, found["application_no"].unique().tolist())
    stated = current.columns.intersection(["application_no", "kind", "submitted_utc", *INSTITUTION_DETAILS])
    rows = found.merge(current[stated], on="application_no")
    return rows.assign(chosen=run.only is None or rows["application_no"].isin(run.only or []))


def _waiting(db: Connection, run: Run) -> pd.DataFrame:
    """Held items that passed, and that nothing but the want of a place keeps from being filed."""
    held = items.of_cycle(db, run.cycle, ["held"])
    held = held[held["decided_result"].notna()]
    if held.empty:
        return held
    holds = decisions.on_holds(db, run.cycle)
    open_still = holds[holds["verdict"].isna() | (holds["verdict"] == "refuse")]
    keeps = (~open_still["rule"].isin(CAPS) | open_still["verdict"].notna()).groupby(
        [open_still[key] for key in items.KEYS]
    )
    only_places = ~keeps.any()
    return held.merge(only_places[only_places].reset_index()[items.KEYS], on=items.KEYS)


def judged(db: Connection, run: Run, rows: pd.DataFrame, on_file: pd.DataFrame) -> "pd.Series[str]":
    """The rules that keep each of `candidates` from being filed on the run's day, joined by `;`; blank for the others.

    STAND-1 is judged first, and the places of the rest in turn; those not chosen keep the places their scores give them.
    """
    barred = _barred(db, run, rows, on_file)
    rest = rows[~barred]
    own = register.before_cycle(db, run.policy.deadline(run.cycle), run.cycle)
    permits = {(rule, *permit) for rule in CAPS for permit in decisions.permitted(db, run.cycle, rule, rest)}
    reasons = barred.map({True: "STAND-1", False: ""})
    if len(rest):
        reasons.loc[rest.index] = take_in_turn(rest, on_file, own, permits, run.policy)
    return reasons


def _barred(db: Connection, run: Run, rows: pd.DataFrame, on_file: pd.DataFrame) -> "pd.Series[bool]":
    """Which items not on file ask for something new while their institution is suspended or was lately revoked."""
    asked = items.of_cycle(db, run.cycle)[["application_no", "uscc", "occupation_code"]].drop_duplicates()
    asked = asked[asked["application_no"].isin(rows["application_no"])]
    asked = pd.concat([asked, asked.assign(occupation_code="").drop_duplicates()], ignore_index=True)
    why = bars(asked, standing.suspended(db, run.day), standing.revoked(db, run.day), run.policy, run.day)
    badly = rows["application_no"].isin(asked.loc[why != "", "application_no"])
    permits = decisions.permitted(db, run.cycle, "STAND-1", rows)
    permitted = pd.MultiIndex.from_frame(rows[["application_no", "occupation_code"]]).isin(list(permits))
    is_held = rows[register.KEYS].merge(on_file[register.KEYS], on=register.KEYS, how="left", indicator=True)["_merge"]
    is_new = (rows["kind"] != "renewal") & (is_held.to_numpy() == "left_only")
    barred: pd.Series[bool] = badly & is_new & ~permitted
    return barred


@step("places-{run.cycle}")
def free_places(run: Run) -> Counts:
    """Let holds under CAP-1 and CAP-2 fall whose place is free on the run's day; what follows is settled with rulings.

    Items held at their filing are judged there, in the order of their scores.
    """
    with writing(run) as db:
        held = items.of_cycle(db, run.cycle, ["held"])
        held = held[held["decided_result"].isna()]
        if run.only is not None:
            held = held[held["application_no"].isin(run.only)]
        holds = findings.holds_of(db, run.cycle)
        holds = holds[holds["rule"].isin(CAPS)].merge(held[[*items.KEYS, "uscc"]], on=items.KEYS)
        if len(holds):
            findings.note_fallen(db, holds, _is_free(db, run, holds), run.day)
    return Counts()


def _is_free(db: Connection, run: Run, holds: pd.DataFrame) -> "pd.Series[bool]":
    """Which holds (KEYS, rule, uscc) no longer hold on the run's day."""
    policy = run.policy
    on_file = register.on_file(db, run.day)
    used = places_used(pd.concat([on_file, _under_way(db, run), _requested(db, run)]), policy)
    within = holds["uscc"].map(used).fillna(0) <= policy.cap.occupations
    counted = on_file[on_file["institution_type"].isin(policy.cap.saturation_counts)]
    place = unit(policy)
    holders = {key: set(rows["uscc"]) for key, rows in counted.groupby(place)}
    others = [
        len(holders.get(tuple(key), set()) - {uscc})
        for uscc, *key in holds[["uscc", *place]].itertuples(index=False, name=None)
    ]
    unsaturated = pd.Series(others, index=holds.index, dtype="int64") < policy.cap.saturation
    return within.where(holds["rule"] == "CAP-1", unsaturated)


def _under_way(db: Connection, run: Run) -> pd.DataFrame:
    every = items.in_status(db, _UNDER_WAY)
    return every[every["cycle"] != run.cycle]


def _requested(db: Connection, run: Run) -> pd.DataFrame:
    """Items of the cycle's applications, without the occupations all of whose items are final and not filed."""
    every = items.of_cycle(db, run.cycle)
    over = every["status"].isin(list(FINAL - {"filed"}))
    gone = over.groupby([every["application_no"], every["occupation_code"]]).transform("all")
    return every[~gone]
