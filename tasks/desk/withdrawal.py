"""Withdrawal (撤回申报): an applicant takes an application back, by a version that says so or by letter to the centre."""

from datetime import date

from sqlalchemy import Connection

from schemas.errors import RefusedError
from schemas.history import facts_text
from schemas.item import OPEN
from schemas.run import Counts, Run
from tasks.desk.moved import assert_unmoved
from tasks.desk.rulings import cycle_of
from tasks.letters.delivery import deliver_letters
from tasks.letters.life import recall, withdrawals
from tasks.runs.run import begin
from tasks.store import applications, cycles, items, letters
from tasks.store.directory import occupation_names
from tasks.store.leases import writing

_RECALLED = "申报单位撤回申报"
#: How an application is taken back: by a version that says so, or in writing.
BY_VERSION, IN_WRITING = "撤回申报的版本", "书面申请"


class NothingToWithdrawError(RefusedError):
    """Nothing of an application is open any more."""


def withdraw(number: str, by: str, reason: str, as_of: date | None = None, *, seen: int | None = None) -> Counts:
    """Take back what is open of an application, in the applicant's name, with recalls and letters.

    `seen`: the last history entry its page knew. Raises UnknownApplicationError, NothingToWithdrawError where nothing is
    open, or MovedError.
    """
    cycle = cycle_of(number)
    with begin(cycle, as_of) as run:
        with writing(run) as db:
            assert_unmoved(db, number, seen)
            _assert_open(db, number, cycle)
            counts = take_back(db, [number], IN_WRITING, reason, by, run)
            applications.follow_items(db, cycle, run)
        return Counts.sum([counts, deliver_letters(run)])


def _assert_open(db: Connection, number: str, cycle: str) -> None:
    if cycle in cycles.closed(db):
        raise NothingToWithdrawError(f"cycle {cycle} is closed: nothing of {number} is open any more")
    if outcome := applications.outcome_of(db, number):
        raise NothingToWithdrawError(f"{number} is {outcome} already: `filing history {number}` tells when and why")
    rows = items.of_application(db, number)
    if len(rows) and not rows["status"].isin(OPEN).any():
        raise NothingToWithdrawError(
            f"nothing of {number} is open any more: what is filed is given up with `filing adjust withdraw`"
        )


def take_back(db: Connection, numbers: list[str], way: str, ground: str, by: str, run: Run) -> Counts:
    """Let every open item of these applications become `withdrawn`, recall their packages and confirm it by letter.

    A version that withdraws an application without a single item is confirmed by the screening, which makes what it names.
    """
    rows = items.of_applications(db, numbers)
    still = rows[rows["status"].isin(OPEN)]
    applications.have_outcome(db, numbers, "withdrawn")
    recall(db, still, _RECALLED, run)
    facts = facts_text(way=way, ground=ground)
    because = f"撤回申报（{way}）" + (f"：{ground}" if ground else "")
    items.move(db, still.assign(became="withdrawn", reason="", because=because, facts=facts), run, by)
    bare = [] if way == BY_VERSION else sorted(set(numbers) - set(rows["application_no"]))
    applications.give_up(db, bare, f"撤回申报（{way}）", ground, run, by)
    applicants = applications.current(db, sorted({*still["application_no"], *bare}))
    confirmed = withdrawals(applicants, still, occupation_names(db), way, ground, run)
    return Counts.of(withdrawn=len(numbers), letters=letters.write(db, confirmed, run))
