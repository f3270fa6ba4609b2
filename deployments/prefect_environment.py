"""The environment of the long-lived processes: Prefect's settings for them, and ending with whoever started them."""

import os
import signal
import threading
import time
from ipaddress import ip_address
from pathlib import Path

from schemas.settings import settings

#: The server's settings however it is started; the environment may say otherwise.
SERVER = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    # every cycle is to be seen a year ahead; the default looks 100 days far
    "PREFECT_SERVER_SERVICES_SCHEDULER_MAX_SCHEDULED_TIME": "P366D",
    # slots kept in memory leak when the server dies
    "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",
    "PREFECT_SERVER_EPHEMERAL_ENABLED": "false",
    "PREFECT_SERVER_LOGGING_LEVEL": "WARNING",
    # the embedded database has one writer at a time: a burst waits its turn instead of failing
    "PREFECT_SERVER_DATABASE_TIMEOUT": "60",
    # the browser asks the server it has the page from, by whatever name that is reached: it sends its session there alone
    "PREFECT_SERVER_UI_API_URL": "/api",
    # runs that ended long ago go, with their logs and artifacts; as shipped only events do
    "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs,orphans",
}
_CLIENT = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_EPHEMERAL_ENABLED": "false",
    "PREFECT_LOGGING_LEVEL": "INFO",
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
    "PREFECT_CLIENT_RETRY_EXTRA_CODES": "503",
}

#: Variables that name files and folders of this machine.
_PATHS = (
    *("FILING_INBOX_FOLDER", "FILING_POLICIES", "FILING_COLUMN_MAP", "FILING_SOURCE"),
    "PREFECT_HOME",
)


#: What is written is its owner's alone, whatever the caller's own mask is.
PRIVATE = 0o077


def keep_private() -> None:
    """Have Prefect's embedded database be its owner's alone, also one that a former release made for all to read."""
    for file in prefect_home().glob("prefect.db*"):
        file.chmod(0o600)


def hold_anywhere() -> None:
    """Write paths of this process's environment as whole ones: Prefect runs each flow in a folder of its own.

    What the process and its runs write is their owner's alone.
    """
    os.umask(PRIVATE)
    os.environ["FILING_HOME"] = str(settings().root)
    for name in _PATHS:
        value = os.environ.get(name, "")
        # a column map may be the name of one that comes with the program
        if value and "://" not in value and (name != "FILING_COLUMN_MAP" or Path(value).is_file()):
            os.environ[name] = str(Path(value).expanduser().resolve())
    for name in ("FILING_DATABASE_URL", "FILING_SOURCE"):
        kind, slashes, file = os.environ.get(name, "").partition(":///")
        if kind.startswith("sqlite") and slashes and file and not file.startswith(("/", ":", "file:")):
            os.environ[name] = f"{kind}:///{Path(file).resolve()}"


def prefect_home() -> Path:
    """Where Prefect keeps its own state: below the home, so that one backup holds both."""
    return Path(os.environ.get("PREFECT_HOME") or settings().root / "prefect")


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach what is served there."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def called(host: str) -> str:
    """The address under which this machine calls what is served on a host: all addresses are none to call."""
    if host in ("0.0.0.0", "::"):  # noqa: S104  compared, not bound
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


def server_settings() -> dict[str, str]:
    """The server's settings however it is started, with what the installation's settings say of it."""
    seconds = settings().keep_runs_days * 86_400
    return {**SERVER, "PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD": str(seconds)}


def for_server(host: str, port: int) -> dict[str, str]:
    """All settings of the server process; what the environment says already stays."""
    variables = {**server_settings(), "PREFECT_HOME": str(prefect_home())}
    variables |= {"PREFECT_SERVER_API_HOST": host, "PREFECT_SERVER_API_PORT": str(port)}
    # a client setting left over in the shell would have the server talk to another server
    return _merge(variables, without={"PREFECT_API_URL", "PREFECT_PROFILE"})


def for_client(api_url: str) -> dict[str, str]:
    """All settings of a worker and of each flow it starts."""
    variables = {**_CLIENT, "PREFECT_HOME": str(prefect_home())}
    return _merge(variables, without={"PREFECT_PROFILE"}) | {"PREFECT_API_URL": api_url}


def _merge(variables: dict[str, str], without: set[str]) -> dict[str, str]:
    return variables | {name: value for name, value in os.environ.items() if name not in without}


_EVERY_SECONDS = 2.0
_VARIABLE = "FILING_PARENT"


def for_child(environment: dict[str, str]) -> dict[str, str]:
    """The environment of a child that is to end when this process does."""
    return environment | {_VARIABLE: str(os.getpid())}


def end_with_parent() -> None:
    """Send ourselves SIGTERM once the process that started us, and told us to, is gone."""
    parent = os.environ.pop(_VARIABLE, None)
    if parent is not None:
        threading.Thread(target=_watch, args=(int(parent),), daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_EVERY_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)
