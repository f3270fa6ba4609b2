"""The circumstances a cycle's applications are made in: calendar, numbers, who holds what, which places are left."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from random import Random

import pandas as pd

from deployments.sample.institutions import Institution
from deployments.sample.locality import Locality, filable_occupations, locality_of
from deployments.sample.material import stream
from schemas import policy as policies
from schemas.law.cycle import CycleId, add_months
from schemas.policy import Policy
from schemas.reference_data import Reference, reference


@dataclass(frozen=True)
class Holding:
    """A qualification on a day: first filing of each (occupation, level), and the last day of its term."""

    items: Mapping[str, Mapping[str, date]]  # occupation code, level, filed on
    valid_until: date

    def filed_on(self, occupation: str) -> date:
        """The earliest filing of an occupation's levels."""
        return min(self.items[occupation].values())


def holdings_on(register: pd.DataFrame, day: date) -> dict[str, Holding]:
    """Credit code to what is valid on a day; the register has uscc, occupation_code, level, filed_on, valid_until."""
    items: dict[str, dict[str, dict[str, date]]] = defaultdict(lambda: defaultdict(dict))
    ends: dict[str, date] = {}
    columns = (register[name] for name in ("uscc", "occupation_code", "level", "filed_on", "valid_until"))
    for uscc, occupation, level, filed_on, valid_until in zip(*columns, strict=True):
        end = date.fromisoformat(valid_until)
        if end < day:
            continue
        items[uscc][occupation][level] = date.fromisoformat(filed_on)
        ends[uscc] = max(end, ends.get(uscc, end))
    return {uscc: Holding(items[uscc], ends[uscc]) for uscc in items}


def is_dormant(holding: Holding, cycle: CycleId, policy: Policy) -> bool:
    """Whether a holder that never holds an assessment has an occupation past its grace on the deadline (DORM-1)."""
    if cycle < policy.dormancy.first_cycle:
        return False
    grace = policy.dormancy.grace_months
    return any(add_months(holding.filed_on(item), grace) <= policy.deadline(cycle) for item in holding.items)


def cycle_before(cycle: CycleId, steps: int, policy: Policy) -> CycleId:
    """The cycle so many cycles earlier."""
    for _ in range(steps):
        cycle = policy.last_cycle_on(policy.deadline(cycle) - timedelta(days=1))
    return cycle


def cycles_in_term(policy: Policy) -> int:
    """How many cycles a term spans: six when it is three years with two cycles each."""
    return policy.validity.months * len(policy.cycle.months) // 12


class Market:
    """Who holds which occupation on the deadline, and what has been promised to applicants of this cycle."""

    def __init__(
        self, holdings: Mapping[str, Holding], counted: Iterable[str], saturation: int, offered: Sequence[str]
    ) -> None:
        """`counted`: credit codes of the institutions that count; `offered`: every occupation that may be asked for."""
        self._holders: dict[str, dict[str, date]] = {}
        self._saturation = saturation
        self._offered = offered
        self._promised: Counter[str] = Counter()
        for uscc in counted:
            for occupation in holdings[uscc].items if uscc in holdings else ():
                self._holders.setdefault(occupation, {})[uscc] = holdings[uscc].valid_until

    def places(self, occupation: str, uscc: str) -> int:
        """Places left for an applicant; itself does not count."""
        others = self._holders.get(occupation, {}).keys() - {uscc}
        return self._saturation - len(others) - self._promised[occupation]

    def take(self, preferred: Sequence[str], uscc: str, barred: Iterable[str], rng: Random) -> str | None:
        """An occupation with a place left, preferred ones first, promised to the applicant; None when there is none."""
        refused = set(barred)
        for occupation in (*rng.sample(preferred, len(preferred)), *self._offered):
            if occupation not in refused and self.places(occupation, uscc) > 0:
                self.promise(occupation)
                return occupation
        return None

    def promise(self, occupation: str) -> None:
        """Keep a place of an occupation for somebody."""
        self._promised[occupation] += 1

    def saturated(self) -> list[str]:
        """Occupations whose places were full before the cycle, in code order."""
        return sorted(code for code, holders in self._holders.items() if len(holders) >= self._saturation)

    def reserve_contested(self, count: int, until: date) -> list[str]:
        """Up to so many occupations with one place left whose holders stay beyond a day; nobody else gets the place."""
        contested = [
            code
            for code in sorted(self._holders)
            if self.places(code, "") == 1 and min(self._holders[code].values()) > until
        ][:count]
        self._promised.update(contested)
        return contested


@dataclass(frozen=True, eq=False)
class Setting:
    """What an application of one cycle depends on beside its institution."""

    seed: int
    cycle: CycleId
    policy: Policy
    reference: Reference
    holdings: Mapping[str, Holding]
    market: Market
    locality: Locality

    @cached_property
    def deadline(self) -> date:
        return self.policy.deadline(self.cycle)

    @cached_property
    def window(self) -> tuple[datetime, datetime]:
        return self.policy.window(self.cycle)

    @cached_property
    def occupation_names(self) -> dict[str, str]:
        return self.reference.occupation_names()

    def stream(self, *subject: object) -> Random:
        """Chance for a subject within this cycle."""
        return stream(self.seed, self.cycle, *subject)


def setting_for(seed: int, cycle: CycleId, register: pd.DataFrame, everyone: Sequence[Institution]) -> Setting:
    """The setting of a cycle that begins with a register; `everyone` who may stand on it."""
    policy = policies.for_cycle(cycle)
    holdings = holdings_on(register, policy.deadline(cycle))
    counted = [
        institution.uscc for institution in everyone if institution.institution_type in policy.cap.saturation_counts
    ]
    market = Market(holdings, counted, policy.cap.saturation, filable_occupations(policy, reference()))
    return Setting(seed, cycle, policy, reference(), holdings, market, locality_of(policy))
