"""Letters sent off (寄出) and arrived (送达), as a person states it, on record with the day."""

from collections.abc import Sequence
from datetime import date
from typing import Literal

from sqlalchemy import RowMapping

from schemas.errors import WrongUseError
from tasks.runs.run import begin, last_cycle
from tasks.store import postings
from tasks.store.leases import writing

Posted = Literal["posted", "served"]


class FuturePostingError(WrongUseError):
    """A day that is still to come."""


class ImpossiblePostingError(WrongUseError):
    """A letter that is not there, or a day that is not in the order of a letter's days."""


def record_posting(occasions: Sequence[str], what: Posted, on: date, by: str, as_of: date | None = None) -> int:
    """Put on record that letters were sent off, or arrived, on a day, or correct the day; returns how many that was new of.

    All are noted or none. Raises FuturePostingError, ImpossiblePostingError.
    """
    with begin(last_cycle(as_of), as_of) as run:
        if on > run.day:
            chinese = f"{on} 还没有到：请在当日或以后登记"
            raise FuturePostingError(f"{on} is still to come: record it on that day or after it", chinese=chinese)
        with writing(run) as db:
            letters = postings.of(db, occasions)
            if unknown := sorted(set(occasions) - {letter["occasion"] for letter in letters}):
                chinese = f"没有这份文书（{unknown[0]}）：请重新打开“文书”一页后再选"
                raise ImpossiblePostingError(
                    f"there is no letter {unknown[0]}: choose one of the list", chinese=chinese
                )
            for letter in letters:
                _assert_in_order(letter, what, on)
            return postings.note(db, occasions, f"{what}_on", on, run, by)


def _assert_in_order(letter: RowMapping, what: Posted, on: date) -> None:
    """A letter is written, then sent off, then arrives, each on the day of the one before or later."""
    name = letter["number"] or letter["occasion"]
    written_on, posted_on, served_on = letter["written_on"], letter["posted_on"], letter["served_on"]
    if on < written_on:
        chinese = f"“{name}”的日期是 {written_on}，寄出和送达不会早于它：请核对所填的 {on}"
        raise ImpossiblePostingError(
            f"letter {name} is of {written_on}, later than {on}: check the day", chinese=chinese
        )
    if what == "served" and posted_on and on < posted_on:
        chinese = f"“{name}”于 {posted_on} 寄出，送达不会早于它：请核对所填的 {on}，或先更正寄出日期"
        raise ImpossiblePostingError(
            f"letter {name} was sent off on {posted_on}, later than {on}: check both", chinese=chinese
        )
    if what == "posted" and served_on and on > served_on:
        chinese = f"“{name}”于 {served_on} 送达，寄出不会晚于它：请核对所填的 {on}，或先更正送达日期"
        raise ImpossiblePostingError(
            f"letter {name} arrived on {served_on}, before {on}: check both days", chinese=chinese
        )
