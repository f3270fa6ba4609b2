"""Where fault and load tests leave what they tried, and the page made of it; trying is the tests'."""

import json
import sys
from collections import Counter
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from tests.faults.points import NUMBERS

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "build" / "faults"
PAGE = ROOT / "docs" / "reliability.md"

#: The faults of the matrix in the order of the page: name, and what happens.
FAULTS = {
    "kill": "SIGKILL",
    "full": "disk full from here on (ENOSPC)",
    "restart": "PostgreSQL restarted at once, the run goes on",
    "refuse": "PostgreSQL stopped: connections refused",
    "pause": "SIGSTOP past the lease, another run takes over, SIGCONT",
    "pair": "two runs of one cycle started together",
    "status": "50 `filing status` at once while a run writes",
}
STAGES = ("begin", "intake", "screening", "evaluation", "decision", "publication", "expiry", "dormancy", "end", "run")

_HEAD = """# Reliability

Made by `make faults`; do not edit. Each line is what one run of it tried and what came of it. Last made on {day},
in {seconds} s on {cores} cores shared with other work.

A small cycle ({cycle}) is run undisturbed, and kept
before each of its stages. Then, for every point of every stage, a process of its own starts from there, the fault
happens at the point, the process is gone, and the run is repeated from its beginning to the end of that stage (of the
whole run, where the struck one went on).

**Survived** means: after the repetition every file of the home (editions, letters, packages, report to the province,
quarantine, Data Docs) has the bytes of the undisturbed run and no other file lies there; every row of every table but
run, lease and clock times is the same (so are `items.csv`, `findings.csv` and the history); and the mail server holds
the same mails.

A point is a statement that writes, a commit (before it, and after it before anything else), a file made, half written,
moved, removed or linked, a folder made or flushed, and of a mail the connection, the message, and the moment after the server
took it. Points that leave the very same rows, files and mails are repeated once and count each. Reading the inbox, judging and
rendering are remembered between repetitions, by their whole input: they touch nothing.
"""

_MAILS = """
SMTP cannot say "once": a mail that was taken by the server while the sender was killed before noting it goes out again
with the same Message-ID, by which receiving systems drop the second copy. This happened at {twice} of {points} points,
between the server's word and the mark on disk, with one mail each. Letters as files, packages and editions never appear
twice.
"""


_NUMBERS = """## Numbers of letters, by boundary

SIGKILL at every point at which a series of numbers is counted or the letters that bear its numbers are written. Survived means
besides: every series counts from 1 to its last, without a gap, each number once, and every letter has the number it has
undisturbed.
"""


@dataclass(frozen=True)
class Line:
    """One fault or load beside the matrix: what was done, how often, how often it was survived, what was compared."""

    what: str
    database: str
    tried: int
    survived: int
    compared: str


def keep(name: str, record: Any) -> None:
    """Leave what was tried for the page."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / f"{name}.json").write_text(json.dumps(record, ensure_ascii=False, indent=1), "utf-8")


def keep_line(name: str, line: Line) -> None:
    keep(f"line-{name}", asdict(line))


def _kept(pattern: str) -> list[Any]:
    return [json.loads(path.read_text("utf-8")) for path in sorted(FOLDER.glob(pattern))]


def page() -> str:
    """`docs/reliability.md` from what the last tests left."""
    runs = _kept("matrix-*.json")
    tried = [{**trial, "database": run["database"]} for run in runs for trial in run["tried"]]
    about = runs[0]
    head = _HEAD.format(
        day=date.fromisoformat(about["day"]).isoformat(),
        seconds=max(round(run["seconds"]) for run in runs),
        cores=about["cores"],
        cycle=about["cycle"],
    )
    head += "".join(f"\n**{remark}**\n" for remark in sorted({run["note"] for run in runs if run.get("note")}))
    parts = [head, "## In short\n", _short(tried, _kept("line-*.json")), _MAILS.format(**_twice(tried))]
    kills = [trial for trial in tried if trial["fault"] == "kill"]
    parts += ["## SIGKILL, by stage\n", _table(kills, "stage", STAGES)]
    parts += ["## SIGKILL, by boundary\n", _table(kills, "boundary", sorted({trial["boundary"] for trial in kills}))]
    parts += [numbers(kills)]
    others = [trial for trial in tried if trial["fault"] not in ("kill", "pair", "status")]
    for fault, title in FAULTS.items():
        if chosen := [trial for trial in others if trial["fault"] == fault]:
            parts += [f"## {title}, by stage\n", _table(chosen, "stage", STAGES), _outcomes(chosen)]
    return "\n".join(parts)


def numbers(kills: list[dict[str, Any]]) -> str:
    """The section on numbers of letters: kills between the moment a number is taken and the end of its transaction."""
    chosen = [trial for trial in kills if trial["boundary"] in NUMBERS]
    return f"{_NUMBERS}\n{_table(chosen, 'boundary', NUMBERS)}" if chosen else ""


def _twice(tried: list[dict[str, Any]]) -> dict[str, int]:
    return {"twice": sum(1 for trial in tried if trial["twice"]), "points": len(tried)}


def _short(tried: list[dict[str, Any]], lines: list[dict[str, Any]]) -> str:
    rows = ["| Fault | Database | Tried | Survived | Repeated and compared |", "|---|---|---:|---:|---|"]
    for fault, title in FAULTS.items():
        for database in ("sqlite", "postgresql"):
            trials = [trial for trial in tried if (trial["fault"], trial["database"]) == (fault, database)]
            if trials:
                survived = sum(1 for trial in trials if not trial["faults"])
                states = sum(1 for trial in trials if trial["repeated"])
                step = max(trial["every"] for trial in trials)
                which = "" if step == 1 or fault in ("pair", "status") else f", 1 in {step} points"
                rows.append(f"| {title}{which} | {database} | {len(trials)} | {survived} | {states} different states |")
    for line in lines:
        rows.append(
            f"| {line['what']} | {line['database']} | {line['tried']} | {line['survived']} | {line['compared']} |"
        )
    return "\n".join(rows) + "\n"


def _table(tried: list[dict[str, Any]], by: str, order: Any) -> str:
    databases = sorted({trial["database"] for trial in tried}, reverse=True)
    rows = ["| " + " | ".join([by, *(f"{database} tried | survived" for database in databases)]) + " |"]
    rows.append("|---|" + "---:|---:|" * len(databases))
    for value in order:
        trials = [trial for trial in tried if trial[by] == value]
        if trials:
            rows.append(f"| {value} | " + " | ".join(_count(trials, database) for database in databases) + " |")
    rows.append("| **all** | " + " | ".join(_count(tried, database) for database in databases) + " |")
    return "\n".join(rows) + "\n"


def _count(tried: list[dict[str, Any]], database: str) -> str:
    trials = [trial for trial in tried if trial["database"] == database]
    return f"{len(trials)} | {sum(1 for trial in trials if not trial['faults'])}"


def _outcomes(tried: list[dict[str, Any]]) -> str:
    counted = Counter(trial["outcome"] for trial in tried)
    return "The struck runs: " + ", ".join(f"{number} {outcome}" for outcome, number in sorted(counted.items())) + ".\n"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
    sys.stdout.write(f"{PAGE.relative_to(ROOT)}\n")
