"""The facts beside the input: the policy in force, the rule table and the dated reference lists."""

import csv
import re
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path

from policy import Policy

_HERE = Path(__file__).resolve().parent
_SHIPPED = _HERE.parent.parent / "schemas" / "reference"

Row = dict[str, str]
Tables = dict[str, list[Row]]


def read_csv(path: Path) -> list[Row]:
    """Rows of a UTF-8 CSV (with or without BOM) as dicts of stripped text; a missing cell is an empty text."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [{key: (value or "").strip() for key, value in row.items()} for row in csv.DictReader(file)]


@dataclass(frozen=True)
class LaterOccupation:
    """An occupation published after the Dictionary; `code` is empty where the Dictionary has none for it."""

    name: str
    code: str
    published_on: date


@dataclass
class Access:
    """An entry of the access-type list: whether it covers the whole occupation, else the work types it names."""

    whole: bool = False
    partial: bool = False
    work_types: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Facts:
    """Everything that holds for one cycle, as plain dicts (contract: numbers come from the policy in force)."""

    cycle: str
    policy: Policy
    dictionary: dict[str, str]  # code -> name
    later: tuple[LaterOccupation, ...]
    access: dict[str, Access]  # code -> entry, of the list in force on the deadline

    @property
    def deadline(self) -> date:
        return self.policy.deadline(self.cycle)

    def later_without_code(self, name: str) -> LaterOccupation | None:
        """The later occupation of that name that the Dictionary gives no code, if there is one."""
        return next((entry for entry in self.later if entry.name == name and not entry.code), None)

    def later_with_code(self, code: str) -> LaterOccupation | None:
        """The later occupation of that code that the Dictionary does not hold, if there is one."""
        if code in self.dictionary:
            return None
        return next((entry for entry in self.later if code and entry.code == code), None)


@cache
def rules() -> dict[str, Row]:
    """Rule code to its row of the rule table (nature, article, table)."""
    return {row["code"]: row for row in read_csv(_HERE / "rules.csv")}


@cache
def _shipped(name: str) -> list[Row]:
    return read_csv(_SHIPPED / name)


def governing(policies: tuple[Policy, ...], cycle: str) -> Policy:
    """The policy in force on the cycle's deadline, reckoned with that policy's own months and day."""
    able = [policy for policy in policies if policy.cycle_is_readable(cycle)]
    return max((policy for policy in able if policy["in_force_from"] <= policy.deadline(cycle)),
               key=lambda policy: policy["in_force_from"])  # fmt: skip


@cache
def facts(cycle: str, reference: Path | None = None, policies: tuple[Policy, ...] = (Policy(),)) -> Facts:
    """The facts of a cycle `YYYY-MM`; `reference` is the folder of later lists that FILING_REFERENCE names."""
    policy = governing(policies, cycle)
    later = [*_shipped("new_occupations.csv")]
    lists = [(date.min, _shipped("access_qualifications_2021.csv"))]
    for path in sorted(reference.glob("*.csv")) if reference else ():
        if path.name.startswith("new_occupations"):
            later += read_csv(path)
        if path.name.startswith("access_qualifications_"):
            rows = read_csv(path)
            lists.append((date.fromisoformat(rows[0]["in_force_from"]), rows))
    # a later list replaces the former whole
    in_force = max((entry for entry in lists if entry[0] <= policy.deadline(cycle)), key=lambda entry: entry[0])
    return Facts(
        cycle=cycle,
        policy=policy,
        dictionary={row["code"]: row["name"] for row in _shipped("occupations_2022.csv")},
        later=tuple(
            LaterOccupation(row["name"], row["code_2022"], date.fromisoformat(row["published_on"])) for row in later
        ),
        access=_access(in_force[1]),
    )


def _access(rows: list[Row]) -> dict[str, Access]:
    access: dict[str, Access] = {}
    for row in rows:
        if row["code_2022"]:
            entry = access.setdefault(row["code_2022"], Access())
            entry.whole |= row["coverage"] == "whole"
            if row["coverage"] == "partial":
                entry.partial = True
                entry.work_types |= set(work_types_named(row["qualification"]))
    return access


def work_types_named(qualification: str) -> list[str]:
    """The names an entry covers: split at 、; of X（a、b） a and b (contract section 5, OCC-6)."""
    inside = re.fullmatch(r"[^（(]*[（(](.*)[）)]", qualification)
    return [name for name in (inside[1] if inside else qualification).split("、") if name]
