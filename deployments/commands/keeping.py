"""`filing backup` and `filing restore`: the whole home and database in one file."""

from pathlib import Path
from typing import Annotated

import typer

from deployments.commands.readiness import ready
from schemas.errors import RefusedError, WrongUseError
from schemas.settings import settings


def backup(
    file: Annotated[Path, typer.Argument(help="The archive to write, for example filing.tar.gz.")],
    with_key: Annotated[bool, typer.Option("--with-key", help="Put the key that signs editions into it too.")] = False,
) -> None:
    """Write the whole home and database into one file; it holds personal data, keep it as such."""
    if file.exists():
        raise WrongUseError(f"{file} exists: give a new name, backups are never overwritten")
    root = settings().root
    if not root.is_dir():
        raise RefusedError(f"there is no installation in {root}: name its home with --home DIR")
    ready()
    from deployments import safekeeping  # noqa: PLC0415

    record = safekeeping.backup(file, with_key=with_key)
    typer.echo(
        f"backup of {root}: {file} ({file.stat().st_size / 1_048_576:.1f} MiB, {record.database}, schema {record.schema})"
    )
    for line in record.left_out:
        typer.echo(f"left out: {line}")


def restore(
    file: Annotated[Path, typer.Argument(help="An archive that `filing backup` wrote.")],
    key: Annotated[Path | None, typer.Option(help="File of the private key, where the archive is sealed.")] = None,
) -> None:
    """Put a backup into an empty home, and into an empty database where the database is a server's."""
    if not file.is_file():
        raise WrongUseError(f"there is no file {file}")
    if key is not None and not key.is_file():
        raise WrongUseError(f"there is no file {key}")
    from deployments import safekeeping  # noqa: PLC0415

    record = safekeeping.restore(file, key)
    ready()
    typer.echo(f"restored: {settings().root} as of {record.made_at}; `filing doctor` looks at the whole")


def add_to(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command("backup")(backup)
    app.command("restore")(restore)
