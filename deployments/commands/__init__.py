"""The commands of `filing`."""

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Final

import typer

from schemas.errors import FilingError

#: What a command did not finish, or found to be wrong.
EXIT_FAILED = FilingError.exit_code

#: The modules of this package with their commands, in the order of `--help`.
COMMANDS: Final[Mapping[str, Sequence[str]]] = {
    "cycles": ("run",),
    "recording": ("import", "decide"),
    "ending": ("withdraw", "close"),
    "pausing": ("pause", "resume"),
    "approving": ("approve",),
    "attaching": ("attach",),
    "signing": ("keys", "verify"),
    "showing": ("status", "findings", "items", "quarantine", "history", "directory", "diff"),
    "comparing": ("compare",),
    "writing": ("letters",),
    "sweeping": ("sweep",),
    "installing": ("migrate", "doctor"),
    "demo": ("demo",),
    "serving": ("up",),
    "users": ("users",),
    "personal": ("retention", "person", "access"),
    "keeping": ("backup", "restore"),
    "adjusting": ("adjust",),
    "drawing": ("draw",),
    "panels": ("panel",),
    "simulating": ("simulate",),
}


def register(app: typer.Typer, word: str) -> None:
    """Add the module of one command to the command line; every module where none has such a command."""
    register_all(app, [name for name, commands in COMMANDS.items() if word in commands] or list(COMMANDS))


def register_all(app: typer.Typer, modules: Sequence[str] = tuple(COMMANDS)) -> None:
    """Add the commands of these modules to the command line."""
    for module in modules:
        import_module(f"deployments.commands.{module}").add_to(app)
