"""One application as the rules see it: its rows, its read values, its requested occupations; no rules here."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

import values
from facts import Facts, Row, Tables


class Finding(NamedTuple):
    """A rule that one row does not meet; `row` is 0 for what is not there."""

    application_no: str
    rule: str
    table: str
    row: int
    field: str
    value: str = ""


class Item(NamedTuple):
    """(occupation, level) within one application."""

    occupation: str
    level: str


@dataclass(frozen=True)
class Requested:
    """One row of `occupations`: its number, its cells, and how the contract reads them."""

    row: int
    cells: Row
    state: str  # "listed", "later", "neighbour", "unlisted", or "unknown" where a needed value is missing
    occupation: str  # the code it is treated as, also one in no list; empty when none is given
    levels: frozenset[str] | None  # None when blank or unreadable
    audience: str | None

    def items(self) -> Iterator[Item]:
        """Items of the row; none without a readable occupation and levels (contract section 5)."""
        if self.occupation and self.levels:
            for one in sorted(self.levels):
                yield Item(self.occupation, one)


class Filing:
    """One application: row dicts by table, values read once."""

    def __init__(self, form: Row, tables: Tables, facts: Facts) -> None:
        self.no = form["application_no"]
        self.form = form
        self.rows = {
            name: rows_of(tables, name, self.no) for name in ("occupations", "staff", "materials", "programmes")
        }
        self.uscc = form.get("uscc", "")
        self.type = self._enum("institution_type")
        self.kind = self._enum("kind")
        self.affiliation = self._enum("affiliation")
        self.submitted_at: datetime | None = values.instant(form.get("submitted_at", ""))
        self.requested = [self._read(number, row, facts) for number, row in enumerate(self.rows["occupations"], 1)]

    def _enum(self, field: str) -> str | None:
        return values.enum(field, self.form.get(field, ""))

    def submission_day(self) -> date | None:
        return values.shanghai_day(self.submitted_at) if self.submitted_at else None

    def items(self) -> list[Item]:
        """Distinct items of the application, sorted."""
        return sorted({item for row in self.requested for item in row.items()})

    def occupations(self) -> set[str]:
        """Distinct occupations requested."""
        return {row.occupation for row in self.requested if row.occupation}

    def commitments(self) -> list[Row]:
        return [row for row in self.rows["materials"] if values.enum("form", row.get("form", "")) == "commitment"]

    def _read(self, number: int, row: Row, facts: Facts) -> Requested:
        code = row.get("occupation_code", "")
        state = self._state(row, facts)
        occupation = row.get("neighbour_code", "") if state == "neighbour" else code
        levels = values.levels(row["levels"]) if row.get("levels") else None
        return Requested(number, row, state, occupation, levels, values.enum("audience", row.get("audience", "")))

    def _state(self, row: Row, facts: Facts) -> str:
        """How the row's occupation is recognised (rules OCC-2 and OCC-3)."""
        if row.get("occupation_code", "") in facts.dictionary:
            return "listed"
        later = facts.later_without_code(row.get("occupation_name", ""))
        if later:
            submitted_on = self.submission_day()
            if submitted_on is None:
                return "unknown"
            if later.published_on <= submitted_on:
                return "later"
        if row.get("neighbour_code", "") in facts.dictionary:
            if self.type is None:
                return "unknown"
            if self.type == "enterprise":
                return "neighbour"
        return "unlisted"


def rows_of(tables: Tables, table: str, application_no: str) -> list[Row]:
    """The application's part of a table, in input order."""
    return [row for row in tables.get(table, []) if row.get("application_no", "") == application_no]
