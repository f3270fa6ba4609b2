"""An installation with real processes, whose every process is ended with the test."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.house import TestHouse
from tests.ports import held_port


@pytest.fixture
def house(tmp_path: Path) -> Iterator[TestHouse]:
    made = TestHouse(tmp_path / "home")
    made.home.mkdir()
    made.filing("migrate")
    try:
        yield made
    finally:
        made.stop()


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestHouse]:
    """An installation that stands for all tests of a module: server, deployments and a worker."""
    made = TestHouse(tmp_path_factory.mktemp("standing") / "home")
    made.home.mkdir()
    made.filing("migrate")
    try:
        made.start_server()
        made.register()
        made.pause("sweeps/sweeps")
        made.start_worker()
        yield made
    finally:
        made.stop()


@pytest.fixture(scope="session")
def whole_postgresql() -> Iterator[str]:
    """A PostgreSQL with the extensions Prefect's server needs, as Debian packs it; the address without a database."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    assert folders, "install Debian's package postgresql: `make system` does"
    folder = Path(tempfile.mkdtemp(prefix="filing-whole-postgresql-"))
    shutil.chown(folder, "postgres", "postgres")
    port = held_port()

    def run(*command: str) -> None:
        # PostgreSQL refuses to run as root
        subprocess.run(["runuser", "-u", "postgres", "--", *command], check=True, cwd=folder, stdout=subprocess.DEVNULL)

    run(str(folders[-1] / "initdb"), "--pgdata", str(folder / "data"), "--auth", "trust", "--encoding", "UTF8")
    control = [str(folders[-1] / "pg_ctl"), "--pgdata", str(folder / "data")]
    options = f"-c port={port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
    run(*control, "--wait", "--log", str(folder / "log"), "--options", options, "start")
    try:
        yield f"postgres@127.0.0.1:{port}"
    finally:
        run(*control, "--mode", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)
