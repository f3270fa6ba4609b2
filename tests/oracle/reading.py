"""The contract read aloud: one first run of one cycle on an empty database, application by application, row by row.

Deliberately slow and plain, and free of the product's code: tables of text in, findings and item rows out.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime

import values
from facts import Facts, Tables, deadline, facts, rules
from filing import Filing, Finding, Item
from form_rules import cycle_of, form_findings, unreadable, unreadable_fields, wait_is_over
from occupation_rules import occupation_findings
from people_and_papers import material_findings, staff_findings
from register_rules import Entry, Register, register_findings, saturated
from result_rules import ItemKey, judge

_IN_PRINCIPLE = ("CAP-1", "CAP-2", "DORM-1", "WINDOW-1")


@dataclass
class State:
    """Where one item stands."""

    status: str
    reason: set[str] = field(default_factory=set)
    score: float | None = None


class Run:
    """One first run of a cycle: what it was given, and as it goes on its findings and its items' states."""

    def __init__(self, tables: Tables, cycle: str, as_of: date) -> None:
        self.tables = tables
        self.cycle = cycle
        self.as_of = as_of
        self.facts: Facts = facts(cycle)
        self.deadline = deadline(self.facts.policy, cycle)
        self.register = Register(tables.get("register", []))
        self.filings = self._current()
        self.findings: list[Finding] = []
        self.items: dict[ItemKey, State] = {}
        self.waiting = False

    def _current(self) -> dict[str, Filing]:
        """Applications of this cycle; a number twice in one pull quarantines it."""
        forms = self.tables["applications"]
        times = Counter(form["application_no"] for form in forms)
        return {
            form["application_no"]: Filing(form, self.tables, self.facts)
            for form in forms
            if form["application_no"]
            and times[form["application_no"]] == 1
            and cycle_of(form, self.cycle) == self.cycle
        }


def run(tables: Tables, cycle: str, as_of: date) -> Run:
    """Screen, apply decisions, dispatch, judge results, wait or decide (contract sections 2, 3 and 5).

    `tables` holds the five tables and, where supplied, activities, results, register, decisions.
    """
    this = Run(tables, cycle, as_of)
    for filing in this.filings.values():
        found = _screen(this, filing)
        this.findings += found
        this.items |= {(filing.no, item): state for item, state in _screened(this, filing, found).items()}
    this.findings += _unreadable_decisions(this)
    _apply_decisions(this)
    _collect(this)
    # the wait ends when no dispatched item lacks an accepted result, or when its days are over
    missing = any(state.status == "dispatched" for state in this.items.values())
    this.waiting = missing and not wait_is_over(this.facts, cycle, as_of)
    if not this.waiting:
        _decide(this)
    return this


def _screen(this: Run, filing: Filing) -> list[Finding]:
    return [
        *form_findings(filing, list(this.filings.values()), this.facts, this.cycle),
        *unreadable(filing, this.facts),
        *occupation_findings(filing, this.facts),
        *staff_findings(filing, this.facts),
        *material_findings(filing, this.facts),
        *register_findings(filing, this.register, this.tables.get("activities"), this.facts, this.cycle),
    ]


def _screened(this: Run, filing: Filing, own: list[Finding]) -> dict[Item, State]:
    """Items after screening: all returned, or each held or accepted (contract section 2)."""
    hard = {found.rule for found in own if rules()[found.rule]["nature"] == "hard"}
    if hard:
        return {item: State("returned", set(hard)) for item in filing.items()}
    states = {item: State("accepted") for item in filing.items()}
    for found in own:
        for item, state in states.items():
            if found.rule in _IN_PRINCIPLE and _concerns(this, filing, found, item):
                state.status = "held"
                state.reason.add(found.rule)
    return states


def _concerns(this: Run, filing: Filing, found: Finding, item: Item) -> bool:
    """Whether an in-principle finding concerns an item (contract section 2)."""
    if found.rule == "WINDOW-1":
        return True
    if found.rule == "CAP-1":
        return item.occupation not in this.register.occupations(filing.uscc, this.deadline)
    if item not in filing.requested[found.row - 1].items():
        return False
    return found.rule == "CAP-2" or item not in this.register.items(filing.uscc, this.deadline)


