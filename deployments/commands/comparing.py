"""`filing compare`: what a cycle's outcome would be under another policy."""

from pathlib import Path
from typing import Annotated

import typer

from deployments import orchestrator
from deployments.commands.readiness import read_cycle, read_day, ready
from deployments.commands.showing import print_csv
from schemas import policy as policies
from schemas.errors import WrongUseError
from schemas.law.cycle import CycleId
from schemas.policy import Policy
from tasks.runs.today import today


def compare(
    cycle: Annotated[str, typer.Argument(help="The cycle.")],
    policy: Annotated[Path, typer.Option(help="The policy file to compare with.")],
    as_of: Annotated[
        str | None,
        typer.Option(help="The day it is judged on. [default: when that policy has decided the cycle, at most today]"),
    ] = None,
) -> None:
    """Print what the cycle's outcome would be under another policy, item by item; write nothing."""
    chosen, day = read_cycle(cycle), read_day(as_of)
    other = _read(policy, chosen)
    ready()
    orchestrator.prepare()
    from flows.comparison import compare as judge

    compared = judge(chosen, other, day, today())
    if compared.rows.empty:
        raise WrongUseError(f"there is nothing to compare in cycle {chosen}: run `filing run {chosen}` first")
    print_csv(compared.rows, list(compared.rows.columns))
    number, items = compared.differing, len(compared.rows)
    typer.echo(f"{number} of {items} items would stand otherwise under {other.name}", err=True)


def _read(file: Path, cycle: CycleId) -> Policy:
    """The policy of a file, which must have the cycle."""
    if not file.is_file():
        raise WrongUseError(f"{file} is no file: give the policy file to compare with")
    other = policies.read(file)
    if not other.has(cycle):
        months = ", ".join(f"{month:02d}" for month in sorted(other.cycle.months))
        raise WrongUseError(f"{file} has no cycle {cycle}: {other.title} has cycles in the months {months}")
    return other
