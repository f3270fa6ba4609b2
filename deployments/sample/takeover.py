"""The register a centre takes over before its first run, as earlier cycles left it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random

import pandas as pd

from deployments.sample import wishes
from deployments.sample.institutions import Institution, Population, make_institution
from deployments.sample.locality import Kind, Locality, filable_occupations, locality_of
from deployments.sample.material import WORK_TYPES, frame, stream
from deployments.sample.setting import Market, cycle_before, cycles_in_term
from schemas import policy as policies
from schemas.law.cycle import CycleId, add_months
from schemas.law.terms import last_day
from schemas.policy import Policy
from schemas.reference_data import reference
from schemas.submission import REGISTER

#: What an applicant brings from earlier cycles, by its number: nothing, or a term that runs, ends, has ended.
_NEW, _RUNNING, _ENDING, _ENDED = "new", "running", "ending", "ended"
_STANDINGS = (
    *(_NEW, _RUNNING, _NEW, _ENDING, _NEW, _NEW, _ENDING, _NEW, _RUNNING, _NEW),
    *(_NEW, _ENDING, _NEW, _ENDED, _NEW, _RUNNING, _NEW, _ENDING, _NEW, _RUNNING),
)
_APPLICANTS_PER_NEIGHBOUR = 8
_FULL_OCCUPATIONS = 3  # as many holders as the policy lets in
_HALF_FULL_OCCUPATIONS = 4  # one holder fewer: a place is left
_FEW_DAYS_LEFT = 20
_LONG_ENDED = 100
_UNCODED_CYCLES = 1  # the province has not yet given codes to those filed in the last cycle


#: An occupation, its levels, the day they were filed.
Granted = tuple[str, tuple[str, ...], date]


@dataclass(frozen=True, eq=False)
class Takeover:
    """The register, and the institutions on it that do not apply now."""

    register: pd.DataFrame
    neighbours: tuple[Institution, ...]


@dataclass(frozen=True)
class _Neighbour:
    """An institution to make that does not apply now; without occupations it gets those of its trade."""

    kind: Kind
    filed_on: date
    occupations: tuple[str, ...] = ()
    sleeps: bool = False


@dataclass(frozen=True)
class _Grant:
    """A qualification to write into the register: occupations with their levels and filing days."""

    institution: Institution
    items: tuple[Granted, ...]
    valid_until: date
    coded: bool


def take_over(population: Population, cycle: CycleId, policy: Policy) -> Takeover:
    """The register before a cycle whose applicants are the population; each eighth institution on it does not apply."""
    offered = filable_occupations(policy, reference())
    market = Market({}, (), policy.cap.saturation, offered)
    locality = locality_of(policy)
    grants = _neighbours(population, cycle, policy, market, locality)
    for institution in population.institutions:
        standing = _STANDINGS[institution.number % len(_STANDINGS)]
        if standing != _NEW:
            grants.append(_granted(institution, standing, cycle, market, population.seed))
    applicants = len(population.institutions)
    return Takeover(
        _register(grants, policy), tuple(g.institution for g in grants if g.institution.number >= applicants)
    )


def _granted(institution: Institution, standing: str, cycle: CycleId, market: Market, seed: int) -> _Grant:
    """What an applicant was granted, at a time that fits its standing."""
    policy = policies.for_cycle(cycle)
    rng = stream(seed, cycle, institution.uscc, "takeover")
    term = cycles_in_term(policy)
    steps = {_RUNNING: rng.randint(2, term - 1), _ENDING: term, _ENDED: term + 1}[standing]
    filed_on = _filing_day(cycle, steps, policy, rng)
    if standing == _ENDING and institution.number % 11 == 0:  # decided only after the old end
        filed_on = _filed_to_end(cycle, policy, _FEW_DAYS_LEFT)
    items = [(w.code, w.levels, filed_on) for w in wishes.first(institution, policy, market, rng, modest=True)]
    if len(items) > 1 and standing == _RUNNING:
        code, levels, _ = items[-1]
        items[-1] = (code, levels, _filing_day(cycle, rng.randint(1, steps - 1), policy, rng))
    return _Grant(institution, tuple(items), last_day(filed_on, policy.validity.months), steps > _UNCODED_CYCLES)


def _filing_day(cycle: CycleId, steps: int, policy: Policy, rng: Random) -> date:
    """A day on which an earlier cycle was decided: some time after its wait for results was over."""
    deadline = policy.deadline(cycle_before(cycle, steps, policy))
    return deadline + timedelta(days=policy.evaluation.wait_days + rng.randint(5, 30))


def _neighbours(
    population: Population, cycle: CycleId, policy: Policy, market: Market, locality: Locality
) -> list[_Grant]:
    """Grants of institutions that do not apply now."""
    applicants = len(population.institutions)
    names = {institution.name for institution in population.institutions}
    rng = stream(population.seed, cycle, "neighbours")
    grants = []
    for place, neighbour in enumerate(_neighbourhood(applicants, cycle, policy, locality, rng)):
        made = make_institution(population.seed, applicants + place, neighbour.kind, locality, names)
        institution = replace(made, sleeps=neighbour.sleeps)
        for code in neighbour.occupations:
            market.promise(code)
        wished = wishes.first(institution, policy, market, rng, modest=True) if not neighbour.occupations else []
        items: list[Granted] = [(code, institution.levels[:3], neighbour.filed_on) for code in neighbour.occupations]
        items += [(wish.code, wish.levels, neighbour.filed_on) for wish in wished]
        valid_until = last_day(neighbour.filed_on, policy.validity.months)
        grants.append(_Grant(institution, tuple(items), valid_until, coded=True))
    return grants


def _neighbourhood(
    applicants: int, cycle: CycleId, policy: Policy, locality: Locality, rng: Random
) -> list[_Neighbour]:
    """Holders of full and of half-full occupations, ended, ending and dormant ones, and ordinary ones."""
    recent, employer = _filing_day(cycle, 3, policy, rng), locality.of_character("employer")[0]
    special = [
        *_competitors(policy, locality, recent),
        _Neighbour(employer, _filed_to_end(cycle, policy, _FEW_DAYS_LEFT)),
        _Neighbour(employer, _filed_to_end(cycle, policy, 0)),
        _Neighbour(employer, _filed_to_end(cycle, policy, -_LONG_ENDED)),
        _Neighbour(locality.of_character("school")[0], recent, sleeps=True),
    ]
    ordinary = max(1, applicants // _APPLICANTS_PER_NEIGHBOUR - len(special))
    return special + [_Neighbour(employer, _filing_day(cycle, rng.randint(1, 5), policy, rng)) for _ in range(ordinary)]


def _competitors(policy: Policy, locality: Locality, recent: date) -> list[_Neighbour]:
    """Holders of occupations of which no place is left, and of others of which one is; none without a cap."""
    kinds = [kind for kind in locality.kinds.values() if kind.capped and kind.name in policy.cap.saturation_counts]
    if not kinds:
        return []
    public = tuple(trade.occupations[0] for trade in kinds[0].trades)
    full, half_full = public[:_FULL_OCCUPATIONS], public[_FULL_OCCUPATIONS:][:_HALF_FULL_OCCUPATIONS]
    return [
        *[_Neighbour(kinds[0], recent, full)] * policy.cap.saturation,
        *[_Neighbour(kinds[0], recent, half_full)] * (policy.cap.saturation - 1),
    ]


def _filed_to_end(cycle: CycleId, policy: Policy, days: int) -> date:
    """The filing day of a term that ends so many days after the deadline."""
    return add_months(policy.deadline(cycle) + timedelta(days=days + 1), -policy.validity.months)


def _code(institution: Institution, order: int, policy: Policy) -> str:
    """A code like those the province gives; none where the policy's pattern is another one."""
    letter = "S" if institution.kind.character == "provider" else "Y"
    code = f"{letter}0000{policy.regions.area_prefix}{order:04d}"
    return code if re.fullmatch(policy.province.institution_code, code) else ""


def _register(grants: Sequence[_Grant], policy: Policy) -> pd.DataFrame:
    """The grants as rows of 备案名册, by credit code, occupation and level."""
    rows = []
    for order, grant in enumerate(sorted(grants, key=lambda g: (min(i[2] for i in g.items), g.institution.uscc)), 1):
        shared = {
            "uscc": grant.institution.uscc,
            "institution_name": grant.institution.name,
            "institution_type": grant.institution.institution_type,
            "region_code": grant.institution.region_code,
            "registered_address": grant.institution.address,
            "audience": ";".join(policy.institution[grant.institution.institution_type].audiences),
            "valid_until": grant.valid_until.isoformat(),
            "institution_code": _code(grant.institution, order, policy) if grant.coded else "",
        }
        for code, levels, filed_on in grant.items:
            rows += [
                {
                    **shared,
                    "occupation_code": code,
                    "work_type": WORK_TYPES.get(code, ""),
                    "level": level,
                    "filed_on": filed_on.isoformat(),
                }
                for level in levels
            ]
    return frame(REGISTER, sorted(rows, key=lambda row: (row["uscc"], row["occupation_code"], row["level"])))
