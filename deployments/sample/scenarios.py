"""Which turns a sample cycle shows, important ones first, and which application gets which; mishaps do the spoiling."""

from collections.abc import Collection, Sequence
from itertools import cycle, islice
from random import Random

from deployments.sample.cases import PLAIN, Case, Scenario
from deployments.sample.mishaps import MISHAPS

#: Turns that keep an application from being filed at once; a small sample shows the first of them.
TROUBLES: tuple[Scenario, ...] = (
    Scenario("FORM-2", "returned:FORM-2 corrected"),
    Scenario("CAP-1", "held:CAP-1 permitted"),
    Scenario("CAP-2", "held:CAP-2"),
    Scenario("DORM-1", "held:DORM-1 refused"),
    Scenario("WINDOW-1", "held:WINDOW-1 permitted"),
    Scenario("FAILED", "failed"),
    Scenario("CONTEST", "filed"),
    Scenario("CONTEST", "held:CAP-2 at filing"),
    Scenario("MAT-1", "returned:MAT-1 corrected"),
    Scenario("EVAL-1", "failed:EVAL-1"),
    Scenario("STAFF-1", "returned:STAFF-1 corrected"),
    Scenario("OCC-6", "returned:OCC-6"),
    Scenario("EVAL-2", "dispatched:EVAL-2"),
    Scenario("FORM-8", "returned:FORM-8"),
    Scenario("OCC-12", "returned:OCC-12 corrected"),
    Scenario("RENEW-1", "returned:RENEW-1 corrected"),
    Scenario("EVAL-4", "dispatched:EVAL-4"),
    Scenario("MAT-4", "returned:MAT-4 corrected"),
    Scenario("ROUTE-1", "returned:ROUTE-1"),
    Scenario("OCC-1", "returned:OCC-1"),
    Scenario("FORM-1", "returned:FORM-1 corrected"),
    Scenario("OCC-11", "returned:OCC-11"),
    Scenario("FORM-3", "returned:FORM-3"),
    Scenario("FORM-4", "returned:FORM-4"),
    Scenario("FORM-5", "returned:FORM-5"),
    Scenario("FORM-6", "returned:FORM-6"),
    Scenario("FORM-7", "returned:FORM-7 corrected"),
    Scenario("FORM-10", "returned:FORM-10 corrected"),
    Scenario("OCC-2", "returned:OCC-2 corrected"),
    Scenario("OCC-4", "returned:OCC-4 corrected"),
    Scenario("OCC-5", "returned:OCC-5"),
    Scenario("OCC-8", "returned:OCC-8 corrected"),
    Scenario("OCC-9", "returned:OCC-9 corrected"),
    Scenario("OCC-10", "returned:OCC-10 corrected"),
    Scenario("STAFF-2", "returned:STAFF-2 corrected"),
    Scenario("MAT-2", "returned:MAT-2 corrected"),
    Scenario("MAT-3", "returned:MAT-3 corrected"),
    Scenario("CAP-2", "held:CAP-2 permitted"),
    Scenario("CAP-1", "held:CAP-1 refused"),
    Scenario("DORM-1", "held:DORM-1 permitted"),
    Scenario("WINDOW-1", "held:WINDOW-1 refused"),
    Scenario("CAP-1", "held:CAP-1"),
    Scenario("CAP-2", "held:CAP-2 refused"),
    Scenario("DORM-1", "held:DORM-1"),
    Scenario("WINDOW-1", "held:WINDOW-1"),
)

#: Turns that end in a filing all the same.
FLAVOURS: tuple[Scenario, ...] = (
    Scenario("MAT-5", "filed:MAT-5"),
    Scenario("RENEW-2", "filed:RENEW-2"),
    Scenario("OCC-7", "filed:OCC-7"),
    Scenario("OCC-3", "filed:OCC-3"),
    Scenario("FORM-9", "filed:FORM-9"),
    Scenario("STAFF-4", "filed:STAFF-4"),
    Scenario("NARROWER", "filed narrower"),
    Scenario("IN-PART", "filed in part"),
    Scenario("STAFF-3", "filed:STAFF-3"),
    Scenario("OCC-13", "filed:OCC-13"),
    Scenario("EVAL-3", "filed:EVAL-3"),
    Scenario("LATER", "filed"),
)
_TROUBLE_SHARE = 0.37
_FLAVOUR_SHARE = 0.21


def assign(cases: Sequence[Case], rng: Random, left_out: Collection[str] = (), first: int = 0) -> None:
    """Give scenarios to the applications they fit, those with the fewest candidates first; the rest stay plain.

    `left_out`: mishaps that shall not occur; `first`: the place in the order of turns to begin at.
    """
    parts = ((TROUBLES, _TROUBLE_SHARE), (FLAVOURS, _FLAVOUR_SHARE))
    shown = [turn for turns, share in parts for turn in _shown(turns, round(share * len(cases)), left_out, first)]
    candidates = {name: [case for case in cases if _may_get(case, name)] for name in {each.mishap for each in shown}}
    for name in sorted(candidates):
        rng.shuffle(candidates[name])
    free = set(map(id, cases))
    for scenario in sorted(shown, key=lambda each: len(candidates[each.mishap])):
        waiting = candidates[scenario.mishap]
        while waiting and id(waiting[-1]) not in free:
            waiting.pop()
        if waiting:
            case = waiting.pop()
            case.scenario = scenario
            free.discard(id(case))
    _keep_off_dormancy(cases)


def pair_contests(cases: Sequence[Case], occupations: Sequence[str]) -> list[tuple[Case, Case]]:
    """The applicants that compete for a last place, winner first; those without a rival become plain."""
    contests = [case for case in cases if case.scenario.mishap == "CONTEST"]
    winners = [case for case in contests if case.scenario.outcome == "filed"]
    losers = [case for case in contests if case.scenario.outcome != "filed"]
    pairs = list(zip(winners, losers, occupations, strict=False))
    for case in (*winners[len(pairs) :], *losers[len(pairs) :]):
        case.scenario = PLAIN
    for winner, loser, occupation in pairs:
        winner.occupation = loser.occupation = occupation
    return [(winner, loser) for winner, loser, _ in pairs]


def _shown(turns: Sequence[Scenario], count: int, left_out: Collection[str], first: int) -> list[Scenario]:
    kept = [turn for turn in turns if turn.mishap not in left_out]
    return list(islice(cycle(kept), first, first + count))


def _may_get(case: Case, mishap: str) -> bool:
    """A dormant institution that adds is held for that whatever else it does: nothing else can be shown with it."""
    barred = case.dormant and case.kind == "addition" and mishap not in ("DORM-1", "RENEW-2")
    return not barred and MISHAPS[mishap].fits(case)


def _keep_off_dormancy(cases: Sequence[Case]) -> None:
    """Whoever is dormant and was not chosen to be held for it renews instead of adding."""
    early = next(turn for turn in FLAVOURS if turn.mishap == "RENEW-2")
    for case in cases:
        if case.dormant and case.kind == "addition" and case.scenario.mishap != "DORM-1":
            case.scenario = early
