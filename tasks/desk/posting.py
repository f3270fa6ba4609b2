"""Letters sent off (寄出) and arrived (送达), as a person states it, on record with the day."""

from collections.abc import Sequence
from datetime import date
from typing import Literal

from schemas.errors import WrongUseError
from tasks.runs.run import begin, last_cycle
from tasks.store import postings
from tasks.store.leases import writing


class FuturePostingError(WrongUseError):
    """A day that is still to come."""


def record_posting(
    occasions: Sequence[str], what: Literal["posted", "served"], on: date, by: str, as_of: date | None = None
) -> int:
    """Put on record that letters were sent off, or arrived, on a day; returns how many that was new of.

    Raises FuturePostingError.
    """
    with begin(last_cycle(as_of), as_of) as run:
        if on > run.day:
            raise FuturePostingError(
                f"{on} is still to come: record it on that day or after it",
                chinese=f"{on} 还没有到：请在当日或以后登记",
            )
        with writing(run) as db:
            return postings.note(db, occasions, f"{what}_on", on, run, by)
