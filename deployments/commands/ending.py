"""Commands by which an application ends without an outcome: withdraw, close."""

from typing import Annotated

import typer

from deployments import orchestrator
from deployments.commands.readiness import (
    AsOf,
    read_day,
    read_number,
    read_occupation,
    read_words,
    ready,
    tell_failures,
)
from schemas.errors import WrongUseError
from schemas.law.cycle import cycle_id
from schemas.run import Counts

_SAYS = "who asks for it and why stay on record"


def withdraw(
    number: Annotated[str, typer.Argument(metavar="NO", help="Application number.")],
    by: Annotated[str, typer.Option(help="Who records it.")],
    reason: Annotated[str, typer.Option(help="Why the applicant takes it back.")],
    as_of: AsOf = None,
) -> None:
    """Take back what is open of an application, at the applicant's wish; packages are recalled and a letter confirms it."""
    day, who, why = read_day(as_of), read_words("--by", by, _SAYS), read_words("--reason", reason, _SAYS)
    ready()
    orchestrator.prepare()
    from tasks.desk import closing

    _tell(closing.withdraw(read_number(number), who, why, day))


def close(
    target: Annotated[str, typer.Argument(metavar="CYCLE|NO", help="A whole cycle, or one application.")],
    by: Annotated[str, typer.Option(help="Who decides.")],
    reason: Annotated[str, typer.Option(help="Why.")],
    document: Annotated[str, typer.Option(help="Number of the document that says so. [default: none]")] = "",
    occupation: Annotated[str, typer.Option(help="Of one application, only this occupation code. [default: all]")] = "",
    as_of: AsOf = None,
) -> None:
    """End what nobody moves any more, with a ground and a letter; a cycle from its last day on, with its batch report."""
    day, who, why = read_day(as_of), read_words("--by", by, _SAYS), read_words("--reason", reason, _SAYS)
    number = read_words("--document", document, _SAYS) if document else ""
    ready()
    orchestrator.prepare()
    from tasks.desk.closing import Words, close_application, close_cycle

    words = Words(who, why, number)
    if not _is_cycle(target):
        _tell(close_application(read_number(target), read_occupation(occupation), words, day))
        return
    if occupation:
        raise WrongUseError("--occupation goes with one application: write `filing close NO --occupation CODE …`")
    _tell(close_cycle(target, words, day), idle="nothing was open any more")
    typer.echo(f"{target} is closed: its report is in outbox/reports/{target}")


def _is_cycle(target: str) -> bool:
    try:
        cycle_id(target)
    except ValueError:
        return False
    return True


def _tell(counts: Counts, *, idle: str = "nothing to do") -> None:
    typer.echo(", ".join(f"{number} {name}" for name, number in counts.done.items()) or idle)
    tell_failures(counts.failed)
