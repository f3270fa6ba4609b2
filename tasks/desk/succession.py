"""Changes (变更): an institution goes on under another name or code, or in another one; an occupation under another code.

Each is an operator's decision carried out in one transaction on everything known of what it concerns (contract section 7).
"""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import polars as pl
from sqlalchemy import Connection

from expectations.identifiers import is_credit_code
from expectations.public_text import holds_number
from schemas.adjustment import Merger, Recoding, Renaming, Renumbering
from schemas.errors import WrongUseError
from schemas.item import OPEN
from schemas.policy import in_force
from schemas.reference_data import reference
from schemas.run import Run
from schemas.run_summary import Counts
from tasks.adjustment import ImpossibleAdjustmentError
from tasks.runs.step import step
from tasks.store import adjustments, institutions, items, register, renumberings
from tasks.store.leases import writing

Change = Recoding | Renaming | Merger | Renumbering


class ImpossibleChangeError(WrongUseError, ValueError):
    """A change to what there cannot be, whatever the register says: one sentence."""


@step("change-{run.day}")
def carry_on(run: Run, change: Change) -> Counts:
    """Carry out a change; again changes nothing. What cannot be done is reported as failed: nothing is written."""
    try:
        return carry_out(run, change)
    except (ImpossibleAdjustmentError, ImpossibleChangeError) as impossible:
        return Counts(failed={str(run.day): str(impossible)})


def carry_out(run: Run, change: Change) -> Counts:
    """Carry out a change in one transaction.

    Raises ImpossibleAdjustmentError where the register does not allow it, ImpossibleChangeError for a code, type or
    region that there is not; nothing is written then.
    """
    assert_sense(change, run.day)
    require, apply, done = _KINDS[type(change)]
    with writing(run) as db:
        if _is_done(db, change):
            return Counts()
        _require_past(change.effective_on, run)
        require(db, change)
        return Counts(done={done: apply(db, change, run)})


def _is_done(db: Connection, change: Change) -> bool:
    """Whether the register shows this change already."""
    match change:
        case Renaming():
            known = institutions.known(db)
            rows = known[known["uscc"] == change.uscc].to_dict("records")
            return bool(rows) and change.particulars.items() <= rows[0].items()
        case Renumbering():
            return renumberings.newest(db).get(change.old_code) == change.new_code
        case Recoding():
            return institutions.newest(db).get(change.old_uscc) == change.new_uscc
        case Merger():
            return institutions.newest(db).get(change.old_uscc) == change.into_uscc


def _require_past(day: date, run: Run) -> None:
    if day > run.day:
        raise ImpossibleAdjustmentError(f"{day} is still to come: record the change on that day or after it")


def _require_known(db: Connection, uscc: str) -> None:
    former = institutions.newest(db)
    if uscc in former:
        raise ImpossibleAdjustmentError(f"{uscc} was changed to {former[uscc]} already: give that code instead")
    if uscc not in set(institutions.known(db)["uscc"]):
        raise ImpossibleAdjustmentError(f"{uscc} is not on the register: `filing directory` lists the credit codes")


def _require_recodable(db: Connection, recoding: Recoding) -> None:
    old, new = recoding.old_uscc, recoding.new_uscc
    _require_known(db, old)
    if not pl.select(is_credit_code(pl.lit(new))).item():
        raise ImpossibleAdjustmentError(f"{new} is not a valid unified social credit code (GB 32100): check its digits")
    if new in set(institutions.known(db)["uscc"]) or new in institutions.newest(db):
        raise ImpossibleAdjustmentError(
            f"{new} is or was the code of another institution on the register: a change of code joins no institutions, "
            "`filing adjust merge` does"
        )


def _require_mergeable(db: Connection, merger: Merger) -> None:
    _require_known(db, merger.old_uscc)
    _require_known(db, merger.into_uscc)


def _require_renamable(db: Connection, renaming: Renaming) -> None:
    _require_known(db, renaming.uscc)


def _require_renumberable(db: Connection, renumbering: Renumbering) -> None:
    old, new = renumbering.old_code, renumbering.new_code
    former = renumberings.newest(db)
    if old in former:
        raise ImpossibleAdjustmentError(f"{old} was changed to {former[old]} already: change that code instead")
    if new in former:
        raise ImpossibleAdjustmentError(f"{new} was given up for {former[new]}: give the code that is in use")
    under_way = items.in_status(db, list(OPEN))
    if old not in {*register.current_entries(db)["occupation_code"], *under_way["occupation_code"]}:
        raise ImpossibleAdjustmentError(
            f"{old} is not on the register, and nobody applies for it: `filing directory` lists the occupation codes"
        )


def assert_sense(change: Change, day: date) -> None:
    """Raise ImpossibleChangeError for a type, region, name or code that there cannot be, whatever the register says."""
    match change:
        case Renaming():
            _assert_particulars(change, day)
        case Merger(old_uscc=old, into_uscc=into) if old == into:
            raise ImpossibleChangeError("an institution does not merge into itself: give two credit codes")
        case Renumbering(old_code=old, new_code=new) if old == new:
            raise ImpossibleChangeError("the old and the new code are the same: give two codes")
        case Renumbering(new_code=new) if new not in reference().occupation_names():
            raise ImpossibleChangeError(
                f"{new} is in no list of occupations: check it, or put the list that has it into FILING_REFERENCE"
            )


def _assert_particulars(renaming: Renaming, day: date) -> None:
    policy = in_force(day)
    for option, text, words in (
        ("--type", renaming.institution_type, policy.institution_types),
        ("--region", renaming.region_code, policy.region_names),
    ):
        if text and text not in words:
            raise ImpossibleChangeError(f"{option} '{text}' is none of the policy's: write one of {', '.join(words)}")
    for option, text in (("--name", renaming.institution_name), ("--address", renaming.registered_address)):
        if pl.select(holds_number(pl.lit(text))).item():
            raise ImpossibleChangeError(
                f"{option} holds an identity number or a telephone number, and the directory is public: leave it out"
            )


_KINDS: Mapping[type, tuple[Callable[[Connection, Any], None], Callable[[Connection, Any, Run], int], str]] = {
    Recoding: (_require_recodable, adjustments.recode, "recoded"),
    Merger: (_require_mergeable, adjustments.merge, "merged"),
    Renaming: (_require_renamable, adjustments.rename, "renamed"),
    Renumbering: (_require_renumberable, adjustments.renumber, "renumbered"),
}
