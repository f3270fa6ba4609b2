"""The commands of `filing`; what they ask for is done in flows and tasks."""

from importlib import import_module

import typer

EXIT_WRONG_USE = 2
EXIT_REFUSED = 3
EXIT_FAILED = 1


class WrongUse(Exception):  # noqa: N818  it is what the user did, not what broke
    """The command cannot be understood: one sentence that says how to write it."""

    exit_code = EXIT_WRONG_USE


class Refused(Exception):  # noqa: N818
    """Understood but not allowed now: a lock, a missing decision, a policy."""

    exit_code = EXIT_REFUSED


def register_all(app: typer.Typer) -> None:
    """Add every command to the command line."""
    for module in (
        "cycles",
        "recording",
        "approving",
        "showing",
        "sweeping",
        "installing",
        "demo",
        "serving",
        "keeping",
        "adjusting",
        "drawing",
        "panels",
        "simulating",
    ):
        import_module(f"deployments.commands.{module}").add_to(app)
