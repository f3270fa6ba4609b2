"""A deployed cycle waits weeks for results without a process, whatever is killed meanwhile, and goes on by itself."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from deployments import sample as made
from schemas.cycle import cycle_id
from schemas.policy import for_cycle
from tests.faults.house import TestHouse

CYCLE = "2026-09"
DAY = "2026-09-11"
pytestmark = pytest.mark.slow


@pytest.fixture
def sample(house: TestHouse) -> made.SampleCycle:
    cycle = made.make_cycle(cycle_id(CYCLE), 3, 20)
    made.write_inbox(cycle, house.home / "inbox")
    return cycle


def status(house: TestHouse) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(house.filing("status", CYCLE, "--json"))[0]
    return told


def returned(house: TestHouse, sample: made.SampleCycle) -> list[pd.DataFrame]:
    """The results of what was really sent out, in three portions."""
    made.write_results(sample, house.home / "all")
    results = pd.read_csv(house.home / "all" / "results.csv", dtype=str)
    sent = {path.name for path in (house.home / "outbox" / "evaluation" / CYCLE).iterdir()}
    results = results[results["application_no"].isin(sent)]
    third = len(results) // 3
    return [results[:third], results[third : 2 * third], results[2 * third :]]


def drop(inbox: Path, name: str, rows: pd.DataFrame) -> None:
    (inbox / "results").mkdir(exist_ok=True)
    rows.to_csv(inbox / "results" / name, index=False)


def test_suspended_killed_resumed_in_three_portions_published(house: TestHouse, sample: made.SampleCycle) -> None:
    house.start_server()
    house.register()
    house.start_worker()
    run = house.run_deployment("filing-cycle/cycle", cycle=CYCLE, as_of=DAY)
    house.wait_state(run, "Suspended")
    waiting = status(house)
    assert waiting["items"]["dispatched"] > 0
    assert waiting["editions"] in ("", "-")

    house.kill("worker-1")
    house.kill("server")
    house.start_server()
    house.start_worker()
    assert house.run(run)["state_name"] == "Suspended"

    first, second, third = returned(house, sample)
    inbox = house.home / "inbox"
    drop(inbox, "一.csv", first)
    house.wait_for("the first portion", lambda: not status(house)["results"].startswith("0 of"))
    house.wait_state(run, "Suspended")
    drop(inbox, "二.csv", second)
    house.wait_for("the second portion", lambda: int(status(house)["results"].split()[0]) > len(first) // 2 + 1)
    house.wait_state(run, "Suspended")
    drop(inbox, "三.csv", third)
    house.wait_state(run, "Completed")
    assert status(house)["editions"] == f"{CYCLE}.1"
    assert (house.home / "published" / "latest" / "directory.csv").is_file()


def test_the_wait_runs_out(house: TestHouse, sample: made.SampleCycle) -> None:
    house.start_server()
    house.register()
    house.start_worker()
    run = house.run_deployment("filing-cycle/cycle", cycle=CYCLE, as_of=DAY)
    house.wait_state(run, "Suspended")
    policy = for_cycle(cycle_id(CYCLE))
    over = policy.deadline(cycle_id(CYCLE)) + timedelta(days=policy.evaluation.wait_days)
    parameters = house.run(run)["parameters"]

    # the day before, nothing goes on
    for day, state in ((over - timedelta(days=1), "Suspended"), (over, "Completed")):
        house.ask("PATCH", f"/flow_runs/{run}", parameters={**parameters, "as_of": day.isoformat()})
        asked = house.run_deployment("resume-waiting/resume-waiting")
        house.wait_state(asked, "Completed", "Cancelled")
        house.wait_state(run, state)
    told = status(house)
    assert told["items"]["dispatched"] > 0, "what is still missing stays dispatched"
