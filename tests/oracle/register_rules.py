"""The register on a day, and the rules judged against it: CAP-1, CAP-2, DORM-1, DORM-2, RENEW-1, RENEW-2."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import values
from facts import Facts, Row, deadline
from filing import Filing, Finding, Item


@dataclass(frozen=True)
class Entry:
    """One occupation level on the register."""

    uscc: str
    institution_type: str | None
    item: Item
    filed_on: date
    valid_until: date


class Register:
    """Entries on file; `on file` means `valid_until >= day` (contract section 5)."""

    def __init__(self, rows: list[Row]) -> None:
        self.entries = [entry for row in rows if (entry := _entry(row))]

    def of(self, uscc: str, day: date) -> list[Entry]:
        """The institution's entries valid on a day."""
        return [entry for entry in self.entries if uscc and entry.uscc == uscc and entry.valid_until >= day]

    def items(self, uscc: str, day: date) -> set[Item]:
        return {entry.item for entry in self.of(uscc, day)}

    def occupations(self, uscc: str, day: date) -> set[str]:
        return {item.occupation for item in self.items(uscc, day)}

    def valid_until(self, uscc: str, day: date) -> date | None:
        return max((entry.valid_until for entry in self.of(uscc, day)), default=None)

    def holders(self, occupation: str, day: date, counted: list[str], applicant: str) -> int:
        """Institutions of the counted types, other than the applicant, with the occupation on file."""
        return len(
            {
                entry.uscc
                for entry in self.entries
                if entry.item.occupation == occupation
                and entry.institution_type in counted
                and entry.uscc != applicant
                and entry.valid_until >= day
            }
        )


def _entry(row: Row) -> Entry | None:
    level, filed_on, valid_until = (
        values.level(row["level"]),
        values.day(row["filed_on"]),
        values.day(row["valid_until"]),
    )
    if level is None or filed_on is None or valid_until is None:
        return None
    kind = values.enum("institution_type", row["institution_type"])
    return Entry(row["uscc"], kind, Item(row["occupation_code"], level), filed_on, valid_until)


def saturated(register: Register, facts: Facts, occupation: str, day: date, applicant: str) -> bool:
    """CAP-2: other holders of the occupation on a day have reached saturation."""
    cap = facts.policy["cap"]
    return register.holders(occupation, day, cap["saturation_counts"], applicant) >= int(cap["saturation"])


def register_findings(
    filing: Filing, register: Register, activities: list[Row] | None, facts: Facts, cycle: str
) -> Iterator[Finding]:
    """All findings against the register as it stands on the cycle's deadline; none for a form without a credit code."""
    if not filing.uscc:
        return
    day = deadline(facts.policy, cycle)
    yield from _cap(filing, register, facts, day)
    on_file = register.items(filing.uscc, day)
    if on_file and cycle >= facts.policy["dormancy"]["first_cycle"]:
        if activities is None:
            yield Finding(filing.no, "DORM-2", "applications", 1, "uscc", filing.uscc)
        elif dormant(filing.uscc, register, activities, facts, day):
            for row in filing.requested:
                if set(row.items()) - on_file:
                    code = row.cells.get("occupation_code", "")
                    yield Finding(filing.no, "DORM-1", "occupations", row.row, "occupation_code", code)
    if filing.kind == "renewal":
        yield from _renewal(filing, register, facts, day)


def _cap(filing: Filing, register: Register, facts: Facts, day: date) -> Iterator[Finding]:
    if filing.type != "social_organisation":
        return
    held = register.occupations(filing.uscc, day)
    requested = filing.occupations()
    if requested - held and len(held | requested) > facts.policy["cap"]["occupations"]:
        text = filing.form.get("institution_type", "")
        yield Finding(filing.no, "CAP-1", "applications", 1, "institution_type", text)
    for row in filing.requested:
        new = row.occupation and row.occupation not in held
        if new and saturated(register, facts, row.occupation, day, filing.uscc):
            code = row.cells.get("occupation_code", "")
            yield Finding(filing.no, "CAP-2", "occupations", row.row, "occupation_code", code)


def dormant(uscc: str, register: Register, activities: list[Row], facts: Facts, day: date) -> bool:
    """Whether any occupation on file is past its grace and without an activity since it was filed."""
    for occupation in register.occupations(uscc, day):
        filed_on = min(entry.filed_on for entry in register.of(uscc, day) if entry.item.occupation == occupation)
        if values.add_months(filed_on, facts.policy["dormancy"]["grace_months"]) > day:
            continue
        if not any(_counts(row, uscc, occupation, filed_on, day) for row in activities):
            return True
    return False


def _counts(row: Row, uscc: str, occupation: str, first: date, last: date) -> bool:
    held_on, candidates = values.day(row["held_on"]), values.integer(row["candidates"])
    if (row["uscc"], row["occupation_code"]) != (uscc, occupation) or held_on is None or candidates is None:
        return False
    return candidates > 0 and first <= held_on <= last


def _renewal(filing: Filing, register: Register, facts: Facts, day: date) -> Iterator[Finding]:
    on_file = register.items(filing.uscc, day)
    for row in filing.requested:
        if set(row.items()) - on_file:
            yield Finding(filing.no, "RENEW-1", "occupations", row.row, "levels", row.cells.get("levels", ""))
    expiry = register.valid_until(filing.uscc, day)
    if expiry is None:
        return
    months = facts.policy["cycle"]["months"]
    deadlines = [date(year, m, day.day) for year in (expiry.year - 1, expiry.year) for m in months]
    if day < max(end for end in deadlines if end <= expiry):
        yield Finding(filing.no, "RENEW-2", "applications", 1, "cycle", filing.form.get("cycle", ""))
