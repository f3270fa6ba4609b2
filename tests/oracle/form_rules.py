"""Rules of the application form, one row at a time: WINDOW-1, FORM-1 to FORM-10, ROUTE-1 (contract section 5)."""

import re
from collections.abc import Iterator
from datetime import date

import codes
import values
from facts import Facts, Row, deadline
from filing import Filing, Finding

REQUIRED = [
    "application_no",
    "cycle",
    "kind",
    "institution_name",
    "uscc",
    "institution_type",
    "affiliation",
    "region_code",
    "registered_address",
    "legal_representative",
    "contact_name",
    "contact_phone",
    "submitted_at",
    "social_insurance",
    "no_violations",
]


def form_findings(filing: Filing, others: list[Filing], facts: Facts, cycle: str) -> Iterator[Finding]:
    """All findings of the row of `applications`, given every application of the cycle's pull."""
    form = filing.form

    def at(rule: str, field: str) -> Finding:
        return Finding(filing.no, rule, "applications", 1, field, form.get(field, ""))

    for field in REQUIRED:
        if not form.get(field):
            yield at("FORM-1", field)
    if filing.submitted_at and re.fullmatch(r"20\d\d-(04|09)", form.get("cycle", "")):
        last = deadline(facts.policy, cycle)
        opens = values.midnight(values.add_months(last, -facts.policy["cycle"]["window_months"]))
        if not opens <= filing.submitted_at <= values.midnight(values.day_after(last)):
            yield at("WINDOW-1", "submitted_at")
    yield from _credit_code(filing, facts)
    if form.get("region_code") and form["region_code"] not in facts.policy["regions"]["codes"]:
        yield at("FORM-3", "region_code")
    if values.boolean(form.get("social_insurance", "")) is False:
        yield at("FORM-5", "social_insurance")
    if values.boolean(form.get("no_violations", "")) is False:
        yield at("FORM-6", "no_violations")
    if form.get("contact_phone") and not phone_is_valid(form["contact_phone"]):
        yield at("FORM-7", "contact_phone")
    if filing.uscc and any(other.no != filing.no and other.uscc == filing.uscc for other in others):
        yield at("FORM-8", "uscc")
    if filing.affiliation in ("central", "provincial") and not any(
        row.get("material") == "parent_receipt" for row in filing.rows["materials"]
    ):
        yield at("ROUTE-1", "affiliation")


def _credit_code(filing: Filing, facts: Facts) -> Iterator[Finding]:
    """FORM-2, and FORM-4 and FORM-9 only for a code without FORM-2."""
    code = filing.uscc
    if not code:
        return
    if not codes.credit_code_is_valid(code):
        yield Finding(filing.no, "FORM-2", "applications", 1, "uscc", code)
        return
    if filing.type and code[:2] not in facts.policy["institution"][filing.type]["credit_code_prefixes"]:
        yield Finding(filing.no, "FORM-4", "applications", 1, "uscc", code)
    if not code[2:8].startswith(facts.policy["regions"]["area_prefix"]):
        yield Finding(filing.no, "FORM-9", "applications", 1, "uscc", code)


def phone_is_valid(text: str) -> bool:
    """A mainland mobile number (11 digits from 13 to 19) or a landline with its area code."""
    return bool(re.fullmatch(r"1[3-9][0-9]{9}|0[0-9]{2,3}-?[0-9]{7,8}", text))


def unreadable(filing: Filing, facts: Facts) -> Iterator[Finding]:
    """FORM-10 in the five tables of the application: a value, not blank, that cannot be read as its type."""
    for table, rows in {"applications": [filing.form], **filing.rows}.items():
        for number, row in enumerate(rows, 1):
            for field in unreadable_fields(table, row, facts):
                yield Finding(filing.no, "FORM-10", table, number, field, row[field])


def unreadable_fields(table: str, row: Row, facts: Facts) -> Iterator[str]:
    """The fields of one row that hold a text that is not of the field's type."""
    for field, text in row.items():
        if text and not _readable(table, field, text, facts):
            yield field


def _readable(table: str, field: str, text: str, facts: Facts) -> bool:
    if field == "verdict":
        return values.enum("result_verdict" if table == "results" else "decision_verdict", text) is not None
    if field in values.WORDS:
        return values.enum(field, text) is not None
    if field == "cycle":
        return bool(re.fullmatch(r"20\d\d-(04|09)", text))
    if (table, field) == ("materials", "material"):
        return text in known_materials(facts)
    reader = {
        "submitted_at": values.instant,
        "decided_at": values.instant,
        "social_insurance": values.boolean,
        "no_violations": values.boolean,
        "commitments_shown": values.boolean,
        "levels": values.levels,
        "level": values.level,
        "highest_level": values.level,
        "size_bytes": values.integer,
        "panel_size": values.integer,
        "score": values.score,
        "evaluated_on": values.day,
    }.get(field)
    return reader is None or reader(text) is not None


def known_materials(facts: Facts) -> set[str]:
    """Every material the policy names."""
    return {name for names in facts.policy["materials"].values() for name in names}


def cycle_of(form: Row, run: str) -> str:
    """The cycle a form belongs to; one whose own cycle is missing or unreadable belongs to the run that pulled it."""
    text = form.get("cycle", "")
    return text if re.fullmatch(r"20\d\d-(04|09)", text) else run


def wait_is_over(facts: Facts, cycle: str, as_of: date) -> bool:
    """`as_of >= deadline + wait_days`."""
    waited = (as_of - deadline(facts.policy, cycle)).days
    return waited >= int(facts.policy["evaluation"]["wait_days"])
