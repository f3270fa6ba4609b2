"""`filing draw`: the random inspection draw, made or verified."""

from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from deployments import orchestrator
from deployments.commands import EXIT_FAILED
from deployments.commands.readiness import read_cycle, read_day, ready
from schemas.errors import FilingError, RefusedError, WrongUseError
from schemas.inspection import Draw, differences
from schemas.policy import last_cycle_on
from schemas.settings import settings
from tasks.runs.today import today


def draw(
    cycle: Annotated[str, typer.Argument(help="The cycle whose inspection is drawn.")] = "",
    seed: Annotated[str, typer.Option(help="The text fixed in public beforehand.")] = "",
    verify: Annotated[Path | None, typer.Option(help="A draw's file: repeat it and tell what differs.")] = None,
    as_of: Annotated[str | None, typer.Option(help="The day it is taken to be. [default: today]")] = None,
) -> int:
    """Draw institutions and pairs of inspectors from a seed, once a cycle; or verify the file of a draw."""
    if verify is not None:
        return _verify(verify)
    if not cycle or not seed.strip():
        raise WrongUseError("write `filing draw CYCLE --seed TEXT`, or `filing draw --verify FILE`")
    chosen = read_cycle(cycle)
    day = read_day(as_of) or today()
    ready()
    orchestrator.prepare(runs=True)
    from flows.stages import inspection, publication  # noqa: PLC0415  after Prefect's environment is set
    from tasks.desk.inspection_lists import DRAW_FILE, FOLDER  # noqa: PLC0415

    # the list is the public one, so what changed since the last edition is published first
    published = orchestrator.run(publication, last_cycle_on(day), day)
    if published.failed:
        raise FilingError("; ".join(published.failed.values()))
    counts = orchestrator.run(inspection, chosen, seed, day)
    if counts.failed:
        raise RefusedError("; ".join(counts.failed.values()))
    counted = ", ".join(f"{number} {name.replace('_', ' ')}" for name, number in counts.done.items())
    typer.echo(counted or "drawn already with this seed")
    typer.echo(settings().published / FOLDER / chosen / DRAW_FILE)
    return 0


def _verify(file: Path) -> int:
    try:
        made = Draw.model_validate_json(file.read_bytes())
    except OSError as missing:
        raise WrongUseError(f"{file} cannot be read: give the file of a draw") from missing
    except ValidationError as wrong:
        place = ".".join(map(str, wrong.errors()[0]["loc"])) or "the file"
        typer.echo(f"{file} is not the file of a draw: {place}: {wrong.errors()[0]['msg']}", err=True)
        return EXIT_FAILED
    orchestrator.prepare()
    from tasks.inspection import unlike_edition  # noqa: PLC0415  after Prefect's environment is set

    sentences = [*differences(made), *unlike_edition(made, settings().published)]
    for sentence in sentences:
        typer.echo(sentence, err=True)
    if not sentences:
        source = f"edition {made.source.edition}" if made.source else "no edition named"
        typer.echo(
            f"genuine: {len(made.visits)} of {len(made.institutions)} institutions of {source}, seed '{made.seed}'"
        )
    return EXIT_FAILED if sentences else 0


def add_to(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command("draw")(draw)
