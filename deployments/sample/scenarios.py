"""Which turns a sample cycle shows, important ones first, which application gets which, and what each does to a form.

The mishaps stand in `mishaps.toml`: which rule each breaks, whom it fits.
"""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import cycle, islice
from random import Random
from typing import Any

from deployments.sample import spoiling
from deployments.sample.drafts import PLAIN, Case, Scenario
from deployments.sample.material import read
from deployments.sample.setting import Setting
from deployments.sample.wishes import missing_levels
from schemas.policy import Policy

_SEVERAL = 2


@dataclass(frozen=True)
class Mishap:
    """Spoils a valid application so that its rule fires, and beside it only those in `also`."""

    fits: Callable[[Case], bool]
    spoil: Callable[[Case, Setting, Random], None]
    also: frozenset[str] = frozenset()


def _initial(case: Case) -> bool:
    return case.kind == "initial"


def _first_of(character: str, case: Case) -> bool:
    return case.kind == "initial" and case.institution.kind.character == character


def _not_by_school(case: Case) -> bool:
    return case.kind == "initial" and case.institution.kind.character != "school"


def _may_overreach(case: Case) -> bool:
    """A renewal with a level next to those on file, by an institution that may add one."""
    if case.kind != "renewal" or case.holding is None or case.dormant:
        return False
    return bool(missing_levels(case.institution, case.holding))


def _several_on_file(case: Case) -> bool:
    return case.kind == "renewal" and case.items_on_file >= _SEVERAL


_FITS: dict[str, Callable[[Case], bool]] = {
    "any": lambda _: True,
    "initial": _initial,
    "employer": partial(_first_of, "employer"),
    "school": partial(_first_of, "school"),
    "neighbouring": lambda case: _initial(case) and case.institution.kind.neighbour,
    "capped": lambda case: _initial(case) and case.institution.kind.capped,
    "some audience closed": lambda case: _not_by_school(case) and spoiling.closed_to(case) is not None,
    "three levels": lambda case: _not_by_school(case) and len(case.institution.levels) > spoiling.GAP[-1],
    "below the cap": lambda case: case.institution.kind.capped and case.kind != "renewal" and not case.dormant,
    "adds while dormant": lambda case: case.dormant and case.kind == "addition",
    # beyond the next cycle's deadline, with assessments in every occupation
    "runs on": lambda case: case.kind == "addition" and case.holding is not None and not case.dormant,
    "may overreach": _may_overreach,
    "several on file": _several_on_file,
    # of several items one may fail
    "asks for several": lambda case: _initial(case) or _several_on_file(case),
}


def _write(cells: list[dict[str, dict[str, str]]], case: Case, setting: Setting, rng: Random) -> None:
    """Write one of the alternatives into the form."""
    for place, values in rng.choice(cells).items():
        row = case.draft.application if place == "application" else case.draft.occupations[-1 if place == "last" else 0]
        for name, text in values.items():
            filled = text.format(row[name], **setting.locality.elsewhere)
            row[name] = re.sub("#+", lambda run: f"{rng.randint(0, 10 ** len(run[0]) - 1):0{len(run[0])}d}", filled)


def _leave(_case: Case, _setting: Setting, _rng: Random) -> None:
    """The form stays as it is."""


def _mishap(fits: str = "any", spoil: str = "", cells: list[Any] | None = None, also: tuple[str, ...] = ()) -> Mishap:
    function = partial(_write, cells) if cells else getattr(spoiling, spoil) if spoil else _leave
    return Mishap(_FITS[fits], function, frozenset(also))


#: By rule, or by the name of a turn.
MISHAPS: dict[str, Mishap] = {name: _mishap(**entry) for name, entry in read("mishaps.toml").items()}


def mishaps_without_rule(policy: Policy) -> set[str]:
    """Mishaps that nothing in a city can bring about, for its policy has no such rule."""
    without = {
        ("CAP-1", "CAP-2", "CONTEST"): not policy.cap.capped,
        ("CAP-2", "CONTEST"): not policy.cap.saturation_counts,
        ("FORM-9",): not policy.regions.area_prefix,
        ("ROUTE-1",): not policy.required.branch,
        ("MAT-2",): not policy.required.every_occupation,
        ("MAT-5", "EVAL-1"): not policy.required.commitment_allowed,
        ("STAFF-1",): not any(policy.staff.values()),
    }
    return {mishap for mishaps, lacking in without.items() if lacking for mishap in mishaps}


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
    turns_taken = [turn for turns, share in parts for turn in _shown(turns, round(share * len(cases)), left_out, first)]
    candidates = {
        name: [case for case in cases if _may_get(case, name)] for name in {scenario.mishap for scenario in turns_taken}
    }
    for name in sorted(candidates):
        rng.shuffle(candidates[name])
    free = set(map(id, cases))
    for scenario in sorted(turns_taken, key=lambda entry: len(candidates[entry.mishap])):
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
    candidates = [turn for turn in turns if turn.mishap not in left_out]
    return list(islice(cycle(candidates), first, first + count))


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
