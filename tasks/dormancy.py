"""Dormancy (休眠): which occupations on file had no activity in time; it removes nobody and decides nothing."""

from datetime import date

import pandas as pd
from prefect import task
from prefect.cache_policies import NO_CACHE

from schemas.law.cycle import add_months
from schemas.policy import Policy, in_force
from schemas.run import Run
from schemas.run_summary import Counts
from tasks.letters.holders import dormancy_hints
from tasks.store import activities, dormancy, letters, recodings, register
from tasks.store.leases import writing
from tasks.store.occupation_names import occupation_names

_OCCUPATION = ["uscc", "occupation_code"]


@task(task_run_name="dormancy-{run.day}", cache_policy=NO_CACHE)
def sweep_dormancy(run: Run) -> Counts:
    """Mark every occupation on file `new`, `active`, `dormant` or `unknown`, and write to those newly dormant."""
    policy = in_force(run.day)
    with writing(run) as db:
        on_file = register.on_file(db, run.day)
        marks = states(on_file, activities.every(db), policy, run.day)
        changed = dormancy.mark(db, marks.assign(because=_because(marks, policy)), run)
        newly = marks.merge(changed[changed["state"] == "dormant"][_OCCUPATION], on=_OCCUPATION)
        written = letters.write(
            db, dormancy_hints(newly, on_file, policy, run.day, occupation_names(db), recodings.first(db)), run
        )
    marked = {f"{state}_occupations": int(number) for state, number in changed["state"].value_counts().items()}
    counts = {**marked, "letters": written}
    return Counts(done={name: count for name, count in counts.items() if count})


def states(on_file: pd.DataFrame, activities: pd.DataFrame | None, policy: Policy, day: date) -> pd.DataFrame:
    """uscc, occupation_code, filed_on, last_held_on and state of every occupation on file (contract section 5, DORM-1).

    `active` if an activity with candidates was held since it was filed and by the day; else `new` within `grace_months`
    of filing; then `dormant`, or `unknown` where no activities were ever supplied.
    """
    filed: pd.DataFrame = on_file.groupby(_OCCUPATION)["filed_on"].min().reset_index()
    marks = filed.join(_last_held(filed, activities, day), on=_OCCUPATION)
    grace = policy.dormancy.grace_months
    in_grace = [add_months(date.fromisoformat(filed), grace) > day for filed in marks["filed_on"]]
    marks["state"] = "unknown" if activities is None else "dormant"
    marks.loc[pd.Series(in_grace, index=marks.index, dtype="bool"), "state"] = "new"
    marks.loc[marks["last_held_on"].notna(), "state"] = "active"
    return marks


def _last_held(marks: pd.DataFrame, activities: pd.DataFrame | None, day: date) -> "pd.Series[str]":
    """The last activity with candidates since each occupation was filed, by the day; by uscc and occupation_code."""
    if activities is None:
        return pd.Series(dtype="str", name="last_held_on", index=pd.MultiIndex.from_frame(marks[_OCCUPATION].iloc[:0]))
    held = activities[activities["candidates"].astype("int64") > 0].merge(marks, on=_OCCUPATION)
    held = held[(held["filed_on"] <= held["held_on"]) & (held["held_on"] <= day.isoformat())]
    return held.groupby(_OCCUPATION)["held_on"].max().rename("last_held_on")


def _because(marks: pd.DataFrame, policy: Policy) -> "pd.Series[str]":
    """What each state rests on, for the history."""
    grace = policy.dormancy.grace_months
    texts = {
        "new": f"备案未满{grace}个月",
        "dormant": f"备案满{grace}个月，没有开展认定的记录",
        "unknown": "未提供认定活动数据",
    }
    return marks["state"].map(texts).fillna("最近一次认定：" + marks["last_held_on"])
