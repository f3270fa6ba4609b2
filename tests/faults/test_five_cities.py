"""Five cities, each with its home, policy, gate and worker, live a cycle at the same time on one Prefect server."""

import csv
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from deployments import sample as made
from deployments.gate.secrets_of_home import machine_secret
from deployments.sample.cycle import SampleCycle
from schemas.law.cycle import cycle_id
from schemas.policy import Policy, for_cycle
from schemas.settings import Settings, using
from tests import homes
from tests.faults.house import TestHouse
from tests.faults.test_production import runner_of
from tests.policies import CITIES, SECOND_CITY, write_policy

CYCLE = "2026-09"
pytestmark = pytest.mark.slow


@dataclass
class City:
    """One city: its house, the policy it works by, and what was handed in there."""

    house: TestHouse
    policy: Policy
    sample: SampleCycle

    @property
    def name(self) -> str:
        return self.house.settings["FILING_CITY"]

    @property
    def deployment(self) -> str:
        return f"filing-cycle/cycle-{self.name}"


def _settled(folder: Path, seed: int, name: str, policies: Path | None, server: TestHouse) -> City:
    """A home with its submissions, which shares that server."""
    house = TestHouse(folder / name)
    house.home.mkdir()
    if name == "qinghe":
        (house.home / "office.toml").write_text((CITIES / "office.toml").read_text("utf-8"), "utf-8")
    with using(Settings(home=house.home, database_url="", policies=policies)):
        sample = made.make_cycle(cycle_id(CYCLE), seed, 12)
        made.write_inbox(sample, house.home / "inbox", house.home / "desk")
        policy = for_cycle(cycle_id(CYCLE))
    house.settings = {
        "FILING_CITY": name,
        "FILING_SHARED_SERVER": server.api.removesuffix("/api"),
        "FILING_SHARED_SECRET": machine_secret(server.home),
        **({"FILING_POLICIES": str(policies)} if policies else {}),
    }
    house.filing("migrate")
    return City(house, policy, sample)


@pytest.fixture
def cities(house: TestHouse, whole_postgresql: str, tmp_path: Path) -> Iterator[list[City]]:
    """Five cities on the server of a sixth home, whose database takes as many writers, all at work."""
    homes.create_databases(f"postgresql://{whole_postgresql}/postgres", "shared")
    house.prefect_database = f"postgresql+asyncpg://{whole_postgresql}/shared"
    house.start_server()
    policies = {
        "huangshi": None,
        "qinghe": write_policy(tmp_path / "qinghe-policy", "2020-01-01", SECOND_CITY),
        "ezhou": write_policy(tmp_path / "ezhou-policy", "2020-01-01", name='"ezhou"', title='"鄂州市"'),
        "xianning": write_policy(tmp_path / "xianning-policy", "2020-01-01", name='"xianning"', deadline_day="20"),
        "huanggang": write_policy(tmp_path / "huanggang-policy", "2020-01-01", name='"huanggang"', wait_days="30"),
    }
    settled: list[City] = []
    try:
        for seed, (name, folder) in enumerate(policies.items(), 1):
            city = _settled(tmp_path, seed, name, folder, house)
            settled.append(city)
            city.house.start_server()
            city.house.register()
            city.house.pause(f"sweeps/sweeps-{name}")
            city.house.start_worker()
        yield settled
    finally:
        for city in settled:
            city.house.stop()


def test_five_cities_share_a_server_and_nothing_else(house: TestHouse, cities: list[City]) -> None:
    runs = {
        city.name: city.house.run_deployment(
            city.deployment, cycle=CYCLE, as_of=f"{city.policy.deadline(cycle_id(CYCLE)) + timedelta(days=1)}"
        )
        for city in cities
    }
    reached = {
        city.name: city.house.wait_state(runs[city.name], "Suspended", "Completed")["state"]["name"] for city in cities
    }
    # what the invented city's small sample hands in is held whole: nobody is waited for
    waiting = [city for city in cities if reached[city.name] == "Suspended"]
    assert [city.name for city in waiting] == ["huangshi", "ezhou", "xianning", "huanggang"]
    for city in waiting:
        over = city.policy.deadline(cycle_id(CYCLE)) + timedelta(days=city.policy.evaluation.wait_days)
        run = city.house.run(runs[city.name])
        city.house.ask("PATCH", f"/flow_runs/{run['id']}", parameters={**run["parameters"], "as_of": f"{over}"})
        sent = city.house.home / "outbox" / "evaluation" / CYCLE
        with using(Settings(home=city.house.home, database_url="", policies=_policies(city))):
            made.write_results(city.sample, city.house.home / "inbox" / "results", sent)
    first = cities[0]
    first.house.wait_for("a process to kill", lambda: runner_of(runs[first.name]) > 0)
    os.kill(runner_of(runs[first.name]), signal.SIGKILL)
    for city in cities:
        city.house.wait_state(runs[city.name], "Completed", passing=("Crashed",))
    known = house.ask("POST", "/deployments/filter")
    for city in cities:
        run = house.run(runs[city.name])
        assert run["work_pool_name"] == f"filing-{city.name}"
        assert {entry["name"].rpartition("-")[2] for entry in known if f"备案-{city.name}" in entry["tags"]} == {
            city.name
        }
    for city in waiting:
        with (city.house.home / "published" / "latest" / "directory.csv").open(encoding="utf-8-sig") as file:
            shown = {row["uscc"] for row in csv.DictReader(file)}
        ours = {*city.sample.tables["applications"]["uscc"], *city.sample.tables["register"]["uscc"]}
        assert shown
        assert shown <= ours
    assert "taken up again" in str(house.ask("GET", f"/flow_run_states/?flow_run_id={runs[first.name]}"))


def _policies(city: City) -> Path | None:
    folder = city.house.settings.get("FILING_POLICIES")
    return Path(folder) if folder else None
