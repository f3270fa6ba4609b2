"""Expiry (到期): terms that are over lapse, terms that end soon are announced (Notice, article 3(4))."""

from datetime import date

from prefect import flow

from schemas.run_summary import Counts
from tasks import expiry as work
from tasks.letters import delivery as notices
from tasks.runs.orchestration import ended
from tasks.runs.run import run_of


@flow(name="expiry", flow_run_name="{cycle} 批次 · 到期清理")
def expiry(cycle: str, as_of: date | None = None) -> Counts:
    """Do everything due on the day and not done yet."""
    with run_of(cycle, as_of) as run:
        return ended(Counts.sum([work.sweep_expiry(run), notices.deliver_letters(run)]))
