"""Flows that run by themselves beside cycles: sweeps (清理), retention of personal data (到期清除), logs, the watch (值守)."""

from datetime import date

from prefect import flow
from prefect.logging import get_run_logger

from flows.stages import DECISION, DORMANCY, EXPIRY, PUBLICATION, carry_out
from schemas.run import AUTOMATIC, Counts, Run
from schemas.settings import settings
from tasks.desk.retention import forget_expired, trim_logs
from tasks.public_notice import cycles_due
from tasks.runs import alerts
from tasks.runs.custody import why_held_back
from tasks.runs.orchestration import ended, leave_no_row, named
from tasks.runs.progress import log, paged
from tasks.runs.run import CycleBusyError, begin, last_cycle


@flow(name="sweeps", flow_run_name=named(AUTOMATIC["sweeps"]))
def sweeps(as_of: date | None = None) -> Counts:
    """Do everything due on the day and not done yet, and publish if the directory changed (articles 3(1), 3(4))."""
    with begin(last_cycle(as_of), as_of, work="sweeps") as run:
        return ended(paged(run, "sweeps", AUTOMATIC["sweeps"], sweep(run)))


def sweep(run: Run) -> dict[str, Counts]:
    """The work of one night: counts by the title of each part."""
    filed = [_file_shown(cycle, run) for cycle in cycles_due(run.day) if not why_held_back(cycle)]
    notices = {"公示期满的备案": Counts.sum(filed)} if filed else {}
    return notices | {stage.title: carry_out(stage, run) for stage in (EXPIRY, DORMANCY, PUBLICATION)}


def _file_shown(cycle: str, run: Run) -> Counts:
    """File the items whose public notice is over; a cycle that is being worked on is left to the next night."""
    if cycle == run.cycle:
        return carry_out(DECISION, run)
    try:
        with begin(cycle, run.day) as other:
            return carry_out(DECISION, other)
    except CycleBusyError as busy:
        log(f"cycle {cycle}: what its public notice showed is filed the next night, for {busy}")
        return Counts()


@flow(name="retention", flow_run_name=named(AUTOMATIC["retention"]))
def retention(as_of: date | None = None) -> Counts:
    """Erase the staff records of applications closed long ago and of versions replaced long ago."""
    with begin(last_cycle(as_of), as_of, work="retention") as run:
        return ended(paged(run, "retention", AUTOMATIC["retention"], {AUTOMATIC["retention"]: forget_expired(run)}))


@flow(name="pruning", flow_run_name=named(AUTOMATIC["pruning"]))
def pruning() -> Counts:
    """Trim logs that grew too long; a run that trims nothing leaves no row in the list of runs."""
    counts = trim_logs(settings())
    if not counts.total and not counts.failed:
        leave_no_row()
    return ended(counts)


def look(as_of: date | None = None) -> Counts:
    """Raise new alerts and deliver those that are due; what cannot be delivered stays for the next look."""
    installation = settings()
    new = alerts.raise_alerts(installation, as_of)
    return Counts(done={"alerts": len(new)} if new else {}, failed=alerts.deliver_alerts(installation))


@flow(name="watch", flow_run_name=named(AUTOMATIC["watch"]))
def watch(as_of: date | None = None) -> Counts:
    """Look for alerts now, without waiting for a worker's next look; a run that finds none leaves no row."""
    counts = look(as_of)
    if not counts.total and not counts.failed:
        leave_no_row()
    for why in counts.failed.values():
        get_run_logger().warning(why)
    return ended(counts)
