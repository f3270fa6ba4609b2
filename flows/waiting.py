"""Waiting (等待评估结果): a deployed cycle gives up its process for weeks, and is woken when it has reason to go on."""

from prefect import flow
from prefect.logging import get_run_logger

from schemas.run import AUTOMATIC, RunSummary
from schemas.settings import settings
from tasks.runs import custody, orchestration
from tasks.runs import waiting as work
from tasks.runs.today import today

#: A run nobody ever wakes fails this long after the wait is over.
_GRACE_DAYS = 60
_DAY_SECONDS = 86_400


def wait_for_results(summary: RunSummary) -> None:
    """Suspend the run until there is reason to go on, and then begin it anew; without a worker it ends as it is.

    A run that left something undone waits as well: what could not be delivered is one of the reasons to go on.
    One run waits for a whole cycle: where another is suspended already, this one ends too.
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
    """Have every cycle go on that has reason to, whatever became of its run; returns each one's reason.

    One that waits is resumed, one that nobody works on any more is begun anew; what a person paused stays.
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
    """Wake every cycle that has reason to go on, now and not at the next look of a worker; one that wakes none leaves no row."""
    woken = wake()
    for cycle, reason in woken.items():
        get_run_logger().info("cycle %s goes on: %s", cycle, reason)
    if not woken:
        orchestration.leave_no_row()
    return woken
