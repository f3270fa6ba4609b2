"""The numbers and lists of the notice, read from policy files; judging with them does not belong here.

Source: `schemas/policies/*.toml`. A policy holds from its `in_force_from`; a later file replaces it for later cycles.
"""

import tomllib
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from schemas.cycle import CycleId, cycle_before_or_on, deadline_day, window


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CycleNumbers(_Part):
    months: list[int]
    deadline_day: int
    window_months: int
    roll: Literal["none", "next_workday"]


class Correction(_Part):
    workdays: int


class Evaluation(_Part):
    panel_size: int
    pass_mark: float
    wait_days: int


class Publication(_Part):
    public_notice_workdays: int
    max_drop_share: float


class Validity(_Part):
    months: int
    reminder_days: list[int]


class Dormancy(_Part):
    first_cycle: str
    grace_months: int


class Cap(_Part):
    occupations: int
    saturation: int
    saturation_counts: list[str]


class Inspection(_Part):
    share: float
    inspectors_per_visit: int


class Regions(_Part):
    codes: list[str]
    area_prefix: str


class Occupations(_Part):
    skill_classes: list[int]
    skill_yes: list[str]
    skill_no: list[str]


class InstitutionType(_Part):
    title: str
    credit_code_prefixes: list[str]
    audiences: list[str]
    levels: list[str]


class Attachments(_Part):
    max_bytes: int
    types: list[str]


class Materials(_Part):
    every_institution: list[str]
    every_occupation: list[str]
    enterprise: list[str]
    technical_school: list[str]
    social_organisation: list[str]
    branch: list[str]
    commitment_allowed: list[str]

    def of_institution(self, institution_type: str) -> list[str]:
        """Institution-level materials a type must hand in (Notice, article 2(1) to 2(5))."""
        own: list[str] = getattr(self, institution_type)
        return [*self.every_institution, *own]


class Policy(_Part):
    name: str
    title: str
    document: str
    in_force_from: date
    timezone: str
    cycle: CycleNumbers
    correction: Correction
    evaluation: Evaluation
    publication: Publication
    validity: Validity
    dormancy: Dormancy
    cap: Cap
    inspection: Inspection
    regions: Regions
    occupations: Occupations
    institution: dict[str, InstitutionType] = Field(min_length=1)
    staff: dict[str, int]
    attachments: Attachments
    materials: Materials

    def deadline(self, cycle: CycleId) -> date:
        """The cycle's last day, rolled to the next working day where the policy says so (Notice, article 3(1))."""
        day = deadline_day(cycle, self.cycle.deadline_day)
        if self.cycle.roll == "none":
            return day
        from schemas.workdays import next_workday  # noqa: PLC0415  the calendar is read only by policies that roll

        return next_workday(day)

    def window(self, cycle: CycleId) -> tuple[datetime, datetime]:
        """Both ends of the cycle's window, each included."""
        return window(self.deadline(cycle), self.cycle.window_months, self.timezone)

    def cycle_on(self, day: date) -> CycleId:
        """The cycle whose window opened last on or before a day (Notice, article 3(1))."""
        cycles = [
            CycleId(f"{year:04d}-{month:02d}")
            for year in (day.year - 1, day.year, day.year + 1)
            for month in self.cycle.months
        ]
        return max(cycle for cycle in cycles if self.window(cycle)[0].date() <= day)

    def last_cycle_on(self, day: date) -> CycleId:
        """The last cycle whose deadline is on or before a day."""
        return cycle_before_or_on(day, self.cycle.months, self.cycle.deadline_day)


@cache
def shipped() -> tuple[Policy, ...]:
    """Every policy in the package, oldest first."""
    folder = files("schemas") / "policies"
    texts = (entry.read_text("utf-8") for entry in folder.iterdir() if entry.name.endswith(".toml"))
    return tuple(sorted((Policy.model_validate(tomllib.loads(text)) for text in texts), key=lambda p: p.in_force_from))


def in_force(day: date) -> Policy:
    """The policy in force on a day; before the first one, the first."""
    policies = shipped()
    return next((policy for policy in reversed(policies) if policy.in_force_from <= day), policies[0])


def for_cycle(cycle: CycleId) -> Policy:
    """The policy in force on the cycle's deadline."""
    return in_force(deadline_day(cycle, shipped()[0].cycle.deadline_day))
