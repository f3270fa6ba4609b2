"""What is on file and had no activity in time (Notice, article 3(1); contract section 5, DORM-1)."""

from datetime import date

import pandas as pd

from schemas.law.cycle import CycleId, add_months
from schemas.policy import Policy

#: What is dormant or not: one institution's occupation, or one work type of it (blank: the occupation as a whole).
OCCUPATION = ["uscc", "occupation_code", "work_type"]
_CODE = ["uscc", "occupation_code"]


def is_judged(cycle: CycleId, policy: Policy) -> bool:
    """Whether a cycle is late enough for dormancy to matter."""
    return cycle >= policy.dormancy.first_cycle


def states(on_file: pd.DataFrame, activities: pd.DataFrame | None, policy: Policy, day: date) -> pd.DataFrame:
    """uscc, occupation_code, work_type, filed_on (earliest), last_held_on and state of all that is on file, on a day.

    `active` if an activity with candidates was held since it was filed and by the day; else `new` within `grace_months`
    of filing; then `dormant`, or `unknown` where no activities were ever supplied.
    """
    filed: pd.DataFrame = _with_work_type(on_file).groupby(OCCUPATION)["filed_on"].min().reset_index()
    marks = filed.join(_last_held(filed, activities, day), on=OCCUPATION)
    grace = policy.dormancy.grace_months
    over = {start: add_months(date.fromisoformat(start), grace) <= day for start in marks["filed_on"].unique()}
    marks["state"] = "unknown" if activities is None else "dormant"
    marks.loc[~marks["filed_on"].map(over).astype("bool"), "state"] = "new"
    marks.loc[marks["last_held_on"].notna(), "state"] = "active"
    return marks


def _last_held(filed: pd.DataFrame, activities: pd.DataFrame | None, day: date) -> "pd.Series[str]":
    """The last activity with candidates since each was filed, by the day; by OCCUPATION.

    One without work type serves all of its occupation, one with a work type also what is filed for it as a whole.
    """
    if activities is None or activities.empty:
        return pd.Series(dtype="str", name="last_held_on", index=pd.MultiIndex.from_frame(filed[OCCUPATION].iloc[:0]))
    attended = pd.to_numeric(activities["candidates"], errors="coerce") > 0
    held = filed.merge(_with_work_type(activities[attended]), on=_CODE, suffixes=("", "_held"))
    serves = (held["work_type_held"] == held["work_type"]) | (held["work_type_held"] == "") | (held["work_type"] == "")
    timely = (held["filed_on"] <= held["held_on"]) & (held["held_on"] <= day.isoformat())
    return held[serves & timely].groupby(OCCUPATION)["held_on"].max().rename("last_held_on")


def _with_work_type(rows: pd.DataFrame) -> pd.DataFrame:
    if "work_type" not in rows.columns:
        return rows.assign(work_type="")
    return rows.assign(work_type=rows["work_type"].fillna(""))
