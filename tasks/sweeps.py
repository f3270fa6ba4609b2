"""Sweeps (清理): what lapses by a day (到期) and is reminded before, and which occupations had no activity in time (休眠)."""

from datetime import timedelta

import pandas as pd

from schemas.law.standing import OCCUPATION, states
from schemas.policy import Policy, in_force
from schemas.rows import records
from schemas.run import Counts, Run
from tasks.letters.contents import grouped
from tasks.letters.delivery import deliver_letters
from tasks.letters.holders import Reminding, dormancy_hints, expiry_reminders
from tasks.runs.run import step
from tasks.store import activities, code_changes, items, letters, register
from tasks.store.adjustments import lapse, without_lapsed
from tasks.store.directory import occupation_names
from tasks.store.leases import writing


def expiry(run: Run) -> Counts:
    """Let terms that are over lapse, and remind those whose term ends soon (Notice, article 3(4))."""
    return Counts.sum([sweep_expiry(run), deliver_letters(run)])


@step("lapse-{run.day}")
def let_lapse(run: Run) -> Counts:
    """Lapse everything that is over on the day, also while the rest of a cycle waits: nothing is written to anybody."""
    with writing(run) as db:
        lapsed = lapse(db, run)
    return Counts.of(lapsed=lapsed)


@step("expiry-{run.day}")
def sweep_expiry(run: Run) -> Counts:
    """Lapse everything that is over on the day and not lapsed yet; remind everybody due and not reminded yet."""
    policy = in_force(run.day)
    with writing(run) as db:
        lapsed = lapse(db, run)
        reminding = Reminding(
            policy=policy,
            day=run.day,
            names=occupation_names(db),
            renewals=grouped(records(items.renewals_under_way(db)), "uscc"),
            first_codes=code_changes.first_credit_codes(db),
            written=letters.occasions(db, "expiry_reminder"),
        )
        ending = register.on_file(
            db, run.day, among=register.ending(run.day + timedelta(max(policy.validity.reminder_days)))
        )
        reminded = letters.write(db, expiry_reminders(without_lapsed(db, ending, run.day), reminding), run)
    return Counts.of(lapsed=lapsed, reminders=reminded)


def dormancy(run: Run) -> Counts:
    """Mark occupations without an activity dormant, and write to who has them; nobody is removed (article 3(1))."""
    return Counts.sum([sweep_dormancy(run), deliver_letters(run)])


@step("dormancy-{run.day}")
def sweep_dormancy(run: Run, *, also_later: bool = False) -> Counts:
    """Mark every occupation on file `new`, `active`, `dormant` or `unknown`, and write to those newly dormant.

    Marks of later days stay, unless `also_later`: they were made by mistake.
    """
    policy = in_force(run.day)
    with writing(run) as db:
        on_file = without_lapsed(db, register.on_file(db, run.day), run.day)
        marks = states(on_file, activities.every(db), policy, run.day)
        changed = activities.mark(db, marks.assign(because=_because(marks, policy)), run, also_later=also_later)
        newly = marks.merge(changed[changed["state"] == "dormant"][OCCUPATION], on=OCCUPATION)
        written = letters.write(
            db,
            dormancy_hints(newly, on_file, policy, run.day, occupation_names(db), code_changes.first_credit_codes(db)),
            run,
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
