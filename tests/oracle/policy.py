"""A city's policy (shape 2) as the contract reads it: its calendar, regions, types and levels."""

import re
import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import values
from values import add_months

SHIPPED = (Path(__file__).resolve().parent / "policy.toml").read_text("utf-8")


@dataclass(frozen=True)
class Policy:
    """One policy file, by its text."""

    text: str = SHIPPED

    @cached_property
    def data(self) -> dict[str, Any]:
        return tomllib.loads(self.text)

    def __getitem__(self, part: str) -> Any:
        return self.data[part]

    def article(self, shipped: str) -> str:
        """Where the city's own notice has what an article of the shipped one says (docs/adr/0008-readings.md)."""
        return str(self.data.get("articles", {}).get(shipped, shipped))

    # -- the calendar (contract section 1)

    def cycle_is_readable(self, text: str) -> bool:
        """`YYYY-MM` with a month the policy has."""
        months = "|".join(f"{month:02d}" for month in self["cycle"]["months"])
        return bool(re.fullmatch(rf"20\d\d-({months})", text))

    def deadline(self, cycle: str) -> date:
        """The policy's day of the cycle's month, or the next workday where it rolls."""
        year, month = cycle.split("-")
        last = date(int(year), int(month), int(self["cycle"]["deadline_day"]))
        while self["cycle"]["roll"] == "next_workday" and not values.is_workday(last):
            last = values.day_after(last)
        return last

    def window_opens(self, cycle: str) -> date:
        """The first day of the cycle's window, so many months before the deadline."""
        return add_months(self.deadline(cycle), -int(self["cycle"]["window_months"]))

    def next_cycle(self, cycle: str) -> str:
        months, year, month = self["cycle"]["months"], int(cycle[:4]), int(cycle[5:])
        later = [one for one in months if one > month]
        return f"{year}-{later[0]:02d}" if later else f"{year + 1}-{months[0]:02d}"

    @property
    def wait_days(self) -> int:
        return int(self["evaluation"]["wait_days"])

    @property
    def notice_workdays(self) -> int:
        """How many working days a public notice runs; 0 where there is none."""
        return int(self["publication"]["public_notice_workdays"])

    # -- words

    def enum(self, field: str, text: str) -> str | None:
        """The canonical word of an enumeration; the types of institutions are the policy's."""
        if field != "institution_type":
            return values.enum(field, text)
        titles = {str(kind["title"]): name for name, kind in self["institution"].items()}
        return text if text in self["institution"] else titles.get(text)

    def region_code(self, text: str) -> str | None:
        """The code of a region given by code, name or another name."""
        names: dict[str, list[str]] = self["regions"]["names"]
        return next((code for code, called in names.items() if text in (code, *called)), None)

    # -- levels, from the lowest to the highest

    @cached_property
    def ladder(self) -> list[str]:
        return list(self["levels"])

    def rank(self, level: str) -> int:
        """0 for the lowest level."""
        return self.ladder.index(level)

    def level(self, text: str) -> str | None:
        """One level from its code, title or part of it, `3级`, `三级`; None where the policy names no such level."""
        titles = {part: code for code, title in self["levels"].items() for part in (*title.split("/"), title, code)}
        digit = values.level_digit(text)
        return titles.get(text) or (digit if digit in self.ladder else None)

    def levels(self, text: str) -> frozenset[str] | None:
        """Several levels: `5,4,3`, `五级、四级`, `5-3级`, `初级工/中级工`."""
        found: set[str] = set()
        for part in re.split(r"[,，、/]", text):
            names = values.span_of_levels(part) or [part.strip()]
            read = [self.level(name) for name in names]
            if None in read:
                return None
            found |= {level for level in read if level}
        return frozenset(found)

    # -- what kind of institution a type is

    def types(self, *, programmes: bool = False, capped: bool = False) -> list[str]:
        """Types of institutions: all, those of schools, or those with a cap."""
        every = [name for name, kind in self["institution"].items() if kind.get("programmes") or not programmes]
        return [name for name in every if name in self["cap"]["capped"] or not capped]
