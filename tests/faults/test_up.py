"""`filing up` as a person uses it: started, started again, stopped; and its schedules fire."""

import signal
import socket
import subprocess
import sys

import httpx
import psutil
import pytest
from prefect.settings import PREFECT_API_URL, PREFECT_CLIENT_CUSTOM_HEADERS, temporary_settings

from deployments import sample as made
from deployments.schedules import name_upcoming
from schemas.law.cycle import cycle_id
from tests.faults.house import HOST, PATIENCE, TestHouse

CYCLE = "2026-09"
pytestmark = pytest.mark.slow


def up(house: TestHouse) -> subprocess.Popen[str]:
    """As written from the folder above: a worker runs each flow in another folder."""
    words = ["--home", house.home.name, "up", "--port", str(house.port)]
    variables = {
        name: value for name, value in house.environment().items() if name not in ("FILING_HOME", "PREFECT_HOME")
    }
    return subprocess.Popen(
        [sys.executable, "-P", "-u", "-m", "deployments.cli", *words],
        cwd=house.home.parent,
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def until_ready(started: "subprocess.Popen[str]") -> list[str]:
    assert started.stdout is not None
    lines = []
    for line in started.stdout:
        lines.append(line)
        if line.startswith("stop with"):
            return lines
    raise AssertionError("".join(lines))


def ended(started: "subprocess.Popen[str]") -> int:
    """Its exit code, once it has ended."""
    with started:
        return started.wait(120)


def refused(house: TestHouse) -> str:
    """What `filing up` says when it will not start; its exit code is 3."""
    command = [sys.executable, "-P", "-m", "deployments.cli", "up", "--port", str(house.port)]
    environment = house.environment()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 3, done.stderr
    return done.stderr


def enter(link: str) -> httpx.Response:
    """What the first administrator sees once the link has made the account."""
    address, _, token = link.partition("/gate/first?token=")
    with httpx.Client(base_url=address, trust_env=False, headers={"Origin": address}, follow_redirects=True) as browser:
        form = {"token": token, "name": "王处长", "password": "a password of hers", "again": "a password of hers"}
        browser.post("/gate/first", data=form).raise_for_status()
        assert browser.post("/api/deployments/filter", json={}).is_success
        return browser.get("/v2/")


def assert_ended(children: list[psutil.Process]) -> None:
    _, alive = psutil.wait_procs(children, timeout=60)
    assert [child for child in alive if child.status() != psutil.STATUS_ZOMBIE] == []


def test_it_starts_once_stops_whole_and_goes_on_after_ctrl_c_and_after_a_kill(house: TestHouse) -> None:
    made.write_inbox(made.make_cycle(cycle_id(CYCLE), 3, 12), house.home / "inbox", house.home / "desk")
    started = up(house)
    try:
        lines = until_ready(started)
        children = psutil.Process(started.pid).children(recursive=True)
        assert any(f"http://127.0.0.1:{house.port}" in line for line in lines)
        assert httpx.get(f"http://{HOST}:{house.port}/v2/", trust_env=False).status_code == 401
        (link,) = [line.split()[-1] for line in lines if line.startswith("sign in:")]
        answer = enter(link)
        assert "connect-src 'self'" in answer.headers["content-security-policy"]
        assert house.filing("up", "--port", "4999").startswith(f"already running at http://127.0.0.1:{house.port}")
        run = house.run_deployment("filing-cycle/cycle", cycle=CYCLE, as_of=f"{CYCLE}-11")
        house.wait_for("the work to begin", lambda: "intake" in house.run_log(run))
        started.send_signal(signal.SIGINT)
        assert ended(started) == 0
        assert_ended(children)
        assert not (house.home / "prefect" / "up.json").exists()

        started = up(house)
        until_ready(started)
        house.wait_state(run, "Suspended", passing=("Crashed",))
        children = psutil.Process(started.pid).children(recursive=True)
        started.kill()
        ended(started)

        # at once: what the killed one left is still ending
        started = up(house)
        until_ready(started)
        assert_ended(children)
        assert len(children) >= 2
        assert house.run(run)["state_name"] == "Suspended"
        assert len(house.ask("POST", "/deployments/filter")) >= 10
        started.send_signal(signal.SIGTERM)
        assert ended(started) == 0
    finally:
        started.kill()
        ended(started)


def test_it_takes_no_port_of_another(house: TestHouse) -> None:
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind((HOST, house.port))
        other.listen()
        assert f"port {house.port} is taken by another program" in refused(house)


def test_a_cron_line_makes_scheduled_runs(standing: TestHouse) -> None:
    house = standing
    deployment = house.ask("GET", "/deployments/name/watch/watch")["id"]
    line = {"schedule": {"cron": "* * * * *", "timezone": "Asia/Shanghai"}, "active": True}
    answer = httpx.post(
        f"{house.api}/deployments/{deployment}/schedules",
        json=[line],
        trust_env=False,
        timeout=PATIENCE,
        headers=house.headers(),
    )
    answer.raise_for_status()

    def minutely() -> bool:
        mine = {
            "deployments": {"id": {"any_": [deployment]}},
            "flow_runs": {"state": {"type": {"any_": ["SCHEDULED"]}}},
        }
        return len(house.ask("POST", "/flow_runs/filter", **mine)) > 5

    house.wait_for("the runs of a minute's schedule", minutely, 70)
    with temporary_settings({PREFECT_API_URL: house.api, PREFECT_CLIENT_CUSTOM_HEADERS: house.headers()}):
        name_upcoming()
    upcoming = house.ask("POST", "/flow_runs/filter", flow_runs={"state": {"type": {"any_": ["SCHEDULED"]}}})
    by_itself = [run for run in upcoming if run["auto_scheduled"]]
    assert {run["name"].partition(" · ")[0] for run in by_itself if run["deployment_id"] == deployment} == {"值守提醒"}
