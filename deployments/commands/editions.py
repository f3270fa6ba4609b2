"""Commands about editions: approve, attach a signed scan, sign (keys), verify."""

from pathlib import Path
from typing import Annotated

import typer

from deployments import orchestrator
from deployments.commands import EXIT_FAILED
from deployments.commands.readiness import AsOf, read_day, read_edition, read_person, ready, tell_failures
from schemas.errors import WrongUseError
from schemas.settings import settings


def approve(
    edition: Annotated[str, typer.Argument(help="The edition that waits, for example 2026-09.2.")],
    by: Annotated[str | None, typer.Option(help="Who approves. [default: the user of this machine]")] = None,
    as_of: AsOf = None,
) -> int:
    """Release an edition that waits for approval, and publish it."""
    day = read_day(as_of)
    who = read_person(by, "an approval says who gave it")
    name = read_edition(edition)
    ready()
    orchestrator.prepare(runs=True)
    from flows.stages import publication
    from tasks.desk.approval import approve_edition
    from tasks.store import overview
    from tasks.store.database import reading

    published = orchestrator.run(publication, *approve_edition(name, who, day))
    tell_failures(published.failed)
    if published.failed:
        return EXIT_FAILED
    typer.echo(f"edition: {name}")
    with reading() as db:
        if waits := overview.why_waiting(db):
            typer.echo(f"waits for approval: {waits}")
    return 0


def attach(
    edition: Annotated[str, typer.Argument(help="The published edition, for example 2026-09.1.")],
    file: Annotated[Path, typer.Argument(metavar="FILE.pdf", help="The signed and sealed announcement, scanned.")],
) -> None:
    """Put a signed scan beside an edition, with its hash in attachments.json; the edition itself never changes."""
    from tasks.gateways.shelf import manifest

    name = read_edition(edition)
    if not file.is_file():
        raise WrongUseError(f"there is no file {file}")
    typer.echo(f"attached: {manifest.attach(settings().published, name, file)}")


keys = typer.Typer(help="The key that signs editions.", no_args_is_help=True)


@keys.command("new")
def new(
    lost: Annotated[
        bool, typer.Option("--lost", help="The key before is lost or was stolen: nobody vouches for the new one.")
    ] = False,
) -> None:
    """Make a key (Ed25519) that signs editions and public notices from now on; the key before vouches for it unless lost."""
    from tasks.gateways.shelf import front, keys
    from tasks.runs.today import today

    ready()
    made = keys.new(settings().root, today(), lost=lost)
    front.write(settings().published, settings().root)
    typer.echo(f"public key: {made.key}")
    typer.echo(f"private key: {settings().root / keys.FOLDER / keys.PRIVATE} (in no backup; keep a copy under lock)")
    typer.echo("print the public key where the office publishes, so that editions can be checked by it")
    if lost:
        typer.echo("announce that the key before is lost: editions signed by it stay verifiable by its public key")


def _read_key(text: str) -> str:
    from tasks.gateways.shelf.keys import is_key

    if not is_key(text):
        raise WrongUseError(f"'{text}' is no public key: give --key the 44 characters that `filing keys new` printed")
    return text


def verify(
    folder: Annotated[Path, typer.Argument(help="`published`, or one edition or public notice in it.")],
    key: Annotated[
        list[str] | None, typer.Option("--key", help="A public key as printed; several for several.")
    ] = None,
) -> None:
    """Check files, chain and signatures of what is published; of this installation's own also that its history is theirs."""
    if not folder.is_dir():
        raise WrongUseError(f"there is no folder {folder}")
    trusted_keys = [_read_key(text.strip()) for text in key or []]
    if folder.resolve().is_relative_to(settings().published.resolve()):
        ready()
    from deployments.integrity import verified

    verdict = verified(folder, trusted_keys)
    for sentence in verdict.faults:
        typer.echo(f"PROBLEM {sentence}")
    for sentence in verdict.notes:
        typer.echo(f"note    {sentence}")
    if verdict.faults:
        raise typer.Exit(EXIT_FAILED)
    typer.echo("ok      as published")
