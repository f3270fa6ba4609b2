"""Approval (批准发布): an edition that waits is released on a person's word, and published (Notice, article 3(4))."""

from datetime import date

from prefect import flow

from flows.stages import PUBLICATION, carry_out
from schemas.errors import FilingError
from schemas.run import Counts
from tasks.desk.approval import approve_edition
from tasks.desk.refusals import in_chinese
from tasks.runs.orchestration import ended, is_deployed, not_taken
from tasks.runs.progress import paged
from tasks.runs.run import begin

_UNCLEAR = "批准须写明批准人，目录版本须写明批次和号，例如 2026-09.1"


@flow(name="approval", flow_run_name="{edition} · 批准发布")
def approval(edition: str, by: str, as_of: date | None = None) -> Counts:
    """Put on record who approves, and publish; raises NothingToApproveError for an edition that does not wait."""
    try:
        cycle, day = approve_edition(edition, by, as_of)
    except (FilingError, ValueError) as refused:
        if not is_deployed():
            raise
        return not_taken(f"{edition}：{in_chinese(refused) if isinstance(refused, FilingError) else _UNCLEAR}")
    with begin(cycle, day) as run:
        return ended(paged(run, "approval", "批准发布", {PUBLICATION.title: carry_out(PUBLICATION, run)}))
