"""Command: measure a whole cycle, stage by stage, beside the floor of its rows and files and beside a plain script.

`python -m benchmarks.cycle` makes a cycle of each size, lives through it in three runs and a fourth with nothing to do,
and measures in processor seconds of the process and its children: those a busy machine changes little. Each part runs in
a process of its own; making the sample is not measured.
"""

import argparse
import cProfile
import json
import logging
import os
import pstats
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.cycle_page import IDLE, WHOLE, write_page
from benchmarks.plain_cycle import HANDED_IN
from benchmarks.screening import environment

if TYPE_CHECKING:
    from tests.factories import Story

SIZES = (60, 2_000, 32_000)
#: Above this, applications come as a portal's tables; up to it as a workbook each.
WORKBOOKS = 2_000
CYCLE = "2026-09"
#: What the parts are.
PARTS = {
    "ours": "The product: three runs from the inbox to the directory, and a fourth with nothing to do.",
    "f": "The floor: the same rows loaded in bulk into an empty database, the same files' bytes written.",
    "p": "A plain script: pandas, sqlite3, docxtpl and openpyxl read the same workbooks and write the same letters, "
    "packages and directory (held against the product's by content); it judges nothing, repeats nothing and survives "
    "nothing.",
}


@dataclass(frozen=True)
class Spent:
    """What one step of a part cost."""

    part: str
    applications: int
    step: str
    seconds: float
    cpu_seconds: float
    peak_mib: int


class Clock:
    """Adds up what each step of a part costs."""

    def __init__(self) -> None:
        self.spent: dict[str, tuple[float, float]] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Count what happens inside as a step; the same step again is added."""
        wall, cpu = time.perf_counter(), processor_seconds()
        yield
        before = self.spent.get(name, (0.0, 0.0))
        self.spent[name] = (before[0] + time.perf_counter() - wall, before[1] + processor_seconds() - cpu)

    def as_spent(self, part: str, applications: int) -> list[Spent]:
        """Every step, with the peak memory of the process."""
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        return [
            Spent(part, applications, step, round(seconds, 3), round(cpu, 3), peak)
            for step, (seconds, cpu) in self.spent.items()
        ]


def processor_seconds() -> float:
    """Of this process and of its children that have ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def live_through(home: Path, applications: int, profile: Path | None) -> list[Spent]:
    """The cycle in three runs, and once more with nothing to do, each stage counted."""
    from deployments import schema  # noqa: PLC0415  what a part imports is part of no other's memory
    from flows import filing_cycle  # noqa: PLC0415
    from schemas.settings import Settings, using  # noqa: PLC0415
    from tasks.runs import run as runs  # noqa: PLC0415
    from tests import factories  # noqa: PLC0415

    clock, profiler, idle = Clock(), cProfile.Profile(time.process_time), False
    work = vars(filing_cycle)["carry_out"]

    def counted(stage: Any, run: Any) -> Any:
        with clock.step(f"{stage.name}, nothing to do" if idle else stage.name):
            return work(stage, run)

    vars(filing_cycle)["carry_out"] = counted
    story = factories.make_story(CYCLE, 1, applications)
    # what an act hands in is no longer being written: no run leaves it at the door for the next
    with using(Settings(home=home, database_url="", practice=True, quiet_seconds=0)):
        schema.migrate()
        for act in (1, 2, 3, 4):
            idle = act > len(story.days)
            day = story.days[-1] if idle else hand_in(story, act, home, as_workbooks=applications <= WORKBOOKS)
            with profiled(profiler, profile), clock.step(IDLE if idle else WHOLE), runs.begin(story.cycle, day) as run:
                filing_cycle.go_through(run)
    return clock.as_spent("ours", applications)


def hand_in(story: "Story", act: int, home: Path, *, as_workbooks: bool) -> date:
    """Put what comes in an act at the home's doors, and a copy of it where the plain script finds it; returns its day.

    Results bear the tokens of the packages that went out, or none of them would be taken.
    """
    from deployments import sample  # noqa: PLC0415

    inbox = home / "inbox"
    if as_workbooks:
        day = story.act(act, inbox)
    else:
        day = story.days[act - 1]
        if act == 1:
            sample.write_csv(story.sample, inbox)
            shutil.move(inbox / "desk", home / "desk")
        elif act == 2:
            for name, rows in story.sample.corrected.items():
                rows.to_csv(inbox / f"{name}.csv", index=False)
            sample.write_decisions(story.sample, home / "desk")
        else:
            sample.write_results(story.sample, inbox / "results", home / "outbox" / "evaluation" / story.cycle)
    shutil.copytree(inbox, home / HANDED_IN / str(act))
    return day


@contextmanager
def profiled(profiler: cProfile.Profile, path: Path | None) -> Iterator[None]:
    """Profile what happens inside into a file, if there is one to be."""
    if path is None:
        yield
        return
    profiler.enable()
    yield
    profiler.disable()
    pstats.Stats(profiler).dump_stats(path)


def _apart(part: str, applications: int, home: Path) -> list[Spent]:
    """One part in a fresh process."""
    command = [sys.executable, "-m", "benchmarks.cycle", "--alone", part, str(applications), str(home)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return [Spent(**record) for record in json.loads(done.stdout.splitlines()[-1])]


def _alone(part: str, applications: int, home: Path, profile: Path | None) -> list[Spent]:
    logging.disable(logging.WARNING)
    os.environ |= {"GX_ANALYTICS_ENABLED": "false", "TQDM_DISABLE": "1", "PREFECT_LOGGING_LEVEL": "ERROR"}
    if part == "ours":
        return live_through(home, applications, profile)
    from benchmarks import plain_cycle  # noqa: PLC0415

    clock = Clock()
    with tempfile.TemporaryDirectory(prefix="filing-benchmark-") as target:
        work = plain_cycle.floor if part == "f" else plain_cycle.script
        for step, act in work(home, Path(target)):
            with clock.step(step):
                act()
        if part == "p":
            plain_cycle.assert_same(home, Path(target))
    return clock.as_spent(part, applications)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--docs", type=Path, default=None, help="Write the table into this folder's performance.md.")
    parser.add_argument("--profile", type=Path, default=None, help="Where the profile of the product's runs goes.")
    parser.add_argument("--alone", nargs=3, metavar=("PART", "APPLICATIONS", "HOME"), help="Measure here, print JSON.")
    chosen = parser.parse_args(arguments)
    if chosen.alone:
        part, applications, home = chosen.alone
        spent = _alone(part, int(applications), Path(home), chosen.profile)
        print(json.dumps([asdict(measured) for measured in spent]))
        return
    measurements: list[Spent] = []
    for size in chosen.sizes:
        with tempfile.TemporaryDirectory(prefix="filing-benchmark-") as folder:
            for part in PARTS:
                spent = _apart(part, size, Path(folder) / "home")
                measurements += spent
                print(*spent, sep="\n", file=sys.stderr, flush=True)
    if chosen.docs:
        write_page(chosen.docs, [asdict(measured) for measured in measurements], PARTS, environment())


if __name__ == "__main__":
    main()
