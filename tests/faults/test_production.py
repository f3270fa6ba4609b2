"""What compose.yaml describes, run without containers: PostgreSQL, a server on it, two workers."""

import os
import signal
from datetime import timedelta

import httpx
import psutil
import pytest

from deployments import sample as made
from schemas.law.cycle import cycle_id
from schemas.policy import for_cycle
from tests import homes
from tests.faults.house import TestHouse

CYCLE = "2026-09"
DAY = "2026-09-11"
pytestmark = pytest.mark.slow


def runner_of(run: str) -> int:
    """The process a run is in, on this machine."""
    for process in psutil.process_iter():
        try:
            if process.environ().get("PREFECT__FLOW_RUN_ID") == run and process.cmdline()[-1:] == ["prefect.engine"]:
                return process.pid
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return 0


@pytest.fixture
def production(house: TestHouse, whole_postgresql: str) -> TestHouse:
    """Two databases on a real PostgreSQL, the server, the deployments; no worker yet."""
    homes.create_databases(f"postgresql://{whole_postgresql}/postgres", "filing", "prefect")
    house.database = f"postgresql://{whole_postgresql}/filing"
    house.prefect_database = f"postgresql+asyncpg://{whole_postgresql}/prefect"
    house.filing("migrate")
    house.start_server()
    house.register()
    return house


def worker_of(house: TestHouse, run: str) -> str:
    """The worker that a run is with, or was last."""
    return "worker-" + str(house.run(run)["labels"]["prefect.worker.name"]).rpartition("-")[2]


def test_a_cycle_over_two_workers_one_killed(production: TestHouse) -> None:
    house = production
    assert httpx.get(f"{house.api}/admin/version", trust_env=False).status_code == 401
    assert httpx.post(f"{house.api}/flow_runs/filter", json={}, trust_env=False).status_code == 403

    sample = made.make_cycle(cycle_id(CYCLE), 3, 12)
    made.write_inbox(sample, house.home / "inbox", house.home / "desk")
    house.start_worker(1)
    intake = house.run_deployment("intake/intake", cycle=CYCLE, as_of=DAY)
    house.wait_state(intake, "Completed")
    assert worker_of(house, intake) == "worker-1"
    house.start_worker(2)
    run = house.run_deployment("filing-cycle/cycle", cycle=CYCLE, as_of=DAY)
    house.wait_state(run, "Running")
    house.wait_for("the work to begin", lambda: "intake" in house.run_log(run))
    killed = worker_of(house, run)
    os.kill(runner_of(run), signal.SIGKILL)
    house.kill(killed)
    other = "worker-2" if killed == "worker-1" else "worker-1"
    if worker_of(house, run) == killed:
        house.wait_for("the other worker to take it up", lambda: worker_of(house, run) == other)
    house.wait_state(run, "Suspended", passing=("Crashed",))

    # by then nobody is waited for any more: neither those who may still mend theirs nor a panel that is asked again
    policy = for_cycle(cycle_id(CYCLE))
    over = policy.deadline(cycle_id(CYCLE)) + timedelta(days=policy.evaluation.wait_days)
    house.ask("PATCH", f"/flow_runs/{run}", parameters={**house.run(run)["parameters"], "as_of": over.isoformat()})
    made.write_results(sample, house.home / "inbox" / "results", house.home / "outbox" / "evaluation" / CYCLE)
    house.wait_state(run, "Running")
    house.wait_for("the run's process", lambda: runner_of(run) > 0)
    os.kill(runner_of(run), signal.SIGKILL)  # its worker lives, sees it and says so
    house.wait_state(run, "Completed", passing=("Crashed",))
    assert "taken up again" in str(house.ask("GET", f"/flow_run_states/?flow_run_id={run}"))
    assert worker_of(house, run) == other
    assert list(house.processes) == ["server", other], "the killed worker was never started again"
    assert (house.home / "published" / "latest" / "directory.csv").is_file()
    assert "filed" in house.filing("status", CYCLE)
