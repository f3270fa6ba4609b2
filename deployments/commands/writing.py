"""Commands about letters: the register of documents, printing, templates to be edited."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from deployments.commands.readiness import noted, read_cycle, ready
from schemas.errors import WrongUseError
from schemas.settings import settings
from tasks.runs.today import today

_TEMPLATES = "templates"


class Form(StrEnum):
    csv = "csv"
    xlsx = "xlsx"


def letters(
    cycle: Annotated[
        str | None, typer.Argument(metavar="[CYCLE]", help="The cycle; without one, all. `templates DIR` copies out.")
    ] = None,
    folder: Annotated[
        Path | None, typer.Argument(metavar="[DIR]", help="With `templates`: where the Word templates are copied to.")
    ] = None,
    form: Annotated[Form, typer.Option("--format", help="csv is printed, xlsx is written to letters.xlsx.")] = Form.csv,
    pdf: Annotated[
        Path | None, typer.Option("--print", help="Set all letters not printed yet into this PDF file, with receipts.")
    ] = None,
) -> None:
    """The register of documents (发文登记簿): number, kind, to whom, day, file; or letters set for the printer.

    `filing letters templates DIR` copies the shipped Word templates to be edited.
    """
    if cycle == _TEMPLATES:
        _copy_templates(folder)
        return
    if folder is not None:
        raise WrongUseError("one cycle at a time: write `filing letters CYCLE`, or `filing letters templates DIR`")
    chosen = read_cycle(cycle) if cycle else None
    ready()
    noted("letters", chosen)
    if pdf is not None:
        from tasks.desk.posting import print_letters

        count = print_letters(settings(), pdf, chosen)
        typer.echo(f"{count} letters in {pdf}" if count else "every letter has been printed")
        return
    _register(chosen, form)


def _register(cycle: str | None, form: Form) -> None:
    from tasks.desk.posting import register_csv, register_workbook
    from tasks.store import letters as store
    from tasks.store.database import reading

    with reading() as db:
        rows = store.register(db, cycle)
    if form is Form.xlsx:
        target = Path("letters.xlsx")
        target.write_bytes(register_workbook(rows, today()))
        typer.echo(f"{len(rows)} letters in {target}")
        return
    sys.stdout.reconfigure(encoding="utf-8", newline="")  # type: ignore[union-attr]
    sys.stdout.write(register_csv(rows))


def _copy_templates(folder: Path | None) -> None:
    if folder is None:
        raise WrongUseError("say where the templates are to be copied to: `filing letters templates DIR`")
    from tasks.letters.render import copy

    copied = copy(folder)
    typer.echo(f"{len(copied)} templates in {folder}; name the folder as `templates` in office.toml to have them used")
