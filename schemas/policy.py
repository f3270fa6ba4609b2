"""The numbers and lists of the notice, read from policy files; judging with them does not belong here.

Source: `schemas/policies/*.toml`. A policy holds from its `in_force_from`; a later file replaces it for later cycles.
To change a number, copy the newest file into the folder FILING_POLICIES names, change it there, and say from when.
"""

import tomllib
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from schemas.law.cycle import CycleId, cycle_before_or_on, deadline_day, window
from schemas.settings import settings


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
    public_notice_workdays: int = Field(ge=0)
    max_drop_share: float = Field(ge=0, le=1)


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
        from schemas.law.workdays import next_workday  # noqa: PLC0415  the calendar is read only by policies that roll

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


class UnusablePolicyError(ValueError):
    """A policy file that cannot be read: one sentence naming file and field."""


def known() -> tuple[Policy, ...]:
    """Every policy there is, oldest first: those in the package, then those in the folder FILING_POLICIES names.

    Of two policies in force from the same day the folder's counts. Raises UnusablePolicyError.
    """
    own = settings().policies
    return _merged(own.expanduser().resolve() if own else None)


@cache
def _merged(folder: Path | None) -> tuple[Policy, ...]:
    if folder is not None and not folder.is_dir():
        raise UnusablePolicyError(
            f"FILING_POLICIES names {folder}, which is no folder: give the folder of policy files"
        )
    read = [*shipped(), *(_read(entry.name, entry) for entry in _files(folder))] if folder else shipped()
    return tuple(sorted(read, key=lambda policy: policy.in_force_from))


@cache
def shipped() -> tuple[Policy, ...]:
    """Every policy in the package, oldest first."""
    policies = (_read(entry.name, entry) for entry in _files(files("schemas") / "policies"))
    return tuple(sorted(policies, key=lambda policy: policy.in_force_from))


def _files(folder: Traversable) -> list[Traversable]:
    return sorted((entry for entry in folder.iterdir() if entry.name.endswith(".toml")), key=lambda entry: entry.name)


def _read(name: str, entry: Traversable) -> Policy:
    try:
        return Policy.model_validate(tomllib.loads(entry.read_text("utf-8")))
    except ValidationError as wrong:
        first = wrong.errors()[0]
        field = ".".join(map(str, first["loc"]))
        raise UnusablePolicyError(f"policy file {name}: {field}: {first['msg']}; mend the file") from wrong
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as wrong:
        raise UnusablePolicyError(f"policy file {name} cannot be read: {wrong}; mend the file") from wrong


def in_force(day: date) -> Policy:
    """The policy in force on a day; before the first one, the first."""
    policies = known()
    return next((policy for policy in reversed(policies) if policy.in_force_from <= day), policies[0])


def for_cycle(cycle: CycleId) -> Policy:
    """The policy in force on the cycle's deadline."""
    return in_force(deadline_day(cycle, shipped()[0].cycle.deadline_day))
