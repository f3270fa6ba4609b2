"""The product against an independent reading of the contract, on random histories; single rules are tested elsewhere."""

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

ORACLE = Path(__file__).parent / "oracle"
if str(ORACLE) not in sys.path:
    sys.path.append(str(ORACLE))  # the oracle's modules are plain files, also run as commands

import codes  # noqa: E402
from compare import differences, report  # noqa: E402
from deciding import finding_list, play  # noqa: E402
from expected import finding_rows, item_rows, read_acts  # noqa: E402
from facts import Row, read_csv, rules  # noqa: E402
from office import Office  # noqa: E402
from random_cycles import MadeHistory, make_history, write  # noqa: E402

SEEDS = range(1, 9)
DIRECTORY = ["institution_name", "institution_type", "region_code", "levels", "audiences", "filed_on", "valid_until"]


@pytest.fixture(scope="module")
def histories() -> list[MadeHistory]:
    return [make_history(seed, 30) for seed in SEEDS]


def live(made: MadeHistory, folder: Path) -> Office:
    """Write a history and play it from what was written."""
    write(made, folder)
    reference = folder / "reference"
    return play(read_acts(folder), Office(reference if reference.is_dir() else None))


def test_standard_vectors() -> None:
    assert codes.credit_code_is_valid("91350100M000100Y43")
    assert not codes.credit_code_is_valid("91350100M000100Y34")
    assert codes.identity_number_is_valid("11010519491231002X")
    assert not codes.identity_number_is_valid("11010519490231002X")


def test_a_seed_always_gives_the_same_history(histories: list[MadeHistory]) -> None:
    again = make_history(SEEDS[2], 30)
    assert again == histories[2]
    assert make_history(SEEDS[2], 29) != again


def test_histories_reach_every_rule_status_and_way_out(histories: list[MadeHistory], tmp_path: Path) -> None:
    seen: dict[str, set[str]] = {"rule": set(), "item": set(), "application": set(), "version": set(), "held at": set()}
    for made in histories:
        office = Office()
        reference = tmp_path / str(made.seed)
        if made.reference:
            write(replace(made, acts=[]), reference)
            office = Office(reference / "reference")
        for act in made.acts:
            play([act], office)
            seen["rule"] |= {found.rule for cycle in made.cycles for found in finding_list(office, cycle)}
            for app in office.applications.values():
                seen["application"].add(app.status)
                seen["version"] |= {version.status for version in app.versions}
                seen["item"] |= {state.status for state in app.items.values()}
                seen["held at"] |= {state.held_at for state in app.items.values() if state.status == "held"}
    assert seen["rule"] == set(rules())
    finals = {"filed", "failed", "refused", "withdrawn", "ended", "lapsed"}
    assert seen["item"] == {"returned", "held", "dispatched", "passed"} | finals
    assert seen["application"] == {"returned", "in_progress", "closed"}
    assert seen["version"] == {"current", "superseded", "late"}
    assert seen["held at"] == {"screening", "filing"}
    ways = {" ".join(words[:2]) if words[0] == "adjust" else words[0] for made in histories for act in made.acts
            for words in act.commands}  # fmt: skip
    assert ways == {"withdraw", "close"} | {f"adjust {what}" for what in ("suspend", "revoke", "withdraw", "rename")}
    assert any(form["withdrawn"] in ("true", "是") for made in histories for act in made.acts
               for form in act.forms["applications"])  # fmt: skip


def test_what_was_written_plays_alike(histories: list[MadeHistory], tmp_path: Path) -> None:
    made = next(made for made in histories if not made.reference)
    again = live(made, tmp_path)
    office = play(made.acts)
    for cycle in made.cycles:
        assert finding_rows(office, cycle) == finding_rows(again, cycle)
        assert item_rows(office, cycle) == item_rows(again, cycle)
    assert office.register.directory(made.acts[-1].day) == again.register.directory(made.acts[-1].day)


def test_a_run_more_changes_nothing(histories: list[MadeHistory]) -> None:
    """Each act's run repeated on its day leaves everything as it is."""
    made = next(made for made in histories if not made.reference)
    office, twice = Office(), Office()
    for act in made.acts:
        play([act], office)
        play([act, replace(act, forms={}, desk={}, results=[], commands=[])], twice)
    for cycle in made.cycles:
        assert finding_rows(office, cycle) == finding_rows(twice, cycle)
        assert item_rows(office, cycle) == item_rows(twice, cycle)


def test_differences_are_named(histories: list[MadeHistory]) -> None:
    rows = finding_rows(play(histories[0].acts), histories[0].cycles[0])
    assert differences(rows, list(rows)) == []
    assert differences(rows, rows[1:]) != []
    assert {group.split()[-1] for group, _ in differences(rows, [*rows, rows[0]])} == {"surplus"}
    wrong_field = [rows[0] | {"field": "elsewhere"}, *rows[1:]]
    assert {group.split()[-1] for group, _ in differences(rows, wrong_field)} == {"missing", "surplus"}
    assert differences(rows, wrong_field, loose=True) == []


def _filing(home: Path, folder: Path, *arguments: str) -> str:
    command = shutil.which("filing", path=str(Path(sys.executable).parent))
    assert command, "the console script is not installed: install the project into this environment"
    environment = os.environ | {"FILING_PRACTICE": "yes"}
    if (folder / "reference").is_dir():
        environment["FILING_REFERENCE"] = str(folder / "reference")
    words = [command, "--home", str(home), *arguments]
    done = subprocess.run(words, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, f"{' '.join(arguments)}: {done.stderr}"
    return done.stdout


def _play_with_the_product(made: MadeHistory, folder: Path, home: Path) -> None:
    for number, act in enumerate(made.acts, 1):
        for words in act.commands:
            _filing(home, folder, *words)
        if act.run:
            inbox = str(folder / f"act-{number}")
            _filing(home, folder, "run", act.cycle, "--inbox", inbox, "--as-of", act.day.isoformat())


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_the_product_agrees(seed: int, tmp_path: Path) -> None:
    """The command line, played through a random history, leaves what the contract's text gives."""
    made = make_history(seed, 30)
    folder, home = tmp_path / "acts", tmp_path / "home"
    office = live(made, folder)
    _play_with_the_product(made, folder, home)
    for cycle in made.cycles:
        for name, expected in (("findings", finding_rows(office, cycle)), ("items", item_rows(office, cycle))):
            actual = tmp_path / f"{cycle}-{name}.csv"
            actual.write_text(_filing(home, folder, name, cycle), "utf-8")
            found = differences(expected, read_csv(actual))
            assert not found, f"seed {seed}, {cycle}, {name}:\n{report(found, 3)}"
    assert _directory(read_csv(home / "published" / "latest" / "directory.csv")) == _directory(
        office.register.directory(made.acts[-1].day)
    )


def _directory(rows: list[Row]) -> dict[tuple[str, ...], list[str]]:
    """The directory's columns that the oracle reads, by institution, occupation and work type."""
    key = ("uscc", "occupation_code", "work_type")
    return {tuple(row[name] for name in key): [row[name] for name in DIRECTORY] for row in rows}
