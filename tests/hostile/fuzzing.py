"""Every reader fuzzed for some seconds in a process of its own, from sound files on."""

import importlib.util
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.hostile import binary, texts

ROOT = Path(__file__).parents[2]


def _scoring_workbook() -> bytes:
    from datetime import date

    from schemas.evaluation import EvaluatedInstitution, EvaluatedItem, EvaluationPackage
    from schemas.policy import in_force
    from tasks.gateways.evaluators import package_files

    package = EvaluationPackage(
        application_no="HS1",
        cycle="2026-09",
        revision=1,
        institution=EvaluatedInstitution(name="甲", uscc="91420200MA4XXXXXXX", institution_type="企业"),
        items=(EvaluatedItem(occupation_code="6-18-02-04", occupation_name="焊工", level="4"),),
        panel_size=3,
        pass_mark=60,
        due_on=date(2026, 10, 25),
    )
    return package_files(package, in_force(date(2026, 9, 10)))["评分表.xlsx"]


#: Reader to what it starts from.
SEEDS: dict[str, Callable[[], bytes]] = {
    "csv": texts.staff,
    "json": lambda: texts.JSON["SQL in every field"],
    "xlsx": binary.workbook,
    "parquet": binary.PARQUET["the year 1"],
    "scoring": _scoring_workbook,
    "inspectors": "检查人员编号,姓名,所在单位,在岗\nJ1,张一,局,是\n".encode,
}


@dataclass(frozen=True)
class Fuzzed:
    """How it went for one reader; `fault` is the end of what was said where an input broke it."""

    reader: str
    inputs: int
    seconds: int
    fault: str = ""


def unavailable() -> str:
    """Why nothing can be fuzzed here, blank where it can."""
    if importlib.util.find_spec("atheris") is None:
        return "atheris has no wheel for this Python or platform (it needs Linux and a Python before 3.14)"
    return ""


def fuzz(reader: str, seconds: int) -> Fuzzed:
    """Feed one reader for so long."""
    with tempfile.TemporaryDirectory(prefix="filing-fuzz-") as folder:
        seeds = Path(folder, "seeds")
        seeds.mkdir()
        (seeds / "1").write_bytes(SEEDS[reader]())
        environment = {
            **os.environ,
            "FUZZ_FOLDER": folder,
            "PYTHONPATH": str(ROOT),
        }
        command = [sys.executable, "-m", "tests.hostile.fuzz_target", reader, str(seconds), str(seeds)]
        ended = subprocess.run(
            command,
            check=False,
            env=environment,
            cwd=folder,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=seconds + 180,
        )
        count = Path(folder, "count")
        tried = int(count.read_text() or 0) if count.exists() else 0
        return Fuzzed(reader, tried, seconds, (ended.stderr or ended.stdout)[-3000:] if ended.returncode else "")


def fuzz_all(seconds: int) -> list[Fuzzed]:
    """Every reader in turn; none where nothing can be fuzzed."""
    return [] if unavailable() else [fuzz(reader, seconds) for reader in SEEDS]


def section(fuzzed: list[Fuzzed]) -> list[str]:
    """Lines of the page; the counts are those of the run that wrote it."""
    if not fuzzed:
        return [f"Not run: {unavailable()}."]
    return [
        "Each reader was fed changed copies of a sound file (atheris, guided by the branches they reach) when this page",
        "was written; the slow checks do it again. Beside them hypothesis spoils every format in the quick checks.",
        "",
        "| reader | seconds | inputs | broken by |",
        "|---|---|---|---|",
        *(
            f"| {reading.reader} | {reading.seconds} | {reading.inputs} | {'1' if reading.fault else 'none'} |"
            for reading in fuzzed
        ),
    ]
