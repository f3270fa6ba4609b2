"""`docs/hostile-input.md`: every hostile input and what became of it, written by trying them all; `make hostile`."""

import shutil
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tests.hostile import fuzzing, trial
from tests.hostile.attacks import ATTACKS, Attack
from tests.hostile.trial import MOST_MIB, MOST_SECONDS, Became

TITLES = {
    "bombs": "Files made to burst memory or time",
    "places": "Things that are no plain file, and paths that lead out",
    "names": "Names",
    "kinds": "Files that are not what they are called",
    "json": "JSON",
    "csv": "CSV",
    "parquet": "Parquet",
}
_OUTCOMES = ("read", "set aside", "passed over")


@dataclass(frozen=True)
class Row:
    """One input and what became of it in the inbox and among the results."""

    attack: Attack
    became: tuple[Became, Became]


def row_of(attack: Attack, folder: Path) -> Row:
    """Try one input in both places, each in a folder of its own; raises AssertionError beyond the bounds."""
    became = []
    for name, place in (("inbox", trial.in_inbox), ("results", trial.in_results)):
        (folder / name).mkdir(parents=True)
        became.append(place(attack, folder / name))
        assert is_bounded(became[-1]), f"{attack.title}: {became[-1]}"
    return Row(attack, (became[0], became[1]))


def is_bounded(became: Became) -> bool:
    return became.mib <= MOST_MIB and became.seconds <= MOST_SECONDS


def line_of(row: Row) -> str:
    """The page's line; the sentence is the first reason given, in the place where there is one."""
    inbox, results = row.became
    reason = next((text for became in row.became for text in became.reasons), "")
    return f"| {row.attack.title} | {inbox.what} | {results.what} | {_short(reason)} |"


def _short(reason: str) -> str:
    text = reason.replace("|", "\\|")
    return text if len(text) <= 90 else f"{text[:90]}…"


def write(rows: list[Row], fuzzed: list[fuzzing.Fuzzed]) -> str:
    """The page."""
    counted = Counter(became.what for row in rows for became in row.became)
    lines = [
        "# Hostile input",
        "",
        "Written by `make hostile`, which tries every input below in the inbox, beside a sound application, and in",
        "`inbox/results/`, beside a sound file of results. The checks try them again and compare this page.",
        "",
        f"{len(rows)} inputs in two places: " + ", ".join(f"{counted[name]} {name}" for name in _OUTCOMES) + ".",
        "In every one the sound neighbour was read, nothing was written outside, the pull itself took at most",
        f"{MOST_MIB} MiB more and {MOST_SECONDS} seconds; what unfolds does so in a process of 3 GiB and 120 processor seconds.",
        "",
        "*Read*: its rows are taken as the text they are, for the rules to judge. *Set aside*: in quarantine with the",
        "sentence, whole or in part. *Passed over*: it is nothing that is looked for.",
    ]
    for family, title in TITLES.items():
        members = [row for row in rows if row.attack.family == family]
        lines += [
            "",
            f"## {title}",
            "",
            "| input | inbox | results | reason |",
            "|---|---|---|---|",
            *map(line_of, members),
        ]
    lines += ["", "## Fuzzing", "", *fuzzing.section(fuzzed), ""]
    return "\n".join(lines)


def main() -> None:
    """Try everything and write the page to the file that is named."""
    rows = []
    for attack in ATTACKS:
        folder = Path(tempfile.mkdtemp(prefix="filing-hostile-"))
        try:
            rows.append(row_of(attack, folder))
        finally:
            shutil.rmtree(folder)
    Path(sys.argv[1]).write_text(write(rows, fuzzing.fuzz_all(seconds=10)), "utf-8")


if __name__ == "__main__":
    main()
