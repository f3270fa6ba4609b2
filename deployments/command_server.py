"""The Prefect server of one command: started before the command's imports, so that it comes up beside them.

It listens on loopback alone, answers to the password of this command alone, and ends with the command, killed or not. As
`python -m deployments.command_server DESCRIPTOR` this module is the server's process. Prefect's own way of having such a server
imports the whole server into the command's process as well.
"""

import atexit
import gc
import os
import secrets
import socket
import subprocess
import sys
from pathlib import Path
from typing import Final

from deployments import prefect_environment
from schemas.errors import RefusedError

LOOPBACK: Final = "127.0.0.1"
PASSWORD: Final = "PREFECT_SERVER_API_AUTH_STRING"  # noqa: S105  name of a variable
_STOP_SECONDS: Final = 5.0
_START_SECONDS: Final = "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS"
#: Variables of the command that would have its server be another one.
_OF_CLIENT: Final = frozenset({"PREFECT_API_URL", "PREFECT_API_KEY", "PREFECT_PROFILE"})
#: What Prefect sets for such a server itself: no pages, and only the services that a run needs.
_OF_SERVER: Final = {"PREFECT_UI_ENABLED": "0", "PREFECT__SERVER_EPHEMERAL": "1", "PREFECT__SERVER_FINAL": "1"}


class NoServerError(RefusedError):
    """The command's own server did not come up."""


class CommandServer:
    """A server on a free port of loopback; `log`: the file its complaints go to."""

    def __init__(self, log: Path) -> None:
        self.log = log
        self._command = os.getpid()
        self.password = os.environ.setdefault(PASSWORD, password())
        log.parent.mkdir(parents=True, exist_ok=True)
        # whoever calls before it is up waits in the queue of the port; a dead server's queue is closed at once
        environment = {name: value for name, value in os.environ.items() if name not in _OF_CLIENT} | _OF_SERVER
        with socket.create_server((LOOPBACK, 0), backlog=128) as port, log.open("ab") as sink:
            self.address = f"http://{LOOPBACK}:{port.getsockname()[1]}/api"
            self._process = subprocess.Popen(  # noqa: S603
                [sys.executable, "-P", "-m", "deployments.command_server", str(port.fileno())],
                env=prefect_environment.for_child(environment),
                pass_fds=(port.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is the command's: its runs still tell the server how they ended
            )
        atexit.register(self.stop)

    def await_answer(self) -> None:
        """Wait until it answers; raises NoServerError."""
        import httpx  # noqa: PLC0415  the server is started before anything is imported

        patience = float(os.environ.get(_START_SECONDS, "120"))
        try:
            answer = httpx.get(f"{self.address}/health", timeout=patience, trust_env=False)
            answer.raise_for_status()
        except httpx.HTTPError as failed:
            raise NoServerError(
                f"the Prefect server of this command did not come up: its reasons are in {self.log}"
            ) from failed

    def stop(self) -> None:
        """End it; safe to repeat."""
        if os.getpid() != self._command:
            return  # a fork of the command is not its end
        atexit.unregister(self.stop)
        self._process.terminate()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def password() -> str:
    """A password for one command's server: nobody else on this machine may ask it."""
    return f"filing:{secrets.token_urlsafe(32)}"


def main() -> None:
    """Serve on the socket that was handed over, until SIGTERM or until the command is gone."""
    prefect_environment.end_with_parent()
    gc.disable()  # what is imported stays; looking through it again and again costs a quarter of the start
    import uvicorn  # noqa: PLC0415
    from prefect.server.api.server import create_app  # noqa: PLC0415

    application = create_app(ephemeral=True, final=True)
    gc.enable()
    gc.freeze()
    config = uvicorn.Config(application, log_level="error", lifespan="on", timeout_graceful_shutdown=2)
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=int(sys.argv[1]))])


if __name__ == "__main__":
    main()
