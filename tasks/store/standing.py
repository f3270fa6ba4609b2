"""How institutions stand with the centre on a day (STAND-1, STAND-2, IDENT-*): the facts a check and a filing look at."""

from datetime import date
from typing import TypedDict

import pandas as pd
from sqlalchemy import Connection, select

from schemas import tables
from schemas.supervision import TO_BE_MENDED, UNSETTLED
from tasks.store import complaints, frames, history, inspections, institutions, suspensions

_adjustment = tables.adjustment


def suspended(db: Connection, day: date) -> pd.DataFrame:
    """uscc and occupation_code of what is suspended on a day; the code is blank for an institution as a whole."""
    known = suspensions.known(db)
    running = known[
        (known["starts_on"] <= day.isoformat()) & (known["ends_on"].isna() | (known["ends_on"] >= day.isoformat()))
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


class Facts(TypedDict):
    """The frames of a Scene about how institutions stand."""

    institutions: pd.DataFrame
    suspensions: pd.DataFrame
    revocations: pd.DataFrame
    matters: pd.DataFrame


def facts(db: Connection, day: date, on_file: pd.DataFrame) -> Facts:
    """The frames of a Scene about how institutions stand on its deadline; `on_file`: what is on file then."""
    known = institutions.on(db, day)
    return {
        "institutions": known[known["uscc"].isin(on_file["uscc"])].reset_index(drop=True),
        "suspensions": suspended(db, day),
        "revocations": revoked(db, day),
        "matters": matters(db, day),
    }
