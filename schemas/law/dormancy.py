"""Which occupations on file had no activity in time (Notice, article 3(1); contract section 5, DORM-1)."""

from datetime import date

import pandas as pd

from schemas.law.cycle import CycleId, add_months
from schemas.policy import Policy

OCCUPATION = ["uscc", "occupation_code"]


def is_judged(cycle: CycleId, policy: Policy) -> bool:
    """Whether a cycle is late enough for dormancy to matter."""
    return cycle >= policy.dormancy.first_cycle


def states(on_file: pd.DataFrame, activities: pd.DataFrame | None, policy: Policy, day: date) -> pd.DataFrame:
    """uscc, occupation_code, filed_on (earliest), last_held_on and state of every occupation on file, on a day.

    `active` if an activity with candidates was held since it was filed and by the day; else `new` within `grace_months`
    of filing; then `dormant`, or `unknown` where no activities were ever supplied.
    """
    filed: pd.DataFrame = on_file.groupby(OCCUPATION)["filed_on"].min().reset_index()
    marks = filed.join(_last_held(filed, activities, day), on=OCCUPATION)
    grace = policy.dormancy.grace_months
    over = {start: add_months(date.fromisoformat(start), grace) <= day for start in marks["filed_on"].unique()}
    marks["state"] = "unknown" if activities is None else "dormant"
    marks.loc[~marks["filed_on"].map(over).astype("bool"), "state"] = "new"
    marks.loc[marks["last_held_on"].notna(), "state"] = "active"
    return marks


def _last_held(filed: pd.DataFrame, activities: pd.DataFrame | None, day: date) -> "pd.Series[str]":
    """The last activity with candidates since each occupation was filed, by the day; by uscc and occupation_code."""
    if activities is None or activities.empty:
        return pd.Series(dtype="str", name="last_held_on", index=pd.MultiIndex.from_frame(filed[OCCUPATION].iloc[:0]))
    attended = pd.to_numeric(activities["candidates"], errors="coerce") > 0
    held = activities[attended].merge(filed, on=OCCUPATION)
    held = held[(held["filed_on"] <= held["held_on"]) & (held["held_on"] <= day.isoformat())]
    return held.groupby(OCCUPATION)["held_on"].max().rename("last_held_on")
