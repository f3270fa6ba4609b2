"""The mishaps of made applications as data: which rule each breaks, whom it fits, the function that spoils a form."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from deployments.sample.cases import Case
from deployments.sample.mishaps import form, in_principle, materials, occupations, staff, terms
from deployments.sample.setting import Setting
from schemas.policy import Policy

Spoil = Callable[[Case, Setting, Random], None]


@dataclass(frozen=True)
class Mishap:
    """Spoils a valid application so that its rule fires, and beside it only those in `also`."""

    fits: Callable[[Case], bool]
    spoil: Spoil
    also: frozenset[str] = frozenset()


def any_case(_: Case) -> bool:
    return True


def initial(case: Case) -> bool:
    return case.kind == "initial"


def by_employer(case: Case) -> bool:
    return initial(case) and case.institution.kind.character == "employer"


def by_neighbouring(case: Case) -> bool:
    return initial(case) and case.institution.kind.neighbour


def by_capped(case: Case) -> bool:
    return initial(case) and case.institution.kind.capped


def by_school(case: Case) -> bool:
    return initial(case) and case.institution.kind.character == "school"


def not_by_school(case: Case) -> bool:
    return initial(case) and case.institution.kind.character != "school"


def by_some_closed(case: Case) -> bool:
    return not_by_school(case) and occupations.closed_to(case) is not None


def not_by_school_of_three(case: Case) -> bool:
    return not_by_school(case) and len(case.institution.levels) > occupations.GAP[-1]


def unspoiled(_case: Case, _setting: Setting, _rng: Random) -> None:
    """The form stays as it is: the mishap comes from outside it (a second form, the register, the panel)."""


_COMMITMENT = frozenset({"MAT-5"})

#: By rule; names that are no rule are turns of a cycle that break none.
MISHAPS: dict[str, Mishap] = {
    "WINDOW-1": Mishap(initial, form.out_of_window),
    "FORM-1": Mishap(any_case, form.blank_field),
    "FORM-2": Mishap(initial, form.mistyped_code),
    "FORM-3": Mishap(initial, form.other_city),
    "FORM-4": Mishap(initial, form.trader),
    "FORM-5": Mishap(any_case, form.uninsured),
    "FORM-6": Mishap(any_case, form.violations),
    "FORM-7": Mishap(any_case, form.short_telephone),
    "FORM-8": Mishap(initial, unspoiled, also=frozenset({"OCC-14"})),  # the later form asks for it again
    "FORM-9": Mishap(initial, form.registered_elsewhere),
    "FORM-10": Mishap(by_employer, form.unreadable),
    "FORM-11": Mishap(any_case, form.telephone_in_address),
    "ROUTE-1": Mishap(any_case, form.branch_without_receipt),
    "OCC-1": Mishap(initial, occupations.none_asked),
    "OCC-2": Mishap(by_employer, occupations.unlisted_code),
    "OCC-3": Mishap(by_neighbouring, occupations.neighbouring),
    "OCC-4": Mishap(initial, occupations.other_name),
    "OCC-5": Mishap(by_employer, occupations.not_a_skill),
    "OCC-6": Mishap(by_employer, occupations.access_whole),
    "OCC-7": Mishap(by_employer, occupations.access_partial),
    "OCC-8": Mishap(initial, occupations.no_levels),
    "OCC-9": Mishap(initial, occupations.asked_twice),
    "OCC-10": Mishap(by_some_closed, occupations.closed_audience),
    "OCC-11": Mishap(by_school, occupations.without_programme),
    "OCC-12": Mishap(by_school, occupations.beyond_programme),
    "OCC-13": Mishap(not_by_school_of_three, occupations.level_skipped),
    "CAP-1": Mishap(in_principle.below_cap, in_principle.beyond_cap),
    "CAP-2": Mishap(by_capped, in_principle.saturated),
    "DORM-1": Mishap(in_principle.adds_while_dormant, unspoiled),
    "DORM-3": Mishap(in_principle.adds_while_dormant, terms.early, also=frozenset({"RENEW-2"})),
    "RENEW-1": Mishap(terms.may_overreach, terms.not_on_file),
    "RENEW-2": Mishap(terms.runs_on, terms.early),
    "STAFF-1": Mishap(any_case, staff.no_supervisor),
    "STAFF-2": Mishap(any_case, staff.mistyped_number),
    "STAFF-3": Mishap(any_case, staff.listed_twice),
    "STAFF-4": Mishap(any_case, staff.two_roles),
    "MAT-1": Mishap(any_case, materials.one_missing),
    "MAT-2": Mishap(any_case, materials.occupation_one_missing),
    "MAT-3": Mishap(any_case, materials.commitment_not_allowed),
    "MAT-4": Mishap(any_case, materials.unfit_file),
    "MAT-5": Mishap(any_case, materials.commitment),
    "EVAL-1": Mishap(any_case, materials.commitment, also=_COMMITMENT),
    "EVAL-2": Mishap(any_case, unspoiled),
    "EVAL-3": Mishap(any_case, unspoiled),
    "EVAL-4": Mishap(any_case, unspoiled),
    "EVAL-6": Mishap(any_case, unspoiled),
    "CONTEST": Mishap(by_capped, in_principle.last_place),
    "LATER": Mishap(by_employer, occupations.later_by_name),
    "NARROWER": Mishap(terms.may_narrow, terms.narrower),
    "FAILED": Mishap(any_case, unspoiled),
    "IN-PART": Mishap(in_principle.asks_several, unspoiled),
}


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
