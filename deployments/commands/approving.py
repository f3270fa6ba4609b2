"""`filing approve`: a person releases an edition that waits, and it is published."""

import getpass
from typing import Annotated

import typer

from deployments import orchestrator
from deployments.commands import EXIT_FAILED
from deployments.commands.readiness import read_day, read_words, ready
from schemas.errors import WrongUseError
from schemas.settings import settings


def approve(
    edition: Annotated[str, typer.Argument(help="The edition that waits, for example 2026-09.2.")],
    by: Annotated[str | None, typer.Option(help="Who approves. [default: the user of this machine]")] = None,
    as_of: Annotated[str | None, typer.Option(help="The day it is taken to be. [default: today]")] = None,
) -> int:
    """Release an edition that waits for approval, and publish it."""
    from schemas.directory import edition_name  # noqa: PLC0415  frames come with it

    day = read_day(as_of)
    operator = settings().operator or getpass.getuser()
    who = operator if by is None else read_words("--by", by, "an approval says who gave it")
    try:
        name = edition_name(edition)
    except ValueError as wrong:
        raise WrongUseError(str(wrong)) from wrong
    ready()
    orchestrator.prepare(runs=True)
    from flows.stages import publication  # noqa: PLC0415  after Prefect's environment is set
    from tasks.desk.approval import approve_edition  # noqa: PLC0415
    from tasks.store import editions  # noqa: PLC0415
    from tasks.store.database import reading  # noqa: PLC0415

    published = orchestrator.run(publication, *approve_edition(name, who, day))
    for key, why in sorted(published.failed.items()):
        typer.echo(f"failed {key}: {why}", err=True)
    if published.failed:
        return EXIT_FAILED
    typer.echo(f"edition: {name}")
    with reading() as db:
        if waits := editions.why_waiting(db):
            typer.echo(f"waits for approval: {waits}")
    return 0


def add_to(app: typer.Typer) -> None:
    """Add this module's command."""
    app.command("approve")(approve)
