"""`filing keys` and `filing verify`: the key that signs editions, and whether published ones can be believed."""

from pathlib import Path
from typing import Annotated

import typer

from deployments.commands import EXIT_FAILED
from deployments.commands.readiness import ready
from schemas.errors import WrongUseError
from schemas.settings import settings

keys_app = typer.Typer(help="The key that signs editions.", no_args_is_help=True)


@keys_app.command("new")
def new(
    lost: Annotated[
        bool, typer.Option("--lost", help="The key before is lost or was stolen: nobody vouches for the new one.")
    ] = False,
) -> None:
    """Make a key (Ed25519) that signs editions and public notices from now on; the key before vouches for it unless lost."""
    from tasks.gateways.shelf import front, keys  # noqa: PLC0415  only this command needs them
    from tasks.runs.today import today  # noqa: PLC0415

    ready()
    made = keys.new(settings().root, today(), lost=lost)
    front.write(settings().published, settings().root)
    typer.echo(f"public key: {made.key}")
    typer.echo(f"private key: {settings().root / keys.FOLDER / keys.PRIVATE} (in no backup; keep a copy under lock)")
    typer.echo("print the public key where the office publishes, so that editions can be checked by it")
    if lost:
        typer.echo("announce that the key before is lost: editions signed by it stay verifiable by its public key")


def verify(
    folder: Annotated[Path, typer.Argument(help="`published`, or one edition or public notice in it.")],
    key: Annotated[
        list[str] | None, typer.Option("--key", help="A public key as printed; several for several.")
    ] = None,
) -> None:
    """Check files, chain and signatures of what is published; of this installation's own also that its history is theirs."""
    if not folder.is_dir():
        raise WrongUseError(f"there is no folder {folder}")
    if folder.resolve().is_relative_to(settings().published.resolve()):
        ready()
    from deployments.integrity import verified  # noqa: PLC0415

    verdict = verified(folder, [text.strip() for text in key or []])
    for sentence in verdict.faults:
        typer.echo(f"PROBLEM {sentence}")
    for sentence in verdict.notes:
        typer.echo(f"note    {sentence}")
    if verdict.faults:
        raise typer.Exit(EXIT_FAILED)
    typer.echo("ok      as published")


def add_to(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.add_typer(keys_app, name="keys")
    app.command("verify")(verify)
