"""Judging evaluation results against what was sent out: EVAL-1 to EVAL-6, FORM-10, and which results are accepted."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import values
from facts import Facts, Row
from filing import Filing, Finding, Item
from form_rules import unreadable_fields
from policy import Policy

ItemKey = tuple[str, Item]


@dataclass(frozen=True)
class Accepted:
    """An accepted result: whether the item passed, its score, and whether EVAL-1 turned a pass into a failure."""

    passed: bool
    score: float
    unproduced: bool


@dataclass(frozen=True)
class Judged:
    """Findings on results with the item each row names, and accepted results by (application_no, item)."""

    findings: list[tuple[ItemKey | None, Finding]]
    accepted: dict[ItemKey, Accepted]


@dataclass(frozen=True)
class Sent:
    """What results are judged against."""

    items: dict[ItemKey, str]  # sent out and not taken back: the item's status
    closed: set[str]  # applications and items' applications whose results are refused without a finding
    filings: dict[str, Filing]
    facts: Facts
    as_of: date


def judge(rows: list[Row], sent: Sent) -> Judged:
    """Judge every result of one pull; rows are counted within each application's part of the table."""
    findings: list[tuple[ItemKey | None, Finding]] = []
    accepted: dict[ItemKey, Accepted] = {}
    seen: set[tuple[tuple[str, str], ...]] = set()
    numbers: dict[str, int] = {}
    first, conflicts = _conflicts(rows, sent)
    for place, row in enumerate(rows):
        no = row["application_no"]
        numbers[no] = numbers.get(no, 0) + 1
        same = tuple(sorted(_read(row, sent.facts.policy).items()))
        if same in seen or no in sent.closed:  # the same result twice is one result
            continue
        seen.add(same)
        key = item_key(row, sent.facts.policy)
        failed = list(_rules(row, key, sent, later=key in conflicts and first[key] != place))
        verdict, score = values.enum("result_verdict", row["verdict"]), values.score(row["score"])
        good = {rule for rule, _ in failed} <= {"EVAL-1"} and key not in conflicts
        if key and verdict and score is not None and good:
            result = Accepted(verdict == "pass" and not failed, score, bool(failed))
            accepted[key] = result
            if sent.items[key] == "filed" and not result.passed:
                failed.append(("EVAL-5", "verdict"))
        findings += [
            (key, Finding(no, rule, "results", numbers[no], field, row.get(field, ""))) for rule, field in failed
        ]
    return Judged(findings, accepted)


def item_key(row: Row, policy: Policy) -> ItemKey | None:
    """The item a result names; None when its level cannot be read."""
    level = policy.level(row["level"])
    return (row["application_no"], Item(row["occupation_code"], row.get("work_type", ""), level)) if level else None


def _read(row: Row, policy: Policy) -> dict[str, str]:
    """A row with the spellings of its values evened out, so that 合格 equals pass and 三级 equals 3."""
    even = dict(row)
    even["verdict"] = values.enum("result_verdict", row["verdict"]) or row["verdict"]
    even["level"] = policy.level(row["level"]) or row["level"]
    even["commitments_shown"] = str(values.boolean(row["commitments_shown"]))
    score = values.score(row["score"])
    even["score"] = str(score) if score is not None else row["score"]
    return even


def _conflicts(rows: list[Row], sent: Sent) -> tuple[dict[ItemKey, int], set[ItemKey]]:
    """The place of the first result of each item sent out, and the items the pull gives two different results for."""
    first: dict[ItemKey, int] = {}
    differing = set()
    for place, row in enumerate(rows):
        key = item_key(row, sent.facts.policy)
        if (
            key
            and key in sent.items
            and _read(rows[first.setdefault(key, place)], sent.facts.policy) != _read(row, sent.facts.policy)
        ):
            differing.add(key)
    return first, differing


def _rules(row: Row, key: ItemKey | None, sent: Sent, *, later: bool) -> Iterator[tuple[str, str]]:
    unreadable = set(unreadable_fields("results", row, sent.facts.policy))
    for field in unreadable:
        yield "FORM-10", field
    wrong = _not_sent(row, key, sent)
    if wrong:  # such a row gets no other EVAL finding
        yield "EVAL-3", wrong
        return
    policy = sent.facts.policy["evaluation"]
    size = values.integer(row["panel_size"])
    if size is not None and size < policy["panel_size"]:
        yield "EVAL-2", "panel_size"
    passed = values.enum("result_verdict", row["verdict"]) == "pass"
    score = values.score(row["score"])
    if (passed and score is not None and score < policy["pass_mark"]) or later:
        yield "EVAL-4", "verdict"
    if "evaluated_on" not in unreadable:
        evaluated_on = values.day(row["evaluated_on"])
        if evaluated_on is None or evaluated_on > sent.as_of:
            yield "EVAL-6", "evaluated_on"
    if not row["panel_lead"]:
        yield "EVAL-6", "panel_lead"
    shown = "commitments_shown" in unreadable or values.boolean(row["commitments_shown"]) is True
    if key in sent.items and passed and not shown and sent.filings[row["application_no"]].commitments():
        yield "EVAL-1", "commitments_shown"


def _not_sent(row: Row, key: ItemKey | None, sent: Sent) -> str:
    """EVAL-3: the first of application, occupation, work type and level that was not sent out; empty when all were."""
    items = [item for no, item in sent.items if no == row["application_no"]]
    if not items:
        return "application_no"
    if row["occupation_code"] not in {item.occupation for item in items}:
        return "occupation_code"
    if (row["occupation_code"], row.get("work_type", "")) not in {(item.occupation, item.work_type) for item in items}:
        return "work_type"
    if key and key not in sent.items:
        return "level"
    return ""
