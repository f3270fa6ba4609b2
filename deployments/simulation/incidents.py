"""What happens to applications and institutions beside the plain way: second versions, withdrawals, complaints, new names."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from random import Random

import pandas as pd

from deployments import sample
from deployments.simulation import acts, meetings
from schemas.law.cycle import CycleId
from schemas.qualification import Merger, Renaming, Renumbering
from schemas.supervision import COMPLAINTS_TABLE
from tasks.store import complaints, institutions, items, register
from tasks.store.database import reading

_MENDED_WITHIN = timedelta(days=30)
#: Every so many cycles an occupation gets another code, and an institution goes into another one.
_RARELY = 7


def with_later_versions(made: sample.SampleCycle, rng: Random, deadline: date) -> tuple[sample.SampleCycle, list[str]]:
    """The cycle with two further versions among its corrections, one that states a time within the window and a late one.

    Also the numbers of what was sent out: the one that is amended, the one whose version is late, one to be withdrawn.
    """
    with reading() as db:
        out = sorted(set(items.of_cycle(db, made.cycle, ["dispatched"])["application_no"]))
    chosen = rng.sample(out, min(3, len(out)))
    moments = (f"{deadline}T23:30:00", f"{deadline + timedelta(days=4)}T09:00:00")
    corrected = dict(made.corrected)
    for number, moment in zip(chosen, moments, strict=False):
        for name, former in corrected.items():
            rows = made.tables[name]
            rows = rows[rows["application_no"] == number]
            if name == "applications":
                rows = rows.assign(submitted_at=moment)
            corrected[name] = pd.concat([former, rows], ignore_index=True)
    return replace(made, corrected=corrected), chosen


def settle(chosen: list[str], rng: Random, day: date) -> None:
    """Rule on the version that came late, whichever way, and let the applicant of the third take it back."""
    if len(chosen) > 1:
        acts.rule(chosen[1], "WINDOW-2", rng.choice(("permit", "refuse")), day)
    if len(chosen) > 2:  # noqa: PLR2004  the third
        acts.withdraw(chosen[2], day)


def complain(cycle: CycleId, rng: Random, day: date) -> None:
    """See to the complaints there are, and enter one that is to be mended and one that is open."""
    with reading() as db:
        complaints_so_far = complaints.every(db)
        held = sorted(set(register.on_file(db, day)["uscc"]))
    closed = complaints_so_far[complaints_so_far["closed_on"].isna()].assign(
        closed_on=day.isoformat(), outcome="unfounded"
    )
    until = (day + _MENDED_WITHIN).isoformat()
    new = [
        {
            "complaint_no": f"{cycle}-{number}",
            "uscc": uscc,
            "received_on": day.isoformat(),
            "summary": "反映考评人员不足",
            "handled_by": acts.OPERATOR,
            "outcome": outcome,
            "due_on": until if outcome == "rectify" else None,
        }
        for number, (uscc, outcome) in enumerate(
            zip(rng.sample(held, min(2, len(held))), ("rectify", "open"), strict=False)
        )
    ]
    rows = pd.DataFrame(new, columns=COMPLAINTS_TABLE.names, dtype="str")
    acts.complain(cycle, pd.concat([closed, rows], ignore_index=True), day)


def changes(
    free: list[str], rng: Random, day: date, count: int, words: dict[str, object]
) -> Iterator[Renaming | Merger | Renumbering]:
    """A new name in every cycle; rarely another code of an occupation, and an institution that goes into another.

    `free`: institutions on file whom nothing else happens to; `count`: of the cycle; `words`: of a decision.
    """
    if not free:
        return
    with reading() as db:
        names = institutions.known(db).set_index("uscc")["institution_name"]
        used = set(register.current_entries(db)["occupation_code"])
    uscc = rng.choice(free)
    yield Renaming.model_validate({"uscc": uscc, "institution_name": f"{names[uscc][:30]}（{day.year}）", **words})
    if count % _RARELY == 2 and len(free) > 1:  # noqa: PLR2004  early enough for a short life to see it
        old, into = rng.sample(free, 2)
        yield Merger.model_validate({"old_uscc": old, "into_uscc": into, **words})
    if count % _RARELY == 1:
        free_code = rng.choice(meetings.unused(day))
        yield Renumbering.model_validate({"old_code": rng.choice(sorted(used)), "new_code": free_code, **words})
