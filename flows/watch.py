"""Watch (值守): operators are notified once, by mail and webhook, of what needs their attention."""

from datetime import date

from prefect import flow
from prefect.logging import get_run_logger

from schemas.run import AUTOMATIC, Counts
from schemas.settings import settings
from tasks.runs import alerts
from tasks.runs.orchestration import ended, leave_no_row, named


def look(as_of: date | None = None) -> Counts:
    """Raise what is new and deliver what is due; one that cannot be delivered stays for the next look."""
    installation = settings()
    new = alerts.raise_alerts(installation, as_of)
    return Counts(done={"alerts": len(new)} if new else {}, failed=alerts.deliver_alerts(installation))


@flow(name="watch", flow_run_name=named(AUTOMATIC["watch"]))
def watch(as_of: date | None = None) -> Counts:
    """Look now, and not at the next look of a worker; one that finds nothing new leaves no row."""
    counts = look(as_of)
    if not counts.total and not counts.failed:
        leave_no_row()
    for why in counts.failed.values():
        get_run_logger().warning(why)
    return ended(counts)
