"""The processes of `filing up`: server and workers, started in order, watched, and stopped in order."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from deployments import prefect_environment
from deployments.gate import hosts
from schemas.errors import RefusedError
from schemas.settings import settings
from tasks.gateways.disk import files

#: The address that is served unless another is given: this machine alone.
HOST = "127.0.0.1"
#: So long what a killed `filing up` left behind may take to end.
_LEFT_SECONDS = 30.0
#: So long at most a command that looks whether somebody holds the place holds it itself.
_GLANCE_SECONDS = 0.5
_START_SECONDS = 300.0
_STOP_SECONDS = 30.0


class StartFailedError(RefusedError):
    """A process that did not come up."""


class AlreadyUpError(RefusedError):
    """Another `filing up` serves this home."""


@dataclass(frozen=True)
class Running:
    """Where it runs; written into the home for whoever starts it again."""

    address: str
    process: int


@dataclass
class House:
    """The processes of one installation."""

    port: int
    workers: int
    host: str = HOST
    after_kill: bool = False
    children: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"http://{prefect_environment.called(self.host)}:{self.port}"

    @property
    def api(self) -> str:
        return f"{self.address}/api"

    def from_elsewhere(self) -> list[str]:
        """The addresses under which other machines reach it, none where it serves this one alone."""
        if prefect_environment.is_loopback(self.host):
            return []
        others = hosts.others()
        called = prefect_environment.called(self.host)
        return [f"http://{host}:{self.port}" for host in (others if called == HOST else [called])]

    def start_server(self) -> None:
        """Start the server and wait until it answers; raises StartFailedError."""
        self._wait_for_port()
        server = self._start("server", [], prefect_environment.for_server(self.host, self.port))
        until = time.monotonic() + _START_SECONDS
        while time.monotonic() < until:
            if server.poll() is not None:
                raise StartFailedError(f"the Prefect server ended at once: its reasons are in {_log('server')}")
            if _answers(f"{self.api}/health"):
                return
            time.sleep(0.3)
        raise StartFailedError(f"the Prefect server did not answer in {_START_SECONDS:.0f} s: see {_log('server')}")

    def _wait_for_port(self) -> None:
        """What a killed `filing up` left ends by itself within seconds; raises StartFailedError for anybody else's."""
        until = time.monotonic() + (_LEFT_SECONDS if self.after_kill else 0)
        while _is_taken(self.host, self.port):
            if time.monotonic() >= until:
                raise StartFailedError(f"port {self.port} is taken by another program: choose another with --port")
            time.sleep(0.3)

    def register(self) -> list[str]:
        """Bring every deployment up to date on the server; a sentence for each change of a person's that was kept.

        Raises StartFailedError.
        """
        done = subprocess.run(
            [sys.executable, "-P", "-m", "deployments.catalogue"],
            env=prefect_environment.for_client(self.api),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        with _log("deployments").open("ab") as sink:
            sink.write(done.stdout)
        if done.returncode != 0:
            raise StartFailedError(f"the deployments could not be registered: see {_log('deployments')}")
        return [line for line in done.stdout.decode("utf-8", "replace").splitlines() if line.startswith("kept: ")]

    def start_workers(self) -> None:
        """Start the workers under their fixed names."""
        for number in range(1, self.workers + 1):
            self._start(f"worker-{number}", [str(number)], prefect_environment.for_client(self.api))

    def watch(self) -> str:
        """Wait until a process ends that should not have; returns its name."""
        while True:
            for child in self.children:
                if child.poll() is not None:
                    return str(child.args[4]).rpartition(".")[2] if isinstance(child.args, list) else "a process"
            time.sleep(0.5)

    def stop(self) -> None:
        """End the workers first, so that they can still tell the server what they leave; then the server."""
        for child in reversed(self.children):
            if child.poll() is None:
                child.send_signal(signal.SIGTERM)
            try:
                child.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()

    def _start(self, name: str, arguments: list[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
        module = "deployments.prefect_server" if name == "server" else "deployments.worker"
        log = _log(name)
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as sink:
            # -P: a tasks.py in the working directory must not stand in for our package;
            # a session of its own: Ctrl-C in the terminal reaches us alone, and we stop them in order
            child = subprocess.Popen(  # noqa: S603
                [sys.executable, "-P", "-u", "-m", module, *arguments],
                env=prefect_environment.for_child(environment),
                stdout=sink,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.children.append(child)
        return child


@contextmanager
def only_one(running: Running) -> Iterator[bool]:
    """Hold the home's place for one `filing up`; yields whether the one before was killed.

    Raises AlreadyUpError while another holds it.
    """
    folder = settings().root / "prefect"
    folder.mkdir(parents=True, exist_ok=True)
    note = folder / "up.json"
    with (folder / "up.lock").open("a") as held:
        if not files.lock(held, _GLANCE_SECONDS, _GLANCE_SECONDS / 5):
            raise AlreadyUpError(f"already running{_where(note)}")
        was_killed = note.exists()
        note.write_text(json.dumps(asdict(running)), "utf-8")
        try:
            yield was_killed
        finally:
            note.unlink(missing_ok=True)


def serving() -> Running | None:
    """The `filing up` that serves this home and answers, if one does."""
    folder = settings().root / "prefect"
    if (other := _noted(folder / "up.json")) is None:
        return None
    with (folder / "up.lock").open("a") as held:
        if files.lock(held):
            return None  # it was killed
    return other if _answers(f"{other.address}/api/health") else None


def _where(note: Path) -> str:
    other = _noted(note)
    return f" at {other.address} (process {other.process})" if other else ""


def _noted(note: Path) -> Running | None:
    try:
        return Running(**json.loads(note.read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None  # it holds the place and has not yet written where


def _log(name: str) -> Path:
    return settings().root / "logs" / f"{name}.log"


def _is_taken(host: str, port: int) -> bool:
    """Whether somebody listens there already; only asked, so that the port is nobody's between two bindings."""
    try:
        socket.create_connection((host, port), timeout=2.0).close()
    except OSError:
        return False
    return True


def api_here() -> str:
    """The address of the API that serves this home and answers; blank where there is none."""
    if address := os.environ.get("PREFECT_API_URL", ""):
        return address if _answers(f"{address}/health") else ""
    up = serving()
    return f"{up.address}/api" if up else ""


def _answers(address: str) -> bool:
    import httpx  # noqa: PLC0415  a command that only asks whether anything runs does not wait for it

    try:
        return httpx.get(address, timeout=2.0, trust_env=False).is_success
    except httpx.HTTPError:
        return False


def this_process() -> int:
    """This process's number, as it stands in the home."""
    return os.getpid()
