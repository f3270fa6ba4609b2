"""A small cycle killed, filled up, paused and cut off at every point, on both databases, repeated and compared."""

import json
import os
import subprocess
import sys
import time
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.faults import ledger, points, small_cycle

pytestmark = pytest.mark.slow

#: What is tried on each database: full disks are the same to both, a server that goes away only PostgreSQL has.
TRIED = {
    "sqlite": ["kill", "full", "pause", "pair", "status"],
    "postgresql": ["kill", "pause", "pair", "status", "restart", "refuse"],
}
#: All points, unless somebody in a hurry says otherwise: the page then says so too.
EVERY = int(os.environ.get("FILING_FAULTS_EVERY", "1"))
#: Fewer points would mean that the counter does not see the cycle any more.
AT_LEAST = 500


def started(database: str, folder: Path) -> "subprocess.Popen[str]":
    root = str(ledger.ROOT)
    variables = os.environ | {"PYTHONPATH": str(root), "PREFECT_LOGGING_LEVEL": "ERROR"}
    command = [sys.executable, "-m", "tests.faults.matrix", database, str(folder), *TRIED[database]]
    command += ["--every", str(EVERY)]
    # into files: a pipe holds some hundred lines, and nobody reads the second process's until the first has ended
    with answers(folder).open("w") as out, complaints(folder).open("w") as err:
        return subprocess.Popen(command, env=variables, cwd=root, stdout=out, stderr=err, text=True)


def answers(folder: Path) -> Path:
    return folder.with_suffix(".jsonl")


def complaints(folder: Path) -> Path:
    return folder.with_suffix(".err")


def read_lines(process: "subprocess.Popen[str]", folder: Path) -> list[dict[str, Any]]:
    assert process.wait() == 0, complaints(folder).read_text("utf-8")[-3000:]
    lines = answers(folder).read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines if line.startswith("{")]


def test_every_point_on_both_databases(tmp_path: Path) -> None:
    began = time.monotonic()
    processes = {database: started(database, tmp_path / database) for database in TRIED}
    try:
        tried = {database: read_lines(process, tmp_path / database) for database, process in processes.items()}
    finally:
        for process in processes.values():
            process.terminate()  # not killed: it ends its own PostgreSQL
            process.wait(60)
    about = {
        "day": date.today().isoformat(),
        "seconds": time.monotonic() - began,
        "cores": os.cpu_count(),
        "cycle": f"{len(small_cycle.KEPT)} applications, every outcome, {len(small_cycle.ACTS)} runs, results included",
    }
    for database, trials in tried.items():
        ledger.keep(f"matrix-{database}", {**about, "database": database, "tried": trials})
    wrong = [f"{database} {trial}" for database in tried for trial in tried[database] if trial["faults"]]
    assert not wrong, "\n".join(wrong[:20])
    for points_tried in tried.values():
        kills = [trial for trial in points_tried if trial["fault"] == "kill"]
        assert len(kills) >= AT_LEAST // EVERY
        assert EVERY > 1 or {trial["boundary"] for trial in kills} >= set(points.BOUNDARIES) - {points.REMOVED}
        assert max(trial["twice"] for trial in points_tried) <= 1, (
            "at most the one mail that was on its way comes again"
        )
