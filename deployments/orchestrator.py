"""Prefect's environment for a command: a server that runs already, else one that lives as long as the command."""

import os
import tomllib
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Final, ParamSpec, TypeVar

from deployments import command_server
from deployments.gate.secrets_of_home import present
from deployments.prefect_environment import prefect_home
from deployments.supervisor import serving
from schemas.settings import settings

if TYPE_CHECKING:
    from prefect import Flow

#: Set where the environment says nothing else.
_DEFAULTS = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_EPHEMERAL_ENABLED": "true",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
    "PREFECT_SERVER_LOGGING_LEVEL": "ERROR",
    "PREFECT_LOGGING_LEVEL": "ERROR",
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
    "PREFECT_CLI_COLORS": "false",
}
_ADDRESS: Final = "PREFECT_API_URL"
_PASSWORD: Final = "PREFECT_API_AUTH_STRING"  # noqa: S105  name of a variable
_LOG: Final = "command-server.log"
#: Files of the working directory in which Prefect looks for settings.
_STATED_IN: Final = (".env", "prefect.toml", "pyproject.toml")

_for_this_process = ExitStack()
_started: list[command_server.CommandServer] = []

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")


def prepare(*, runs: bool = False) -> None:
    """Set Prefect's environment for the rest of this process; to be called before Prefect is imported.

    `runs`: whether flows will run, which need a server.
    """
    os.environ.setdefault("PREFECT_HOME", str(settings().root / "prefect"))
    for name, value in _DEFAULTS.items():
        os.environ.setdefault(name, value)
    if not os.environ.get("FILING_DEBUG"):
        # Prefect tells a failure with its traceback for every flow on its way up; the command tells it once, in a sentence
        os.environ.setdefault("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "CRITICAL")
    if runs:
        have_server()
    if not os.environ.get(_ADDRESS):
        _keep_alone()
    elif not _started:
        present(settings().root)
    from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings  # noqa: PLC0415

    # no variable can say "none"; the heartbeat costs a second a flow and serves runs that a worker started
    _for_this_process.enter_context(temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}))


def _keep_alone() -> None:
    """Have a server that Prefect should start itself answer to this command alone."""
    password = os.environ.setdefault(command_server.PASSWORD, command_server.password())
    os.environ.setdefault(_PASSWORD, password)


def have_server() -> None:
    """Choose the server: the one that is stated, else that of `filing up` in this home, else one of this command's own."""
    if os.environ.get(_ADDRESS) or _started or _is_stated_elsewhere():
        return
    if here := serving():
        os.environ[_ADDRESS] = f"{here.address}/api"
        return
    server = command_server.CommandServer(settings().root / "logs" / _LOG)
    _started.append(server)
    os.environ |= {_ADDRESS: server.address, _PASSWORD: server.password}
    os.environ["PREFECT_CLIENT_CSRF_SUPPORT_ENABLED"] = "false"  # it would be asked for a token it does not give


def _is_stated_elsewhere() -> bool:
    """Whether Prefect's files name a server; Prefect is asked only where there is such a file, for it is slow to import."""
    profiles = prefect_home() / "profiles.toml"
    if not (profiles.is_file() or any(map(_may_state, map(Path, _STATED_IN)))):
        return False
    from prefect.settings import get_current_settings  # noqa: PLC0415

    return bool(get_current_settings().api.url)


def _may_state(file: Path) -> bool:
    if not file.is_file():
        return False
    try:
        return file.name != "pyproject.toml" or "prefect" in tomllib.loads(file.read_text("utf-8")).get("tool", {})
    except (OSError, ValueError):
        return True  # Prefect says itself what is wrong with it


def run(flow: "Flow[_Arguments, _Result]", *args: _Arguments.args, **kwargs: _Arguments.kwargs) -> _Result:
    """Run a flow in this process and on the server's pages; after `prepare(runs=True)`."""
    for server in _started:
        server.await_answer()
    return flow(*args, **kwargs)
