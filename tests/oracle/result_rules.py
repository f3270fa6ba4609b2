"""Judging evaluation results against what was sent out: EVAL-1 to EVAL-4, FORM-10, and which results are accepted."""

from collections.abc import Iterator
from dataclasses import dataclass

import values
from facts import Facts, Row
from filing import Filing, Finding, Item
from form_rules import unreadable_fields

ItemKey = tuple[str, Item]


@dataclass(frozen=True)
class Accepted:
    """An accepted result: whether the item passed, its score, and whether EVAL-1 turned a pass into a failure."""

    passed: bool
    score: float
    unproduced: bool


@dataclass(frozen=True)
class Judged:
    """Findings on results, and accepted results by (application_no, item)."""

    findings: list[Finding]
    accepted: dict[ItemKey, Accepted]


@dataclass(frozen=True)
class Sent:
    """What results are judged against: the items sent out, their applications, and items with differing results."""

    dispatched: set[ItemKey]
    filings: dict[str, Filing]
    conflicts: set[ItemKey]
    facts: Facts


def judge(rows: list[Row], dispatched: set[ItemKey], filings: dict[str, Filing], facts: Facts) -> Judged:
    """Judge every result of one pull; rows are counted within each application's part of the table."""
    sent = Sent(dispatched, filings, _conflicts(rows, dispatched), facts)
    findings: list[Finding] = []
    accepted: dict[ItemKey, Accepted] = {}
    seen: set[tuple[tuple[str, str], ...]] = set()
    numbers: dict[str, int] = {}
    for row in rows:
        no = row["application_no"]
        numbers[no] = numbers.get(no, 0) + 1
        same = tuple(sorted(_read(row).items()))
        if same in seen:  # the same result twice is one result
            continue
        seen.add(same)
        key = item_key(row)
        failed = list(_rules(row, key, sent))
        findings += [Finding(no, rule, "results", numbers[no], field, row.get(field, "")) for rule, field in failed]
        verdict, score = values.enum("result_verdict", row["verdict"]), values.score(row["score"])
        if key and verdict and score is not None and {rule for rule, _ in failed} <= {"EVAL-1"}:
            accepted[key] = Accepted(verdict == "pass" and not failed, score, bool(failed))
    return Judged(findings, accepted)


def item_key(row: Row) -> ItemKey | None:
    """The item a result names; None when its level cannot be read."""
    level = values.level(row["level"])
    return (row["application_no"], Item(row["occupation_code"], level)) if level else None


def _read(row: Row) -> dict[str, str]:
    """A row with the spellings of its values evened out, so that 合格 equals pass and 三级 equals 3."""
    even = dict(row)
    even["verdict"] = values.enum("result_verdict", row["verdict"]) or row["verdict"]
    even["level"] = values.level(row["level"]) or row["level"]
    even["commitments_shown"] = str(values.boolean(row["commitments_shown"]))
    score = values.score(row["score"])
    even["score"] = str(score) if score is not None else row["score"]
    return even


def _conflicts(rows: list[Row], dispatched: set[ItemKey]) -> set[ItemKey]:
    """Dispatched items that the pull gives two different results for."""
    first: dict[ItemKey, dict[str, str]] = {}
    differing = set()
    for row in rows:
        key = item_key(row)
        if key and key in dispatched and first.setdefault(key, _read(row)) != _read(row):
            differing.add(key)
    return differing


def _rules(row: Row, key: ItemKey | None, sent: Sent) -> Iterator[tuple[str, str]]:
    for field in unreadable_fields("results", row, sent.facts):
        yield "FORM-10", field
    policy = sent.facts.policy["evaluation"]
    size = values.integer(row["panel_size"])
    if size is not None and size < policy["panel_size"]:
        yield "EVAL-2", "panel_size"
    wrong = _not_sent(row, key, sent.dispatched)
    if wrong:
        yield "EVAL-3", wrong
    passed = values.enum("result_verdict", row["verdict"]) == "pass"
    score = values.score(row["score"])
    if (passed and score is not None and score < policy["pass_mark"]) or key in sent.conflicts:
        yield "EVAL-4", "verdict"
    if key in sent.dispatched and passed and sent.filings[row["application_no"]].commitments():
        unreadable = row["commitments_shown"] and values.boolean(row["commitments_shown"]) is None
        if values.boolean(row["commitments_shown"]) is not True and not unreadable:
            yield "EVAL-1", "commitments_shown"


def _not_sent(row: Row, key: ItemKey | None, dispatched: set[ItemKey]) -> str:
    """EVAL-3: the first of application, occupation and level that was not sent out; empty when all were."""
    sent = [item for no, item in dispatched if no == row["application_no"]]
    if not sent:
        return "application_no"
    if row["occupation_code"] not in {item.occupation for item in sent}:
        return "occupation_code"
    if key and key not in dispatched:
        return "level"
    return ""
