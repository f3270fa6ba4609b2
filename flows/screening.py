"""Screening (初审): materials are checked, applications returned or accepted (Notice, article 3(2))."""

from datetime import date

from prefect import flow

from schemas.run_summary import Counts
from tasks import rulings as exceptions
from tasks import screening as work
from tasks.letters import delivery as notices
from tasks.runs.orchestration import ended
from tasks.runs.run import run_of


@flow(name="screening", flow_run_name="{cycle} 批次 · 初审")
def screening(cycle: str, as_of: date | None = None, only: list[str] | None = None) -> Counts:
    """Check what was received since the last time, apply decisions on what is held, and write to applicants."""
    with run_of(cycle, as_of, only) as run:
        batches = work.find_unscreened(run)
        checked = [work.screen(run, numbers, number) for number, numbers in enumerate(batches, start=1)]
        return ended(Counts.sum([*checked, exceptions.settle_holds(run), notices.deliver_letters(run)]))
