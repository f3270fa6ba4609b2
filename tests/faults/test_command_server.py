"""The server of one command: it answers to nobody else, and never outlives the command."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

pytestmark = pytest.mark.slow

_SECONDS = 240.0


def run_of(home: Path) -> "subprocess.Popen[bytes]":
    """`filing run` of a cycle with nothing to do, in a shell that names no server."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "FILING_"))}
    command = [sys.executable, "-P", "-m", "deployments.cli", "--home", str(home), "run", "2026-04"]
    return subprocess.Popen(command, env=env, cwd=home, stdout=subprocess.DEVNULL)


def servers_of(home: Path) -> list[int]:
    """The processes of servers of this home that live."""
    return [int(place.name) for place in Path("/proc").iterdir() if place.name.isdecimal() and _serves(place, home)]


def _serves(place: Path, home: Path) -> bool:
    try:
        contents = (place / "cmdline").read_bytes(), (place / "environ").read_bytes()
    except OSError:
        return False  # it ended meanwhile
    return b"deployments.command_server" in contents[0] and f"PREFECT_HOME={home}".encode() in contents[1]


def within(seconds: float) -> Iterator[None]:
    """Again and again until the time is over."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        yield
        time.sleep(0.2)
    raise AssertionError(f"not within {seconds:.0f} s")


def address_of(process: int) -> str:
    """Where a process listens."""
    files = [str(link.readlink()) for link in Path(f"/proc/{process}/fd").iterdir()]
    inodes = {file.removeprefix("socket:[").removesuffix("]") for file in files if file.startswith("socket:[")}
    for line in Path(f"/proc/{process}/net/tcp").read_text("ascii").splitlines()[1:]:
        _, here, _, state, *_, inode = line.split()[:10]
        if state == "0A" and inode in inodes:
            host, port = here.split(":")
            assert host == "0100007F", "it listens on loopback alone"
            return f"http://127.0.0.1:{int(port, 16)}"
    raise AssertionError("it listens nowhere")


def test_a_killed_command_leaves_no_server(home: Path) -> None:
    command = run_of(home)
    for _ in within(_SECONDS):
        if servers := servers_of(home):
            break
    command.kill()  # while both are still starting
    command.wait()
    for _ in within(60.0):
        if not servers_of(home):
            break
    assert len(servers) == 1


def test_it_answers_to_the_command_alone_and_ends_with_it(home: Path) -> None:
    command = run_of(home)
    for _ in within(_SECONDS):
        if servers := servers_of(home):
            break
    address = address_of(servers[0])
    answer = httpx.post(f"{address}/api/flow_runs/filter", json={}, timeout=_SECONDS, trust_env=False)
    assert answer.status_code == httpx.codes.UNAUTHORIZED
    assert command.wait(_SECONDS) == 0
    assert not servers_of(home)


def test_a_terminated_command_leaves_no_server(home: Path) -> None:
    command = run_of(home)
    for _ in within(_SECONDS):
        if servers := servers_of(home):
            break
    httpx.get(f"{address_of(servers[0])}/api/health", timeout=_SECONDS, trust_env=False)
    command.send_signal(signal.SIGTERM)
    command.wait(_SECONDS)
    for _ in within(60.0):
        if not servers_of(home):
            break
