"""The mishaps of made applications: which rule each breaks, whom it fits and what it does to a form, from `mishaps.toml`."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Any

from deployments.sample import spoiling
from deployments.sample.cases import Case
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
