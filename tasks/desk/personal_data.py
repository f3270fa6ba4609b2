"""What the law asks of personal data: forgetting it in time, and giving and correcting one person's."""

from datetime import date
from typing import Any

from schemas.errors import WrongUseError
from schemas.run import Counts, Run
from tasks.runs.run import begin, last_cycle
from tasks.runs.step import step
from tasks.store import personal
from tasks.store.database import reading
from tasks.store.leases import writing


@step("retention-{run.day}")
def forget_expired(run: Run) -> Counts:
    """Forget the staff whose time is over by the policy (`[retention]`); doing it again changes nothing."""
    with writing(run) as db:
        forgotten = personal.forget(db, run)
    return Counts.of(forgotten=forgotten)


def of_person(number: str) -> list[dict[str, Any]]:
    """Every row about a person; raises WrongUseError where there is none."""
    with reading() as db:
        rows = personal.of_person(db, number)
    if not rows:
        raise WrongUseError("nothing is kept under this number: read it again from the identity card")
    return rows


def correct(number: str, field: str, value: str, by: str, reason: str, day: date | None = None) -> int:
    """Put one field of a person right at their request; how many rows. Raises WrongUseError."""
    of_person(number)
    if field not in personal.CORRECTABLE:
        raise WrongUseError(f"'{field}' cannot be put right here: {', '.join(personal.CORRECTABLE)}")
    with begin(last_cycle(day), day) as run, writing(run) as db:
        return personal.correct(db, number, field, value, by, reason, run)
