"""The facts beside the input: the policy (shape 2), the rule table and the dated reference lists."""

import csv
import re
import tomllib
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from values import add_months

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

    policy: dict[str, Any]
    dictionary: dict[str, str]  # code -> name
    later: tuple[LaterOccupation, ...]
    access: dict[str, Access]  # code -> entry, of the list in force on the deadline

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
def policy() -> dict[str, Any]:
    """The one policy of the shipped city, in force since 2021."""
    read = tomllib.loads((_HERE / "policy.toml").read_text("utf-8"))
    if read["cycle"]["roll"] != "none":
        raise ValueError("the oracle reads only policies that do not roll the deadline")
    return read


def cycle_is_readable(text: str) -> bool:
    """`YYYY-MM` with a month the policy has."""
    months = "|".join(f"{month:02d}" for month in policy()["cycle"]["months"])
    return bool(re.fullmatch(rf"20\d\d-({months})", text))


def deadline(cycle: str) -> date:
    """The cycle's deadline: the policy's day of its month (contract section 1)."""
    year, month = cycle.split("-")
    return date(int(year), int(month), int(policy()["cycle"]["deadline_day"]))


def window_opens(cycle: str) -> date:
    """The first day of the cycle's window."""
    return add_months(deadline(cycle), -int(policy()["cycle"]["window_months"]))


@cache
def facts(cycle: str, reference: Path | None = None) -> Facts:
    """The facts of a cycle `YYYY-MM`; `reference` is the folder of later lists that FILING_REFERENCE names."""
    later = read_csv(_SHIPPED / "new_occupations.csv")
    lists = [(date.min, read_csv(_SHIPPED / "access_qualifications_2021.csv"))]
    for path in sorted(reference.glob("*.csv")) if reference else ():
        if path.name.startswith("new_occupations"):
            later += read_csv(path)
        if path.name.startswith("access_qualifications_"):
            rows = read_csv(path)
            lists.append((date.fromisoformat(rows[0]["in_force_from"]), rows))
    # a later list replaces the former whole
    in_force = max((entry for entry in lists if entry[0] <= deadline(cycle)), key=lambda entry: entry[0])
    return Facts(
        policy=policy(),
        dictionary={row["code"]: row["name"] for row in read_csv(_SHIPPED / "occupations_2022.csv")},
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


def known_materials() -> set[str]:
    """Every material the policy names."""
    return set(policy()["materials"])


def region_code(text: str) -> str | None:
    """The code of a region given by code, name or another name of the policy."""
    names: dict[str, list[str]] = policy()["regions"]["names"]
    return next((code for code, called in names.items() if text in (code, *called)), None)
