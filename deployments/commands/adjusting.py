"""`filing adjust`: operators' decisions about what is on file; what follows from them is the flow's."""

from datetime import date
from enum import StrEnum
from typing import Annotated

import typer

from deployments import orchestrator
from deployments.commands.readiness import read_day, read_words, ready
from schemas.adjustment import Adjustment, Recoding
from schemas.errors import RefusedError, WrongUseError
from schemas.policy import last_cycle_on
from tasks.runs.today import today


class What(StrEnum):
    suspend = "suspend"
    reinstate = "reinstate"
    withdraw = "withdraw"
    revoke = "revoke"
    recode = "recode"


def adjust(
    what: Annotated[What, typer.Argument(help="The decision; recode changes the credit code.")],
    uscc: Annotated[str, typer.Argument(metavar="USCC", help="The institution's credit code.")],
    ground: Annotated[str, typer.Option(help="Why: the facts and the provision.")],
    document: Annotated[str, typer.Option(help="Number of the document that says so.")],
    by: Annotated[str, typer.Option(help="Who decides.")],
    new: Annotated[str, typer.Argument(metavar="[NEW]", help="With recode: the credit code from now on.")] = "",
    occupation: Annotated[str, typer.Option(help="Only this occupation code. [default: all it has on file]")] = "",
    on: Annotated[
        str | None, typer.Option(help="The day it takes effect. [default: the day it is taken to be]")
    ] = None,
    as_of: Annotated[str | None, typer.Option(help="The day it is taken to be. [default: today]")] = None,
) -> None:
    """Suspend, reinstate, withdraw or revoke what an institution has on file, or change its credit code.

    What is suspended stays on file, with its term and its place, and is not in the directory.
    """
    says = "a decision says why, by which document and who"
    said = {
        "ground": read_words("--ground", ground, says),
        "document_no": read_words("--document", document, says),
        "decided_by": read_words("--by", by, says),
    }
    if (what is What.recode) != bool(new) or (what is What.recode and occupation):
        raise WrongUseError("write `filing adjust recode OLD NEW …`; the other decisions take one credit code")
    day = read_day(as_of) or today()
    words = {**said, "effective_on": read_day(on) or day}
    if what is What.recode:
        _carry_out(Recoding.model_validate({"old_uscc": uscc, "new_uscc": new, **words}), day)
    else:
        whom = {"kind": what.value, "uscc": uscc, "occupation_code": occupation}
        _carry_out(Adjustment.model_validate({**whom, **words}), day)


def _carry_out(decided: Adjustment | Recoding, day: date) -> None:
    ready()
    orchestrator.prepare()
    from flows.adjustment import adjustment, recoding  # noqa: PLC0415  after Prefect's environment is set
    from flows.stages import publication  # noqa: PLC0415

    cycle = last_cycle_on(day)
    if isinstance(decided, Recoding):
        counts = orchestrator.run(recoding, cycle, decided, day)
    else:
        counts = orchestrator.run(adjustment, cycle, decided, day)
    if counts.failed:
        raise RefusedError("; ".join(counts.failed.values()))
    published = orchestrator.run(publication, cycle, day)
    told = ", ".join(f"{number} {name}" for name, number in {**counts.done, **published.done}.items())
    typer.echo(told or "nothing to do: this very decision is on record")


def add_to(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command("adjust")(adjust)
