"""Dormancy (休眠): which occupations on file had no activity in time; it removes nobody, and feeds the next cycle's checks."""

from datetime import date

import pandas as pd
from prefect import task
from prefect.cache_policies import NO_CACHE

from schemas.cycle import add_months
from schemas.notice import DormancyText, DormantLine
from schemas.policy import Policy, in_force
from schemas.reference_data import reference
from schemas.run_summary import Counts, RunKey
from tasks.letters.contents import addressee
from tasks.store import dormancy, notices, register
from tasks.store.leases import writing
from tasks.store.notices import Notice

_OCCUPATION = ["uscc", "occupation_code"]


@task(task_run_name="dormancy-{run.as_of}", cache_policy=NO_CACHE)
def sweep_dormancy(run: RunKey) -> Counts:
    """Mark every occupation on file `new`, `active`, `dormant` or `unknown`, and write to those newly dormant."""
    policy = in_force(run.as_of)
    with writing(run) as db:
        on_file = register.on_file(db, run.as_of)
        marks = states(on_file, register.activities(db), policy, run.as_of)
        changed = dormancy.mark(db, marks, run)
        newly = marks.merge(changed[changed["state"] == "dormant"][_OCCUPATION], on=_OCCUPATION)
        written = notices.write(db, letters(newly, on_file, policy, run.as_of), run)
    marked = {f"{state}_occupations": int(number) for state, number in changed["state"].value_counts().items()}
    counts = {**marked, "letters": written}
    return Counts(done={name: count for name, count in counts.items() if count})


def states(on_file: pd.DataFrame, activities: pd.DataFrame | None, policy: Policy, day: date) -> pd.DataFrame:
    """uscc, occupation_code, filed_on, last_held_on and state of every occupation on file (contract section 5, DORM-1).

    Within `grace_months` of filing it is `new`; then `active` if an activity with candidates was held since it was
    filed and by the day, else `dormant`; `unknown` where no activities were ever supplied.
    """
    marks = on_file.groupby(_OCCUPATION)["filed_on"].min().reset_index()
    if activities is None:
        return marks.assign(last_held_on=pd.Series(dtype="str"), state="unknown")
    held = activities[activities["candidates"].astype("int64") > 0].merge(marks, on=_OCCUPATION)
    held = held[(held["filed_on"] <= held["held_on"]) & (held["held_on"] <= day.isoformat())]
    last = held.groupby(_OCCUPATION)["held_on"].max().rename("last_held_on")
    marks = marks.join(last, on=_OCCUPATION)
    in_grace = [
        add_months(date.fromisoformat(filed), policy.dormancy.grace_months) > day for filed in marks["filed_on"]
    ]
    marks["state"] = marks["last_held_on"].notna().map({True: "active", False: "dormant"})
    marks.loc[pd.Series(in_grace, index=marks.index, dtype="bool") & (marks["state"] == "dormant"), "state"] = "new"
    return marks


def letters(dormant: pd.DataFrame, on_file: pd.DataFrame, policy: Policy, day: date) -> list[Notice]:
    """One letter an institution about the occupations that newly fell dormant."""
    names = reference().occupation_names()
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
        written.append(Notice(f"dormancy:{uscc}:{which}", "dormancy", str(uscc), text.model_dump(mode="json")))
    return written
