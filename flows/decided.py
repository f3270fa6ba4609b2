"""Flows that carry out a person's decision: an adjustment (调整), a change (变更), an approval (批准发布)."""

from datetime import date

from prefect import flow

from flows.stages import PUBLICATION, carry_out
from schemas.errors import FilingError
from schemas.qualification import Adjustment, Merger, Recoding, Renaming, Renumbering
from schemas.run import Counts
from tasks import adjustment as work
from tasks.desk.approval import approve_edition
from tasks.desk.refusals import in_chinese
from tasks.runs.orchestration import ended, is_deployed, not_taken
from tasks.runs.progress import paged
from tasks.runs.run import begin


@flow(name="adjustment", flow_run_name="{decided.uscc} · 动态调整")
def adjustment(cycle: str, decided: Adjustment, as_of: date | None = None) -> Counts:
    """Suspend, reinstate, withdraw or revoke; the next edition shows it."""
    with begin(cycle, as_of) as run:
        return paged(run, "adjustment", "动态调整", {"动态调整": work.adjustment(run, decided)})


@flow(name="change", flow_run_name="{cycle} · 变更备案信息")
def change(cycle: str, decided: Recoding | Renaming | Merger | Renumbering, as_of: date | None = None) -> Counts:
    """Let an institution, or an occupation, go on under another name or code; the next edition shows it."""
    with begin(cycle, as_of) as run:
        return paged(run, "change", "变更备案信息", {"变更备案信息": work.carry_on(run, decided)})


_UNCLEAR = "批准须写明批准人，目录版本须写明批次和号，例如 2026-09.1"


@flow(name="approval", flow_run_name="{edition} · 批准发布")
def approval(edition: str, by: str, as_of: date | None = None) -> Counts:
    """Record who approves an edition, and publish it; raises NothingToApproveError if the edition is not waiting."""
    try:
        cycle, day = approve_edition(edition, by, as_of)
    except (FilingError, ValueError) as refused:
        if not is_deployed():
            raise
        return not_taken(f"{edition}：{in_chinese(refused) if isinstance(refused, FilingError) else _UNCLEAR}")
    with begin(cycle, day) as run:
        return ended(paged(run, "approval", "批准发布", {PUBLICATION.title: carry_out(PUBLICATION, run)}))
