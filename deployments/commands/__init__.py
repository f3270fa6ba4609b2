"""The commands of `filing`."""

from importlib import import_module

import typer

from schemas.errors import FilingError

#: What a command did not finish, or found to be wrong.
EXIT_FAILED = FilingError.exit_code


def register_all(app: typer.Typer) -> None:
    """Add every command to the command line."""
    for module in (
        "cycles",
        "recording",
        "ending",
        "pausing",
        "approving",
        "attaching",
        "signing",
        "showing",
        "comparing",
        "writing",
        "sweeping",
        "installing",
        "demo",
        "serving",
        "users",
        "personal",
        "keeping",
        "adjusting",
        "drawing",
        "panels",
        "simulating",
    ):
        import_module(f"deployments.commands.{module}").add_to(app)
