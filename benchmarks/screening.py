"""Command: measure the ways of screening side by side and write `docs/performance.md` with its plot.

`python -m benchmarks.screening` measures every part at 60, 2,000 and 32,000 applications, each in a process of its own.
"""

import argparse
import json
import logging
import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

from benchmarks.frames import MadeCycle, make_cycle
from benchmarks.performance_page import LARGE, MIDDLE, SMALL, write_page

SIZES = (SMALL, MIDDLE, LARGE)
_SLOW_ENOUGH = 20.0

# Parts import what they measure themselves: the memory of one must not count another's libraries.

#: A part makes ready and returns what is then measured; making ready (imports, contexts, loading) is not.
Part = Callable[[MadeCycle], Callable[[], object]]


def bare(made: MadeCycle) -> Callable[[], object]:
    """(a) The rules as bare polars expressions on the same frames: findings, items and holds, no Great Expectations."""
    import polars as pl  # noqa: PLC0415

    from expectations import judging, requests  # noqa: PLC0415
    from expectations.submissions import Submissions  # noqa: PLC0415

    def run() -> object:
        submissions = Submissions(made.submissions, made.scene)
        verdicts = pl.concat([judging.judge(submissions, table) for table in made.submissions])
        items = submissions.once(requests.items).to_pandas()
        return (
            judging.findings(verdicts, made.scene.policy).to_pandas(),
            items,
            judging.holds(submissions, verdicts).to_pandas(),
        )

    return run


def through_gx(made: MadeCycle) -> Callable[[], object]:
    """(b) `expectations.check.check`: the same rules inside Great Expectations."""
    from expectations.check import check  # noqa: PLC0415

    return lambda: check(made.submissions, made.scene)


def stock(made: MadeCycle) -> Callable[[], object]:
    """(c) The rules that stock expectations can state (all but `stock_suites.NOT_STOCK`), as the gallery offers them."""
    from benchmarks.stock_suites import StockCheck  # noqa: PLC0415

    return StockCheck(made, pairs=True).run


def stock_without_pairs(made: MadeCycle) -> Callable[[], object]:
    """(c*) The same, led round the pair expectations, which walk the rows one by one."""
    from benchmarks.stock_suites import StockCheck  # noqa: PLC0415

    return StockCheck(made, pairs=False).run


def whole_stage(made: MadeCycle) -> Callable[[], object]:
    """(d) The whole stage on SQLite: rows read, checked, and statuses, findings, history and letters written."""
    from benchmarks.stage import whole_stage as stage  # noqa: PLC0415

    return stage(made)


def bare_load(made: MadeCycle) -> Callable[[], object]:
    """(e) The bare bulk load of the same rows into an empty SQLite database, one `executemany` a table."""
    from benchmarks.stage import loading  # noqa: PLC0415

    return loading(made)


PARTS: dict[str, Part] = {
    "a": bare,
    "b": through_gx,
    "c": stock,
    "c*": stock_without_pairs,
    "d": whole_stage,
    "e": bare_load,
}
#: Parts that leave nothing to do the second time.
_ONCE = frozenset({"d", "e"})


@dataclass(frozen=True)
class Measurement:
    """One part at one size: best wall seconds, the processor seconds of that run, peak memory of the process."""

    part: str
    applications: int
    rows: int
    seconds: float
    cpu_seconds: float
    peak_mib: int


def measure(part: str, applications: int, repeats: int) -> Measurement:
    """Measure in this process, after one run at 60 applications that pays for imports and the like."""
    logging.disable(logging.WARNING)
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    os.environ["TQDM_DISABLE"] = "1"
    PARTS[part](make_cycle(SIZES[0]))()
    made = make_cycle(applications)
    run = PARTS[part](made)
    times = []
    for _ in range(1 if part in _ONCE else repeats):
        wall, cpu = time.perf_counter(), time.process_time()
        run()
        times.append((time.perf_counter() - wall, time.process_time() - cpu))
        if times[0][0] > _SLOW_ENOUGH:
            break
    seconds, cpu_seconds = min(times)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return Measurement(part, applications, sum(made.rows.values()), round(seconds, 3), round(cpu_seconds, 3), peak)


def measured_apart(part: str, applications: int, repeats: int) -> Measurement:
    """Measure in a fresh process, so that peak memory is that part's own."""
    command = [sys.executable, "-m", "benchmarks.screening", "--alone", part, str(applications), str(repeats)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return Measurement(**json.loads(done.stdout.splitlines()[-1]))


def environment() -> str:
    """What it was measured on, without naming the machine; a load above the number of cores lengthens the seconds."""
    packages = ", ".join(f"{name} {version(name)}" for name in ("great-expectations", "polars", "pandas"))
    return f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.0f}, Python {platform.python_version()}, {packages}"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--parts", nargs="+", default=list(PARTS), choices=PARTS)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--docs", type=Path, default=Path("docs"))
    parser.add_argument(
        "--alone", nargs=3, metavar=("PART", "APPLICATIONS", "REPEATS"), help="measure here, print JSON"
    )
    chosen = parser.parse_args(arguments)
    if chosen.alone:
        part, applications, repeats = chosen.alone
        print(json.dumps(asdict(measure(part, int(applications), int(repeats)))))
        return
    measurements, here = [], environment()
    for applications in chosen.sizes:
        for part in chosen.parts:
            measurements.append(measured_apart(part, applications, chosen.repeats))
            print(measurements[-1], flush=True)
    titles = {part: (make.__doc__ or "").split("\n")[0].split(") ", 1)[1] for part, make in PARTS.items()}
    write_page(chosen.docs, [asdict(measured) for measured in measurements], titles, here)


if __name__ == "__main__":
    main()
