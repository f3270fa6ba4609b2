"""Commands about the installation itself: migrate, doctor, backup, restore."""

from pathlib import Path
from typing import Annotated

import typer

from deployments import soundness
from deployments.commands import EXIT_FAILED
from deployments.commands.readiness import lay_out_office, ready
from schemas.errors import RefusedError, WrongUseError
from schemas.settings import settings


def migrate() -> None:
    """Bring the database's schema up to date."""
    from deployments import schema

    soundness.assert_writable(settings().root)
    is_new = schema.revisions()[0] is None
    if is_new:
        soundness.assert_not_lost(settings().root, settings().database)
    typer.echo(f"schema: {schema.migrate()}")
    if is_new:
        lay_out_office()


def doctor(
    source: Annotated[
        bool, typer.Option("--source", help="Say what the source would give and what of it is not understood instead.")
    ] = False,
) -> int:
    """Say what is wrong with this installation and how to mend it."""
    if source:
        return _source()
    from deployments.examination import examine

    observations = examine()
    for observation in observations:
        typer.echo(f"{'ok     ' if observation.is_in_order else 'PROBLEM'} {observation.name}: {observation.sentence}")
    return 0 if all(observation.is_in_order for observation in observations) else EXIT_FAILED


def _source() -> int:
    """Tell of the source alone; nothing is written."""
    from tasks.desk.source_report import report

    findings = report(settings())
    marks = {"ok": "ok     ", "note": "note   ", "problem": "PROBLEM"}
    for remark in findings:
        typer.echo(f"{marks[remark.weight]} {remark.name}: {remark.sentence}")
    return EXIT_FAILED if any(remark.weight == "problem" for remark in findings) else 0


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
    from deployments import safekeeping

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
    from deployments import safekeeping

    record = safekeeping.restore(file, key)
    ready()
    typer.echo(f"restored: {settings().root} as of {record.made_at}; `filing doctor` looks at the whole")
