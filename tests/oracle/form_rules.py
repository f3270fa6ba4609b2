"""Rules of the application form that need nothing but the form: FORM-1 to FORM-7, FORM-9 to FORM-11, ROUTE-1."""

import re
from collections.abc import Iterator

import codes
import values
from facts import Facts, Row
from filing import Filing, Finding
from policy import Policy

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
PUBLIC = {
    "applications": ("institution_name", "registered_address"),
    "occupations": ("occupation_name", "work_type"),
}
_IDENTITY = re.compile(r"(?<![0-9])[0-9]{17}[0-9Xx](?![0-9A-Za-z])")
_TELEPHONE = re.compile(r"(?<![0-9])(1[3-9][0-9]{9}|0[0-9]{2,3}-?[0-9]{7,8})(?![0-9])")


def form_findings(filing: Filing, facts: Facts) -> Iterator[Finding]:
    """All findings of the row of `applications` that the form alone gives."""
    form = filing.form

    def at(rule: str, field: str) -> Finding:
        return Finding(filing.no, rule, "applications", 1, field, form.get(field, ""))

    for field in REQUIRED:
        if not form.get(field):
            yield at("FORM-1", field)
    yield from _credit_code(filing, facts)
    if form.get("region_code") and filing.region is None:
        yield at("FORM-3", "region_code")
    if values.boolean(form.get("social_insurance", "")) is False:
        yield at("FORM-5", "social_insurance")
    if values.boolean(form.get("no_violations", "")) is False:
        yield at("FORM-6", "no_violations")
    if form.get("contact_phone") and not phone_is_valid(form["contact_phone"]):
        yield at("FORM-7", "contact_phone")
    if filing.affiliation in ("central", "provincial") and not any(
        row.get("material") in facts.policy["required"]["branch"] for row in filing.rows["materials"]
    ):
        yield at("ROUTE-1", "affiliation")
    yield from _personal(filing)


def _credit_code(filing: Filing, facts: Facts) -> Iterator[Finding]:
    """FORM-2, and FORM-4 and FORM-9 only for a code without FORM-2."""
    code = filing.stated
    if not code:
        return
    if not codes.credit_code_is_valid(code):
        yield Finding(filing.no, "FORM-2", "applications", 1, "uscc", code)
        return
    if filing.type and code[:2] not in facts.policy["institution"][filing.type]["credit_code_prefixes"]:
        yield Finding(filing.no, "FORM-4", "applications", 1, "uscc", code)
    if not code[2:8].startswith(facts.policy["regions"]["area_prefix"]):
        yield Finding(filing.no, "FORM-9", "applications", 1, "uscc", code)


def _personal(filing: Filing) -> Iterator[Finding]:
    """FORM-11: what the public will read holds an identity number or a telephone number."""
    for table, rows in (("applications", [filing.form]), ("occupations", filing.rows["occupations"])):
        for number, row in enumerate(rows, 1):
            for field in PUBLIC[table]:
                text = row.get(field, "")
                if _IDENTITY.search(text) or _TELEPHONE.search(text):
                    yield Finding(filing.no, "FORM-11", table, number, field, without_numbers(text))


def without_numbers(text: str) -> str:
    """A text with the identity numbers in it masked."""
    return _IDENTITY.sub(lambda match: values.masked(match[0]), text)


def phone_is_valid(text: str) -> bool:
    """A mainland mobile number (11 digits from 13 to 19) or a landline with its area code."""
    return bool(re.fullmatch(r"1[3-9][0-9]{9}|0[0-9]{2,3}-?[0-9]{7,8}", text))


def unreadable(filing: Filing) -> Iterator[Finding]:
    """FORM-10 in the five tables of the application: a value, not blank, that cannot be read as its type."""
    for table, rows in {"applications": [filing.form], **filing.rows}.items():
        for number, row in enumerate(rows, 1):
            for field in unreadable_fields(table, row, filing.policy):
                yield Finding(filing.no, "FORM-10", table, number, field, row[field])


def unreadable_fields(table: str, row: Row, policy: Policy) -> Iterator[str]:
    """The fields of one row that hold a text that is not of the field's type."""
    for field, text in row.items():
        if text and not _readable(table, field, text, policy):
            yield field


def _readable(table: str, field: str, text: str, policy: Policy) -> bool:
    if field == "verdict":
        return values.enum("result_verdict" if table == "results" else "decision_verdict", text) is not None
    if field in values.WORDS or field == "institution_type":
        return policy.enum(field, text) is not None
    if field == "cycle":
        return policy.cycle_is_readable(text)
    if (table, field) == ("materials", "material"):
        return text in policy["materials"]
    reader = {
        "submitted_at": values.instant,
        "decided_at": values.instant,
        "social_insurance": values.boolean,
        "no_violations": values.boolean,
        "withdrawn": values.boolean,
        "commitments_shown": values.boolean,
        "levels": policy.levels,
        "level": policy.level,
        "highest_level": policy.level,
        "size_bytes": values.integer,
        "panel_size": values.integer,
        "score": values.score,
        "evaluated_on": values.day,
    }.get(field)
    return reader is None or reader(text) is not None


def as_cleaned(field: str, value: str, policy: Policy) -> str:
    """A cell as it stands after cleaning (contract section 4): the canonical word, an offset in figures."""
    if field in ("submitted_at", "decided_at"):
        return value.replace("Z", "+00:00").replace(" ", "T")
    if field == "size_bytes":
        return value.replace(" ", "")
    if field == "region_code":
        return policy.region_code(value) or value
    if values.boolean(value) is not None:
        return str(values.boolean(value)).lower()
    field = "result_verdict" if field == "verdict" else field
    named = field in values.WORDS or field == "institution_type"
    return (policy.enum(field, value) if named else None) or value
