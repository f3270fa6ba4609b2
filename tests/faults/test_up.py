"""`filing up` as a person uses it: started, started again, stopped; and its schedules fire."""

import signal
import subprocess
import sys

import httpx
import psutil
import pytest

from tests.faults.house import HOST, PATIENCE, TestHouse

pytestmark = pytest.mark.slow


def up(house: TestHouse) -> subprocess.Popen[str]:
    command = [sys.executable, "-P", "-u", "-m", "deployments.cli", "up", "--port", str(house.port)]
    return subprocess.Popen(
        command, env=house.environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def until_ready(started: "subprocess.Popen[str]") -> list[str]:
    assert started.stdout is not None
    told = []
    for line in started.stdout:
        told.append(line)
        if line.startswith("stop with"):
            return told
    raise AssertionError("".join(told))


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_it_starts_once_and_stops_whole(house: TestHouse, stop: signal.Signals) -> None:
    started = up(house)
    try:
        told = until_ready(started)
        children = psutil.Process(started.pid).children(recursive=True)
        assert any(f"http://127.0.0.1:{house.port}" in line for line in told)
        assert len(house.ask("POST", "/deployments/filter")) >= 10
        answer = httpx.get(f"http://{HOST}:{house.port}/v2/", trust_env=False)
        assert "connect-src 'self'" in answer.headers["content-security-policy"]
        assert house.filing("up", "--port", "4999").startswith(f"already running at http://127.0.0.1:{house.port}")
        started.send_signal(stop)
        assert started.wait(90) == 0
        assert [child for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE] == []
        assert not (house.home / "prefect" / "up.json").exists()
    finally:
        started.kill()


def test_its_processes_end_when_it_is_killed(house: TestHouse) -> None:
    started = up(house)
    until_ready(started)
    children = psutil.Process(started.pid).children(recursive=True)
    started.kill()
    started.wait()
    gone, alive = psutil.wait_procs(children, timeout=60)
    assert len(gone) >= 2
    assert alive == []


def test_a_cron_line_makes_scheduled_runs(house: TestHouse) -> None:
    house.start_server()
    house.register()
    deployment = house.ask("GET", "/deployments/name/watch/watch")["id"]
    line = {"schedule": {"cron": "* * * * *", "timezone": "Asia/Shanghai"}, "active": True}
    answer = httpx.post(
        f"{house.api}/deployments/{deployment}/schedules", json=[line], trust_env=False, timeout=PATIENCE
    )
    answer.raise_for_status()

    def minutely() -> bool:
        mine = {
            "deployments": {"id": {"any_": [deployment]}},
            "flow_runs": {"state": {"type": {"any_": ["SCHEDULED"]}}},
        }
        return len(house.ask("POST", "/flow_runs/filter", **mine)) > 5

    house.wait_for("the runs of a minute's schedule", minutely, 70)
