"""`filing up` over processes that only play server and worker: what is started, told, watched and stopped, in order."""

import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deployments import supervisor
from deployments.commands import serving
from deployments.gate import hosts
from deployments.supervisor import House, Running, StartFailedError, only_one
from schemas.settings import settings
from tests.ports import HOST, held_port

SERVER = "deployments.prefect_server"
WORKER = "deployments.worker"
CATALOGUE = "deployments.catalogue"
#: Answers every question until it is ended, and says so.
ANSWERS = """
import http.server, os, signal, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers()
signal.signal(signal.SIGTERM, lambda *_: (print("server ended", flush=True), os._exit(0)))
http.server.HTTPServer(("127.0.0.1", int(os.environ["PREFECT_SERVER_API_PORT"])), Handler).serve_forever()
"""
PLAYED = {
    SERVER: f"exec {sys.executable} -I -S -c '{ANSWERS}'",
    WORKER: "trap 'exit 0' TERM; while :; do sleep 0.05; done",
    CATALOGUE: "echo sweeps/sweeps; echo 'kept: watch: it stays paused'",
}

Play = Callable[..., None]


@pytest.fixture
def play(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Play]:
    """Has the processes of the house be shell scripts; those of `changed`, by module, others."""
    mask = os.umask(0o077)
    monkeypatch.setenv("FILING_HOME", str(home))
    monkeypatch.setattr(signal, "signal", lambda *_: None)

    def as_played(changed: dict[str, str] | None = None) -> None:
        cases = "\n".join(f"{module})\n{script}\n;;" for module, script in {**PLAYED, **(changed or {})}.items())
        program = tmp_path / "python"
        program.write_text(f'#!/bin/sh\nfor word in "$@"; do case "$word" in\n{cases}\nesac; done\n', "utf-8")
        program.chmod(0o700)
        monkeypatch.setattr(sys, "executable", str(program))

    as_played()
    yield as_played
    os.umask(mask)


def log_of(name: str) -> str:
    return (settings().root / "logs" / f"{name}.log").read_text("utf-8")


def test_it_starts_all_and_stops_all_when_it_is_asked_to(
    play: Play, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    house: list[House] = []

    def watch(watched: House) -> str:
        house.append(watched)
        assert all(child.poll() is None for child in watched.children)
        assert supervisor.api_here() == watched.api, "commands find the server by the home"
        here = rf"at http://{HOST}:\d+ \(process {os.getpid()}\)"
        with pytest.raises(supervisor.AlreadyUpError, match=here), only_one(Running("http://elsewhere", 1)):
            pass
        raise serving._Stopped

    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    monkeypatch.setattr(House, "watch", watch)
    assert serving.up(held_port(), workers=2) == 0
    (stopped,) = house
    assert [child.poll() for child in stopped.children] == [0, 0, 0]
    lines = capsys.readouterr().out.splitlines()
    assert lines[:3] == ["starting the server …", "registering the deployments …", "kept: watch: it stays paused"]
    assert any(line.startswith(f"sign in:     {stopped.address}/gate/first?token=") for line in lines)
    assert lines[-2:] == ["stopping …", "stopped: the next start goes on where this one ended"]
    assert "server ended" in log_of("server")
    assert "sweeps/sweeps" in log_of("deployments")
    assert not (settings().root / "prefect" / "up.json").exists()
    assert supervisor.api_here() == ""


def test_a_worker_that_ends_by_itself_ends_the_house(play: Play, capsys: pytest.CaptureFixture[str]) -> None:
    play({WORKER: "exit 7"})
    assert serving.up(held_port()) == 1
    output = capsys.readouterr()
    assert output.err.startswith("worker ended by itself: stopping; its reasons are in ")
    assert "server ended" in log_of("server")


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({SERVER: "exit 1"}, r"the Prefect server ended at once: its reasons are in .*server\.log"),
        ({SERVER: "trap 'exit 0' TERM; while :; do sleep 0.05; done"}, r"did not answer in 1 s: see .*server\.log"),
        ({CATALOGUE: "echo no; exit 1"}, r"could not be registered: see .*deployments\.log"),
    ],
    ids=["no server", "a silent server", "no deployments"],
)
def test_what_does_not_come_up_is_one_sentence(
    play: Play, monkeypatch: pytest.MonkeyPatch, changed: dict[str, str], sentence: str
) -> None:
    play(changed)
    monkeypatch.setattr(supervisor, "_START_SECONDS", 1.0 if "in 1 s" in sentence else 60.0)
    with pytest.raises(StartFailedError, match=sentence):
        serving.up(held_port())
    assert not (settings().root / "prefect" / "up.json").exists()


def test_a_second_one_starts_nothing_and_another_program_keeps_its_port(
    play: Play, capsys: pytest.CaptureFixture[str]
) -> None:
    with only_one(Running("http://127.0.0.1:4242", 17)) as was_killed:
        assert not was_killed
        assert serving.up(held_port()) == 0
    assert capsys.readouterr().out == "already running at http://127.0.0.1:4242 (process 17): nothing to start\n"
    with socket.create_server((HOST, 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(StartFailedError, match=f"port {port} is taken by another program"):
            serving.up(port)


def test_after_a_kill_it_waits_for_the_port_to_be_let_go(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = iter([True, True, False])
    monkeypatch.setattr(supervisor, "_is_taken", lambda *_: next(taken))
    house = House(held_port(), 1, after_kill=True)
    house.start_server()
    house.stop()
    assert next(taken, None) is None


def test_a_process_that_does_not_end_is_killed(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    play({WORKER: "trap '' TERM; echo deaf; while :; do sleep 0.05; done"})
    monkeypatch.setattr(supervisor, "_STOP_SECONDS", 0.2)
    house = House(held_port(), 1)
    house.start_workers()
    while "deaf" not in log_of("worker-1"):
        pass
    house.stop()
    assert [child.poll() for child in house.children] == [-9]


def test_a_house_that_serves_others_says_where(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hosts, "others", lambda: ["10.0.0.5", "filing.hs"])
    assert House(4200, 1).from_elsewhere() == []
    assert House(4200, 1, "10.0.0.5").from_elsewhere() == ["http://10.0.0.5:4200"]
    assert House(4200, 1, "0.0.0.0").from_elsewhere() == ["http://10.0.0.5:4200", "http://filing.hs:4200"]
