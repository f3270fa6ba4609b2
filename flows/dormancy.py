"""Dormancy (休眠): occupations on file without an activity are marked and written to (Notice, article 3(1))."""

from datetime import date

from prefect import flow

from schemas.run_summary import Counts
from tasks import dormancy as work
from tasks.letters import delivery as notices
from tasks.runs.orchestration import ended
from tasks.runs.run import run_of


@flow(name="dormancy", flow_run_name="{cycle} 批次 · 休眠核定")
def dormancy(cycle: str, as_of: date | None = None) -> Counts:
    """Mark every occupation on file; nobody is removed."""
    with run_of(cycle, as_of) as run:
        return ended(Counts.sum([work.sweep_dormancy(run), notices.deliver_letters(run)]))
