"""What compose.yaml describes, run without containers: PostgreSQL, a server on it with a password, two workers."""

import os
import signal
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml
from sqlalchemy import create_engine

from deployments import sample as made
from schemas.cycle import cycle_id
from tests.faults.house import TestHouse

COMPOSE = Path(__file__).parents[2] / "deployments" / "compose.yaml"
CYCLE = "2026-09"
DAY = "2026-09-11"


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    told: dict[str, Any] = yaml.safe_load(COMPOSE.read_text("utf-8"))
    return dict(told["services"])


def test_compose_starts_the_modules_there_are(services: dict[str, Any]) -> None:
    from importlib.util import find_spec

    modules = [each["entrypoint"][2] for each in services.values() if each.get("entrypoint", [""])[0] == "python"]
    assert sorted(modules) == [
        "deployments.catalogue",
        "deployments.prefect_server",
        "deployments.worker",
        "deployments.worker",
    ]
    assert all(find_spec(module) for module in modules)


def test_compose_holds_no_secret_and_sends_nothing_out(services: dict[str, Any]) -> None:
    for name, service in services.items():
        for variable, value in service["environment"].items():
            if "PASSWORD" in variable or "AUTH" in variable or ("URL" in variable and "@" in value):
                assert "${" in value, f"{name} {variable}"
    server = services["server"]
    assert server["environment"]["PREFECT_SERVER_ANALYTICS_ENABLED"] == "false"
    assert server["environment"]["PREFECT_SERVER_API_AUTH_STRING"]
    assert all(port.startswith("127.0.0.1:") for port in server["ports"])
    assert all("healthcheck" in services[name] for name in ("server", "database", "prefect-database"))


def runner_of(run: str) -> int:
    """The process a run is in, on this machine."""
    for process in psutil.process_iter():
        try:
            if process.environ().get("PREFECT__FLOW_RUN_ID") == run and process.cmdline()[-1:] == ["prefect.engine"]:
                return process.pid
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return 0


@pytest.mark.slow
def test_a_cycle_over_two_workers_one_killed(house: TestHouse, whole_postgresql: str) -> None:
    for name in ("filing", "prefect"):
        administration = create_engine(
            f"postgresql+psycopg://{whole_postgresql}/postgres", isolation_level="AUTOCOMMIT"
        )
        with administration.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
        administration.dispose()
    house.database = f"postgresql://{whole_postgresql}/filing"
    house.prefect_database = f"postgresql+asyncpg://{whole_postgresql}/prefect"
    house.password = "filing:secret-of-the-test"
    house.filing("migrate")
    made.write_inbox(made.make_cycle(cycle_id(CYCLE), 3, 20), house.home / "inbox")
    house.start_server()
    house.register()
    house.start_worker(1)
    intake = house.run_deployment("intake/intake", cycle=CYCLE, as_of=DAY)
    house.wait_state(intake, "Completed")
    house.start_worker(2)
    run = house.run_deployment("filing-cycle/cycle", cycle=CYCLE, as_of=DAY)
    house.wait_for("the run's process", lambda: runner_of(run) > 0)
    worker = house.run(run)["labels"]["prefect.worker.name"].rpartition("-")[2]
    os.kill(runner_of(run), signal.SIGKILL)
    house.kill(f"worker-{worker}")
    if house.run(run)["state_name"] not in ("Suspended", "Crashed"):
        house.start_worker(int(worker))  # as compose would: its name is how it finds what it left
    house.wait_state(run, "Suspended", passing=("Crashed",))
    told = house.filing("status", CYCLE)
    assert "dispatched" in told
