"""The night's sweeps (清理): notices and terms that ended, occupations that sleep, and the edition that tells of it."""

from datetime import date

from prefect import flow

from flows.decision import decision
from flows.dormancy import dormancy
from flows.expiry import expiry
from flows.publication import publication
from schemas.run_summary import Counts
from tasks.public_notice import cycles_due
from tasks.runs.orchestration import ended
from tasks.runs.progress import log
from tasks.runs.run import CycleBusyError, last_cycle, run_of


@flow(name="sweeps", flow_run_name="每日清理")
def sweeps(as_of: date | None = None) -> Counts:
    """Do everything due on the day and not done yet, and publish if the directory changed (articles 3(1), 3(4))."""
    cycle = last_cycle(as_of)
    with run_of(cycle, as_of) as run:
        filed = [_file_what_was_shown(each, run.day) for each in cycles_due(run.day)]
        return ended(Counts.sum([*filed, expiry(cycle), dormancy(cycle), publication(cycle)]))


def _file_what_was_shown(cycle: str, as_of: date) -> Counts:
    """File the items whose public notice is over; a cycle that is being worked on is left to the next night."""
    try:
        return decision(cycle, as_of)
    except CycleBusyError as busy:
        log(f"cycle {cycle}: what its public notice showed is filed the next night, for {busy}")
        return Counts()
