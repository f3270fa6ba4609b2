"""Adjustment (调整): an operator's decision about what is on file, carried out and written to whom it concerns (article 4)."""

from datetime import date

from prefect import flow

from schemas.adjustment import Adjustment, Recoding
from schemas.run_summary import Counts
from tasks import adjustment as work
from tasks.runs.run import begin


@flow(name="adjustment", flow_run_name="{decided.uscc} · 动态调整")
def adjustment(cycle: str, decided: Adjustment, as_of: date | None = None) -> Counts:
    """Suspend, reinstate, withdraw or revoke; the next edition shows it."""
    with begin(cycle, as_of) as run:
        return work.adjustment(run, decided)


@flow(name="recoding", flow_run_name="{decided.old_uscc} · 变更统一社会信用代码")
def recoding(cycle: str, decided: Recoding, as_of: date | None = None) -> Counts:
    """Let an institution go on under another credit code; the next edition shows it."""
    with begin(cycle, as_of) as run:
        return work.recode(run, decided)
