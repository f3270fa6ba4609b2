"""One cycle (申报批次), from submissions pulled to directory published and sweeps done, and its wait (等待评估结果) for results.

A deployed cycle gives up its process for weeks, and is woken when it has reason to go on.
"""

from datetime import date

from prefect import flow
from prefect.logging import get_run_logger

from flows.stages import EXPIRY, STAGES, carry_out
from schemas.run import AUTOMATIC, Run, RunSummary
from schemas.settings import settings
from tasks.runs import custody, orchestration
from tasks.runs import waiting as work
from tasks.runs.comparison import rehearsed
from tasks.runs.custody import why_held_back
from tasks.runs.orchestration import began_before, cycle_run_name, ended, held_back, name_cycle, starts_by_itself
from tasks.runs.progress import Progress
from tasks.runs.run import CURRENT, begin, chosen_cycle
from tasks.runs.spreading import workers
from tasks.runs.today import today
from tasks.runs.waiting import day_now, still_waits
from tasks.sweeps import let_lapse


@flow(name="filing-cycle", flow_run_name=cycle_run_name)
def filing_cycle(
    cycle: str = CURRENT,
    as_of: date | None = None,
    only: list[str] | None = None,
    inbox: str | None = None,
    dry_run: bool = False,
) -> RunSummary:
    """Bring a cycle as far as it can go now; repeat it freely (Notice, article 3)."""
    cycle = chosen_cycle(cycle, as_of)
    name_cycle(cycle)
    if starts_by_itself() and (why := why_held_back(cycle)):
        return held_back(why)
    day = day_now(cycle, as_of, began_before())
    with rehearsed(dry_run), begin(cycle, day, only, inbox, work="cycle") as run, workers():
        summary = go_through(run)
    if summary.awaits_results and not dry_run:
        wait_for_results(summary)
    return ended(summary)


def go_through(run: Run) -> RunSummary:
    """Work through the stages in the order of the notice, up to the one that has to wait for results.

    Terms that are over lapse even in a run that stops to wait.
    """
    progress = Progress(run)
    for stage in STAGES:
        if stage.needs_results and still_waits(run.cycle, run.day):
            if (lapsed := let_lapse(run)).done:
                progress.note(EXPIRY.name, EXPIRY.title, lapsed)
            return progress.finish("waiting")
        progress.note(stage.name, stage.title, carry_out(stage, run))
    return progress.finish("done")


#: A suspended run that nothing wakes fails this long after its wait is over.
_GRACE_DAYS = 60
_DAY_SECONDS = 86_400


def wait_for_results(summary: RunSummary) -> None:
    """Suspend the run until there is a reason to go on; it then begins anew. Outside a deployment it simply ends.

    A run that left something undone waits as well, for an undelivered letter or package is a reason to go on. One run
    waits for the whole cycle: if another is suspended already, this one ends.
    """
    if not orchestration.is_deployed():
        return
    logger = get_run_logger()
    if any(run.cycle == summary.cycle and run.is_whole for run in orchestration.suspended_runs()):
        logger.info("cycle %s: another run waits for its results already, this one ends", summary.cycle)
        return
    over = work.over_on(summary.cycle)
    days = max((over - today()).days, 0) + _GRACE_DAYS
    logger.info(
        "cycle %s waits: %s of %s results are in; it goes on by itself when the last one is in, or on %s",
        summary.cycle,
        summary.received_results,
        summary.awaited_results,
        over,
    )
    kind, message = work.awaited_in_words(summary.wait, summary.received_results, summary.awaited_results, over)
    name = orchestration.run_name(summary.cycle, kind, summary.as_of)
    orchestration.suspend(days * _DAY_SECONDS, name, message)


def wake() -> dict[str, str]:
    """Let every cycle go on that has a reason to; returns the reason by cycle.

    A suspended run is resumed; a cycle whose run was lost is begun anew; a cycle that a person paused stays paused.
    """
    custody.respect_cancelling()
    paused, _ = custody.held_back(today())
    if paused is None:
        return {}
    woken: dict[str, str] = {}
    living = orchestration.living_runs()
    for run in living:
        if not run.is_suspended or run.cycle in paused:
            continue
        day = work.day_now(run.cycle, run.as_of, run.began)
        reason = work.reason_to_go_on(run.cycle, day, run.only, run.inbox, settings())
        if reason and orchestration.resume(run.flow_run_id):
            woken[run.cycle] = reason
    for lost in custody.unattended(living, settings()):
        if lost.because and lost.cycle not in woken and custody.begin_anew(lost, settings()):
            woken[lost.cycle] = f"{lost.because}, and no run was working on it"
    return woken


@flow(name="resume-waiting", flow_run_name=orchestration.named(AUTOMATIC["resume-waiting"]))
def resume_waiting() -> dict[str, str]:
    """Wake every cycle that has a reason to go on, without waiting for a worker's next look.

    A run that wakes none leaves no row in the list of runs.
    """
    woken = wake()
    for cycle, reason in woken.items():
        get_run_logger().info("cycle %s goes on: %s", cycle, reason)
    if not woken:
        orchestration.leave_no_row()
    return woken
