"""Which version of an application counts, as a table (contract section 3, "Versions" and "Withdrawing")."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from schemas.law.cycle import cycle_id
from schemas.law.versions import PresentState, Version, first_version, later_version, may_be_permitted, moment_of
from schemas.policy import for_cycle

CYCLE = cycle_id("2026-09")
POLICY = for_cycle(CYCLE)
ZONE = ZoneInfo("Asia/Shanghai")
ONE, TWO = "91420200MA40000124", "91420202MA40079352"


def at(day: str, hour: int = 9) -> datetime:
    return datetime.combine(date.fromisoformat(day), datetime.min.time(), ZONE) + timedelta(hours=hour)


KNOWN = PresentState(CYCLE, False, False, False, False, ONE, at("2026-09-01"), stated=at("2026-09-01"))
RETURNED = replace(KNOWN, is_returned=True, correct_by=date(2026, 9, 18))
LOST = replace(RETURNED, correct_by=None)


@pytest.mark.parametrize(
    ("known", "day", "standing", "in_time_until"),
    [
        (KNOWN, "2026-09-05", "current", None),
        (KNOWN, "2026-09-10", "current", None),
        (KNOWN, "2026-08-31", "superseded", None),
        (KNOWN, "2026-09-11", "late", None),
        (RETURNED, "2026-09-11", "current", None),
        (RETURNED, "2026-09-18", "current", None),
        (RETURNED, "2026-09-19", "current", date(2026, 9, 18)),
        (LOST, "2026-09-11", "current", date(2026, 9, 10)),
        (replace(RETURNED, is_decided=True), "2026-09-05", "late", None),
        (replace(KNOWN, is_closed=True), "2026-09-05", "late", None),
        (replace(KNOWN, is_closed=True), "2026-08-05", "late", None),
    ],
)
def test_a_further_version_is_taken_superseded_or_late(
    known: PresentState, day: str, standing: str, in_time_until: date | None
) -> None:
    ruled = later_version(Version(CYCLE, ONE, at(day), stated=at(day)), known, POLICY)
    assert (ruled.standing, ruled.in_time_until) == (standing, in_time_until)
    assert bool(ruled.reason) == (standing != "current")


def test_the_deadline_ends_at_midnight() -> None:
    assert later_version(Version(CYCLE, ONE, at("2026-09-10", 24)), KNOWN, POLICY).standing == "current"
    assert (
        later_version(Version(CYCLE, ONE, at("2026-09-10", 24) + timedelta(seconds=1)), KNOWN, POLICY).standing
        == "late"
    )


@pytest.mark.parametrize(
    ("known", "standing"),
    [
        (KNOWN, "current"),
        (replace(KNOWN, is_decided=True), "current"),
        (replace(KNOWN, is_decided=True, is_filed=True), "late"),
        (replace(KNOWN, is_closed=True), "late"),
    ],
)
def test_a_withdrawal_is_taken_at_any_time_before_filing(known: PresentState, standing: str) -> None:
    assert later_version(Version(CYCLE, ONE, at("2026-10-05"), is_withdrawal=True), known, POLICY).standing == standing


@pytest.mark.parametrize(
    ("has", "gives", "standing"),
    [(ONE, TWO, "aside"), (ONE, ONE, "current"), (ONE, "", "current"), ("", TWO, "current")],
)
def test_a_number_stays_with_the_institution_whose_code_it_has(has: str, gives: str, standing: str) -> None:
    assert later_version(Version(CYCLE, gives, at("2026-09-05")), replace(KNOWN, uscc=has), POLICY).standing == standing


@pytest.mark.parametrize(
    ("cycle", "closed", "standing"),
    [
        (CYCLE, False, "current"),
        (CYCLE, True, "aside"),
        (cycle_id("2027-04"), False, "aside"),
        (cycle_id("2026-04"), False, "current"),
    ],
)
def test_a_first_version_is_taken_unless_its_cycle_has_not_begun_or_is_closed(
    cycle: str, closed: bool, standing: str
) -> None:
    chosen = cycle_id(cycle)
    version = Version(chosen, ONE, at("2026-09-05"))
    ruled = first_version(version, for_cycle(chosen), date(2026, 9, 5), is_closed=closed)
    assert ruled.standing == standing
    assert bool(ruled.reason) == (standing == "aside")


def test_what_a_portal_states_counts_where_the_policy_says_so() -> None:
    received = POLICY.model_copy(update={"cycle": POLICY.cycle.model_copy(update={"moment": "received"})})
    seen = date(2026, 9, 12)
    assert moment_of(at("2026-09-05"), seen, POLICY) == at("2026-09-05")
    assert moment_of(at("2026-09-05"), seen, received).date() == seen
    assert moment_of(at("2026-09-12", 20), seen, received) == at("2026-09-12", 20)
    assert moment_of(None, seen, POLICY).date() == seen


def test_versions_are_in_the_order_of_what_they_state_whenever_they_were_seen() -> None:
    """Under `received` one submitted before the current may be seen after it: it is the older one all the same."""
    known = replace(KNOWN, moment=at("2026-09-03", 12), stated=at("2026-09-02"))
    older = Version(CYCLE, ONE, at("2026-09-04", 12), stated=at("2026-09-01"))
    assert later_version(older, known, POLICY).standing == "superseded"
    assert later_version(replace(older, stated=at("2026-09-02", 10)), known, POLICY).standing == "current"


@pytest.mark.parametrize("stated", [(None, at("2026-09-02", 8)), (at("2026-09-02", 15), None), (None, None)])
def test_of_two_versions_of_which_one_states_nothing_readable_the_later_to_come_counts(
    stated: tuple[datetime | None, datetime | None],
) -> None:
    """It counts as handed in at noon of the day it was seen; its correction of that morning would be older."""
    first, second = stated
    known = replace(KNOWN, moment=first or at("2026-09-02", 12), stated=first)
    version = Version(CYCLE, ONE, second or at("2026-09-02", 12), stated=second)
    assert later_version(version, known, POLICY).standing == "current"


@pytest.mark.parametrize(
    ("known", "permitted"),
    [
        (KNOWN, True),
        (replace(KNOWN, is_decided=True), False),
        (replace(KNOWN, is_closed=True), False),
        (replace(KNOWN, moment=at("2026-09-13")), False),
    ],
)
def test_a_late_version_may_be_taken_while_nothing_is_decided(known: PresentState, permitted: bool) -> None:
    assert may_be_permitted(known, at("2026-09-12")) is permitted
