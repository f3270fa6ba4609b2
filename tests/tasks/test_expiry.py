"""The expiry sweep: whatever days it runs on, the register ends the same, and each letter is the nearest due, once."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from schemas import tables
from schemas.policy import in_force
from tasks.decision import decide
from tasks.publication import draft, publish
from tasks.store import database, history, register
from tasks.store.database import reading
from tests import registers
from tests.registers import BAKER, COOK, ELECTRICIAN, ONE, THREE, TWO, passed, run_on, sweep, take_over, terms

FIRST, LAST = date(2026, 1, 1), date(2027, 3, 1)
DAYS = (LAST - FIRST).days
DECIDED = date(2026, 10, 25)
#: Ends so that terms, reminders and a late renewal fall between the first and the last day.
ENDS = {
    (ONE, COOK, "4"): date(2026, 10, 19),
    (ONE, BAKER, "4"): date(2026, 10, 19),
    (TWO, COOK, "4"): date(2027, 5, 24),
    (THREE, ELECTRICIAN, "3"): date(2026, 2, 14),
}


def test_one_choice_of_entries_is_not_replaced_by_the_next(home: Path) -> None:
    take_over([(ONE, COOK, "4"), (TWO, COOK, "4")], FIRST, LAST)
    first, second = register.EntriesOf([ONE]), register.EntriesOf([TWO])
    with reading() as db:
        assert register.on_file(db, DECIDED, among=second)["uscc"].tolist() == [TWO]
        assert register.on_file(db, DECIDED, among=first)["uscc"].tolist() == [ONE]
        assert register.current_entries(db, first)["uscc"].tolist() == [ONE]


def occasions() -> list[str]:
    with reading() as db:
        return sorted(db.execute(select(tables.outbox.c.occasion)).scalars())


def expected_reminders(days: list[date]) -> list[str]:
    """The occasions that sweeps on these days make, told from the policy alone; a late renewal begins a far new term."""
    made = set()
    for day in days:
        for (uscc, _, _), end in ENDS.items():
            left = (end - day).days
            reached = [number for number in in_force(day).validity.reminder_days if left <= number]
            if reached and left >= 0:
                made.add(f"expiry_reminder:{uscc}:{end}:{min(reached)}")
    return sorted(made)


def fill() -> None:
    for (uscc, occupation, level), end in ENDS.items():
        take_over([(uscc, occupation, level)], date(2024, 1, 10), end)
    passed("A1", "renewal", [(ONE, COOK, "4")], cycle="2026-09")


def live_through(days: list[date]) -> tuple[object, ...]:
    """Sweep on these days, filing a late renewal on its day; what the register, the items and the history hold then."""
    for day in sorted([*days, DECIDED, LAST]):
        if day == DECIDED:
            with run_on(DECIDED, "2026-09") as run:
                decide(run)
        if day in days or day == LAST:
            sweep(day)
    with reading() as db:
        entries = history.all_entries(db)
        lapsed = entries[(entries["kind"] == "qualification") & (entries["became"] == "lapsed")]
        return (
            terms(LAST),
            registers.statuses(db),
            sorted(zip(lapsed["subject"], lapsed["occupation_code"], lapsed["because"], strict=True)),
            register.current_entries(db)[[*register.KEYS, "filed_on", "valid_until"]].to_csv(),
        )


@pytest.mark.slow
@given(days=st.lists(st.integers(0, DAYS), max_size=8).map(lambda numbers: [FIRST + timedelta(n) for n in numbers]))
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_days_end_in_the_same_register(days: list[date], tmp_path_factory: pytest.TempPathFactory) -> None:
    from schemas.settings import Settings, using

    with using(Settings(home=_filled(tmp_path_factory), database_url="")):
        with database.rehearsal():
            standard = live_through([])
        with database.rehearsal():
            assert live_through(days) == standard
            assert [name for name in occasions() if "expiry_reminder" in name] == expected_reminders([*days, LAST])


_home: list[Path] = []


def _filled(factory: pytest.TempPathFactory) -> Path:
    """One register for all examples: each undoes what it did."""
    from deployments import schema
    from schemas.settings import Settings, using

    if not _home:
        home = factory.mktemp("expiry")
        with using(Settings(home=home, database_url="")):
            schema.migrate()
            fill()
        _home.append(home)
    return _home[0]


@pytest.mark.slow
def test_daily_monthly_twice_and_after_two_months_of_outage(tmp_path_factory: pytest.TempPathFactory) -> None:
    from schemas.settings import Settings, using

    every_day = [FIRST + timedelta(n) for n in range(240, DAYS, 1)]
    schedules = {
        "daily": every_day,
        "monthly": every_day[::30],
        "twice": sorted([*every_day[::15], *every_day[::15]]),
        "after two months of outage": [*every_day[:20:5], *every_day[80::40]],
    }
    with using(Settings(home=_filled(tmp_path_factory), database_url="")):
        lives = {}
        for name, days in schedules.items():
            with database.rehearsal():
                lives[name] = live_through(days)
    assert len({str(life) for life in lives.values()}) == 1


def test_of_several_missed_reminders_only_the_nearest_is_written(home: Path) -> None:
    take_over([(ONE, COOK, "4")], date(2024, 1, 10), date(2026, 10, 19))
    sweep(date(2026, 10, 1))
    assert occasions() == [f"expiry_reminder:{ONE}:2026-10-19:30"]
    sweep(date(2026, 10, 2))
    assert len(occasions()) == 1


def test_a_reminder_names_the_last_cycle_before_the_end(home: Path) -> None:
    take_over([(ONE, COOK, "4"), (ONE, BAKER, "4")], date(2024, 1, 10), date(2026, 10, 19))
    sweep(date(2026, 8, 1))
    with reading() as db:
        (text,) = db.execute(select(tables.outbox.c.content)).scalars()
    assert (text["renewal_cycle"], text["renewal_deadline"]) == ("2026-09", "2026-09-10")
    assert (text["days_left"], len(text["items"])) == (79, 2)
    sweep(date(2026, 10, 1))
    with reading() as db:
        late = list(db.execute(select(tables.outbox.c.content).order_by(tables.outbox.c.occasion)).scalars())
    assert late[0]["renewal_deadline"] is None or late[1]["renewal_deadline"] is None


def test_a_reminder_names_the_cycle_that_is_decided_before_the_end(home: Path) -> None:
    """One that closes before the end may be decided after it, and nothing is on file in between."""
    take_over([(ONE, COOK, "4")], date(2024, 1, 10), date(2026, 9, 20))
    sweep(date(2026, 3, 25))
    with reading() as db:
        (text,) = db.execute(select(tables.outbox.c.content)).scalars()
    assert (text["renewal_cycle"], text["renewal_deadline"]) == ("2026-04", "2026-04-10")


def test_a_changed_directory_gives_one_edition(home: Path) -> None:
    take_over([(ONE, COOK, "4"), (TWO, COOK, "4")], date(2024, 1, 10), date(2026, 10, 19), day=date(2026, 9, 20))
    take_over([(THREE, COOK, str(level)) for level in (5, 4, 3)], date(2024, 1, 10), date(2027, 10, 19))
    names = []
    for day in (date(2026, 9, 20), date(2026, 9, 21), date(2026, 10, 20), date(2026, 10, 21)):
        sweep(day)
        with run_on(day) as run:
            names.append(draft(run).edition)
            if names[-1]:
                publish(run, names[-1])
    assert names == ["2026-09.1", None, None, None], "two of three rows fewer waits for approval"
    with reading() as db:
        waiting = db.execute(select(tables.edition.c.standing).order_by(tables.edition.c.number)).scalars().all()
    assert waiting == ["published", "waiting"]


def test_a_reminder_names_a_renewal_under_way_and_asks_for_the_rest_alone(home: Path) -> None:
    take_over([(ONE, COOK, "4"), (ONE, BAKER, "4")], date(2024, 1, 10), date(2026, 10, 19))
    passed("A1", "renewal", [(ONE, COOK, "4")], cycle="2026-09")
    sweep(date(2026, 9, 25))
    with reading() as db:
        [content] = db.execute(
            select(tables.outbox.c.content).where(tables.outbox.c.kind == "expiry_reminder")
        ).scalars()
    [line] = content["under_way"]
    assert (line["application_no"], line["occupation_code"]) == ("A1", COOK)
    assert line["state"] == "评估合格，等待决定，无须另行申报"
    assert content["to_file"] is True
    assert [item["occupation_code"] for item in content["items"]] == [COOK, BAKER]
