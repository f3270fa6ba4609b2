"""A suspended cycle goes on for a reason and for no other; each reason comes once."""

import json
import os
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert

from flows.stages import evaluation
from schemas import tables
from schemas.law.deciding import Wait
from schemas.run import Outcome, RunSummary
from schemas.settings import settings
from tasks.runs import run as runs
from tasks.runs import waiting
from tasks.runs.today import today
from tasks.store import cycles
from tasks.store.database import begin
from tasks.store.leases import writing
from tests import evaluations as made

CYCLE = "2026-09"
DAY = date(2026, 9, 11)
KEYS = {"work_type": "", "occupation_code": "6-18-01-01", "cycle": CYCLE}


@pytest.fixture
def waits(installation: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cycle with two items out whose run has ended as waiting; files need no time to settle."""
    monkeypatch.setattr(waiting, "SETTLED", timedelta(0))
    (installation / "inbox").mkdir(parents=True)
    with begin() as db:
        version = {
            "application_no": "A-1",
            "version": 1,
            "content_hash": "x",
            "received_on": DAY,
            "standing": "current",
        }
        db.execute(insert(tables.application_version).values(**version, institution_name="黄石某厂"))
        db.execute(
            insert(tables.application).values(application_no="A-1", cycle=CYCLE, version=1, status="in_progress")
        )
        db.execute(insert(tables.dispatch).values(application_no="A-1", revision=1, cycle=CYCLE, sent_on=DAY))
        for level in ("4", "3"):
            db.execute(insert(tables.dispatched_item).values(application_no="A-1", level=level, revision=1, **KEYS))
    run_of_the_cycle()
    return installation


def run_of_the_cycle(outcome: Outcome = "waiting", day: date = DAY) -> None:
    with runs.begin(CYCLE, day) as run:
        runs.end(run, RunSummary(run_id=run.run_id, cycle=CYCLE, as_of=day, outcome=outcome, awaits_results=True))


def result(number: int, level: str, standing: str) -> None:
    with begin() as db:
        values = {"result_id": number, "content_hash": str(number), "batch": "1", "row": 1, "received_on": DAY}
        db.execute(insert(tables.result).values(**values, **KEYS, application_no="A-1", level=level, standing=standing))


def reason(day: date = DAY) -> str | None:
    return waiting.reason_to_go_on(CYCLE, day, None, None, settings())


def test_with_nothing_new_it_waits(waits: Path) -> None:
    assert reason() is None
    assert reason(date(2026, 10, 24)) is None


def test_a_cycle_that_has_decided_waits_for_nothing(waits: Path) -> None:
    assert waiting.still_waits(CYCLE, DAY)
    with runs.begin(CYCLE, DAY) as run, writing(run) as db:
        cycles.decides(db, CYCLE, run)
    assert not waiting.still_waits(CYCLE, DAY)


def test_it_goes_on_when_all_results_are_in(waits: Path) -> None:
    result(1, "4", "accepted")
    assert reason() is None
    result(2, "3", "accepted")
    assert reason() == "all 2 results are in"


def test_it_goes_on_when_the_wait_is_over(waits: Path) -> None:
    assert reason(date(2026, 10, 25)) == "the wait is over since 2026-10-25: 2 of 2 results are missing"


def test_without_a_day_it_is_today(waits: Path) -> None:
    assert today() >= date(2026, 10, 25)
    because = waiting.reason_to_go_on(CYCLE, None, None, None, settings())
    assert because is not None and because.startswith("the wait is over")


def test_a_run_that_waited_goes_on_as_many_days_later(waits: Path) -> None:
    now = datetime.now(UTC)
    assert waiting.day_now(CYCLE, None, now) is None
    assert waiting.day_now(CYCLE, DAY, None) == DAY, "it has not waited"
    assert waiting.day_now(CYCLE, DAY, now) == DAY
    assert waiting.day_now(CYCLE, DAY, now - timedelta(days=7)) == DAY + timedelta(days=7)
    assert waiting.day_now(CYCLE, DAY, now + timedelta(days=7)) == DAY, "a clock set back turns nothing back"


def test_a_run_that_waited_does_not_fall_behind_its_cycle(waits: Path) -> None:
    later = date(2026, 10, 25)
    with runs.begin(CYCLE, later):  # an import, a decision, a night's sweep
        pass
    assert waiting.day_now(CYCLE, DAY, datetime.now(UTC)) == DAY
    run_of_the_cycle("done", later)
    assert waiting.day_now(CYCLE, DAY, datetime.now(UTC)) == later
    assert waiting.day_now(CYCLE, DAY, None) == DAY, "a run started for an earlier day is what was asked for"


def test_it_goes_on_to_judge_an_imported_result(waits: Path) -> None:
    result(1, "4", "received")
    assert reason() == "1 results wait to be judged"


def test_a_result_of_another_application_does_not_wake_a_run_of_one(waits: Path) -> None:
    result(1, "4", "received")
    assert waiting.reason_to_go_on(CYCLE, DAY, ["A-2"], None, settings()) is None


def test_a_new_file_wakes_it_once(waits: Path) -> None:
    file = waits / "inbox" / "results" / "评分表.xlsx"
    file.parent.mkdir()
    file.write_bytes(b"x")
    os.utime(file, (0, 0))  # moved in, it keeps its own older time
    (file.parent / "~$评分表.xlsx").write_bytes(b"x")
    assert reason() == "1 new files in the inbox"
    time.sleep(0.05)
    run_of_the_cycle()
    assert reason() is None


def test_a_file_still_being_copied_is_left_alone(waits: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "SETTLED", timedelta(minutes=5))
    (waits / "inbox" / "half.xlsx").write_bytes(b"x")
    assert reason() is None


def test_an_import_or_a_decision_wakes_it_once(waits: Path) -> None:
    with runs.begin(CYCLE, DAY):
        pass
    assert reason() == "something was imported or decided"
    run_of_the_cycle()
    assert reason() is None


def test_what_could_not_be_delivered_is_tried_again_after_a_while(waits: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_of_the_cycle("failed")
    assert reason() is None
    monkeypatch.setattr(waiting, "TRY_AGAIN", timedelta(0))
    assert reason() == "what could not be delivered is tried again"
    run_of_the_cycle()
    assert reason() is None


def test_each_failure_doubles_the_pause_up_to_a_day() -> None:
    pauses = [waiting.pause_after(failures) for failures in (1, 2, 3, 7, 8, 60)]
    minutes = [15, 30, 60, 960, 1440, 1440]
    assert pauses == [timedelta(minutes=minute) for minute in minutes]


def test_what_is_missing_is_told_by_application(waits: Path) -> None:
    result(1, "4", "accepted")
    wait = waiting.wait_of(CYCLE)
    assert (wait.results_back, wait.items_sent, wait.over_on) == (1, 2, date(2026, 10, 25))
    assert wait.missing == [waiting.Missing("A-1", "黄石某厂", 1, DAY, date(2026, 10, 25))]


def test_panels_are_promised_the_day_on_which_the_wait_ends(home: Path) -> None:
    """A package of 30 September promised 14 November, and the cycle was decided on 25 October."""
    made.accepted("A-1")
    evaluation.fn(CYCLE, date(2026, 9, 30))
    package = json.loads((home / "outbox" / "evaluation" / CYCLE / "A-1" / "package.json").read_text())
    decided = date.fromisoformat(package["due_on"])
    assert decided == date(2026, 10, 25) == waiting.over_on(CYCLE)
    assert waiting.still_waits(CYCLE, decided - timedelta(days=1))
    assert not waiting.still_waits(CYCLE, decided)


def test_a_waiting_run_says_what_it_waits_for() -> None:
    wait = Wait(corrections=1, corrected_by=date(2026, 9, 18), results=3)
    _, sentence = waiting.awaited_in_words(wait, 0, 3, date(2026, 10, 25))
    assert sentence == "等待：1 件补正（至 2026-09-18）、评估结果（已收 0 / 共 3）；收齐即自动继续，最迟 2026-10-25"
