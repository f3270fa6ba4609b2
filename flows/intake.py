"""Intake (收件): what lies in the inbox comes into the database (Notice, article 3(1))."""

from datetime import date

from prefect import flow

from schemas.run_summary import Counts
from tasks import intake as work
from tasks.runs.orchestration import ended
from tasks.runs.run import run_of


@flow(name="intake", flow_run_name="{cycle} 批次 · 收件")
def intake(cycle: str, as_of: date | None = None, only: list[str] | None = None, inbox: str | None = None) -> Counts:
    """Pull the inbox; the same folder again changes nothing."""
    with run_of(cycle, as_of, only, inbox) as run:
        return ended(work.pull(run))
