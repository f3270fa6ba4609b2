"""What institutions hold on a day, read from a register, and the cycles before a cycle."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from schemas.law.cycle import CycleId, add_months
from schemas.policy import Policy


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
