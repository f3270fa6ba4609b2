"""The commands of `filing`."""

from collections.abc import Mapping, Sequence
from importlib import import_module
from keyword import iskeyword
from typing import Final

import typer

from schemas.errors import FilingError

#: What a command did not finish, or found to be wrong.
EXIT_FAILED = FilingError.exit_code

#: The modules of this package with their commands, in the order of `--help`.
COMMANDS: Final[Mapping[str, Sequence[str]]] = {
    "cycles": ("run", "sweep"),
    "recording": ("import", "decide", "withdraw", "close", "pause", "resume"),
    "editions": ("approve", "attach", "keys", "verify"),
    "showing": ("status", "findings", "items", "quarantine", "history", "directory", "diff", "compare"),
    "writing": ("letters",),
    "installing": ("migrate", "doctor", "backup", "restore"),
    "demo": ("demo",),
    "serving": ("up",),
    "users": ("users",),
    "personal": ("retention", "person", "access"),
    "adjusting": ("adjust",),
    "drawing": ("draw", "panel"),
    "simulating": ("simulate",),
}


def register(app: typer.Typer, word: str) -> None:
    """Add the module of one command to the command line; every module where none has such a command."""
    register_all(app, [name for name, commands in COMMANDS.items() if word in commands] or list(COMMANDS))


def register_all(app: typer.Typer, modules: Sequence[str] = tuple(COMMANDS)) -> None:
    """Add the commands of these modules: the function or group of the word; `import_` where Python has the word itself."""
    for name in modules:
        module = import_module(f"deployments.commands.{name}")
        for word in COMMANDS[name]:
            command = getattr(module, f"{word}_" if iskeyword(word) else word)
            if isinstance(command, typer.Typer):
                app.add_typer(command, name=word)
            else:
                app.command(word)(command)
