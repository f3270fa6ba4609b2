"""A made sample cycle for demonstrations, tests and simulations, data and files."""

from deployments.sample.cycle import SampleCycle, hand_in_day, later_cycle, make_cycle
from deployments.sample.institutions import Population, make_population
from deployments.sample.writing import (
    write_corrections,
    write_csv,
    write_decisions,
    write_inbox,
    write_json,
    write_results,
)

__all__ = [
    "Population",
    "SampleCycle",
    "hand_in_day",
    "later_cycle",
    "make_cycle",
    "make_population",
    "write_corrections",
    "write_csv",
    "write_decisions",
    "write_inbox",
    "write_json",
    "write_results",
]
