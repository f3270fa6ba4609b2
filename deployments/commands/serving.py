"""`filing up`: the Prefect server, its pages, every deployment and the workers, in one command."""

import signal
from types import FrameType
from typing import Annotated

import typer

from deployments.commands.readiness import ready
from deployments.prefect_environment import hold_anywhere
from deployments.supervisor import HOST, AlreadyUpError, House, Running, only_one, this_process
from schemas.settings import PAGES, settings


class _Stopped(BaseException):
    """Ctrl-C or SIGTERM."""


def up(
    port: Annotated[int, typer.Option(help="Port of the pages and the API.", min=1, max=65535)] = 4200,
    workers: Annotated[int, typer.Option(help="How many workers take runs.", min=1, max=16)] = 1,
    host: Annotated[
        str, typer.Option(help="Address to serve on; beyond this machine a proxy with TLS belongs in front.")
    ] = HOST,
) -> int:
    """Start the Prefect server, its pages and every deployment; Ctrl-C stops them cleanly."""
    hold_anywhere()
    ready()
    if settings().inbox_folder is None:
        (settings().inbox / "results").mkdir(parents=True, exist_ok=True)
    settings().desk.mkdir(parents=True, exist_ok=True)
    house = House(port, workers, host)
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    try:
        with only_one(Running(house.address, this_process())) as house.after_kill:
            return _serve(house)
    except AlreadyUpError as running:
        typer.echo(f"{running}: nothing to start")
        return 0


def _serve(house: House) -> int:
    try:
        ended = _start_and_watch(house)
    except _Stopped:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        typer.echo("stopping …")
        return 0
    else:
        typer.echo(f"{ended} ended by itself: stopping; its reasons are in {settings().root / 'logs'}", err=True)
        return 1
    finally:
        house.stop()
        typer.echo("stopped: the next start goes on where this one ended")


def _start_and_watch(house: House) -> str:
    typer.echo("starting the server …")
    house.start_server()
    typer.echo("registering the deployments …")
    for sentence in house.register():
        typer.echo(sentence)
    house.start_workers()
    _tell(house)
    return house.watch()


def _tell(house: House) -> None:
    from deployments.gate.accounts import Accounts
    from deployments.gate.pages import FIRST

    typer.echo(f"desk:        {house.address}{PAGES}/")
    typer.echo(f"pages:       {house.address}/v2/dashboard")
    typer.echo(f"deployments: {house.address}/v2/deployments")
    for address in house.from_elsewhere():
        typer.echo(f"elsewhere:   {address}/v2/dashboard")
    accounts = Accounts(settings().root)
    if not accounts.has_admin():
        typer.echo("nobody can sign in yet; the first administrator chooses name and password here, once:")
        typer.echo(f"sign in:     {house.address}{FIRST}?token={accounts.first()}")
    typer.echo(f"API:         {house.api}")
    typer.echo(f"inbox:       {settings().inbox}")
    typer.echo(f"logs:        {settings().root / 'logs'}")
    typer.echo("stop with Ctrl-C")


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise _Stopped
