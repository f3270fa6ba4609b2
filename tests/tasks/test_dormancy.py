"""Dormancy: states, letters, cure by an activity, and the same answer as the rule DORM-1 gives."""

from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import strategies as st
from sqlalchemy import select

from schemas import tables
from schemas.law.cycle import cycle_id
from schemas.policy import for_cycle
from tasks.store import activities, frames, institutions
from tasks.store.database import reading
from tasks.store.leases import writing
from tasks.sweeps import sweep_dormancy
from tests.registers import BAKER, COOK, ONE, TWO, run_on, take_over, terms

TERM = (date(2025, 10, 20), date(2028, 10, 19))
POLICY = for_cycle(cycle_id("2026-04"))


def hold(uscc: str, occupation: str, held_on: date, candidates: int = 12, work_type: str = "") -> None:
    row = {
        "uscc": uscc,
        "occupation_code": occupation,
        "work_type": work_type,
        "level": "4",
        "held_on": held_on.isoformat(),
    }
    rows = pd.DataFrame([{**row, "candidates": candidates, "passed": 0}])
    with run_on(held_on) as run, writing(run) as db:
        activities.note_supplied(db, {"activities"}, run)
        activities.add(db, rows)


def sweep(day: date) -> dict[str, int]:
    with run_on(day) as run:
        return sweep_dormancy(run).done


def marked() -> dict[tuple[str, str], str]:
    with reading() as db:
        marks = activities.marks(db)
    return dict(zip(zip(marks["uscc"], marks["occupation_code"], strict=True), marks["state"], strict=True))


@pytest.fixture
def filed(home: Path) -> None:
    take_over([(ONE, COOK, "4"), (ONE, BAKER, "4")], *TERM)


@pytest.mark.parametrize("order", [(12, 0), (0, 12)])
def test_an_empty_sitting_does_not_undo_one_of_the_same_day(home: Path, order: tuple[int, int]) -> None:
    row = {"uscc": ONE, "occupation_code": COOK, "work_type": "", "level": "4", "held_on": "2026-01-10", "passed": 0}
    with run_on(date(2026, 4, 19)) as run, writing(run) as db:
        rows = pd.DataFrame([{**row, "candidates": number} for number in order])
        assert activities.add(db, rows) == 1
        assert activities.add(db, rows) == 0, "the same feed again changes nothing"
        assert frames.read(db, select(tables.activity))["candidates"].tolist() == [12]


@pytest.mark.usefixtures("filed")
def test_from_new_to_dormant_to_active() -> None:
    hold(TWO, COOK, date(2025, 10, 20))
    assert sweep(date(2026, 4, 19)) == {"new_occupations": 2}, "the last day of grace"
    assert sweep(date(2026, 4, 20)) == {"dormant_occupations": 2, "letters": 1}
    assert sweep(date(2026, 4, 21)) == {}
    hold(ONE, COOK, date(2026, 5, 6))
    assert sweep(date(2026, 5, 7)) == {"active_occupations": 1}
    assert marked() == {(ONE, COOK): "active", (ONE, BAKER): "dormant"}
    assert set(terms(date(2026, 5, 7))) == {(ONE, COOK, "4"), (ONE, BAKER, "4")}, "nobody is removed"
    with reading() as db:
        life = institutions.life(db, ONE)
        letters = list(db.execute(select(tables.outbox.c.content)).scalars())
    entries = life[(life["kind"] == "dormancy") & (life["occupation_code"] == COOK)]
    assert list(zip(entries["was"], entries["became"], strict=True)) == [
        ("", "new"),
        ("new", "dormant"),
        ("dormant", "active"),
    ]
    assert entries["because"].tolist()[-1] == "最近一次认定：2026-05-06"
    assert [line["occupation_code"] for line in letters[0]["occupations"]] == [COOK, BAKER]


@pytest.mark.usefixtures("filed")
def test_without_a_feed_nothing_is_known_once_grace_is_over() -> None:
    assert sweep(date(2026, 4, 19)) == {"new_occupations": 2}
    assert sweep(date(2026, 4, 20)) == {"unknown_occupations": 2}


@pytest.mark.parametrize(
    ("activity", "active"),
    [
        ("", {"", "烹调甲", "烹调乙"}),
        ("烹调甲", {"", "烹调甲"}),
        ("烹调丙", {""}),
    ],
)
def test_an_activity_serves_its_work_type_and_one_without_all_of_the_occupation(
    home: Path, activity: str, active: set[str]
) -> None:
    take_over([(ONE, COOK, work_type, "4") for work_type in ("", "烹调甲", "烹调乙")], *TERM)
    hold(ONE, COOK, date(2026, 1, 10), work_type=activity)
    sweep(date(2026, 11, 1))
    with reading() as db:
        marks = activities.marks(db)
    assert set(marks.loc[marks["state"] == "active", "work_type"]) == active
    assert set(marks.loc[marks["state"] == "dormant", "work_type"]) == {"", "烹调甲", "烹调乙"} - active


@pytest.mark.usefixtures("filed")
@pytest.mark.parametrize(
    ("held_on", "candidates", "state"),
    [
        (date(2025, 10, 20), 1, "active"),
        (date(2025, 10, 19), 1, "dormant"),
        (date(2026, 4, 30), 0, "dormant"),
        (date(2026, 5, 1), 1, "active"),
        (date(2026, 5, 2), 1, "dormant"),
    ],
)
def test_what_counts_as_an_activity(held_on: date, candidates: int, state: str) -> None:
    hold(ONE, COOK, held_on, candidates)
    sweep(date(2026, 5, 1))
    assert marked()[ONE, COOK] == state


@pytest.mark.usefixtures("filed")
def test_the_mark_goes_when_the_occupation_is_no_longer_on_file() -> None:
    hold(ONE, COOK, date(2026, 1, 6))
    sweep(date(2026, 5, 1))
    sweep(date(2028, 10, 20))
    assert marked() == {}


_days = st.integers(-400, 30).map(lambda number: (POLICY.deadline(cycle_id("2026-04")) + timedelta(number)).isoformat())
_keys = st.sampled_from([(uscc, code) for uscc in (ONE, TWO) for code in (COOK, BAKER)])
