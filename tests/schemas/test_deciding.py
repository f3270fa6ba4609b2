"""When a cycle is decided and for whom it waits, as a table (contract section 3, "When a run decides")."""

from datetime import date

import pytest

from schemas.law.cycle import cycle_id
from schemas.law.deciding import Progress, Wait, awaits_results, last_day, wait_on
from schemas.policy import for_cycle

CYCLE = cycle_id("2026-09")
POLICY = for_cycle(CYCLE)
DEADLINE, LAST = date(2026, 9, 10), date(2026, 10, 25)
ALL_IN = Progress(3, 3)


@pytest.mark.parametrize(
    ("progress", "day", "wait"),
    [
        (ALL_IN, date(2026, 9, 10), Wait(deadline=DEADLINE)),
        (ALL_IN, date(2026, 9, 11), Wait()),
        (Progress(0, 0), date(2026, 9, 11), Wait()),
        (Progress(2, 3), date(2026, 9, 11), Wait(results=1)),
        (Progress(2, 3), date(2026, 10, 24), Wait(results=1)),
        (Progress(2, 3), LAST, Wait()),
        (Progress(3, 3, [date(2026, 9, 18)]), date(2026, 9, 18), Wait(corrections=1, corrected_by=date(2026, 9, 18))),
        (Progress(3, 3, [date(2026, 9, 18)]), date(2026, 9, 19), Wait()),
    ],
)
def test_a_cycle_decides_together(progress: Progress, day: date, wait: Wait) -> None:
    assert wait_on(progress, POLICY, CYCLE, day) == wait
    assert wait.is_over == (wait == Wait())


def test_a_city_that_does_not_decide_together_decides_what_it_has() -> None:
    alone = POLICY.model_copy(update={"decision": POLICY.decision.model_copy(update={"together": False})})
    assert wait_on(Progress(0, 3), alone, CYCLE, date(2026, 9, 1)).is_over


def test_the_last_day_is_the_day_packages_promise() -> None:
    assert last_day(POLICY, CYCLE) == LAST
    assert awaits_results(Progress(2, 3), POLICY, CYCLE, date(2026, 10, 24))
    assert not awaits_results(Progress(2, 3), POLICY, CYCLE, LAST)
    assert not awaits_results(ALL_IN, POLICY, CYCLE, DEADLINE)
