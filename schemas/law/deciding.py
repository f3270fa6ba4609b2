"""When a cycle is decided and for whom it waits until then (contract section 3, "When a run decides"); the end of its notice."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from schemas.law.cycle import CycleId, add_workdays
from schemas.policy import Policy


@dataclass(frozen=True)
class Progress:
    """How far a cycle is that was not decided yet: results back of items sent, and last days of correction periods.

    `corrections`: one last day a returned application that has a correction period, over or not.
    """

    results_back: int
    items_sent: int
    corrections: Sequence[date] = ()


@dataclass(frozen=True)
class Wait:
    """What a cycle still waits for on a day; nothing of all this means that it decides."""

    deadline: date | None = None
    corrections: int = 0
    corrected_by: date | None = None
    results: int = 0

    @property
    def is_over(self) -> bool:
        return self == Wait()


def last_day(policy: Policy, cycle: CycleId) -> date:
    """The day on which a cycle is decided at the latest, and which packages promise the panels."""
    return policy.deadline(cycle) + timedelta(days=policy.evaluation.wait_days)


def waits(policy: Policy, cycle: CycleId, day: date) -> bool:
    """Whether a cycle that was not decided yet may still wait on a day: it decides together, and its last day is to come."""
    return policy.decision.together and day < last_day(policy, cycle)


def wait_on(progress: Progress, policy: Policy, cycle: CycleId, day: date) -> Wait:
    """For what the cycle waits on a day before it decides.

    One that decides together waits for its deadline, for corrections and for results; on its last day, for nothing. One
    that does not decides what it has.
    """
    if not waits(policy, cycle, day):
        return Wait()
    deadline = policy.deadline(cycle)
    running = [end for end in progress.corrections if end >= day]
    return Wait(
        deadline=deadline if day <= deadline else None,
        corrections=len(running),
        corrected_by=max(running, default=None),
        results=progress.items_sent - progress.results_back,
    )


def awaits_results(progress: Progress, policy: Policy, cycle: CycleId, day: date) -> bool:
    """Whether results may still come in on which the cycle goes on."""
    return progress.results_back < progress.items_sent and day < last_day(policy, cycle)


def last_day_of_notice(published_on: date, policy: Policy) -> date:
    """The last day for objections; the day of publication is not counted (Civil Code, article 201).

    Raises UnknownCalendarYearError for a year whose holidays are not known.
    """
    return add_workdays(published_on, policy.publication.public_notice_workdays)
