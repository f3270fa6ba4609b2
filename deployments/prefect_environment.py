"""Prefect's environment for the long-lived processes: the server, the workers and what registers with them."""

import os
from pathlib import Path

from schemas.settings import settings

#: The one work pool; every worker takes its runs from it.
POOL = "filing"

#: What the server is told however it is started; the environment may say otherwise.
SERVER = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    # April and September are to be seen a year ahead; the default looks 100 days far
    "PREFECT_SERVER_SERVICES_SCHEDULER_MAX_SCHEDULED_TIME": "P366D",
    # slots kept in memory leak when the server dies
    "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",
    "PREFECT_SERVER_EPHEMERAL_ENABLED": "false",
    "PREFECT_SERVER_LOGGING_LEVEL": "WARNING",
    # the embedded database has one writer at a time: a burst waits its turn instead of failing
    "PREFECT_SERVER_DATABASE_TIMEOUT": "60",
}
_CLIENT = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_EPHEMERAL_ENABLED": "false",
    "PREFECT_LOGGING_LEVEL": "INFO",
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
    "PREFECT_CLIENT_RETRY_EXTRA_CODES": "503",
}


def prefect_home() -> Path:
    """Where Prefect keeps its own state: below the home, so that one backup holds both."""
    return Path(os.environ.get("PREFECT_HOME") or settings().root / "prefect")


def for_server(host: str, port: int) -> dict[str, str]:
    """Everything the server process is told; what the environment says already stays."""
    own = {**SERVER, "PREFECT_HOME": str(prefect_home()), "FILING_HOME": str(settings().root)}
    own["PREFECT_SERVER_API_HOST"] = host
    own |= {"PREFECT_SERVER_API_PORT": str(port), "PREFECT_SERVER_UI_API_URL": f"http://{host}:{port}/api"}
    # a client setting left over in the shell would have the server talk to another server
    return _said(own, without={"PREFECT_API_URL", "PREFECT_PROFILE"})


def for_client(api_url: str) -> dict[str, str]:
    """Everything a worker, and each flow it starts, is told."""
    own = {**_CLIENT, "PREFECT_HOME": str(prefect_home()), "FILING_HOME": str(settings().root)}
    return _said(own, without={"PREFECT_PROFILE"}) | {"PREFECT_API_URL": api_url}


def _said(own: dict[str, str], without: set[str]) -> dict[str, str]:
    return own | {name: value for name, value in os.environ.items() if name not in without}
