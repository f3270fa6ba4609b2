"""Commands about the installation itself: migrate, doctor."""

from typing import Annotated

import typer

from deployments import soundness
from deployments.commands import EXIT_FAILED
from deployments.commands.readiness import lay_out_office
from schemas.settings import settings


def migrate() -> None:
    """Bring the database's schema up to date."""
    from deployments import schema  # noqa: PLC0415

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
    from deployments.examination import examine  # noqa: PLC0415

    observations = examine()
    for observation in observations:
        typer.echo(f"{'ok     ' if observation.well else 'PROBLEM'} {observation.name}: {observation.sentence}")
    return 0 if all(observation.well for observation in observations) else EXIT_FAILED


def _source() -> int:
    """Tell of the source alone; nothing is written."""
    from tasks.desk.source_report import report  # noqa: PLC0415

    findings = report(settings())
    marks = {"ok": "ok     ", "note": "note   ", "problem": "PROBLEM"}
    for remark in findings:
        typer.echo(f"{marks[remark.weight]} {remark.name}: {remark.sentence}")
    return EXIT_FAILED if any(remark.weight == "problem" for remark in findings) else 0


def add_to(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command("migrate")(migrate)
    app.command("doctor")(doctor)
