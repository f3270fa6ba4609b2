"""The night's sweeps (清理): terms that ended, occupations that sleep, and the edition that tells of it."""

from datetime import date

from prefect import flow

from flows.dormancy import dormancy
from flows.expiry import expiry
from flows.publication import publication
from schemas.run_summary import Counts
from tasks.runs import last_cycle, run_of


@flow(name="sweeps", flow_run_name="每日清理")
def sweeps(as_of: date | None = None) -> Counts:
    """Do everything due on the day and not done yet, and publish if the directory changed (articles 3(1), 3(4))."""
    cycle = last_cycle(as_of)
    with run_of(cycle, as_of):
        return Counts.sum([expiry(cycle), dormancy(cycle), publication(cycle)])
