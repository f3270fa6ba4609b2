"""All hostile inputs in one inbox beside a real cycle: it goes to its end, and nothing is written outside the home."""

import csv
import json
import tempfile
from pathlib import Path

import pytest

from tasks.store import runs
from tasks.store.database import reading
from tests import evaluations as made
from tests import factories
from tests.hostile import trial
from tests.hostile.attacks import ATTACKS
from tests.hostile.texts import CLIMBS, SQL
from tests.registers import COOK, ONE


@pytest.fixture(scope="module")
def watch() -> trial.Watch:
    return trial.Watch()


def attacked(inbox: Path) -> None:
    """Every input in a folder of its own, in the inbox and among the results."""
    for place in (inbox, inbox / "results"):
        for number, attack in enumerate(attack for attack in ATTACKS if not attack.slow):
            folder = place / f"attack{number}"
            folder.mkdir(parents=True)
            attack.put(folder)


def outcomes(cycle: str, sample: set[str]) -> list[list[str]]:
    rows = list(csv.reader(factories.tables(cycle)["items"].splitlines()))
    return [row for row in rows if row[0] in sample]


@pytest.mark.slow
def test_the_cycle_goes_to_its_end(installation: Path, watch: trial.Watch, tmp_path: Path) -> None:
    from flows.filing_cycle import filing_cycle

    story = factories.make_story(institutions=24, seed=5)
    attacked(installation / "inbox")
    with watch.watching():
        for number in (1, 2, 3):
            day = story.act(number, installation / "inbox")
            summary = filing_cycle.fn(story.cycle, day)
            assert summary.failed == {}
    spare = f"{tempfile.gettempdir()}/tmp"  # folders a library asks the system for
    assert [path for path in watch.outside(installation, tmp_path) if not path.startswith(spare)] == []
    assert summary.edition == "2026-09.1"
    filed = {row[0] for row in outcomes(story.cycle, set(story.sample.intended)) if row[5] == "filed"}
    intended = {number for number, outcome in story.sample.intended.items() if outcome == "filed"}
    assert intended <= filed
    with reading() as db:
        aside = runs.quarantine(db, story.cycle)
    assert len(aside) > 100
    assert all(reason.isprintable() for _, reason in aside)
    before = factories.output(installation)
    filing_cycle.fn(story.cycle, day)
    assert factories.output(installation) == before, "the same inbox again changes nothing"


#: As cleaning leaves them: a number has capital letters and no space.
NUMBERS = [
    CLIMBS.upper(),
    "/ETC/PASSWD",
    "..",
    f"A{SQL}".replace(" ", "").upper(),
    "{{7*7}}",
    "=CMD|'C'!A0",
    "长" * 300,
]


def test_an_application_number_is_never_a_path(home: Path, watch: trial.Watch) -> None:
    for place, number in enumerate([*NUMBERS, "B1"]):
        made.accepted(number, [(f"91420200MA4NO{place:05d}", COOK, "4")])
    with watch.watching():
        made.go_on(home)
        made.drop(home, "r.csv", *(made.result(number) for number in [*NUMBERS, "B1"]))
        made.go_on(home)
    assert watch.outside(home) == []
    assert [made.standing(number) for number in [*NUMBERS, "B1"]] == ["filed"] * 8
    assert len(list((home / "outbox" / "evaluation").rglob("package.json"))) == 8
    assert len(made.letters(home, "filing")) == 8


EXTREMES = ["9999-12-31", "0001-01-01", "1e999", "NaN", "Infinity", "-1", "9" * 400, "1e-999", SQL, "\x00", "🏴" * 50]


COLUMNS = ["level", "verdict", "score", "evaluated_on", "panel_size", "commitments_shown", "remarks"]


@pytest.mark.slow
def test_no_value_of_a_result_stops_the_others(home: Path) -> None:
    numbers = {f"A{place}-{column}": (column, text) for column in COLUMNS for place, text in enumerate(EXTREMES)}
    for number in [*numbers, "B1"]:
        made.accepted(number, [(ONE, COOK, "4")])
    made.send_out(home)
    rows = [made.result(number, **{column: text}) for number, (column, text) in numbers.items()]
    made.drop(home, "bad.json").write_text(json.dumps(rows), "utf-8")
    made.drop(home, "good.csv", made.result("B1"))
    done = made.go_on(home)
    assert [counts.failed for counts in done.values()] == [{}] * len(done)
    assert made.standing("B1") == "filed"
    assert {made.standing(number) for number, (column, _) in numbers.items() if column == "score"} == {"dispatched"}