def _verdict(this: Run, application_no: str, rule: str, occupation: str) -> str | None:
    """The latest recorded verdict for a finding on an occupation; a decision without occupation covers all."""
    matching: list[tuple[datetime, int, str]] = []
    for order, row in enumerate(this.tables.get("decisions", [])):
        verdict, moment = values.enum("decision_verdict", row["verdict"]), values.instant(row["decided_at"])
        covers = row["occupation_code"] in ("", occupation)
        if verdict and moment and covers and (row["application_no"], row["rule"]) == (application_no, rule):
            matching.append((moment, order, verdict))
    return max(matching)[2] if matching else None


def _apply_decisions(this: Run) -> None:
    """Held items: a refusal ends them, permits for everything that holds them let them go on; all accepted are sent."""
    for (no, item), state in this.items.items():
        if state.status == "held":
            said = {rule: _verdict(this, no, rule, item.occupation) for rule in state.reason}
            refused = {rule for rule, verdict in said.items() if verdict == "refuse"}
            state.reason = refused or {rule for rule, verdict in said.items() if verdict is None}
            state.status = "refused" if refused else "held" if state.reason else "accepted"
        if state.status == "accepted":
            state.status = "dispatched"


def _unreadable_decisions(this: Run) -> list[Finding]:
    """FORM-10 stands in whichever table the value does."""
    found: list[Finding] = []
    numbers: Counter[str] = Counter()
    for row in this.tables.get("decisions", []):
        no = row["application_no"]
        numbers[no] += 1
        if no in this.filings:
            fields = unreadable_fields("decisions", row, this.facts)
            found += [Finding(no, "FORM-10", "decisions", numbers[no], name, row[name]) for name in fields]
    return found


def _collect(this: Run) -> None:
    """Judge the results that are there; an accepted one makes its item passed or failed."""
    dispatched = {key for key, state in this.items.items() if state.status == "dispatched"}
    judged = judge(this.tables.get("results", []), dispatched, this.filings, this.facts)
    this.findings += judged.findings
    for key, result in judged.accepted.items():
        state = this.items[key]
        state.status, state.score = ("passed" if result.passed else "failed"), result.score
        state.reason = {"EVAL-1"} if result.unproduced else set()


def _decide(this: Run) -> None:
    """File what passed, by score, one institution's occupation at a time, recounting CAP-2 on `as_of`."""
    passed: dict[tuple[str, str], list[ItemKey]] = {}
    for key, state in this.items.items():
        if state.status == "passed":
            passed.setdefault((key[0], key[1].occupation), []).append(key)

    def rank(group: tuple[str, str]) -> tuple[float, datetime, str, str]:
        submitted_at = this.filings[group[0]].submitted_at
        assert submitted_at, "an application without a readable time is returned"
        return -max(this.items[key].score or 0 for key in passed[group]), submitted_at, *group

    for no, occupation in sorted(passed, key=rank):
        filing = this.filings[no]
        held = this.register.occupations(filing.uscc, this.deadline)
        new = filing.type == "social_organisation" and occupation not in held
        verdict = _verdict(this, no, "CAP-2", occupation)
        full = saturated(this.register, this.facts, occupation, this.as_of, filing.uscc)
        for key in passed[(no, occupation)]:
            if new and full and verdict != "permit":
                this.items[key].status = "refused" if verdict == "refuse" else "held"
                this.items[key].reason = {"CAP-2"}
            else:
                _file(this, filing, key)


def _file(this: Run, filing: Filing, key: ItemKey) -> None:
    valid_until = _term(this, filing)
    this.register.entries.append(Entry(filing.uscc, filing.type, key[1], this.as_of, valid_until))
    this.items[key].status = "filed" if valid_until >= this.as_of else "lapsed"


def _term(this: Run, filing: Filing) -> date:
    """`valid_until` of an item filed today: joining, renewing or beginning the qualification (contract section 3)."""
    before = [entry.valid_until for entry in this.register.of(filing.uscc, this.as_of) if entry.filed_on < this.as_of]
    current = max(before, default=None)
    if current and filing.kind != "renewal":
        return current
    starts = values.day_after(current) if current else this.as_of
    ends = values.add_months(starts, this.facts.policy["validity"]["months"])
    return date.fromordinal(ends.toordinal() - 1)
