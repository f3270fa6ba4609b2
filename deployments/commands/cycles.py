"""`filing run` and `filing sweep`: one cycle as far as it can go now, and the sweeps on their own."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from deployments import orchestrator
from deployments.commands import EXIT_FAILED
from deployments.commands.readiness import AsOf, read_cycle, read_day, read_number, ready, tell_failures
from deployments.soundness import assert_inbox
from schemas.errors import WrongUseError
from schemas.law.deciding import Wait
from schemas.policy import last_cycle_on
from schemas.run import RunSummary
from tasks.runs.today import today


def run(
    cycle: Annotated[str, typer.Argument(help="The cycle, YYYY-MM: a month in which the policy has one.")],
    inbox: Annotated[
        Path | None, typer.Option(help="Folder of submissions. [default: FILING_SOURCE, else HOME/inbox]")
    ] = None,
    as_of: AsOf = None,
    only: Annotated[list[str] | None, typer.Option(help="Only these application numbers; may be given again.")] = None,
    only_failed_of: Annotated[
        str | None, typer.Option(metavar="RUN", help="Only the applications that this run left undone.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change; write and send nothing.")] = False,
) -> int:
    """Run one cycle as far as it can go now; repeat it freely."""
    chosen, day = read_cycle(cycle), read_day(as_of)
    if inbox is not None and not inbox.is_dir():
        raise WrongUseError(f"the inbox {inbox} is not a folder: give the folder that holds the submissions")
    if inbox is not None:
        assert_inbox(inbox)
    ready()
    orchestrator.prepare(runs=True)
    from flows.filing_cycle import filing_cycle

    chosen_only = [*map(read_number, only or []), *([f"failed:{only_failed_of}"] if only_failed_of else [])] or None
    console = Console(stderr=True)
    folder = str(inbox.resolve()) if inbox else None
    with console.status(f"cycle {chosen}: starting"):
        summary = orchestrator.run(filing_cycle, chosen, day, only=chosen_only, inbox=folder, dry_run=dry_run)
    tell(summary, dry_run=dry_run)
    return 1 if summary.outcome == "failed" else 0


def tell(summary: RunSummary, *, dry_run: bool = False) -> None:
    """Print what a run did, in the order of the stages."""
    if dry_run:
        typer.echo("dry run: nothing was written or sent")
    for stage, counts in summary.stages.items():
        if counts.total:
            typer.echo(f"{stage}: {counts.text}")
    for sentence in summary.advice:
        typer.echo(f"advice: {sentence}")
    tell_failures(summary.failed)
    if summary.awaits_results:
        typer.echo(f"waiting: {summary.received_results} of {summary.awaited_results}{_for_whom(summary.wait)}")
    elif summary.outcome == "nothing_to_do":
        typer.echo("nothing to do")
    for cycle, number in summary.results_elsewhere.items():
        typer.echo(f"{number} results of cycle {cycle} wait to be judged: run `filing run {cycle}`")
    if summary.waits_for_approval:
        typer.echo(f"waits for approval: {summary.waits_for_approval}")
    elif summary.edition:
        typer.echo(f"edition: {summary.edition}")


def _for_whom(wait: Wait) -> str:
    """Whom a cycle waits for beside the panels, behind the numbers of results."""
    parts = []
    if wait.deadline:
        parts.append(f"the deadline {wait.deadline} 24:00")
    if wait.corrections:
        parts.append(f"corrections of {wait.corrections} applications until {wait.corrected_by}")
    return "; also for " + " and ".join(parts) if parts else ""


class Sweep(StrEnum):
    expiry = "expiry"
    dormancy = "dormancy"


def sweep(
    which: Annotated[Sweep, typer.Argument(help="What to sweep for.")],
    as_of: AsOf = None,
) -> int:
    """Do what is due on the day of one kind and not done yet, and publish a new edition if the directory changed."""
    day = read_day(as_of) or today()
    ready()
    orchestrator.prepare(runs=True)
    from flows.stages import dormancy, expiry, publication
    from tasks.store import overview
    from tasks.store.database import reading

    cycle = last_cycle_on(day)
    counts = orchestrator.run(expiry if which is Sweep.expiry else dormancy, cycle, day)
    published = orchestrator.run(publication, cycle, day)
    failed = {**counts.failed, **published.failed}
    tell_failures(failed)
    counted = ", ".join(f"{number} {name}" for name, number in {**counts.done, **published.done}.items())
    if counted or not failed:
        typer.echo(counted or "nothing to do")
    with reading() as db:
        if waits := overview.why_waiting(db):
            typer.echo(f"waits for approval: {waits}")
    return EXIT_FAILED if failed else 0
