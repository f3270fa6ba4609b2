"""Rules of one application's staff and materials: STAFF-1 to STAFF-4, MAT-1 to MAT-5 (contract section 5)."""

from collections.abc import Iterator

import codes
import values
from facts import Facts, Row
from filing import Filing, Finding


def staff_findings(filing: Filing, facts: Facts) -> Iterator[Finding]:
    """STAFF findings; a person is known by the identity number, one without a number counts alone."""
    people: dict[str, set[str]] = {}
    rows = list(enumerate(filing.rows["staff"], 1))
    for number, row in rows:
        role = values.enum("role", row.get("role", ""))
        person = row.get("id_number", "")
        at = (filing.no, "staff", number, values.masked(person))
        if values.enum("id_type", row.get("id_type", "")) == "resident_id" and not codes.identity_number_is_valid(
            person
        ):
            yield _of_the_number("STAFF-2", at)
        if role is None:
            continue
        known = people.setdefault(role, set())
        if person and person in known:
            yield _of_the_number("STAFF-3", at)
        known.add(person or f"row {number}")
    for number, row in rows:
        person = row.get("id_number", "")
        if person and values.enum("role", row.get("role", "")) == "supervisor" and person in people.get("examiner", ()):
            yield _of_the_number("STAFF-4", (filing.no, "staff", number, values.masked(person)))
    for role, needed in facts.policy["staff"].items():
        if len(people.get(role, ())) < needed:
            yield Finding(filing.no, "STAFF-1", "staff", 0, role, str(len(people.get(role, ()))))


def _of_the_number(rule: str, at: tuple[str, str, int, str]) -> Finding:
    application_no, table, row, value = at
    return Finding(application_no, rule, table, row, "id_number", value)


def material_findings(filing: Filing, facts: Facts) -> Iterator[Finding]:
    """MAT findings; a sha256 is compared only with an attachment present, and tables alone bring none."""
    required = facts.policy["required"]
    present = {row.get("material", "") for row in filing.rows["materials"]}
    if filing.type:
        for material in [*required["every_institution"], *facts.policy["institution"][filing.type]["materials"]]:
            if material not in present:
                yield Finding(filing.no, "MAT-1", "materials", 0, material)
    served = {
        (row.get("material", ""), row.get("occupation_code", ""), row.get("work_type", ""))
        for row in filing.rows["materials"]
    }
    for occupation, work_type in filing.trades():
        for material in required["every_occupation"]:
            if not {(material, occupation, work_type), (material, occupation, "")} & served:
                asked = f"{material}:{occupation}:{work_type}" if work_type else f"{material}:{occupation}"
                yield Finding(filing.no, "MAT-2", "materials", 0, asked)
    for number, row in enumerate(filing.rows["materials"], 1):
        for rule, field in _of_one_paper(row, facts):
            yield Finding(filing.no, rule, "materials", number, field, row.get(field, ""))


def _of_one_paper(row: Row, facts: Facts) -> Iterator[tuple[str, str]]:
    form = values.enum("form", row.get("form", ""))
    material = row.get("material", "")
    if form == "commitment" and material in facts.policy["materials"]:
        allowed = material in facts.policy["required"]["commitment_allowed"]
        yield "MAT-5" if allowed else "MAT-3", "form"
    if form == "file":
        size = values.integer(row.get("size_bytes", ""))
        if size is not None and not 0 < size <= facts.policy["attachments"]["max_bytes"]:
            yield "MAT-4", "size_bytes"
        name, _, ending = row.get("file_name", "").rpartition(".")
        if not name or ending.lower() not in facts.policy["attachments"]["types"]:
            yield "MAT-4", "file_name"
