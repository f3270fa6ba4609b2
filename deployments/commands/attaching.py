"""`filing attach`: the signed scan of an announcement put beside its edition."""

from pathlib import Path
from typing import Annotated

import typer

from schemas.errors import WrongUseError
from schemas.settings import settings


def attach(
    edition: Annotated[str, typer.Argument(help="The published edition, for example 2026-09.1.")],
    file: Annotated[Path, typer.Argument(metavar="FILE.pdf", help="The signed and sealed announcement, scanned.")],
) -> None:
    """Put a signed scan beside an edition, with its hash in attachments.json; the edition itself never changes."""
    from schemas.directory import edition_name  # noqa: PLC0415  only this command needs it
    from tasks.gateways.shelf import attachments  # noqa: PLC0415

    try:
        name = edition_name(edition)
    except ValueError as wrong:
        raise WrongUseError(str(wrong)) from wrong
    if not file.is_file():
        raise WrongUseError(f"there is no file {file}")
    typer.echo(f"attached: {attachments.attach(settings().published, name, file)}")


def add_to(app: typer.Typer) -> None:
    """Add this module's command."""
    app.command("attach")(attach)
