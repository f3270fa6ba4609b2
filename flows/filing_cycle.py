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
from flows.waiting import wait_for_results
from schemas.run_summary import RunSummary
from tasks.runs.orchestration import began_before, ended, name_cycle
from tasks.runs.progress import Progress
from tasks.runs.run import CURRENT, chosen_cycle, rehearsed, run_of
from tasks.runs.waiting import day_now


@flow(name="filing-cycle", flow_run_name="{cycle} 批次")
def filing_cycle(
    cycle: str = CURRENT,
    as_of: date | None = None,
    only: list[str] | None = None,
    inbox: str | None = None,
    dry_run: bool = False,
) -> RunSummary:
    """Bring a cycle as far as it can go now; repeat it freely (Notice, article 3)."""
    cycle = chosen_cycle(cycle, as_of)
    name_cycle(cycle)
    day = day_now(cycle, as_of, began_before())
    with rehearsed(dry_run), run_of(cycle, day, only, inbox) as run:
        summary = _stages(cycle, Progress(run))
    if summary.awaits_results and not dry_run:
        wait_for_results(summary)
    return ended(summary)


def _stages(cycle: str, progress: Progress) -> RunSummary:
    """The stages in the order of the notice, up to the one that has to wait."""
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
