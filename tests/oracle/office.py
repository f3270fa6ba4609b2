"""The centre's memory between runs: hand-ins and commands, each taken on its day (contract sections 3, 4 and 7)."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

import codes
import values
from applications import DECIDED, Application, State, Version
from facts import Facts, Row, Tables, facts, rules
from filing import Filing, Finding, Item, rows_of
from policy import Policy
from register import Particulars, Register


@dataclass(frozen=True)
class Act:
    """What happens on one day: commands first, then what is laid in, then a run of the cycle."""

    day: date
    cycle: str
    forms: Tables = field(default_factory=dict)
    desk: Tables = field(default_factory=dict)  # register, activities, decisions, complaints
    results: list[Row] = field(default_factory=list)
    commands: list[list[str]] = field(default_factory=list)
    run: bool = True


@dataclass(frozen=True)
class Ruling:
    """A recorded decision; `occupation` is blank where it covers all."""

    no: str
    rule: str
    occupation: str
    verdict: str
    moment: datetime
    order: int


class Office:
    """Everything known; each act changes it."""

    def __init__(self, reference: Path | None = None, policies: tuple[Policy, ...] = (Policy(),)) -> None:
        self.reference, self.policies = reference, policies
        self.applications: dict[str, Application] = {}
        self.register = Register(policies[0])
        self.activities: list[Row] | None = None
        self.complaints: dict[str, Row] = {}
        self.rulings: list[Ruling] = []
        self.set_aside: list[tuple[str, str]] = []  # number, reason
        self.closed_cycles: set[str] = set()
        self.deciding: set[str] = set()  # cycles whose day of decision has come
        self.waiting: dict[str, bool] = {}
        self.filed: dict[date, list[tuple[str, Item]]] = {}  # numbers and items, by the day of filing
        self.stray: dict[str, list[Finding]] = {}  # findings on results of unknown numbers, by cycle

    def facts(self, cycle: str) -> Facts:
        return facts(cycle, self.reference, self.policies)

    def of_cycle(self, cycle: str) -> list[Application]:
        """The applications of a cycle, by number."""
        return [app for no, app in sorted(self.applications.items()) if app.cycle == cycle]

    def knowledge(self, cycle: str) -> int:
        """A count that grows with the register and what supervision knows, the cycle's own filings left out."""
        filed = sum(count for other, count in self.register.filings.items() if other != cycle)
        activities = {tuple(sorted(row.items())) for row in self.activities or ()}
        supplied = self.activities is not None
        return self.register.changes + filed + len(activities) + supplied + len(self.complaints)

    def verdict(self, no: str, rule: str, occupation: str) -> str | None:
        """The latest decision by moment, of those that cover an occupation; None where there is none."""
        covering = [
            (ruling.moment, ruling.order, ruling.verdict)
            for ruling in self.rulings
            if (ruling.no, ruling.rule) == (no, rule) and ruling.occupation in ("", occupation)
        ]
        return max(covering)[2] if covering else None

    def take(self, act: Act) -> None:
        """Take in what one act lays in; its run is not part of this."""
        for words in act.commands:
            self._command(words)
        self.register.take_over(act.desk.get("register", []))
        if "activities" in act.desk:
            self.activities = [*(self.activities or ()), *act.desk["activities"]]
        for row in act.desk.get("complaints", []):
            former = self.complaints.get(row["complaint_no"], row)
            if self.register.goes_by(former["uscc"]) == self.register.goes_by(row["uscc"]):  # else another's number
                self.complaints[row["complaint_no"]] = row
        self._take_forms(act)
        for row in act.desk.get("decisions", []):
            moment = values.instant(row["decided_at"])
            verdict = values.enum("decision_verdict", row["verdict"])
            if moment and verdict:
                self._rule(row["application_no"], row["rule"], row["occupation_code"], verdict, moment)

    # -- the forms -----------------------------------------------------------------------------------------------

    def _take_forms(self, act: Act) -> None:
        forms = act.forms.get("applications", [])
        times = Counter(form["application_no"] for form in forms)
        for form in forms:
            no = form["application_no"]
            if times[no] > 1:
                several = len({one["uscc"] for one in forms if one["application_no"] == no}) > 1
                whose = "two institutions" if several else "rows of one file that nobody can tell apart"
                self.set_aside.append((no, f"one number in one pull, {whose}"))
            else:
                readable = any(policy.cycle_is_readable(form.get("cycle", "")) for policy in self.policies)
                cycle = form["cycle"] if readable else act.cycle
                tables = {name: rows_of(act.forms, name, no) for name in act.forms}
                self._take_version(Version(Filing(form, tables, self.facts(cycle)), act.day), cycle)

    def _take_version(self, version: Version, cycle: str) -> None:
        no, app = version.filing.no, self.applications.get(version.filing.no)
        version.filing.uscc = self.register.goes_by(version.filing.uscc)
        if app is None:
            if version.first_seen < self.facts(cycle).policy.window_opens(cycle) or cycle in self.closed_cycles:
                self.set_aside.append((no, "the cycle's window has not begun, or it is closed"))
                return
            app = self.applications[no] = Application(no, cycle, version)
            app.take(version)
            return
        if any(version.filing.content() == former.filing.content() for former in app.versions):
            return
        uscc = version.filing.uscc
        if app.valid_code() and codes.credit_code_is_valid(uscc) and uscc != app.valid_code():
            self.set_aside.append((no, "the number belongs to another institution"))
            return
        self._take_later_version(app, version)

    def _take_later_version(self, app: Application, version: Version) -> None:
        """Versions (contract section 3): taken, late, or older than the current one."""
        moment, ends = version.handed_in(), values.midnight(values.day_after(self.facts(app.cycle).deadline))
        decided = any(state.status in DECIDED for state in app.items.values())
        filed = any(state.status in ("filed", "lapsed") for state in app.items.values())
        over = app.cycle in self.closed_cycles or app.ended
        version.status = "late"
        if over or (filed if version.filing.withdrawn else decided):
            app.versions.append(version)
        elif version.is_older_than(app.current):
            version.status = "superseded"
            app.versions.append(version)
        elif version.filing.withdrawn or moment <= ends:
            app.take(version)
        elif app.returned:
            version.late_correction = app.period_end is None or values.shanghai_day(moment) > app.period_end
            app.take(version)
        else:
            app.versions.append(version)

    def take_permitted(self, app: Application) -> None:
        """A late version is taken once a decision permits it under WINDOW-2, unless something is decided already."""
        late = [version for version in app.versions if version.status == "late"]
        decided = any(state.status in DECIDED for state in app.items.values())
        if not late or decided or app.ended or late[-1].moment() <= app.current.moment():
            return
        if self.verdict(app.no, "WINDOW-2", "") == "permit":
            late[-1].late_correction = True
            app.take(late[-1])

    # -- decisions and commands ----------------------------------------------------------------------------------

    def _rule(self, no: str, rule: str, occupation: str, verdict: str, moment: datetime) -> None:
        """Record a decision that can concern what it names; any other is refused."""
        app = self.applications.get(no)
        if app is None or app.cycle in self.closed_cycles or app.ended:
            return
        if rule == "OBJECTION":
            if not self._may_be_objected_to(app, occupation, verdict, values.shanghai_day(moment)):
                return
        elif rule not in rules() or rules()[rule]["nature"] != "in_principle":
            return
        if occupation and occupation not in app.filing.occupations():
            return
        if rule.startswith("CAP-") and app.filing.type not in self.facts(app.cycle).policy["cap"]["capped"]:
            return
        self.rulings.append(Ruling(no, rule, occupation, verdict, moment, len(self.rulings)))

    def notice_ends(self, cycle: str, shown: date) -> date:
        """The last day of a public notice."""
        return values.workdays_after(shown, self.facts(cycle).policy.notice_workdays)

    def _may_be_objected_to(self, app: Application, occupation: str, verdict: str, day: date) -> bool:
        """An objection to what a notice shows is upheld while the notice runs; dismissed also later.

        What is filed stays so; a level that came later and was refused is reached through those that were shown.
        """
        covered = [state for item, state in app.items.items() if occupation in ("", item.occupation)]
        return any(state.status not in ("filed", "lapsed") for state in covered) and any(
            state.shown
            and state.shown <= day
            and (verdict == "permit" or day <= self.notice_ends(app.cycle, state.shown))
            for state in covered
        )

    def _command(self, words: list[str]) -> None:
        plain, options = _parsed(words)
        day = date.fromisoformat(options["as-of"])
        if plain[0] == "withdraw":
            self.applications[plain[1]].withdraw()
        elif plain[0] == "close":
            self._close(plain[1], options.get("occupation", ""), day)
        elif plain[0] == "decide":
            noon = values.midnight(day) + timedelta(hours=12)
            self._rule(plain[1], plain[2], options.get("occupation", ""), plain[3], noon)
        elif plain[0] == "adjust":
            self._adjust(plain, options, date.fromisoformat(options.get("on", options["as-of"])))
        else:
            raise ValueError(f"the oracle does not know the command {plain[0]}")

    def _close(self, target: str, occupation: str, day: date) -> None:
        if target in self.applications:
            self.applications[target].end(occupation)
            return
        facts = self.facts(target)
        if day < facts.deadline + timedelta(days=facts.policy.wait_days):  # too early: refused
            return
        self.closed_cycles.add(target)
        for app in self.of_cycle(target):
            app.end(but="passed")  # the next run decides on it

    def _adjust(self, plain: list[str], options: dict[str, str], day: date) -> None:
        what, uscc = plain[1], plain[2]
        occupation = options.get("occupation", "")
        if what == "suspend":
            self.register.suspend(uscc, occupation, day)
        elif what == "reinstate":
            self.register.reinstate(uscc, occupation, day)
        elif what in ("withdraw", "revoke"):
            self.register.take_off(uscc, occupation, day, revoked=what == "revoke")
        elif what == "renumber":
            self.register.renumber(plain[2], plain[3], day)
        elif what == "rename":
            who = self.register.institutions[uscc]
            known = who.on(date.max)
            name, kind = options.get("name", known.name), options.get("type", known.type)
            region = self.policies[0].region_code(options.get("region", known.region)) or known.region
            self.register.changes += 1
            who.change(day, Particulars(name, kind, region, options.get("address", known.address)))
        elif what == "merge":
            self.register.merge(plain[2], plain[3], day)
            for app in self.applications.values():
                app.goes_over(plain[2], plain[3])
        else:
            raise ValueError(f"the oracle does not know adjust {what}")

    def state(self, no: str, item: Item) -> State:
        return self.applications[no].items[item]


def _parsed(words: list[str]) -> tuple[list[str], dict[str, str]]:
    """Plain words and `--option value` pairs of a command line."""
    plain: list[str] = []
    options: dict[str, str] = {}
    rest = iter(words)
    for word in rest:
        if word.startswith("--"):
            options[word[2:]] = next(rest)
        else:
            plain.append(word)
    return plain, options
