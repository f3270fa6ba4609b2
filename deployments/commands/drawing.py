"""`filing draw` and `filing panel`: the draws of inspections and of panels, made, shown and verified."""

import json
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table

from deployments import orchestrator
from deployments.commands import EXIT_FAILED
from deployments.commands.readiness import AsOf, read_cycle, read_day, ready
from schemas.errors import FilingError, RefusedError, WrongUseError
from schemas.evaluation import EvaluationPackage, PanelDraw
from schemas.inspection import Draw, differences
from schemas.panel import lot, repeat
from schemas.policy import last_cycle_on
from schemas.settings import settings
from tasks.runs.today import today


def draw(
    cycle: Annotated[str, typer.Argument(help="The cycle whose inspection is drawn.")] = "",
    seed: Annotated[str, typer.Option(help="The text fixed in public beforehand.")] = "",
    verify: Annotated[Path | None, typer.Option(help="A draw's file: repeat it and tell what differs.")] = None,
    as_of: AsOf = None,
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
    from flows.stages import inspection, publication
    from tasks.desk.supervision import DRAW_FILE, FOLDER

    # the list is the public one, so what changed since the last edition is published first
    published = orchestrator.run(publication, last_cycle_on(day), day)
    if published.failed:
        raise FilingError("; ".join(published.failed.values()))
    counts = orchestrator.run(inspection, chosen, seed, day)
    if counts.failed:
        raise RefusedError("; ".join(counts.failed.values()))
    typer.echo(counts.text or "drawn already with this seed")
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
    from tasks.inspection import unlike_edition

    sentences = [*differences(made), *unlike_edition(made, settings().published)]
    for sentence in sentences:
        typer.echo(sentence, err=True)
    if not sentences:
        source = f"edition {made.source.edition}" if made.source else "no edition named"
        typer.echo(
            f"genuine: {len(made.visits)} of {len(made.institutions)} institutions of {source}, seed '{made.seed}'"
        )
    return EXIT_FAILED if sentences else 0


def panel(
    number: Annotated[str, typer.Argument(metavar="NO", help="Application number.")],
    verify: Annotated[bool, typer.Option("--verify", help="Draw again from the record and compare.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The record of every draw, for machines.")] = False,
) -> int:
    """Show the draw of a panel: the seed, who could be drawn, their lots, who was drawn."""
    ready()
    from tasks.store import dispatches, panels
    from tasks.store.database import reading

    with reading() as db:
        draws = panels.of_application(db, number)
        packages = [EvaluationPackage.model_validate(content) for content in dispatches.packages(db, number)]
    if not draws:
        raise WrongUseError(
            f"no panel was drawn for '{number}': give the number of an application sent out with a pool"
        )
    if as_json:
        typer.echo(json.dumps([draw.model_dump(mode="json") for draw in draws], ensure_ascii=False, indent=2))
    else:
        for place, draw in enumerate(draws, start=1):
            _show(place, draw)
    return _compare(draws, packages) if verify else 0


def _show(place: int, draw: PanelDraw) -> None:
    members = [member.expert_no for member in draw.panel.members]
    table = Table(title=f"draw {place} of {draw.application_no}, seed {draw.seed}", title_justify="left")
    for header in ("expert", "name", "knows", "panels before", "lot", "drawn"):
        table.add_column(header, overflow="fold")
    for expert in draw.candidates:
        role = "lead" if expert.expert_no == draw.panel.lead else "member" if expert.expert_no in members else ""
        drawn = lot(draw.seed, draw.application_no, expert.expert_no)[:16]
        table.add_row(expert.expert_no, expert.name, ", ".join(expert.knows), str(expert.load), drawn, role)
    console = Console(width=120)
    console.print(table)
    console.print(f"barred employers: {', '.join(draw.barred_employers) or '-'}", soft_wrap=True)
    if draw.missing:
        console.print(f"{draw.missing} seats could not be filled from the pool: the centre fills them in")


def _compare(draws: list[PanelDraw], packages: list[EvaluationPackage]) -> int:
    """Say whether every draw follows from its record, and every package names a panel that was drawn."""
    wrong = [
        f"draw {place} does not follow from its record"
        for place, draw in enumerate(draws, 1)
        if repeat(draw) != draw.panel
    ]
    wrong += [
        f"package r{package.revision} names a panel that was not drawn"
        for package in packages
        if package.draw is not None and (package.draw not in draws or package.panel != package.draw.panel)
    ]
    for sentence in wrong:
        typer.echo(f"{sentence}: the record was changed, restore a backup", err=True)
    if not wrong:
        typer.echo("verified: the draw repeats from its record")
    return 1 if wrong else 0
