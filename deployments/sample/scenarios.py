"""Which turns a sample cycle shows, important ones first, and which application gets which."""

from collections.abc import Collection, Sequence
from itertools import cycle, islice
from random import Random

from deployments.sample.cases import PLAIN, Case, Scenario
from deployments.sample.material import read
from deployments.sample.mishaps import MISHAPS

_DATA = read("scenarios.toml")

#: Turns that keep an application from being filed at once; a small sample shows the first of them.
TROUBLES = tuple(Scenario(mishap, outcome) for mishap, outcome in _DATA["troubles"])
#: Turns that end in a filing all the same.
FLAVOURS = tuple(Scenario(mishap, outcome) for mishap, outcome in _DATA["flavours"])
_TROUBLE_SHARE = 0.37
_FLAVOUR_SHARE = 0.21


def assign(cases: Sequence[Case], rng: Random, left_out: Collection[str] = (), first: int = 0) -> None:
    """Give scenarios to the applications they fit, those with the fewest candidates first; the rest stay plain.

    `left_out`: mishaps that shall not occur; `first`: the place in the order of turns to begin at.
    """
    parts = ((TROUBLES, _TROUBLE_SHARE), (FLAVOURS, _FLAVOUR_SHARE))
    shown = [turn for turns, share in parts for turn in _shown(turns, round(share * len(cases)), left_out, first)]
    candidates = {
        name: [case for case in cases if _may_get(case, name)] for name in {scenario.mishap for scenario in shown}
    }
    for name in sorted(candidates):
        rng.shuffle(candidates[name])
    free = set(map(id, cases))
    for scenario in sorted(shown, key=lambda entry: len(candidates[entry.mishap])):
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
    barred = case.dormant and case.kind == "addition" and mishap not in ("DORM-1", "DORM-3")
    return not barred and MISHAPS[mishap].fits(case)


def _keep_off_dormancy(cases: Sequence[Case]) -> None:
    """Whoever is dormant and was not chosen to be held for it renews instead of adding."""
    early = next(turn for turn in FLAVOURS if turn.mishap == "DORM-3")
    for case in cases:
        if case.dormant and case.kind == "addition" and case.scenario.mishap != "DORM-1":
            case.scenario = early
