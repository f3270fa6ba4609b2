"""Dormancy (休眠): which occupations on file had no activity in time; it removes nobody and decides nothing."""

from collections.abc import Mapping
from datetime import date

import pandas as pd
from prefect import task
from prefect.cache_policies import NO_CACHE

from schemas.law.cycle import add_months
from schemas.letter import DormancyText, DormantLine
from schemas.policy import Policy, in_force
from schemas.run import Run
from schemas.run_summary import Counts
from tasks.letters.contents import addressee
from tasks.store import activities, dormancy, letters, recodings, register
from tasks.store.leases import writing
from tasks.store.occupation_names import occupation_names
from tasks.store.outbox import Entry

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
            db, hints(newly, on_file, policy, run.day, occupation_names(db), recodings.first(db)), run
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


def hints(
    dormant: pd.DataFrame,
    on_file: pd.DataFrame,
    policy: Policy,
    day: date,
    names: Mapping[str, str],
    first_codes: Mapping[str, str] | None = None,
) -> list[Entry]:
    """One letter an institution about the occupations that newly fell dormant.

    `names`: occupation code to name; `first_codes`: present credit codes to the first one the institution had, for a
    new code makes no new occasion.
    """
    known_as = first_codes or {}
    heads = on_file.drop_duplicates("uscc").set_index("uscc")
    written = []
    for uscc, own in dormant.groupby("uscc", sort=True):
        lines = [
            DormantLine(
                occupation_code=row["occupation_code"],
                occupation_name=names.get(row["occupation_code"], row["occupation_code"]),
                filed_on=date.fromisoformat(row["filed_on"]),
            )
            for row in own.sort_values("occupation_code").to_dict("records")
        ]
        head = {**heads.loc[str(uscc)].to_dict(), "uscc": str(uscc)}
        text = DormancyText(**addressee(head, policy, day), as_of=day, occupations=lines)
        which = "+".join(f"{line.occupation_code}@{line.filed_on}" for line in lines)
        written.append(
            Entry(
                f"dormancy:{known_as.get(str(uscc), uscc)}:{which}", "dormancy", str(uscc), text.model_dump(mode="json")
            )
        )
    return written
