"""What meets applications under way: changes, suspensions and revocations of who applies, and rulings on what is held."""

from collections.abc import Iterator
from datetime import date
from random import Random

from deployments.sample.material import credit_code
from deployments.simulation import acts
from schemas.item import OPEN
from schemas.law.cycle import CycleId
from schemas.policy import in_force
from schemas.qualification import Adjustment, Merger, Recoding, Renumbering
from schemas.reference_data import reference
from tasks.desk import succession
from tasks.store import items, register
from tasks.store.database import reading

_KINDS = ("merge", "suspend", "renumber", "revoke", "recode", "suspend")
_RULED = 0.7


def changes(
    cycle: CycleId, rng: Random, day: date, turn: int, words: dict[str, object]
) -> Iterator[Adjustment | succession.Change]:
    """One change to somebody on file whose application is under way, a kind a turn; renewals are met first.

    `words`: of a decision. The kinds come in turn, so that a short life sees them all.
    """
    with reading() as db:
        open_items = items.in_status(db, list(OPEN))
        renewing = set(items.renewals_under_way(db)["application_no"])
        held = register.in_force(db, day)
    mine = open_items[(open_items["cycle"] == cycle) & open_items["uscc"].isin(set(held["uscc"]))]
    renewals = mine[mine["application_no"].isin(renewing)]
    met = sorted(set((renewals if len(renewals) and turn % 2 else mine)["uscc"]))
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
        requested = sorted(set(mine["occupation_code"]) & set(reference().names_on(day)))
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
