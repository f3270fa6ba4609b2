"""Command: measure what it takes to start: commands that do nothing, beside a trivial Prefect flow and bare imports.

`python -m benchmarks.start` makes one home, lives through its cycle, and then runs the parts one after another, round by
round, each in a fresh process. Processor seconds are those of the process and of all it started.
"""

import argparse
import logging
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from benchmarks.page import write_section
from benchmarks.screening import environment

CYCLE: Final = "2026-09"
_TRIVIAL: Final = """
from prefect import flow, task
@task
def step(n): return n
@flow
def stage(n): return sum(step(each) for each in range(n))
@flow
def cycle(): return sum(stage(n) for n in (1, 4, 4, 4, 4, 4, 4))
cycle()
"""
#: What the parts are, and the part each is held against with the most it may cost of it.
PARTS: Final[Mapping[str, str]] = {
    "run": "`filing run` with nothing to do",
    "trivial": "a trivial Prefect flow of the same shape (seven sub-flows, 25 tasks), stock ephemeral server",
    "status": "`filing status`",
    "help": "`filing --help`",
    "bare": "`python -c 'import sqlalchemy, typer'`",
}
#: Part, the part it is held against, and the most it may take of that one's processor seconds.
AIMS: Final = (("run", "trivial", 1.0), ("status", "bare", 3.0), ("help", "bare", 2.0))


def commands(home: Path, day: str) -> dict[str, list[str]]:
    """The command line of each part."""
    python = [sys.executable, "-P"]
    filing = [*python, "-m", "deployments.cli", "--home", str(home)]
    return {
        "run": [*filing, "run", CYCLE, "--as-of", day],
        "trivial": [*python, "-c", _TRIVIAL],
        "status": [*filing, "status"],
        "help": [*filing, "--help"],
        "bare": [*python, "-c", "import sqlalchemy, typer"],
    }


def make_home(home: Path, applications: int) -> str:
    """A home whose cycle is over; the day of its last run."""
    from deployments import schema  # noqa: PLC0415  in the process that makes the home alone
    from flows import filing_cycle  # noqa: PLC0415
    from schemas.settings import Settings, using  # noqa: PLC0415
    from tasks.runs import run as runs  # noqa: PLC0415
    from tests import factories  # noqa: PLC0415

    logging.disable(logging.WARNING)
    story = factories.make_story(CYCLE, 1, applications)
    with using(Settings(home=home, database_url="", practice=True, quiet_seconds=0)):
        schema.migrate()
        for act in (1, 2, 3):
            day = story.act(act, home / "inbox")
            with runs.begin(story.cycle, day) as run:
                filing_cycle.go_through(run)
    return str(story.days[-1])


def measured(command: Sequence[str], environment: Mapping[str, str]) -> tuple[float, float]:
    """Seconds on the clock, and processor seconds of the process and all it waited for; raises where it fails."""
    began = time.perf_counter()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return time.perf_counter() - began, used.ru_utime + used.ru_stime


def rounds(home: Path, day: str, number: int, spare: Path) -> dict[str, list[tuple[float, float]]]:
    """Every part in every round; the round before them fills the caches and makes the databases of Prefect."""
    # a package of the developers' tools that the product does not install compiles a grammar when Prefect is imported
    (spare / "rfc3987_syntax.py").write_text("raise ImportError\n", "utf-8")
    path = os.pathsep.join([str(spare), os.environ.get("PYTHONPATH", os.getcwd())])  # noqa: PTH109
    stated = {"PYTHONPATH": path, "PREFECT_SERVER_ANALYTICS_ENABLED": "false", "DO_NOT_TRACK": "1"}
    stated |= {"FILING_PRACTICE": "yes", "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "300"}
    common = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT", "FILING"))} | stated
    by_part = {"trivial": {"PREFECT_HOME": str(spare / "prefect"), "PREFECT_LOGGING_LEVEL": "ERROR"}}
    measurements: dict[str, list[tuple[float, float]]] = {part: [] for part in PARTS}
    for turn in range(number + 1):
        for part, command in commands(home, day).items():
            spent = measured(command, common | by_part.get(part, {}))
            print(turn, part, *(f"{figure:.2f}" for figure in spent), file=sys.stderr, flush=True)
            if turn:
                measurements[part].append(spent)
    return measurements


def section(measurements: Mapping[str, Sequence[tuple[float, float]]], applications: int) -> str:
    """The table for docs/performance.md."""
    best = {part: [min(figures) for figures in zip(*spent, strict=True)] for part, spent in measurements.items()}
    rows = "\n".join(f"| {PARTS[part]} | {clock:.2f} | {cpu:.2f} |" for part, (clock, cpu) in best.items())
    ratios = "\n".join(
        f"| {part} / {other} ≤ {most:g} | {best[part][1] / best[other][1]:.2f} | {best[part][0] / best[other][0]:.2f} |"
        for part, other, most in AIMS
    )
    return f"""## Start

Measured with `python -m benchmarks.start --docs docs` ({environment()}), {applications} applications whose cycle is over; the
best of {len(measurements["run"])} rounds, each part in a fresh process in each round, after one that is not counted. Processor
seconds of the process and of all it started: the server as well.

| part | seconds | processor seconds |
|---|---:|---:|
{rows}

| aim | by processor seconds | by the clock |
|---|---:|---:|
{ratios}
"""


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--applications", type=int, default=72)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--docs", type=Path, default=None, help="Write the table into this folder's performance.md.")
    parser.add_argument(
        "--home", type=Path, default=None, help="Make the home here and keep it; one that is there is used."
    )
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="filing-start-") as spare:
        home = (chosen.home or Path(spare) / "home").resolve()
        day = home / "day"
        if not day.is_file():
            day.write_text(make_home(home, chosen.applications), "utf-8")
        text = section(rounds(home, day.read_text("utf-8"), chosen.rounds, Path(spare)), chosen.applications)
    print(text)
    if chosen.docs:
        write_section(chosen.docs, "start", text)


if __name__ == "__main__":
    main()
