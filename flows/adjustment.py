"""Adjustment (调整): an operator's decision about what is on file, carried out and written to whom it concerns (article 4)."""

from datetime import date

from prefect import flow

from schemas.qualification import Adjustment, Merger, Recoding, Renaming, Renumbering
from schemas.run import Counts
from tasks import adjustment as work
from tasks.desk import succession
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
        return paged(run, "change", "变更备案信息", {"变更备案信息": succession.carry_on(run, decided)})
