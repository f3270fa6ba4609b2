"""One cycle (申报批次), from submissions pulled to directory published and sweeps done."""

from datetime import date

from prefect import flow

from flows.stages import EXPIRY, STAGES, carry_out
from flows.waiting import wait_for_results
from schemas.run import Run, RunSummary
from tasks.expiry import let_lapse
from tasks.runs.comparison import rehearsed
from tasks.runs.custody import why_held_back
from tasks.runs.orchestration import began_before, cycle_run_name, ended, held_back, name_cycle, starts_by_itself
from tasks.runs.progress import Progress
from tasks.runs.run import CURRENT, begin, chosen_cycle
from tasks.runs.waiting import day_now, still_waits


@flow(name="filing-cycle", flow_run_name=cycle_run_name)
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
    if starts_by_itself() and (why := why_held_back(cycle)):
        return held_back(why)
    day = day_now(cycle, as_of, began_before())
    with rehearsed(dry_run), begin(cycle, day, only, inbox, work="cycle") as run:
        summary = go_through(run)
    if summary.awaits_results and not dry_run:
        wait_for_results(summary)
    return ended(summary)


def go_through(run: Run) -> RunSummary:
    """The stages in the order of the notice, up to the one that has to wait; what is over lapses all the same."""
    progress = Progress(run)
    for stage in STAGES:
        if stage.needs_results and still_waits(run.cycle, run.day):
            if (lapsed := let_lapse(run)).done:
                progress.note(EXPIRY.name, EXPIRY.title, lapsed)
            return progress.finish("waiting")
        progress.note(stage.name, stage.title, carry_out(stage, run))
    return progress.finish("done")
