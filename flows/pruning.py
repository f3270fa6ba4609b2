"""Pruning (清理旧日志): the files of the processes are kept within their bounds."""

from prefect import flow

from schemas.run_summary import Counts
from schemas.settings import settings
from tasks.runs.orchestration import ended, leave_no_row, named
from tasks.runs.pruning import trim_logs


@flow(name="pruning", flow_run_name=named("清理旧日志"))
def pruning() -> Counts:
    """Trim what is too long; one that trims nothing leaves no row."""
    counts = trim_logs(settings())
    if not counts.total and not counts.failed:
        leave_no_row()
    return ended(counts)
