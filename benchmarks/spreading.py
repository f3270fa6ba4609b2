"""Command: the stage that sends out (送评), its letters and packages made by one process and by two, beside each other.

`python -m benchmarks.spreading` makes a home of each size once, in which a cycle is received and checked and nothing is
delivered yet. The evaluation stage is then carried out in copies of it, in a flow run under a Prefect server as ever: all
by the run's own process, and with letters and packages by it and a helper, a process of Prefect's task runner. A cycle's
run has its helper start while it screens: here it is started before the stage, and what that takes is reported apart.
"""

import argparse
import json
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

import psutil

from benchmarks.cycle import hand_in
from benchmarks.page import write_section
from benchmarks.screening import environment

if TYPE_CHECKING:
    from schemas.run import Run
    from tasks.store.outbox import Delivery

SIZES: Final = (2_000, 8_000)
CYCLE: Final = "2026-09"
AIM: Final = 1.6
_ALONE: Final = "import sys; from benchmarks.spreading import alone; alone(*sys.argv[1:])"
_MAKE: Final = (
    "import sys; from benchmarks.spreading import make_home, Path; make_home(Path(sys.argv[1]), int(sys.argv[2]))"
)


@dataclass
class Taken:
    """Seconds by the clock, and processor seconds of the run's process (`own`) and of its helpers, without the server's.

    `longest`: processor seconds of whichever process took most of a delivery; the clock of idle cores cannot be less.
    """

    processes: int
    entries: int = 0
    start: float = 0.0
    start_helpers: float = 0.0
    spread: float = 0.0
    spread_own: float = 0.0
    stage: float = 0.0
    stage_own: float = 0.0
    helpers: float = 0.0
    longest: float = 0.0


def make_home(home: Path, applications: int) -> None:
    """A home in which a cycle is received and checked, and no letter is delivered."""
    from deployments import schema  # noqa: PLC0415  what a part imports is not another's
    from schemas.settings import Settings, using  # noqa: PLC0415
    from tasks.intake import intake  # noqa: PLC0415
    from tasks.letters import delivery  # noqa: PLC0415
    from tasks.runs.run import begin  # noqa: PLC0415
    from tasks.screening import screening  # noqa: PLC0415
    from tasks.store.outbox import Delivery  # noqa: PLC0415
    from tests import factories  # noqa: PLC0415

    story = factories.make_story(CYCLE, 1, applications)
    with using(Settings(home=home, database_url="", practice=True, quiet_seconds=0)):
        schema.migrate()
        day = hand_in(story, 1, home, as_workbooks=False)
        vars(delivery)["spread"] = lambda *_: Delivery(0, {})
        with begin(story.cycle, day) as run:
            intake(run)
            screening(run)
    (home / "day").write_text(str(day), "utf-8")


def alone(home: str, processes: str) -> None:
    """The stage in this process, measured; prints what it took. A process more than one means workers."""
    logging.disable(logging.WARNING)
    by = "processes" if int(processes) > 1 else ""
    os.environ |= {"FILING_HOME": home, "FILING_PRACTICE": "yes", "FILING_TASK_RUNNER": by, "TQDM_DISABLE": "1"}
    os.environ |= {
        "PREFECT_TASKS_RUNNER_PROCESS_POOL_MAX_WORKERS": str(max(int(processes) - 1, 1)),
        "GX_ANALYTICS_ENABLED": "false",
    }
    from deployments import orchestrator  # noqa: PLC0415

    orchestrator.prepare(runs=True)
    from prefect import flow  # noqa: PLC0415

    taken = Taken(int(processes))

    @flow
    def stage() -> None:
        carry_out(taken, date.fromisoformat((Path(home) / "day").read_text("utf-8")))

    orchestrator.run(stage)
    print(json.dumps(asdict(taken)))


def carry_out(taken: Taken, day: date) -> None:
    """Start the workers, if there are to be any, then go through the stage; adds what each takes."""
    from tasks import evaluation  # noqa: PLC0415
    from tasks.letters import delivery  # noqa: PLC0415
    from tasks.runs import spreading  # noqa: PLC0415
    from tasks.runs.run import begin  # noqa: PLC0415

    spread, helpers = spreading.spread, list[int]()

    def counted(run: "Run", noun: str, work: spreading.Work, due: Sequence[str]) -> "Delivery":
        clock, own, of_helpers = time.perf_counter(), time.process_time(), list(map(_spent, helpers))
        delivered = spread(run, noun, work, due)
        assert not delivered.failed, next(iter(delivered.failed.values()))
        taken.entries += delivered.done
        taken.spread += time.perf_counter() - clock
        of_each = [
            time.process_time() - own,
            *(_spent(helper) - spent for helper, spent in zip(helpers, of_helpers, strict=True)),
        ]
        taken.spread_own += of_each[0]
        taken.helpers += sum(of_each[1:])
        taken.longest += max(of_each)
        return delivered

    for module in (evaluation, delivery):
        vars(module)["spread"] = counted
    with begin(CYCLE, day) as run, spreading.workers():
        helpers += _start(taken, run) if taken.processes > 1 else []
        clock, own = time.perf_counter(), time.process_time()
        evaluation.evaluation(run)
        taken.stage, taken.stage_own = time.perf_counter() - clock, time.process_time() - own


