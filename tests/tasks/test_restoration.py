"""A run for a mistaken year: refused outside practice; what it marked is taken back, told, and off no directory for good."""

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from schemas.settings import settings, using
from tasks.desk.approval import approve_edition
from tasks.desk.restoration import Mistake, NothingToRestoreError, restore
from tasks.publication import publication
from tasks.runs.run import DayToComeError, begin
from tasks.runs.today import today
from tasks.store import activities, editions, history, letters, register, replay, seals
from tasks.store.database import reading
from tasks.sweeps import sweep_dormancy
from tests.homes import SQLITE_FIRST
from tests.registers import COOK, ONE, decide, passed, run_on, statuses, sweep

FILED, MISTAKEN, TRUE = date(2023, 5, 25), date(2030, 10, 1), date(2023, 10, 1)
MISTAKE = Mistake(TRUE, "王处长", "日期误填为2030年")


def publish(day: date) -> list[str]:
    with run_on(day) as run:
        publication(run)
    with reading() as db:
        newest = editions.newest(db, "published")
        assert newest is not None
        return [*editions.rows_of(db, newest["edition"])["levels"], str(newest["as_of"])]


def live_through_the_mistake() -> None:
    passed("A1", "initial", [(ONE, COOK, "4"), (ONE, COOK, "3")], cycle="2023-04")
    decide("2023-04", FILED)
    assert publish(FILED) == ["4,3", "2023-05-25"]
    sweep(MISTAKEN)
    with run_on(MISTAKEN) as run:
        publication(run)
    with reading() as db:
        waiting = editions.newest(db, "waiting")
    assert waiting is not None
    approve_edition(waiting["edition"], "李主任", MISTAKEN)
    assert publish(MISTAKEN) == ["2030-10-01"]
    with reading() as db:
        assert set(statuses(db).values()) == {"lapsed"}


def test_marks_of_dormancy_are_those_of_the_right_day(home: Path) -> None:
    passed("A1", "initial", [(ONE, COOK, "4")], cycle="2023-04")
    decide("2023-04", FILED)
    with run_on(TRUE) as run:
        sweep_dormancy(run)
    with reading() as db:
        right = activities.marks(db)
    with run_on(date(2025, 10, 1)) as run:
        sweep_dormancy(run)
    with run_on(TRUE) as run:
        sweep_dormancy(run)
    with reading() as db:
        marked = activities.marks(db)
    restore(MISTAKE)
    with reading() as db:
        assert activities.marks(db).equals(right)
        assert seals.differences(db) == []
    assert [*right["state"], *marked["state"]] == ["new", "unknown"], (
        "a run for an earlier day alone turns nothing back"
    )


def test_a_day_to_come_is_refused_in_a_home_that_is_not_for_practice(home: Path) -> None:
    with using(settings().model_copy(update={"practice": False})):
        with pytest.raises(DayToComeError, match="still to come"), begin("2023-04", date(2099, 1, 1)):
            pass
        with begin("2023-04", today()):
            pass
        (home / ".demo").touch()
        with begin("2023-04", date(2099, 1, 1)):
            pass


@SQLITE_FIRST
def test_what_it_let_lapse_is_on_file_again(installation: Path) -> None:
    live_through_the_mistake()
    done = restore(MISTAKE).done
    assert (done["levels"], done["items"]) == (2, 2)
    with reading() as db:
        assert set(statuses(db).values()) == {"filed"}
        assert replay.differences(db, TRUE) == []
        assert seals.differences(db) == []
        assert list(history.broken_links(db)) == []
        entries = history.of(db, [ONE, TRUE.isoformat()])
        assert history.lapsed_terms(db) == set()
    back = entries[entries["was"] == "lapsed"]
    assert set(back["became"]) == {"filed"}
    assert set(back["by"]) == {"王处长"}
    assert back["because"].str.contains("日期误填为2030年").all()
    assert publish(TRUE) == ["4,3", "2023-10-01"]
    changed = pd.read_csv(installation / "published" / "latest" / "changes.csv")
    assert list(changed["change"]) == ["reinstated"]
    assert changed["reason"].str.contains("日期误填为2030年").all()


def test_the_term_still_ends_on_its_own_day_and_is_reminded_of(home: Path) -> None:
    live_through_the_mistake()
    restore(MISTAKE)
    sweep(date(2025, 12, 1))
    with reading() as db:
        reminders = letters.register(db)
        assert list(reminders["kind"]).count("expiry_reminder") >= 1
    sweep(date(2026, 6, 1))
    with reading() as db:
        assert set(statuses(db).values()) == {"lapsed"}
        assert len(history.lapsed_terms(db)) == 2
        assert register.on_file(db, date(2026, 6, 1)).empty
        assert replay.differences(db, date(2026, 6, 1)) == []


def test_reminders_of_the_mistaken_day_do_not_stand_for_those_of_the_right_one(home: Path) -> None:
    passed("A1", "initial", [(ONE, COOK, "4")], cycle="2023-04")
    decide("2023-04", FILED)
    sweep(date(2026, 1, 15))
    assert restore(MISTAKE).done["letters_void"] == 1
    sweep(date(2026, 1, 15))
    with reading() as db:
        written = letters.register(db)
        assert seals.differences(db) == []
    assert list(written["kind"]).count("expiry_reminder") == 2
    assert written["number"].is_unique


def test_there_may_be_nothing_to_take_back(home: Path) -> None:
    passed("A1", "initial", [(ONE, COOK, "4")], cycle="2023-04")
    decide("2023-04", FILED)
    with pytest.raises(NothingToRestoreError):
        restore(MISTAKE)
