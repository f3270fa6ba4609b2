"""What the oracle knows beside the input: policy, rule table, shipped reference lists; no judging here."""

import csv
import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

_HERE = Path(__file__).resolve().parent
_SCHEMAS = _HERE.parent.parent / "schemas"

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


@dataclass(frozen=True)
class Facts:
    """Everything that holds for one cycle, as plain dicts (contract: numbers come from the policy in force)."""

    policy: dict[str, Any]
    dictionary: dict[str, str]  # code -> name
    later: tuple[LaterOccupation, ...]
    access: dict[str, frozenset[str]]  # code -> {"whole", "partial"}

    def later_without_code(self, name: str) -> LaterOccupation | None:
        """The later occupation of that name that the Dictionary gives no code, if there is one."""
        return next((entry for entry in self.later if entry.name == name and not entry.code), None)


@cache
def rules() -> dict[str, Row]:
    """Rule code to its row of the rule table (nature, article, table)."""
    return {row["code"]: row for row in read_csv(_HERE / "rules.csv")}


def _policy(cycle: str) -> dict[str, Any]:
    policies = [tomllib.loads(path.read_text("utf-8")) for path in sorted((_SCHEMAS / "policies").glob("*.toml"))]
    policies.sort(key=lambda policy: policy["in_force_from"])
    in_force = policies[0]
    for policy in policies:
        if policy["in_force_from"] <= deadline(policy, cycle):
            in_force = policy
    return in_force


def deadline(policy: dict[str, Any], cycle: str) -> date:
    """The cycle's deadline: day 10 (by the policy) of its month (contract section 1)."""
    if policy["cycle"]["roll"] != "none":
        raise ValueError("the oracle reads only policies that do not roll the deadline")
    year, month = cycle.split("-")
    return date(int(year), int(month), int(policy["cycle"]["deadline_day"]))


@cache
def facts(cycle: str) -> Facts:
    """The facts of a cycle `YYYY-MM`, read from the shipped policy and reference files."""
    reference = _SCHEMAS / "reference"
    access: dict[str, set[str]] = {}
    for row in read_csv(reference / "access_qualifications_2021.csv"):
        if row["code_2022"]:
            access.setdefault(row["code_2022"], set()).add(row["coverage"])
    return Facts(
        policy=_policy(cycle),
        dictionary={row["code"]: row["name"] for row in read_csv(reference / "occupations_2022.csv")},
        later=tuple(
            LaterOccupation(row["name"], row["code_2022"], date.fromisoformat(row["published_on"]))
            for row in read_csv(reference / "new_occupations.csv")
        ),
        access={code: frozenset(coverage) for code, coverage in access.items()},
    )
