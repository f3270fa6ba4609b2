"""The circumstances a cycle's applications are made in: calendar, numbers, who holds what; no data are made here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from random import Random

from deployments.sample.holdings import Holding
from deployments.sample.market import Market
from deployments.sample.streams import stream
from schemas.cycle import CycleId
from schemas.policy import Policy
from schemas.reference_data import Reference


@dataclass(frozen=True, eq=False)
class Setting:
    """What an application of one cycle depends on beside its institution."""

    seed: int
    cycle: CycleId
    policy: Policy
    reference: Reference
    holdings: Mapping[str, Holding]
    market: Market
    contested: list[str] = field(default_factory=list)

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
