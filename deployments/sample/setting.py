"""The circumstances a cycle's applications are made in: calendar, numbers, who holds what."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from random import Random

import pandas as pd

from deployments.sample.holdings import Holding, holdings_on
from deployments.sample.institutions import Institution
from deployments.sample.locality import Locality, locality_of
from deployments.sample.market import Market, filable_occupations
from deployments.sample.material import stream
from schemas import policy as policies
from schemas.law.cycle import CycleId
from schemas.policy import Policy
from schemas.reference_data import Reference, reference


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
