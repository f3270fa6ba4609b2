"""Rules of one application's occupation and programme rows that need no register: OCC-1 to OCC-13."""

from collections.abc import Iterator

from facts import Facts
from filing import Filing, Finding, Requested


def occupation_findings(filing: Filing, facts: Facts) -> Iterator[Finding]:
    """OCC findings of an application (Notice, article 1)."""
    if not filing.requested:
        yield Finding(filing.no, "OCC-1", "occupations", 0, "occupation_code")
    seen: set[tuple[str, str, str, str]] = set()
    for row in filing.requested:
        for rule, field in (*_of_the_code(row, facts), *_of_the_request(filing, row, facts)):
            yield _at(filing, row, rule, field)
        if row.levels and row.audience and row.occupation:
            keys = {(row.occupation, row.work_type, level, row.audience) for level in row.levels}
            if keys & seen:
                yield _at(filing, row, "OCC-9", "levels")
            seen |= keys


def _at(filing: Filing, row: Requested, rule: str, field: str) -> Finding:
    return Finding(filing.no, rule, "occupations", row.row, field, row.cells.get(field, ""))


def _of_the_code(row: Requested, facts: Facts) -> Iterator[tuple[str, str]]:
    """OCC-2 to OCC-7; OCC-5 to OCC-7 judge the code the item will carry."""
    if row.state == "unlisted":
        yield "OCC-2", "occupation_code"
        return
    if row.state == "unknown":
        return
    if row.state == "neighbour":
        yield "OCC-3", "occupation_code"
    if row.state == "listed" and row.cells.get("occupation_name", "") != row.name:
        yield "OCC-4", "occupation_name"
    if row.state == "later":  # a name carries no class and stands in no access-type entry
        return
    if not is_skill(row.occupation, facts):
        yield "OCC-5", "occupation_code"
    entry = facts.access.get(row.occupation)
    if entry and (entry.whole or row.work_type in entry.work_types):
        yield "OCC-6", "occupation_code"
    elif entry and entry.partial:
        yield "OCC-7", "occupation_code"


def is_skill(code: str, facts: Facts) -> bool:
    """Whether the occupation's major class, or the policy's override, makes it a skill occupation."""
    policy = facts.policy["occupations"]
    if code in policy["skill_yes"]:
        return True
    if code in policy["skill_no"]:
        return False
    return code[0] in {str(number) for number in policy["skill_classes"]}


def _of_the_request(filing: Filing, row: Requested, facts: Facts) -> Iterator[tuple[str, str]]:
    """OCC-8 and OCC-10 to OCC-13: levels, audience and programmes."""
    cells = row.cells
    kind = facts.policy["institution"][filing.type] if filing.type else None
    listed = row.state != "unlisted"  # OCC-8, OCC-11 and OCC-12 are not judged for a code with OCC-2
    if listed and (not cells.get("levels") or (kind and row.levels and row.levels - set(kind["levels"]))):
        yield "OCC-8", "levels"
    # a blank audience is not one that is open; an unreadable one is FORM-10's
    if kind and row.audience not in kind["audiences"] and (row.audience or not cells.get("audience")):
        yield "OCC-10", "audience"
    ranks = sorted(map(facts.policy.rank, row.levels or ()))
    if ranks and len(ranks) != ranks[-1] - ranks[0] + 1:
        yield "OCC-13", "levels"
    if kind and kind.get("programmes") and listed and row.state != "unknown":
        yield from _of_the_programmes(filing, row)


def _of_the_programmes(filing: Filing, row: Requested) -> Iterator[tuple[str, str]]:
    majors = [major for major in filing.rows["programmes"] if major.get("occupation_code", "") == row.occupation]
    if not majors:
        yield "OCC-11", "occupation_code"
    highest = [filing.policy.level(major.get("highest_level", "")) for major in majors]
    if row.audience == "students" and row.levels and highest and None not in highest:
        best = max(filing.policy.rank(level) for level in highest if level)
        if max(map(filing.policy.rank, row.levels)) > best:
            yield "OCC-12", "levels"