def _start(taken: Taken, run: "Run") -> list[int]:
    """Have every helper ready to deliver; their process numbers."""
    from tasks.evaluation import hand_over  # noqa: PLC0415
    from tasks.runs import spreading  # noqa: PLC0415

    began = time.perf_counter()
    kept = spreading._kept.get()
    runner = cast("spreading._Processes", kept.runner(run, hand_over))
    while runner.free() < taken.processes - 1:
        time.sleep(0.01)
    taken.start = time.perf_counter() - began
    helpers = [process.pid for process in psutil.Process().children() if "spawn_main" in str(process.cmdline())]
    assert len(helpers) == taken.processes - 1, helpers
    taken.start_helpers = sum(map(_spent, helpers))
    return helpers


def _spent(process: int) -> float:
    """Processor seconds of a process that lives."""
    times = psutil.Process(process).cpu_times()
    return times.user + times.system


def best(home: Path, rounds: int) -> dict[int, Taken]:
    """The quickest of several rounds by one process and by two, in turn, each in a process and a copy of its own."""
    quickest: dict[int, Taken] = {}
    for _ in range(rounds):
        for processes in (1, 2):
            with tempfile.TemporaryDirectory(prefix="filing-benchmark-") as folder:
                copy = shutil.copytree(home, Path(folder) / "home")
                command = [sys.executable, "-c", _ALONE, str(copy), str(processes)]
                done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            taken = Taken(**json.loads(done.stdout.splitlines()[-1]))
            print(taken, file=sys.stderr, flush=True)
            quickest[processes] = min(quickest.get(processes, taken), taken, key=lambda turn: turn.spread)
    return quickest


def section(measured: Mapping[int, Mapping[int, Taken]], rounds: int) -> str:
    """The part of docs/performance.md."""
    lines, ratios = [], []
    for applications, by in measured.items():
        one, two = by[1], by[2]
        lines += [
            f"| {applications:,} | {taken.processes} | {taken.entries:,} | {taken.spread:.2f} | {taken.spread_own:.2f} | "
            f"{taken.helpers:.2f} | {taken.stage:.2f} | {taken.stage_own:.2f} |"
            for taken in (one, two)
        ]
        parts: dict[str, Any] = {
            "letters and packages": (one.spread / two.spread, one.longest / two.longest),
            "the whole stage": (one.stage / two.stage, one.stage_own / (two.stage_own - two.spread_own + two.longest)),
        }
        ratios += [f"| {applications:,} | {part} | {clock:.2f} | {cpu:.2f} |" for part, (clock, cpu) in parts.items()]
        ratios.append(
            f"| {applications:,} | start of a helper, once a run | {two.start:.1f} s | {two.start_helpers:.1f} s |"
        )
    table, held = "\n".join(lines), "\n".join(ratios)
    return f"""## Two processes beside one

Measured with `python -m benchmarks.spreading --docs docs` ({environment()}): the evaluation stage in copies of one home, the
quickest of {rounds} rounds in turn. "Both" are letters and packages, as files; SQLite.

| applications | processes | entries | both, s | processor s: own | of its helper | the stage, s | processor s: own |
|---:|---:|---:|---:|---:|---:|---:|---:|
{table}

One process / two (aim for letters and packages: {AIM}); by processor seconds: of each delivery what the process takes that
takes more, which is the clock of a machine with two idle cores.

| applications | | by the clock | by processor seconds |
|---:|---|---:|---:|
{held}
"""


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--docs", type=Path, default=None, help="Write the tables into this folder's performance.md.")
    parser.add_argument(
        "--homes", type=Path, default=None, help="Make the homes here and keep them; those there are used."
    )
    chosen = parser.parse_args(arguments)
    logging.disable(logging.WARNING)
    measured = {}
    with tempfile.TemporaryDirectory(prefix="filing-benchmark-") as spare:
        for size in chosen.sizes:
            home = (chosen.homes or Path(spare)).resolve() / str(size)
            if not (home / "day").is_file():
                subprocess.run(
                    [sys.executable, "-c", _MAKE, str(home), str(size)], check=True, stdout=subprocess.DEVNULL
                )
            measured[size] = best(home, chosen.rounds)
    text = section(measured, chosen.rounds)
    print(text)
    if chosen.docs:
        write_section(chosen.docs, "spreading", text)


if __name__ == "__main__":
    main()
