"""`filing users`: who may sign in to the pages, and in which role."""

from typing import TYPE_CHECKING, Annotated

import typer

from deployments.gate import access_log
from deployments.gate.people import ROLES
from schemas.settings import settings

if TYPE_CHECKING:
    from deployments.gate.accounts import Accounts

_Name = Annotated[str, typer.Argument(help="The person's name, as it is to stand in history and approvals.")]
_Role = Annotated[str, typer.Option("--role", help=f"What they may do: {', '.join(ROLES)}.")]
_Server = Annotated[
    str | None,
    typer.Option(
        "--server",
        help="Address under which people reach the pages, for the link. [default: where `filing up` serves, else port 4200 here]",
    ),
]
_HERE = "http://127.0.0.1:4200"

users = typer.Typer(no_args_is_help=True, help="Who may sign in to the pages, and in which role.")


@users.command("add")
def add(name: _Name, role: _Role, server: _Server = None) -> None:
    """Make an account and print its one-time link, by which the person sets the password within a day."""
    token = _accounts().add(name, role)
    _note(f"account {name} made ({role})")
    _tell(name, token, server)


@users.command("link")
def link(name: _Name, server: _Server = None) -> None:
    """Take a forgotten password away, sign the person out everywhere and print a new one-time link."""
    token = _accounts().renew(name)
    _note(f"account {name}: new link")
    _tell(name, token, server)


@users.command("role")
def role(name: _Name, role: Annotated[str, typer.Argument(help=f"One of {', '.join(ROLES)}.")]) -> None:
    """Give a person another role; it holds from their next click."""
    _accounts().change_role(name, role)
    _note(f"account {name}: {role}")
    typer.echo(f"{name}: {role}")


@users.command("remove")
def remove(name: _Name) -> None:
    """Take an account away and end its sessions."""
    _accounts().remove(name)
    _note(f"account {name} removed")
    typer.echo(f"removed: {name}")


@users.command("list")
def list_() -> None:
    """Every account with its role, and whether it has a password yet."""
    for name, account in _accounts().all().items():
        typer.echo(f"{name}  {account.role}{'' if account.password else '  (no password yet)'}")


def _accounts() -> "Accounts":
    from deployments.gate.accounts import Accounts

    return Accounts(settings().root)


def _note(act: str) -> None:
    access_log.note(settings().root, settings().operator, act)


def _tell(name: str, token: str, server: str | None) -> None:
    from deployments import supervisor
    from deployments.gate.pages import FIRST

    if server is None:
        up = supervisor.serving()
        server = up.address if up else _HERE
    typer.echo(f"{name} sets the password here, once, within 24 hours:")
    typer.echo(f"{server.rstrip('/')}{FIRST}?token={token}")
