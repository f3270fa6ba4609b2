"""`filing sweep`: the sweeps on their own, on any day."""

from enum import StrEnum
from typing import Annotated

import typer

from deployments import orchestrator
from deployments.commands import EXIT_FAILED
from deployments.commands.readiness import read_day, ready
from schemas.policy import last_cycle_on
from tasks.runs.today import today


class Sweep(StrEnum):
    expiry = "expiry"
    dormancy = "dormancy"


def sweep(
    which: Annotated[Sweep, typer.Argument(help="What to sweep for.")],
    as_of: Annotated[str | None, typer.Option(help="The day it is taken to be. [default: today]")] = None,
) -> int:
    """Do what is due on the day of one kind and not done yet, and publish a new edition if the directory changed."""
    day = read_day(as_of) or today()
    ready()
    orchestrator.prepare(runs=True)
    from flows.stages import dormancy, expiry, publication  # noqa: PLC0415  after Prefect's environment is set
    from tasks.store import editions  # noqa: PLC0415
    from tasks.store.database import reading  # noqa: PLC0415

    cycle = last_cycle_on(day)
    counts = orchestrator.run(expiry if which is Sweep.expiry else dormancy, cycle, day)
    published = orchestrator.run(publication, cycle, day)
    failed = {**counts.failed, **published.failed}
    for key, why in sorted(failed.items()):
        typer.echo(f"failed {key}: {why}", err=True)
    counted = ", ".join(f"{number} {name}" for name, number in {**counts.done, **published.done}.items())
    if counted or not failed:
        typer.echo(counted or "nothing to do")
    with reading() as db:
        if waits := editions.why_waiting(db):
            typer.echo(f"waits for approval: {waits}")
    return EXIT_FAILED if failed else 0


def add_to(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command("sweep")(sweep)
