"""Waiting for results: what is still out, who is overdue, and whether a suspended cycle has reason to go on."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from schemas.law import deciding
from schemas.law.cycle import cycle_id
from schemas.policy import for_cycle
from schemas.settings import Settings
from tasks.gateways import sources
from tasks.runs.today import day_of, today
from tasks.store import applications, cycles, dispatches, results, runs, unfinished
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
    results_back: int
    items_sent: int
    over_on: date
    missing: list[Missing]


def over_on(cycle: str) -> date:
    """The day from which a cycle waits no longer (contract section 3)."""
    return deciding.last_day(for_cycle(cycle_id(cycle)), cycle_id(cycle))


def waits_for(cycle: str, day: date) -> deciding.Wait:
    """For what a cycle waits on a day before it decides; for nothing once it was closed (contract section 3)."""
    with reading() as db:
        return unfinished.wait(db, cycle, day)


def still_waits(cycle: str, day: date) -> bool:
    """Whether a cycle is not decided yet on a day."""
    return not waits_for(cycle, day).is_over


def awaits_results(cycle: str, day: date, back: int, sent: int) -> bool:
    """Whether results may still come in, beside those `back` of items `sent`, on which a cycle goes on, decided or not."""
    with reading() as db:
        if cycles.closing(db, cycle):
            return False
    return deciding.awaits_results(deciding.Progress(back, sent), for_cycle(cycle_id(cycle)), cycle_id(cycle), day)


def wait_of(cycle: str) -> Wait:
    """What the cycle waits for now."""
    due = over_on(cycle)
    with reading() as db:
        back, sent = unfinished.results_back(db, cycle)
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
    day = as_of + max(passed, timedelta(0))
    # a run for a day to come was a mistake, and is taken back
    return day if last is None or day <= today() < last else max(day, last)


def reason_to_go_on(
    cycle: str, as_of: date | None, only: list[str] | None, inbox: str | None, installation: Settings
) -> str | None:
    """Why a suspended run of the cycle should go on now, as one sentence; None while it has only to wait.

    `as_of`: its day now; `only`, `inbox`: what it was started with; without a day it is today.
    """
    day = as_of or today()
    with reading() as db:
        (back, sent), has_decided = unfinished.results_back(db, cycle), unfinished.has_decided(db, cycle)
        unjudged = len(results.to_judge(db, cycle, only))
        began = runs.last_cycle_run_began(db, cycle)
        recorded = runs.recorded_since(db, cycle, began)
        failures, last_ended = runs.failures_in_a_row(db, cycle)
    over = over_on(cycle)
    decides = not has_decided and still_waits(cycle, day) is False
    tries_again = failures and last_ended and datetime.now(UTC) >= last_ended + pause_after(failures)
    reasons = [
        (back >= sent and (decides or has_decided), f"all {sent} results are in"),
        (day >= over, f"the wait is over since {over}: {sent - back} of {sent} results are missing"),
        (decides, "nothing is waited for any more"),
        (unjudged, f"{unjudged} results wait to be judged"),
        (recorded, "something was imported or decided"),
        (tries_again, "what could not be delivered is tried again"),
    ]
    return next((reason for holds, reason in reasons if holds), None) or _something_new(inbox, began, installation)


def reason_to_begin(cycle: str, installation: Settings, now: datetime | None = None) -> str | None:
    """Why a run of an open cycle should begin although none works or waits; None where nothing is to be done now.

    One whose last run said that it waits goes on as that run would have. For any other it is what was left half done,
    recorded or undelivered since; what no run has ever begun is left to its schedule.
    """
    now = now or datetime.now(UTC)
    with reading() as db:
        last = runs.last_summary(db, cycle)
        broken, broken_at = runs.broken_in_a_row(db, cycle)
    if broken and broken_at:
        # what dies again and again is tried more and more seldom
        tries_again = now >= broken_at + pause_after(broken)
        return f"{broken} runs in a row did not come to their end" if tries_again else None
    if last is None:
        return None
    if last.awaits_results:
        return reason_to_go_on(cycle, day_to_begin(cycle, installation), None, None, installation)
    return _left_over(cycle, now)


def _left_over(cycle: str, now: datetime) -> str | None:
    """What a cycle that waits for no results has to be run for."""
    with reading() as db:
        began = runs.last_cycle_run_began(db, cycle)
        recorded = runs.recorded_since(db, cycle, began)
        unjudged = len(results.to_judge(db, cycle, None))
        failures, last_ended = runs.failures_in_a_row(db, cycle)
    if recorded:
        return "something was imported or decided"
    if failures and last_ended and now >= last_ended + pause_after(failures):
        return "what could not be delivered is tried again"
    # what the last run could not judge, the next one cannot at once
    judges = unjudged and last_ended and now >= last_ended + TRY_AGAIN
    return f"{unjudged} results wait to be judged" if judges else None


def awaits(cycle: str) -> bool:
    """Whether the last run of a cycle ended waiting: a run of it should wait, or work."""
    with reading() as db:
        last = runs.last_summary(db, cycle)
        return bool(last and last.awaits_results) or runs.broken_in_a_row(db, cycle)[0] > 0


def day_to_begin(cycle: str, installation: Settings) -> date | None:
    """The day for which a run begins by itself: today, or in a home for practice no earlier than the last run's."""
    with reading() as db:
        last = runs.last_day(db, cycle)
    return last if installation.is_for_practice and last and last > today() else None


def awaited_in_words(wait: deciding.Wait, received: int, awaited: int, over: date) -> tuple[str, str]:
    """For what a cycle waits, as its run is called, and as its state says it."""
    parts = []
    if wait.deadline:
        parts.append(f"{wait.deadline} 截止")
    if wait.corrections:
        parts.append(f"{wait.corrections} 件补正（至 {wait.corrected_by}）")
    if awaited > received:
        parts.append(f"评估结果（已收 {received} / 共 {awaited}）")
    kind = "等待评估结果" if awaited > received else "等待补正" if wait.corrections else "等待截止"
    return kind, f"等待：{'、'.join(parts) or '评估结果'}；收齐即自动继续，最迟 {over}"


def pause_after(failures: int) -> timedelta:
    """How long after so many runs in a row that left something undone the next one tries it again."""
    # the exponent is bounded: a month of failures must not overflow
    doublings: int = 2 ** min(failures - 1, 10)
    return min(TRY_AGAIN * doublings, TRY_AT_LEAST_EVERY)


def _something_new(inbox: str | None, began: datetime | None, installation: Settings) -> str | None:
    """What there may be to pull: files in the inbox, or a source far away that has not been asked for long."""
    folders = [Path(inbox)] if inbox else [installation.inbox, installation.desk]
    new = sum(_newer_files(folder, began) for folder in folders)
    if new:
        return f"{new} new files in the inbox"
    due = inbox is None and sources.is_due(installation, datetime.now(UTC))
    return f"the source was not asked for {installation.source_hours:g} hours" if due else None


def _newer_files(inbox: Path, began: datetime | None) -> int:
    """Files that came or changed since; the time of the inode, for a file moved in keeps its own older time."""
    if not inbox.is_dir():
        return 0
    latest = (datetime.now(UTC) - SETTLED).timestamp()
    since = began.timestamp() if began else 0.0
    files = (path for path in inbox.rglob("*") if not path.name.startswith((".", "~$")))
    return sum(1 for path in files if path.is_file() and since < path.stat().st_ctime <= latest)
