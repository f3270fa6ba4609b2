"""What a made cycle was made for is what becomes of it, by the independent reading of the contract."""

import csv
import subprocess
import sys
from collections import defaultdict
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest

from deployments.sample import SampleCycle, make_cycle
from schemas import policy
from schemas.law.cycle import CycleId

EXPECTED = Path(__file__).parents[1] / "oracle" / "expected.py"
#: The statuses of an application's items by what it was made for; what is corrected or permitted is filed.
STATUSES = {
    "filed": {"filed"},
    "filed narrower": {"filed"},
    "filed in part": {"filed", "failed"},
    "failed": {"failed"},
    "dispatched": {"dispatched"},
    "returned": {"returned"},
    "held": {"held"},
}


def last_versions(sample: SampleCycle) -> dict[str, pd.DataFrame]:
    """The tables as they stand when everything is in; a correction keeps its first moment, which WINDOW-1 judges."""
    mended = set(sample.corrected["applications"]["application_no"])
    moments = sample.tables["applications"].set_index("application_no")["submitted_at"]
    tables = dict(sample.tables)
    for name, later in sample.corrected.items():
        kept = tables[name][~tables[name]["application_no"].isin(mended)]
        changed = {"submitted_at": later["application_no"].map(moments)} if name == "applications" else {}
        tables[name] = pd.concat([kept, later.assign(**changed)])
    return tables


def meant(made_for: str) -> set[str]:
    kind, _, rest = made_for.partition(":")
    rule, _, turn = rest.partition(" ")
    others = {"filed"} if rule == "CAP-2" else set()  # CAP-2 concerns one occupation, the others go on
    if turn in ("corrected", "permitted"):
        return {"filed"}
    return ({"refused"} if turn == "refused" else STATUSES[kind]) | others


@pytest.mark.parametrize(("cycle", "seed"), [("2026-09", 1), ("2026-04", 2)])
def test_every_application_ends_as_it_was_meant_to(cycle: str, seed: int, tmp_path: Path) -> None:
    sample = make_cycle(CycleId(cycle), seed, 120)
    for name, frame in last_versions(sample).items():
        frame.to_csv(tmp_path / f"{name}.csv", index=False)
    numbers = policy.for_cycle(sample.cycle)
    as_of = numbers.deadline(sample.cycle) + timedelta(days=numbers.evaluation.wait_days)
    command = [sys.executable, str(EXPECTED), str(tmp_path), cycle, as_of.isoformat(), "--out", str(tmp_path)]
    subprocess.run(command, check=True, capture_output=True)
    statuses: dict[str, set[str]] = defaultdict(set)
    with (tmp_path / "items.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            statuses[row["application_no"]].add(row["status"])
    wrong = {
        number: (made_for, statuses[number])
        for number, made_for in sample.intended.items()
        if made_for != "returned:OCC-1" and statuses[number] != meant(made_for)
    }
    assert wrong == {}
    assert {status for group in statuses.values() for status in group} == set.union(*STATUSES.values()) | {"refused"}
