"""`filing pause` and `filing resume`: what runs by itself is kept from going on, and let go on again."""

from typing import Annotated

import typer

from deployments.commands.readiness import read_day, read_person, read_words, ready
from schemas.run import AUTOMATIC

_SUBJECT = f"A cycle, or one of {', '.join(AUTOMATIC)}."
_SAYS = "who pauses or lifts and why stay on record"


def pause(
    subject: Annotated[str, typer.Argument(help=f"{_SUBJECT} Without one, what is paused is listed.")] = "",
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    until: Annotated[
        str | None, typer.Option(help="Last day of the pause. [default: until it is lifted with `filing resume`]")
    ] = None,
    by: Annotated[str | None, typer.Option(help="Who pauses. [default: the user of this machine]")] = None,
) -> None:
    """Keep a cycle, or a work that runs by itself, from going on; what a person starts runs all the same."""
    ready()
    from tasks.desk import pauses
    from tasks.runs.today import today

    if subject:
        pauses.pause(subject, read_person(by, _SAYS), read_words("--reason", reason, _SAYS), read_day(until))
    for entry in pauses.pauses_on(today()):
        through = f"until {entry.until}" if entry.until else "until it is lifted"
        typer.echo(f"{entry.subject}: paused since {entry.paused_at:%Y-%m-%d} {through}, by {entry.by}: {entry.reason}")


def resume(
    subject: Annotated[str, typer.Argument(help=_SUBJECT)],
    reason: Annotated[str, typer.Option(help="Why.")],
    by: Annotated[str | None, typer.Option(help="Who lifts it. [default: the user of this machine]")] = None,
) -> None:
    """Let a paused cycle or work go on by itself again."""
    ready()
    from tasks.desk import pauses

    pauses.lift(subject, read_person(by, _SAYS), read_words("--reason", reason, _SAYS))
    typer.echo(f"{subject}: goes on by itself again")
