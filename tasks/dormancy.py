"""Dormancy (休眠): which occupations on file had no activity in time; it removes nobody and decides nothing."""

import pandas as pd

from schemas.law.standing import OCCUPATION, states
from schemas.policy import Policy, in_force
from schemas.run import Counts, Run
from tasks.letters.delivery import deliver_letters
from tasks.letters.holders import dormancy_hints
from tasks.runs.step import step
from tasks.store import activities, institutions, letters, register
from tasks.store.directory import occupation_names
from tasks.store.leases import writing


def dormancy(run: Run) -> Counts:
    """Mark occupations without an activity dormant, and write to who has them; nobody is removed (article 3(1))."""
    return Counts.sum([sweep_dormancy(run), deliver_letters(run)])


@step("dormancy-{run.day}")
def sweep_dormancy(run: Run) -> Counts:
    """Mark every occupation on file `new`, `active`, `dormant` or `unknown`, and write to those newly dormant."""
    policy = in_force(run.day)
    with writing(run) as db:
        on_file = register.on_file(db, run.day)
        marks = states(on_file, activities.every(db), policy, run.day)
        changed = activities.mark(db, marks.assign(because=_because(marks, policy)), run)
        newly = marks.merge(changed[changed["state"] == "dormant"][OCCUPATION], on=OCCUPATION)
        written = letters.write(
            db, dormancy_hints(newly, on_file, policy, run.day, occupation_names(db), institutions.first(db)), run
        )
    marked = {f"{state}_occupations": int(number) for state, number in changed["state"].value_counts().items()}
    return Counts.of(**marked, letters=written)


def _because(marks: pd.DataFrame, policy: Policy) -> "pd.Series[str]":
    """What each state rests on, for the history."""
    grace = policy.dormancy.grace_months
    texts = {
        "new": f"备案未满{grace}个月",
        "dormant": f"备案满{grace}个月，没有开展认定的记录",
        "unknown": "未提供认定活动数据",
    }
    return marks["state"].map(texts).fillna("最近一次认定：" + marks["last_held_on"])
