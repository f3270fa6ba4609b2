"""`filing panel`: how the panel of an application was drawn, and whether the draw repeats."""

import json
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from deployments.commands.readiness import ready
from schemas.errors import WrongUseError
from schemas.evaluation import EvaluationPackage, PanelDraw
from schemas.panel import lot, repeat


def panel(
    number: Annotated[str, typer.Argument(metavar="NO", help="Application number.")],
    verify: Annotated[bool, typer.Option("--verify", help="Draw again from the record and compare.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The record of every draw, for machines.")] = False,
) -> int:
    """Show the draw of a panel: the seed, who could be drawn, their lots, who was drawn."""
    ready()
    from tasks.store import dispatches, panels  # noqa: PLC0415  the database is opened when it is needed
    from tasks.store.database import reading  # noqa: PLC0415

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


def add_to(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command("panel")(panel)
