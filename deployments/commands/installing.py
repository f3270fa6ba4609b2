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

    found = examine()
    for each in found:
        typer.echo(f"{'ok     ' if each.well else 'PROBLEM'} {each.name}: {each.told}")
    return 0 if all(each.well for each in found) else EXIT_FAILED


def _source() -> int:
    """Tell of the source alone; nothing is written."""
    from tasks.desk.source_report import report  # noqa: PLC0415

    findings = report(settings())
    marks = {"ok": "ok     ", "note": "note   ", "problem": "PROBLEM"}
    for each in findings:
        typer.echo(f"{marks[each.weight]} {each.name}: {each.sentence}")
    return EXIT_FAILED if any(each.weight == "problem" for each in findings) else 0


def add_to(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command("migrate")(migrate)
    app.command("doctor")(doctor)
