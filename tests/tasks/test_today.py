"""What day it is: one answer for everybody, in the time zone of the policy in force."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, tzinfo
from pathlib import Path

import pytest

from deployments import catalogue
from schemas.settings import Settings, using
from tasks.runs import today as clock
from tasks.runs.run import begin, chosen_cycle, last_cycle
from tasks.runs.waiting import day_now
from tests.policies import write_policy

#: 20:00 of the deadline day in Huangshi; on Kiritimati, 14 hours before UTC, the day after has begun.
MOMENT = datetime(2026, 9, 10, 12, 0, tzinfo=UTC)
HERE, THERE = date(2026, 9, 10), date(2026, 9, 11)


@pytest.fixture
def moved(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An installation whose policy is in force on Kiritimati since 2026, at that moment."""

    class Clock(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return MOMENT.astimezone(tz)

    monkeypatch.setattr(clock, "datetime", Clock)
    folder = write_policy(tmp_path / "policies", "2026-01-01", timezone='"Pacific/Kiritimati"')
    with using(Settings(home=home, database_url="", policies=folder)):
        yield


@pytest.mark.usefixtures("moved")
def test_a_policy_in_another_zone_moves_everybodys_today() -> None:
    assert clock.today() == THERE
    assert (last_cycle(), chosen_cycle("current", None)) == ("2026-09", "2026-09")
    for cycle in ("2021-04", "2026-09"):  # the first belongs to the policy before it
        with begin(cycle) as run:
            assert run.day == THERE, cycle
    # half past eleven at night there: a day and a half ago, and two days
    assert day_now("2026-09", date(2026, 9, 1), datetime(2026, 9, 9, 9, 30, tzinfo=UTC)) == date(2026, 9, 3)
    assert catalogue.cycles() == catalogue.cycles(THERE)


def test_a_moment_before_the_policy_is_told_in_the_zone_of_the_one_before(tmp_path: Path) -> None:
    folder = write_policy(tmp_path / "policies", "2026-09-12", timezone='"Pacific/Kiritimati"')
    assert clock.day_of(MOMENT) == HERE
    with using(Settings(home=tmp_path, policies=folder)):
        assert clock.day_of(MOMENT) == HERE
        assert clock.day_of(MOMENT.replace(day=11)) == date(2026, 9, 12)
