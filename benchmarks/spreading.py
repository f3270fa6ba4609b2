"""Command: the stage that sends out (送评), its letters and packages made by one process and by two, beside each other.

`python -m benchmarks.spreading` makes a home of each size once, in which a cycle is received and checked and nothing is
delivered yet. The evaluation stage is then carried out in copies of it, in a flow run under a Prefect server as ever: all
by the run's own process, and with letters and packages by two processes of Prefect's task runner. A run pays for the start
of processes once: here they are started before the stage, and what that takes is reported apart.
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
from typing import TYPE_CHECKING, Any, Final

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
#: A worker that is ready waits so long: the other, still starting, is left its own portion.
_UNTIL_ALL_READY: Final = 2.0


@dataclass
class Taken:
    """Seconds by the clock, and processor seconds of the run's process (`own`) and of its workers, without the server's."""

    processes: int
    entries: int = 0
    start: float = 0.0
    start_workers: float = 0.0
    spread: float = 0.0
    spread_own: float = 0.0
    stage: float = 0.0
    stage_own: float = 0.0
    workers: float = 0.0


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
    os.environ |= {"PREFECT_TASKS_RUNNER_PROCESS_POOL_MAX_WORKERS": processes, "GX_ANALYTICS_ENABLED": "false"}
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

    spread = spreading.spread

    def counted(run: "Run", noun: str, work: spreading.Work, due: Sequence[str]) -> "Delivery":
        clock, own = time.perf_counter(), time.process_time()
        delivered = spread(run, noun, work, due)
        assert not delivered.failed, next(iter(delivered.failed.values()))
        taken.entries += delivered.done
        taken.spread += time.perf_counter() - clock
        taken.spread_own += time.process_time() - own
        return delivered

    for module in (evaluation, delivery):
        vars(module)["spread"] = counted
    with begin(CYCLE, day) as run, spreading.workers():
        started = _start(taken, run) if taken.processes > 1 else {}
        clock, own = time.perf_counter(), time.process_time()
        evaluation.evaluation(run)
        taken.stage, taken.stage_own = time.perf_counter() - clock, time.process_time() - own
        # what a worker takes to end is nobody's wait
        taken.workers = sum(_spent(process) - before for process, before in started.items())


def _start(taken: Taken, run: "Run") -> dict[int, float]:
    """Have every worker ready to deliver; its process and the processor seconds it has taken by then."""
    from tasks.runs import spreading  # noqa: PLC0415

    portion, vars(spreading)["PORTION"] = spreading.PORTION, 1
    began = time.perf_counter()
    started = spreading.spread(run, "start", ready, [str(number) for number in range(taken.processes)]).failed
    vars(spreading)["PORTION"] = portion
    moments = [json.loads(reply) for reply in started.values()]
    taken.start = max(moment for moment, _ in moments) - began
    spent = {process: _spent(process) for _, process in moments}
    assert len(spent) == taken.processes, "one worker did what was another's"
    taken.start_workers = sum(spent.values())
    return spent


def _spent(process: int) -> float:
    """Processor seconds of a process that lives."""
    times = psutil.Process(process).cpu_times()
    return times.user + times.system


def ready(_: "Run", due: list[str]) -> "Delivery":
    """Import what deliveries need, and tell when that was done and by which process."""
    from tasks import evaluation  # noqa: F401, PLC0415
    from tasks.store.outbox import Delivery  # noqa: PLC0415

    reply = json.dumps([time.perf_counter(), os.getpid()])
    time.sleep(_UNTIL_ALL_READY)
    return Delivery(0, {due[0]: reply})


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
            f"{taken.workers:.2f} | {taken.stage:.2f} | {taken.stage_own:.2f} |"
            for taken in (one, two)
        ]
        parts: dict[str, Any] = {
            "letters and packages": (one.spread / two.spread, one.spread_own / (two.spread_own + two.workers / 2)),
            "the whole stage": (one.stage / two.stage, one.stage_own / (two.stage_own + two.workers / 2)),
        }
        ratios += [f"| {applications:,} | {part} | {clock:.2f} | {cpu:.2f} |" for part, (clock, cpu) in parts.items()]
        ratios.append(
            f"| {applications:,} | start of two processes, once a run | {two.start:.1f} s | {two.start_workers:.1f} s |"
        )
    table, held = "\n".join(lines), "\n".join(ratios)
    return f"""## Two processes beside one

Measured with `python -m benchmarks.spreading --docs docs` ({environment()}): the evaluation stage in copies of one home, the
quickest of {rounds} rounds in turn. "Both" are letters and packages, as files; SQLite.

| applications | processes | entries | both, s | processor s: own | of workers | the stage, s | processor s: own |
|---:|---:|---:|---:|---:|---:|---:|---:|
{table}

One process / two (aim for letters and packages: {AIM}); by processor seconds: what the run's process takes and half of what
its workers take, which is the clock of a machine with two idle cores.

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
