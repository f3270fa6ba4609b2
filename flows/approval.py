"""Approval (批准发布): an edition that waits is released on a person's word, and published (Notice, article 3(4))."""

from datetime import date

from prefect import flow

from flows.publication import publication
from schemas.run_summary import Counts
from tasks.desk.approval import approve_edition
from tasks.runs.orchestration import ended


@flow(name="approval", flow_run_name="{edition} · 批准发布")
def approval(edition: str, by: str, as_of: date | None = None) -> Counts:
    """Put on record who approves, and publish; raises NothingToApproveError for an edition that does not wait."""
    return ended(publication(*approve_edition(edition, by, as_of)))
