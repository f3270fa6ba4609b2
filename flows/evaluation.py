"""Evaluation (评估): accepted items go out to panels, results come back (Notice, article 3(3))."""

from datetime import date

from prefect import flow

from schemas.run_summary import Counts
from tasks import evaluation as work
from tasks.letters import delivery as notices
from tasks.runs.orchestration import ended
from tasks.runs.run import run_of


@flow(name="evaluation", flow_run_name="{cycle} 批次 · 送评与评估结果")
def evaluation(cycle: str, as_of: date | None = None, only: list[str] | None = None) -> Counts:
    """Send out what is accepted, and take in the results that have come back."""
    with run_of(cycle, as_of, only) as run:
        sent = [work.send_out(run), work.deliver_packages(run)]
        return ended(Counts.sum([*sent, work.collect(run), notices.deliver_letters(run)]))
