"""Prefect's environment for a command: a running server if there is one, else one that lives as long as the command."""

import os
import secrets
from contextlib import ExitStack
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from deployments.gate.secrets_of_home import present
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


_for_this_process = ExitStack()

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")


def prepare() -> None:
    """Set Prefect's environment for the rest of this process; to be called before Prefect is imported."""
    os.environ.setdefault("PREFECT_HOME", str(settings().root / "prefect"))
    for name, value in _DEFAULTS.items():
        os.environ.setdefault(name, value)
    if not os.environ.get("FILING_DEBUG"):
        # Prefect tells a failure with its traceback for every flow on its way up; the command tells it once, in a sentence
        os.environ.setdefault("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "CRITICAL")
    if os.environ.get("PREFECT_API_URL"):
        present(settings().root)
    else:
        _keep_alone()
    from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings  # noqa: PLC0415

    # no variable can say "none"; the heartbeat costs a second a flow and serves runs that a worker started
    _for_this_process.enter_context(temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}))


def _keep_alone() -> None:
    """Have the server that lives as long as this command answer to this command alone."""
    password = f"filing:{secrets.token_urlsafe(32)}"
    for name in ("PREFECT_SERVER_API_AUTH_STRING", "PREFECT_API_AUTH_STRING"):
        os.environ.setdefault(name, password)


def run(flow: "Flow[_Arguments, _Result]", *args: _Arguments.args, **kwargs: _Arguments.kwargs) -> _Result:
    """Run a flow in this process and on the server's pages; after `prepare`."""
    return flow(*args, **kwargs)
