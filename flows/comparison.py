"""Comparison (比对): what a cycle's outcome would be under another policy; nothing of it is kept."""

from datetime import date, timedelta

from flows.stages import DECISION, EVALUATION, SCREENING
from schemas.law.cycle import CycleId, assumed_end
from schemas.policy import Policy
from tasks.runs.comparison import Compared, compared, take_back
from tasks.runs.run import begin
from tasks.runs.waiting import still_waits


def compare(cycle: CycleId, policy: Policy, day: date | None, today: date) -> Compared:
    """Compare a cycle's outcome with the one it would have under another policy on a day.

    Without a day: on the day it is decided, at the latest today. Applications, rulings and results on record are judged
    anew; the inbox is not read.
    """
    judged_on = day or min(today, _decided_on(cycle, policy))
    return compared(cycle, policy, lambda: _judge(cycle, policy, judged_on), today)


def _waited_until(cycle: CycleId, policy: Policy) -> date:
    return policy.deadline(cycle) + timedelta(days=policy.evaluation.wait_days)


def _decided_on(cycle: CycleId, policy: Policy) -> date:
    """The day by which a policy has decided a cycle, its public notice included."""
    shown_for = policy.publication.public_notice_workdays
    day = _waited_until(cycle, policy)
    return assumed_end(day, shown_for) + timedelta(days=1) if shown_for else day


def _judge(cycle: CycleId, policy: Policy, day: date) -> None:
    """Screen, evaluate and decide anew, on the day and before it on the one that begins a public notice."""
    days = sorted({min(_waited_until(cycle, policy), day), day})
    for as_of in days:
        with begin(cycle, as_of) as run:
            if as_of == days[0]:
                take_back(run)
            for stage in (SCREENING, EVALUATION, DECISION):
                if not (stage.needs_results and still_waits(cycle, as_of)):
                    stage.work(run)
