"""Command: play a random history with the product's command line and print where it differs from the oracle.

`python tests/oracle/against_product.py --seed 3 --institutions 30 --out DIR [--every-act]` writes the acts to DIR/acts
and the product's home to DIR/home; exit code 1 when they differ. The commands run in this process and without Prefect,
in whose hands a command takes ten times as long.
"""

import argparse
import io
import json
import re
import sys
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from unittest.mock import patch

import typer
from compare import differences, report
from deciding import play
from expected import finding_rows, item_rows, read_acts, read_office
from facts import Row, read_csv
from office import Act, Office
from random_cycles import make_history, write

from deployments import cli, orchestrator
from schemas.settings import Settings, using

DIRECTORY = ["institution_name", "institution_type", "region_code", "levels", "audiences", "filed_on", "valid_until"]


class Product:
    """The product's command line on one home, with the later reference lists of a written history."""

    def __init__(self, folder: Path, home: Path) -> None:
        reference, policies = (
            folder / name if (folder / name).is_dir() else None for name in ("reference", "policies")
        )
        self._settings = Settings(home=home, database_url="", reference=reference, policies=policies)
        self.folder, self.home = folder, home

    def filing(self, *words: str) -> str:
        """Standard output of one command; a refused command is an error."""
        output, err, code = io.BytesIO(), io.StringIO(), 0
        out = io.TextIOWrapper(output, "utf-8")
        plain = patch.multiple(
            orchestrator, have_server=lambda: None, run=lambda flow, *args, **kwargs: flow.fn(*args, **kwargs)
        )
        app = typer.Typer(name="filing", pretty_exceptions_enable=False, callback=cli.installation)
        with using(self._settings), plain, patch.object(cli, "app", app), patch.object(sys, "argv", ["filing", *words]):
            try:
                with redirect_stdout(out), redirect_stderr(err):
                    cli.main()
            except SystemExit as ended:
                code = int(ended.code or 0)
        if code:
            raise RuntimeError(f"filing {' '.join(words)}: exit code {code}: {err.getvalue()}")
        out.flush()
        return output.getvalue().decode("utf-8")

    def act(self, number: int, act: Act) -> None:
        """Record an act's commands, then lay in its folder and run."""
        for words in act.commands:
            self.filing(*words)
        if act.run:
            inbox = str(self.folder / f"act-{number}")
            self.filing("run", act.cycle, "--inbox", inbox, "--as-of", act.day.isoformat())
            self._approve(act)

    def _approve(self, act: Act) -> None:
        """Release the edition that waits for a person, as after many terms ended."""
        for name in waiting_editions(json.loads(self.filing("status", act.cycle, "--json"))):
            self.filing("approve", name, "--by", "王处长", "--as-of", act.day.isoformat())

    def refused(self, *words: str) -> int:
        """The exit code of a command that may be refused; any other failure is an error."""
        try:
            self.filing(*words)
        except RuntimeError as refused:
            if "exit code 2" in str(refused) or "exit code 3" in str(refused):
                return int(str(refused).split("exit code ")[1][0])
            raise
        return 0

    def rows(self, name: str, cycle: str) -> list[Row]:
        """Rows of findings.csv or items.csv of a cycle."""
        path = self.home / f"{cycle}-{name}.csv"
        path.write_text(self.filing(name, cycle), "utf-8")
        return read_csv(path)


def play_both(folder: Path, home: Path) -> Iterator[tuple[Act, Office, Product]]:
    """Play a written history act by act with the oracle and with the product."""
    office = read_office(folder)
    product = Product(folder, home)
    home.mkdir(parents=True, exist_ok=True)
    for number, act in enumerate(read_acts(folder), 1):
        product.act(number, act)
        yield act, play([act], office), product


def waiting_editions(cycles: list[dict[str, str]]) -> list[str]:
    """Names of the editions that wait, as `filing status --json` shows them beside their reasons."""
    return re.findall(r"(\d{4}-\d{2}\.\d+)：", " ".join(shown["waits_for_approval"] for shown in cycles))


def cycle_differences(office: Office, product: Product, cycle: str) -> list[tuple[str, str]]:
    """Where findings or items of a cycle differ."""
    findings = differences(finding_rows(office, cycle), product.rows("findings", cycle))
    return findings + differences(item_rows(office, cycle), product.rows("items", cycle))


def directory_columns(rows: list[Row]) -> dict[tuple[str, ...], list[str]]:
    """The directory's columns that the oracle reads, by institution, occupation and work type."""
    key = ("uscc", "occupation_code", "work_type")
    return {tuple(row[name] for name in key): [row[name] for name in DIRECTORY] for row in rows}


def main() -> None:
    parser = argparse.ArgumentParser(description="Play a random history with the product and compare.")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--institutions", type=int, default=30)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--every-act", action="store_true", help="compare after each act, not only at the end")
    arguments = parser.parse_args()
    made = make_history(arguments.seed, arguments.institutions)
    write(made, arguments.out / "acts")
    results: list[tuple[str, str]] = []
    for act, office, product in play_both(arguments.out / "acts", arguments.out / "home"):
        last = act.day == made.acts[-1].day
        if arguments.every_act or last:
            for cycle in made.cycles if last else [act.cycle]:
                lines = cycle_differences(office, product, cycle)
                print(f"{act.day} {cycle}\n{report(lines, 3)}", flush=True)
                results += lines
    sys.exit(1 if results else 0)


if __name__ == "__main__":
    main()
