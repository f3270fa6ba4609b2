"""Commands about the installation itself: migrate, doctor."""

import typer

from deployments.commands import EXIT_FAILED


def migrate() -> None:
    """Bring the database's schema up to date."""
    from deployments import schema  # noqa: PLC0415

    typer.echo(f"schema: {schema.migrate()}")


def doctor() -> int:
    """Say what is wrong with this installation and how to mend it."""
    from deployments.examination import examine  # noqa: PLC0415

    found = examine()
    for each in found:
        typer.echo(f"{'ok     ' if each.well else 'PROBLEM'} {each.name}: {each.told}")
    return 0 if all(each.well for each in found) else EXIT_FAILED


def add_to(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command("migrate")(migrate)
    app.command("doctor")(doctor)
