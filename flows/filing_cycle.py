"""One cycle (申报批次), from submissions pulled to directory published and sweeps done; each stage's work is in its own flow."""

from datetime import date

from prefect import flow

from flows.decision import decision
from flows.dormancy import dormancy
from flows.evaluation import evaluation
from flows.expiry import expiry
from flows.intake import intake
from flows.publication import publication
from flows.screening import screening
from schemas.run_summary import RunSummary
from tasks.reporting import Progress
from tasks.runs import rehearsed, run_of


@flow(name="filing-cycle", flow_run_name="{cycle} 批次")
def filing_cycle(
    cycle: str,
    as_of: date | None = None,
    only: list[str] | None = None,
    inbox: str | None = None,
    dry_run: bool = False,
) -> RunSummary:
    """Bring a cycle as far as it can go now; repeat it freely (Notice, article 3)."""
    with rehearsed(dry_run), run_of(cycle, as_of, only, inbox) as run:
        progress = Progress(run)
        progress.note("intake", intake(cycle))
        progress.note("screening", screening(cycle))
        progress.note("evaluation", evaluation(cycle))
        if progress.is_waiting():
            return progress.finish("waiting")
        progress.note("decision", decision(cycle))
        progress.note("publication", publication(cycle))
        progress.note("expiry", expiry(cycle))
        progress.note("dormancy", dormancy(cycle))
        return progress.finish("done")
