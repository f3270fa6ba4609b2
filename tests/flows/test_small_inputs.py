"""Small inputs that offices really hand in, from their door to what becomes of each."""

import shutil
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from flows.stages import EVALUATION, INTAKE, SCREENING
from schemas.settings import Settings, using
from tasks.runs.run import begin
from tasks.store import applications, findings, items
from tasks.store.database import reading

CASES = Path(__file__).parents[1] / "tasks" / "gateways" / "cases"
CYCLE, DAY = "2026-09", date(2026, 9, 12)
#: Codes that are none (two figures changed places, a figure short, the code of an organisation alone) and those that are.
BAD_CODES = [f"HS202609-F{number}" for number in (106, 107, 109)]
GOOD_CODES = [f"HS202609-F{number}" for number in range(100, 114) if number not in (106, 107, 109)]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, migrated: Path) -> Iterator[Path]:
    """Everything handed in at once: forms at the applicants' door, lists on the desk beside it."""
    inbox, root = tmp_path_factory.mktemp("inbox"), tmp_path_factory.mktemp("home")
    shutil.copy(migrated, root / migrated.name)
    (inbox / "desk").mkdir()
    for name in ("register.csv", "activities.csv"):
        shutil.copy(CASES / "harm" / name, inbox / "desk")
    for name in ("harm/m01", "harm/m02", "c03", "c05", "c12", "c17", "c18", "f", "g", "l1"):
        shutil.copy(CASES / f"{name}.xlsx", inbox)
    with using(Settings(home=root, database_url="")):
        with begin(CYCLE, DAY, inbox=str(inbox)) as run:
            for stage in (INTAKE, SCREENING, EVALUATION):
                assert not stage.work(run).failed
        yield root


@pytest.fixture(scope="module")
def found(home: Path) -> pd.DataFrame:
    with reading() as db:
        return findings.of_cycle(db, CYCLE)


@pytest.fixture(scope="module")
def standing(home: Path) -> dict[str, set[str]]:
    """Application number to the statuses of its items."""
    statuses = defaultdict(set)
    with reading() as db:
        for number, status in items.of_cycle(db, CYCLE)[["application_no", "status"]].itertuples(index=False):
            statuses[number].add(status)
    return dict(statuses)


@pytest.mark.parametrize("number", ["HS202609-M001", "HS202609-M002", "HS202609-C003", "HS202609-L001", *GOOD_CODES])
def test_what_is_in_order_goes_to_a_panel(number: str, found: pd.DataFrame, standing: dict[str, set[str]]) -> None:
    """M001 and M002 are on file and active, under codes that the lists write in small letters."""
    assert standing[number] == {"dispatched"}
    assert found[found["application_no"] == number].empty


def test_nothing_else_is_an_application(home: Path) -> None:
    """No sum, note, label or hidden sheet is one."""
    layouts = [f"HS202609-{name}" for name in ("C003", "C005", "C012", "C017", "C018", "G300", "L001", "M001", "M002")]
    with reading() as db:
        assert applications.of_cycle(db, CYCLE)["application_no"].tolist() == sorted(
            [*layouts, *GOOD_CODES, *BAD_CODES]
        )
        asked = items.of_application(db, "HS202609-C012")[["occupation_code", "level"]]
    assert asked.to_numpy().tolist() == [["6-18-01-01", "4"], ["6-18-01-01", "5"]]


def test_a_code_that_is_none_is_returned(found: pd.DataFrame, standing: dict[str, set[str]]) -> None:
    wrong = found[found["rule"] == "FORM-2"]
    assert wrong["application_no"].tolist() == BAD_CODES
    assert [standing[number] for number in BAD_CODES] == [{"returned"}] * 3


def test_words_of_the_trade_are_read_and_two_in_one_cell_are_not(found: pd.DataFrame) -> None:
    """What is left of a workbook of odd words: its real faults, and the two cells that name two things at once."""
    mine = found[found["application_no"] == "HS202609-G300"]
    places = mine.groupby("rule")[["table", "row"]].apply(lambda rows: sorted(map(tuple, rows.to_numpy().tolist())))
    assert places.to_dict() == {
        "FORM-10": [("occupations", 11), ("staff", 22)],
        "MAT-2": [("materials", 0)] * 4,
        "MAT-5": [("materials", 25), ("materials", 26)],
        "OCC-10": [("occupations", row) for row in (5, 6, 7, 8)],
        "OCC-9": [("occupations", row) for row in (3, 4, 6, 8, 9, 10)],
    }
    unread = mine[mine["rule"] == "FORM-10"]
    assert unread["value"].tolist() == ["本企业职工、社会人员", "考评人员、专家"]
