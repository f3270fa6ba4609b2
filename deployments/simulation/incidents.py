"""What happens to applications and institutions beside the plain way, under way or on file: changes, complaints, rulings."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from random import Random

import pandas as pd

from deployments import sample
from deployments.sample.material import credit_code
from deployments.simulation import acts
from schemas.item import OPEN
from schemas.law.cycle import CycleId
from schemas.policy import in_force
from schemas.qualification import Adjustment, Merger, Recoding, Renaming, Renumbering
from schemas.reference_data import reference
from schemas.supervision import COMPLAINTS_TABLE
from tasks import adjustment
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
        names = institutions.current(db).set_index("uscc")["institution_name"]
        used = set(register.current_entries(db)["occupation_code"])
    uscc = rng.choice(free)
    yield Renaming.model_validate({"uscc": uscc, "institution_name": f"{names[uscc][:30]}（{day.year}）", **words})
    if count % _RARELY == 2 and len(free) > 1:  # noqa: PLR2004  early enough for a short life to see it
        old, into = rng.sample(free, 2)
        yield Merger.model_validate({"old_uscc": old, "into_uscc": into, **words})
    if count % _RARELY == 1:
        free_code = rng.choice(unused(day))
        yield Renumbering.model_validate({"old_code": rng.choice(sorted(used)), "new_code": free_code, **words})


_KINDS = ("merge", "suspend", "renumber", "revoke", "recode", "suspend")
_RULED = 0.7


def changes_under_way(
    cycle: CycleId, rng: Random, day: date, turn: int, words: dict[str, object]
) -> Iterator[Adjustment | adjustment.Change]:
    """One change to somebody on file whose application is under way, a kind a turn; renewals are met first.

    `words`: of a decision. The kinds come in turn, so that a short life sees them all.
    """
    with reading() as db:
        open_items = items.in_status(db, list(OPEN))
        renewing = set(items.renewals_under_way(db)["application_no"])
        held = register.in_force(db, day)
    of_holders = open_items[(open_items["cycle"] == cycle) & open_items["uscc"].isin(set(held["uscc"]))]
    renewals = of_holders[of_holders["application_no"].isin(renewing)]
    met = sorted(set((renewals if len(renewals) and turn % 2 else of_holders)["uscc"]))
    if not met:
        return
    kind, uscc = _KINDS[turn % len(_KINDS)], rng.choice(met)
    codes = sorted(set(held.loc[held["uscc"] == uscc, "occupation_code"]))
    if kind in ("suspend", "revoke"):
        one = {"kind": kind, "uscc": uscc, "occupation_code": rng.choice(["", *codes]), "ground": "核查属实"}
        yield Adjustment.model_validate({**words, **one})
    if kind == "merge" and (others := sorted(set(held["uscc"]) - {uscc})):
        yield Merger.model_validate({**words, "old_uscc": uscc, "into_uscc": rng.choice(others)})
    if kind == "recode":
        new = credit_code(uscc[:2], uscc[2:8], f"MA7{rng.randrange(10**5):05d}")
        yield Recoding.model_validate({**words, "old_uscc": uscc, "new_uscc": new})
    if kind == "renumber":
        requested = sorted(set(of_holders["occupation_code"]) & set(reference().names_on(day)))
        if requested:
            yield Renumbering.model_validate(
                {**words, "old_code": rng.choice(requested), "new_code": rng.choice(unused(day))}
            )


def unused(day: date) -> list[str]:
    """Codes of skill occupations that nobody has on file or applies for."""
    with reading() as db:
        used = {*register.current_entries(db)["occupation_code"], *items.in_status(db, list(OPEN))["occupation_code"]}
    skills = tuple(str(number) for number in in_force(day).occupations.skill_classes)
    return sorted(code for code in reference().names_on(day) if code.startswith(skills) and code not in used)


def rule_on_holds(cycle: CycleId, rng: Random, day: date) -> bool:
    """Rule on most of what is held, whichever way; whether anything was."""
    with reading() as db:
        held = items.of_cycle(db, cycle, ["held"])
    holds = sorted({(row.application_no, rule) for row in held.itertuples() for rule in str(row.reason).split(";")})
    chosen = [one for one in holds if rng.random() < _RULED]
    for number, rule in chosen:
        acts.rule(str(number), rule, rng.choice(("permit", "permit", "refuse")), day)
    return bool(chosen)
