"""One version of an application as the rules see it: its rows, its values, its requested occupations."""

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
    """(occupation, work type, level) within one application; a blank work type is the occupation as a whole."""

    occupation: str
    work_type: str
    level: str


class Trade(NamedTuple):
    """What dormancy and the directory go by: an occupation and a work type of it."""

    occupation: str
    work_type: str


@dataclass(frozen=True)
class Requested:
    """One row of `occupations`: its number, its cells, and how the contract reads them."""

    row: int
    cells: Row
    state: str  # "listed", "later", "neighbour", "unlisted", or "unknown" where a needed value is missing
    occupation: str  # the code its items carry, also one in no list; empty when none is given
    name: str  # the name the lists give that code on the submission day; empty when they give none
    levels: frozenset[str] | None  # None when blank or unreadable
    audience: str | None

    @property
    def work_type(self) -> str:
        return self.cells.get("work_type", "")

    def items(self) -> Iterator[Item]:
        """Items of the row; none without a readable occupation and levels (contract section 5)."""
        if self.occupation and self.levels:
            for one in sorted(self.levels):
                yield Item(self.occupation, self.work_type, one)


class Filing:
    """One version of one application: row dicts by table, values read once."""

    def __init__(self, form: Row, tables: Tables, facts: Facts) -> None:
        self.no = form["application_no"]
        self.form, self.policy = form, facts.policy
        self.rows = {
            name: rows_of(tables, name, self.no) for name in ("occupations", "staff", "materials", "programmes")
        }
        self.uscc = self.stated = form.get("uscc", "")  # the former follows its institution into another
        self.type = self._enum("institution_type")
        self.kind = self._enum("kind")
        self.affiliation = self._enum("affiliation")
        self.region = self.policy.region_code(form.get("region_code", ""))
        self.withdrawn = values.boolean(form.get("withdrawn", "")) is True
        self.submitted_at: datetime | None = values.instant(form.get("submitted_at", ""))
        self.requested = [self._read(number, row, facts) for number, row in enumerate(self.rows["occupations"], 1)]

    def _enum(self, field: str) -> str | None:
        return self.policy.enum(field, self.form.get(field, ""))

    def submission_day(self) -> date | None:
        return values.shanghai_day(self.submitted_at) if self.submitted_at else None

    def items(self) -> list[Item]:
        """Distinct items of the application, sorted."""
        return sorted({item for row in self.requested for item in row.items()})

    def trades(self) -> set[Trade]:
        """Distinct occupations with their work types, also of rows without readable levels."""
        return {Trade(row.occupation, row.work_type) for row in self.requested if row.occupation}

    def occupations(self) -> set[str]:
        return {trade.occupation for trade in self.trades()}

    def audiences(self, item: Item) -> set[str]:
        """Two audiences of one item are one item with both."""
        return {row.audience for row in self.requested if row.audience and item in row.items()}

    def commitments(self) -> list[Row]:
        return [row for row in self.rows["materials"] if values.enum("form", row.get("form", "")) == "commitment"]

    def content(self) -> tuple[object, ...]:
        """What makes two versions equal."""
        rows = (self.form, *(row for table in sorted(self.rows) for row in self.rows[table]))
        return tuple(tuple(sorted(row.items())) for row in rows)

    def _read(self, number: int, row: Row, facts: Facts) -> Requested:
        state, name = self._state(row, facts)
        occupation = row.get("occupation_code", "")
        if state == "neighbour":
            occupation = row.get("neighbour_code", "")
        if state == "later":  # recognised by its name, which then is its code
            occupation = name
        levels = self.policy.levels(row["levels"]) if row.get("levels") else None
        audience = values.enum("audience", row.get("audience", ""))
        return Requested(number, row, state, occupation, name, levels, audience)

    def _state(self, row: Row, facts: Facts) -> tuple[str, str]:
        """How the row's occupation is recognised (rules OCC-2 and OCC-3), and its name in the list."""
        code, name = row.get("occupation_code", ""), row.get("occupation_name", "")
        if code in facts.dictionary:
            return "listed", facts.dictionary[code]
        later = facts.later_with_code(code) or facts.later_without_code(name)
        if later:
            submitted_on = self.submission_day()
            if submitted_on is None:
                return "unknown", ""
            if later.published_on <= submitted_on:
                return ("listed" if later.code else "later"), later.name
        if row.get("neighbour_code", "") in facts.dictionary:
            if self.type is None:
                return "unknown", ""
            if facts.policy["institution"][self.type].get("neighbour"):
                return "neighbour", facts.dictionary[row["neighbour_code"]]
        return "unlisted", ""


def rows_of(tables: Tables, table: str, application_no: str) -> list[Row]:
    """The application's part of a table, in input order."""
    return [row for row in tables.get(table, []) if row.get("application_no", "") == application_no]
