"""Waiting for results: what is still out, who is overdue, and whether a suspended cycle has reason to go on."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from schemas.law.cycle import cycle_id
from schemas.policy import Policy, for_cycle
from schemas.settings import settings
from tasks.gateways.sources import chosen as sources
from tasks.runs.today import day_of, today
from tasks.store import applications, dispatches, results, runs
from tasks.store.database import reading

#: What could not be delivered is tried again so long after the first failure, then after twice as long each time.
TRY_AGAIN, TRY_AT_LEAST_EVERY = timedelta(minutes=15), timedelta(days=1)

#: A file younger than this may still be being copied into the inbox.
SETTLED = timedelta(seconds=10)


@dataclass(frozen=True)
class Missing:
    """One application whose results are missing: how many items, sent when, due when."""

    application_no: str
    institution_name: str
    items: int
    sent_on: date
    due_on: date


@dataclass(frozen=True)
class Wait:
    """What a cycle waits for: results back, items sent, the day the wait is over, and what is missing."""

    cycle: str
    back: int
    sent: int
    over_on: date
    missing: list[Missing]


def over_on(cycle: str) -> date:
    """The day from which a cycle waits no longer (contract section 3)."""
    policy = for_cycle(cycle_id(cycle))
    return _over_on(policy, cycle)


def _over_on(policy: Policy, cycle: str) -> date:
    return policy.deadline(cycle_id(cycle)) + timedelta(days=policy.evaluation.wait_days)


def still_waits(cycle: str, day: date) -> bool:
    """Whether results are still awaited on a day: some are missing and the wait is not over (contract section 3)."""
    with reading() as db:
        back, sent = results.progress(db, cycle)
    return back < sent and day < over_on(cycle)


def wait_of(cycle: str) -> Wait:
    """What the cycle waits for now."""
    due = over_on(cycle)
    with reading() as db:
        back, sent = results.progress(db, cycle)
        out = dispatches.awaited(db, cycle)
        numbers = sorted(set(out["application_no"]))
        current = applications.current(db, numbers) if numbers else None
    names = {} if current is None else dict(zip(current["application_no"], current["institution_name"], strict=True))
    missing = [
        Missing(str(number), names.get(str(number), ""), len(rows), date.fromisoformat(min(rows["sent_on"])[:10]), due)
        for number, rows in out.groupby("application_no", sort=True)
    ]
    return Wait(cycle, back, sent, due, missing)


def day_now(cycle: str, as_of: date | None, began: datetime | None) -> date | None:
    """The day a run that has waited goes on with: as much later than its own as time has passed since it began.

    Never before the last day the whole cycle was run for; `began` is None for a run that has not waited.
    """
    if as_of is None or began is None:
        return as_of
    passed = today() - day_of(began)
    with reading() as db:
        last = runs.last_day(db, cycle)
    return max(as_of + max(passed, timedelta(0)), last or as_of)


def reason_to_go_on(cycle: str, as_of: date | None, only: list[str] | None, inbox: str | None) -> str | None:
    """Why a suspended run of the cycle should go on now, as one sentence; None while it has only to wait.

    `as_of`: its day now; `only`, `inbox`: what it was started with; without a day it is today.
    """
    with reading() as db:
        back, sent = results.progress(db, cycle)
        unjudged = len(results.to_judge(db, cycle, only))
        began = runs.last_cycle_run_began(db, cycle)
        recorded = runs.recorded_since(db, cycle, began)
        failures, last_ended = runs.failures_in_a_row(db, cycle)
    over = over_on(cycle)
    tries_again = failures and last_ended and datetime.now(UTC) >= last_ended + pause_after(failures)
    reasons = [
        (back >= sent, f"all {sent} results are in"),
        (
            (as_of or today()) >= over,
            f"the wait is over since {over}: {sent - back} of {sent} results are missing",
        ),
        (unjudged, f"{unjudged} results wait to be judged"),
        (recorded, "something was imported or decided"),
        (tries_again, "what could not be delivered is tried again"),
    ]
    return next((reason for holds, reason in reasons if holds), None) or _something_new(inbox, began)


def pause_after(failures: int) -> timedelta:
    """How long after so many runs in a row that left something undone the next one tries it again."""
    # the exponent is bounded: a month of failures must not overflow
    doublings: int = 2 ** min(failures - 1, 10)
    return min(TRY_AGAIN * doublings, TRY_AT_LEAST_EVERY)


def _something_new(inbox: str | None, began: datetime | None) -> str | None:
    """What there may be to pull: files in the inbox, or a source far away that has not been asked for long."""
    new = _newer_files(Path(inbox) if inbox else settings().inbox, began)
    if new:
        return f"{new} new files in the inbox"
    due = inbox is None and sources.is_due(settings(), datetime.now(UTC))
    return f"the source was not asked for {settings().source_hours:g} hours" if due else None


def _newer_files(inbox: Path, began: datetime | None) -> int:
    """Files that came or changed since; the time of the inode, for a file moved in keeps its own older time."""
    if not inbox.is_dir():
        return 0
    settled = (datetime.now(UTC) - SETTLED).timestamp()
    since = began.timestamp() if began else 0.0
    files = (path for path in inbox.rglob("*") if not path.name.startswith((".", "~$")))
    return sum(1 for path in files if path.is_file() and since < path.stat().st_ctime <= settled)
