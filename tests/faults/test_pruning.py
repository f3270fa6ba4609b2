"""A year of runs in Prefect's own database: what is older than the retention goes, with its logs and artifacts."""

import json
import sqlite3
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from tasks.runs.orchestration import IDLE
from tests.faults.house import TestHouse

pytestmark = pytest.mark.slow
KEPT_DAYS = 90


def columns(db: sqlite3.Connection, table: str, values: dict[str, object]) -> None:
    names = ", ".join(values)
    db.execute(f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(values))})", list(values.values()))


def remember_a_year(file: Path) -> int:
    """Three runs a day for a year, each with five lines of log and an artifact; returns how many runs are to be kept."""
    now, kept = datetime.now(UTC), 0
    with sqlite3.connect(file) as db:
        flow = str(uuid4())
        columns(db, "flow", {"id": flow, "name": "old", "tags": "[]", "labels": "{}"})
        for number in range(3 * 365):
            ended = now - timedelta(hours=8 * number)
            kept += ended > now - timedelta(days=KEPT_DAYS)
            moment, run = ended.strftime("%Y-%m-%d %H:%M:%S.%f"), str(uuid4())
            times = {"created": moment, "updated": moment, "start_time": moment, "end_time": moment}
            state = {"state_type": "COMPLETED", "state_name": "Completed", "state_timestamp": moment}
            blank = {"parameters": "{}", "context": "{}", "empirical_policy": "{}", "tags": "[]", "labels": "{}"}
            columns(db, "flow_run", {"id": run, "flow_id": flow, "name": f"r{number}", **times, **state, **blank})
            for line in range(5):
                entry = {"name": "prefect", "level": 20, "message": f"line {line}", "timestamp": moment}
                columns(db, "log", {"id": str(uuid4()), "flow_run_id": run, **entry})
            artifact = {"key": f"k{number}", "type": "markdown", "data": json.dumps("x" * 200), "flow_run_id": run}
            columns(db, "artifact", {"id": str(uuid4()), "created": moment, "updated": moment, **artifact})
    return kept


def counted(file: Path) -> dict[str, int]:
    with sqlite3.connect(file) as db:
        tables = ("flow_run", "log", "artifact")
        return {table: int(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]) for table in tables}


def test_a_year_of_runs_is_pruned_and_the_database_is_its_owners_alone(house: TestHouse) -> None:
    house.settings = {"FILING_KEEP_RUNS_DAYS": str(KEPT_DAYS), "PREFECT_SERVER_SERVICES_DB_VACUUM_LOOP_SECONDS": "5"}
    house.start_server()
    file = house.home / "prefect" / "prefect.db"
    assert {path.stat().st_mode & 0o077 for path in file.parent.glob("prefect.db*")} == {0}
    house.end("server")
    kept = remember_a_year(file)
    before = counted(file)
    assert before["flow_run"] == 3 * 365
    began = time.monotonic()
    house.start_server()
    house.wait_for("the old runs to go", lambda: counted(file)["flow_run"] <= kept)
    house.wait_for("their logs to go", lambda: counted(file)["log"] <= 5 * kept)
    house.wait_for("their artifacts to go", lambda: counted(file)["artifact"] <= kept)
    print(f"{before} -> {counted(file)} in {time.monotonic() - began:.0f} s")
    assert counted(file) == {"flow_run": kept, "log": 5 * kept, "artifact": kept}


def test_the_row_of_a_watch_that_found_nothing_goes(standing: TestHouse) -> None:
    run = standing.run_deployment("watch/watch")
    assert IDLE in standing.wait_state(run, "Completed")["tags"]
    of_this_run = {"flow_runs": {"id": {"any_": [run]}}}
    standing.wait_for("the row to go", lambda: not standing.ask("POST", "/flow_runs/filter", **of_this_run), 180)
