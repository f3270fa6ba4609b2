"""Waiting (等待评估结果): a deployed cycle gives up its process for weeks, and is woken when it has reason to go on."""

from prefect import flow
from prefect.logging import get_run_logger

from schemas.run_summary import RunSummary
from schemas.settings import settings
from tasks.runs import orchestration
from tasks.runs import waiting as work
from tasks.runs.today import today

#: A run nobody ever wakes fails this long after the wait is over.
_GRACE_DAYS = 60
_DAY_SECONDS = 86_400


def wait_for_results(summary: RunSummary) -> None:
    """Suspend the run until there is reason to go on, and then begin it anew; without a worker it ends as it is.

    A run that left something undone waits as well: what could not be delivered is one of the reasons to go on.
    One run waits for a cycle: where another is suspended already, this one ends too.
    """
    if not orchestration.is_deployed():
        return
    logger = get_run_logger()
    if any(run.cycle == summary.cycle for run in orchestration.suspended_runs()):
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
    orchestration.suspend(days * _DAY_SECONDS)


def wake() -> dict[str, str]:
    """Wake every suspended cycle that has reason to go on; returns each one's reason."""
    woken: dict[str, str] = {}
    for run in orchestration.suspended_runs():
        day = work.day_now(run.cycle, run.as_of, run.began)
        reason = work.reason_to_go_on(run.cycle, day, run.only, run.inbox, settings())
        if reason and orchestration.resume(run.flow_run_id):
            woken[run.cycle] = reason
    return woken


@flow(name="resume-waiting", flow_run_name="查看等待中的批次")
def resume_waiting() -> dict[str, str]:
    """Wake every suspended cycle that has reason to go on, now and not at the next look of a worker."""
    woken = wake()
    for cycle, reason in woken.items():
        get_run_logger().info("cycle %s goes on: %s", cycle, reason)
    return woken
