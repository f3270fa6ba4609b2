"""Command: the steps of a cycle as a run of ours, as a Dagster job and as an Airflow DAG, measured beside each other.

`python -m benchmarks.orchestrators` makes an environment for each of the two others below `--environments` (with uv, once;
it sees this environment's packages behind its own), lives a made cycle to its end, and then has each of the three take the
same steps with nothing to do: what is measured is what an orchestrator adds. Processor seconds of the process and its
children, and the clock; the best of `--rounds`.
"""

import argparse
import os
import resource
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

CYCLE = "2026-09"
#: The others by name: what is installed for them.
OTHERS = {"Dagster": ("dagster==1.13.28", "sqlalchemy<2.1"), "Airflow": ("apache-airflow==3.3.2",)}
_STEPS = Path(__file__).parent / "other_steps.py"
_MINUTES = 60 * 30


@dataclass(frozen=True)
class Taken:
    """What one orchestrator took for the steps."""

    name: str
    seconds: float
    cpu_seconds: float


def environment(name: str, folder: Path) -> Path:
    """The Python of an orchestrator's own environment, made where there is none."""
    place = folder / name.lower()
    python = place / "bin" / "python"
    if not python.exists():
        uv = [sys.executable, "-m", "uv"]
        subprocess.run([*uv, "venv", "--python", sys.executable, str(place)], check=True)
        subprocess.run([*uv, "pip", "install", "--python", str(python), *OTHERS[name]], check=True)
        site = next(place.glob("lib/python*/site-packages"))
        ours = f"{sysconfig.get_paths()['purelib']}\n{Path(__file__).parents[1]}\n"
        (site / "behind.pth").write_text(ours, "utf-8")
    return python


def commands(home: Path, environments: Path, day: str) -> dict[str, list[str]]:
    """How each takes the steps."""
    airflow = str(environment("Airflow", environments).with_name("airflow"))
    return {
        "ours": [sys.executable, "-m", "deployments.cli", "--home", str(home), "run", CYCLE, "--as-of", day],
        "Dagster": [str(environment("Dagster", environments)), str(_STEPS), CYCLE, day],
        "Airflow": [airflow, "dags", "test", "filing_cycle", day],
    }


def _prepare_airflow(home: Path, day: str, variables: dict[str, str], airflow: str) -> None:
    """The DAG where Airflow looks for it, and Airflow's own tables."""
    dags = home / "airflow" / "dags"
    dags.mkdir(parents=True)
    dag = f"from benchmarks.other_steps import airflow\n\n# a dag of airflow\ncycle = airflow('{CYCLE}', '{day}')\n"
    (dags / "filing_cycle.py").write_text(dag, "utf-8")
    subprocess.run([airflow, "db", "migrate"], env=variables, check=True, stdout=subprocess.DEVNULL)


def _variables(home: Path) -> dict[str, str]:
    return os.environ | {
        "FILING_HOME": str(home),
        "FILING_PRACTICE": "yes",
        "DAGSTER_HOME": str(home / "dagster"),
        "DAGSTER_DISABLE_TELEMETRY": "yes",
        "AIRFLOW_HOME": str(home / "airflow"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT": "600",
        "DO_NOT_TRACK": "1",
    }


def measure(name: str, command: Sequence[str], variables: dict[str, str], rounds: int) -> Taken:
    """The best of several rounds after one that makes its own database; raises CalledProcessError for one that fails."""
    subprocess.run(command, env=variables, check=True, stdout=subprocess.DEVNULL, timeout=_MINUTES)
    best = Taken(name, float("inf"), float("inf"))
    for _ in range(rounds):
        clock, before = time.perf_counter(), _children()
        subprocess.run(command, env=variables, check=True, stdout=subprocess.DEVNULL, timeout=_MINUTES)
        taken = Taken(name, round(time.perf_counter() - clock, 2), round(_children() - before, 2))
        best = min(best, taken, key=lambda round_taken: round_taken.cpu_seconds)
    return best


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--applications", type=int, default=72)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--environments", type=Path, default=Path(tempfile.gettempdir()) / "filing-orchestrators")
    chosen = parser.parse_args(arguments)
    from schemas.settings import Settings, using  # noqa: PLC0415
    from tests import factories  # noqa: PLC0415

    with tempfile.TemporaryDirectory(prefix="filing-benchmark-") as folder:
        home = Path(folder) / "home"
        story = factories.make_story(CYCLE, 1, chosen.applications)
        with using(Settings(home=home, practice=True)):
            from deployments import schema  # noqa: PLC0415

            schema.migrate()
            factories.play(story, home)
        day, variables = str(story.days[-1]), _variables(home)
        (home / "dagster").mkdir()
        taking = commands(home, chosen.environments, day)
        _prepare_airflow(home, day, variables, taking["Airflow"][0])
        for name, command in taking.items():
            print(measure(name, command, variables, chosen.rounds), flush=True)


if __name__ == "__main__":
    main()
