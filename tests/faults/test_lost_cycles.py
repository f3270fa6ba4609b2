"""Every way to lose a cycle, tried on a real server: its run, deployment or Prefect database gone, or an older one back."""

import json
import shutil
import sqlite3
from collections.abc import Callable
from datetime import date
from typing import Any

import pandas as pd
import pytest

from deployments import sample as made
from schemas.law.cycle import cycle_id
from tests.faults.house import TestHouse

#: A cycle to come: it waits until its results are in, and the day decides nothing.
YEAR = date.today().year + 1
CYCLE, DAY = f"{YEAR}-04", f"{YEAR}-04-11"
pytestmark = pytest.mark.slow


@pytest.fixture
def waiting(house: TestHouse) -> TestHouse:
    """A house with one cycle that waits for its results, and a pause a person stated."""
    sample = made.make_cycle(cycle_id(CYCLE), 3, 12)
    made.write_inbox(sample, house.home / "inbox", house.home / "desk")
    (house.home / "inbox" / "results").mkdir()
    house.filing("pause", "sweeps", "--reason", "系统检修", "--by", "王芳")
    house.start_server()
    house.register()
    house.start_worker()
    house.wait_state(house.run_deployment("filing-cycle/cycle", cycle=CYCLE, as_of=DAY), "Suspended")
    # with the tokens of the packages as they were sent
    made.write_results(sample, house.home / "all", house.home / "outbox" / "evaluation" / CYCLE)
    return house


def runs(house: TestHouse, state: str) -> list[dict[str, Any]]:
    """Runs of the cycle in a state of this name."""
    mine = {"flow_runs": {"state": {"name": {"any_": [state]}}}, "deployments": {"name": {"any_": ["cycle"]}}}
    return [run for run in house.ask("POST", "/flow_runs/filter", **mine) if run["parameters"].get("cycle") == CYCLE]


def back(house: TestHouse) -> int:
    """How many results are accepted."""
    return int(json.loads(house.filing("status", CYCLE, "--json"))[0]["results"].split()[0])


def portions(house: TestHouse, number: int) -> list[pd.DataFrame]:
    """The results of what was really sent out, dated on the day the cycle waits on, in so many portions."""
    results = pd.read_csv(house.home / "all" / "results.csv", dtype=str).assign(evaluated_on=DAY)
    size = len(results) // number
    assert size, "too few results to come in portions"
    return [results[n * size : (n + 1) * size if n + 1 < number else None] for n in range(number)]


def lose_the_run(house: TestHouse) -> None:
    (run,) = runs(house, "Suspended")
    house.ask("DELETE", f"/flow_runs/{run['id']}")


def lose_the_deployment(house: TestHouse) -> None:
    deployment = house.ask("GET", "/deployments/name/filing-cycle/cycle")
    house.ask("DELETE", f"/deployments/{deployment['id']}")


def lose_the_database(house: TestHouse) -> None:
    stand_without_database(house)
    stand_again(house)


def restore_an_older_database(house: TestHouse) -> None:
    """The one saved while the first run waited: it knows of nothing that came after."""
    stand_without_database(house)
    shutil.copy(house.home / "saved.db", house.home / "prefect" / "prefect.db")
    stand_again(house)


def stand_without_database(house: TestHouse) -> None:
    house.kill("worker-1")
    house.kill("server")
    for file in (house.home / "prefect").glob("prefect.db*"):
        file.unlink()


def stand_again(house: TestHouse) -> None:
    house.start_server()
    house.register()
    house.start_worker()


def save_the_database(house: TestHouse) -> None:
    with (
        sqlite3.connect(house.home / "prefect" / "prefect.db") as now,
        sqlite3.connect(house.home / "saved.db") as saved,
    ):
        now.backup(saved)


def test_a_cycle_goes_on_whatever_became_of_its_run(waiting: TestHouse) -> None:
    house = waiting
    (run,) = runs(house, "Suspended")
    assert run["name"] == f"{CYCLE} · 等待评估结果 · {DAY}"
    assert "已收 0 / 共" in run["state"]["message"]
    save_the_database(house)
    losses: list[Callable[[TestHouse], None]] = [
        lose_the_run,
        lose_the_deployment,
        lose_the_database,
        restore_an_older_database,
    ]
    parts = portions(house, len(losses) + 1)
    for number, lose in enumerate(losses):
        before = back(house)
        lose(house)
        parts[number].to_csv(house.home / "inbox" / "results" / f"{number}.csv", index=False)
        house.wait_for(f"a run after {lose.__name__}", lambda: back(house) > before)  # noqa: B023
        house.wait_for("it to wait again", lambda: len(runs(house, "Suspended")) == 1)
    assert house.ask("GET", "/deployments/name/sweeps/sweeps")["paused"], "a pause holds in a new database of Prefect's"

    (run,) = runs(house, "Suspended")
    house.ask("POST", f"/flow_runs/{run['id']}/set_state", state={"type": "CANCELLING", "name": "Cancelling"})
    house.wait_for("the pause", lambda: f"{CYCLE}: paused since" in house.filing("pause"))
    parts[-1].to_csv(house.home / "inbox" / "results" / "last.csv", index=False)
    house.wait_state(house.run_deployment("resume-waiting/resume-waiting"), "Completed", "Cancelled")
    assert runs(house, "Running") == runs(house, "Pending") == runs(house, "Scheduled") == []
    house.filing("resume", CYCLE, "--reason", "可以继续", "--by", "李雷")
    before = back(house)
    house.wait_for("a run after the lifting", lambda: back(house) > before)
