"""One run of a cycle: collect results, wait or decide, file, and let lapse what has expired."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

import values
from applications import Application
from facts import Row
from filing import Finding, Item, Trade
from office import Act, Office
from register import AUDIENCES, Entry, Institution, Particulars
from register_rules import is_saturated, place, places, stands_badly
from result_rules import ItemKey, Sent, judge
from screening import scene, screen, settle_passed


def play(acts: list[Act], office: Office | None = None) -> Office:
    """Live through a history of acts."""
    office = office or Office()
    for act in acts:
        office.take(act)
        if act.run:
            run(office, act)
    return office


def run(office: Office, act: Act) -> None:
    """Screen, collect, decide when the day has come, and let what has expired lapse."""
    screen(office, act.cycle, act.day)
    if act.cycle not in office.closed_cycles:
        collect(office, act.cycle, act.results, act.day)
        office.waiting[act.cycle] = not _decides(office, act.cycle, act.day)
        if not office.waiting[act.cycle]:
            settle_passed(office, act.cycle, act.day)
            _Filing(office, act.cycle, act.day).decide()
    else:
        _Filing(office, act.cycle, act.day).decide()
        for app in office.of_cycle(act.cycle):
            app.end(but="passed")  # a public notice shows it
    _lapse(office, act.day)


def collect(office: Office, cycle: str, rows: list[Row], as_of: date) -> None:
    """Judge the results that are there; an accepted one makes its item passed or failed."""
    apps = office.of_cycle(cycle)
    sent = Sent(
        {
            (app.no, item): state.status
            for app in apps
            for item, state in app.items.items()
            if state.status in ("dispatched", "passed", "failed", "filed")
        },
        {app.no for app in office.applications.values() if app.ended or app.cycle in office.closed_cycles},
        {app.no: app.filing for app in apps},
        office.facts(cycle),
        as_of,
    )
    judged = judge(rows, sent)
    for no, item in judged.accepted:  # what an accepted result mends is no finding any more
        app = office.applications[no]
        app.on_results = [(key, finding) for key, finding in app.on_results if key != (no, item)]
    for key, finding in judged.findings:
        if finding.application_no in office.applications:
            office.applications[finding.application_no].on_results.append((key, finding))
        else:
            office.stray.setdefault(cycle, []).append(finding)
    for (no, item), result in judged.accepted.items():
        state = office.state(no, item)
        if state.status == "filed":
            state.corrected |= not result.passed
            continue
        state.stands("passed" if result.passed else "failed", {"EVAL-1"} if result.unproduced else None)
        state.score, state.held_at = result.score, ""


def _decides(office: Office, cycle: str, as_of: date) -> bool:
    """The day on which a cycle is decided together has come (contract section 3, when a run decides)."""
    policy, last = office.facts(cycle).policy, office.facts(cycle).deadline
    if cycle in office.deciding or not policy["decision"]["together"]:
        return True
    apps = office.of_cycle(cycle)
    correcting = any(app.returned and app.period_end and as_of <= app.period_end for app in apps)
    missing = any(state.status == "dispatched" for app in apps for state in app.items.values())
    waited = as_of >= last + timedelta(days=policy.wait_days)
    if waited or (as_of > last and not correcting and not missing):
        office.deciding.add(cycle)
        return True
    return False


def _lapse(office: Office, as_of: date) -> None:
    """What is over, or was taken off the register, lapses."""
    for app in office.applications.values():
        for item, state in app.items.items():
            if state.status == "filed" and office.register.is_over(app.filing.uscc, item, as_of):
                state.stands("lapsed")


@dataclass
class _Filing:
    """Filing what passed on one day, in the order of the contract."""

    office: Office
    cycle: str
    as_of: date
    ahead: dict[str, set[Trade]] = field(default_factory=dict)  # what a public notice shows, by institution

    def decide(self) -> None:
        before: dict[str, date | None] = {}
        for app in self.office.of_cycle(self.cycle):
            before[app.filing.uscc] = max(self.office.register.ends(app.filing.uscc, self.as_of), default=None)
        groups = self._groups()
        filed: list[ItemKey] = []
        for no, trade in sorted(groups, key=lambda group: self._rank(group, groups[group])):
            filed += self._file_group(no, trade, groups[(no, trade)])
        self._audiences(filed)
        self._terms(filed, before)

    def _groups(self) -> dict[tuple[str, Trade], list[Item]]:
        """What may be filed now, an application's occupation at a time by its present code, after RENEW-1 and STAND-1."""
        groups: dict[tuple[str, Trade], list[Item]] = {}
        for app in self.office.of_cycle(self.cycle):
            for item, state in sorted(app.items.items()):
                at_filing = state.status == "held" and state.held_at == "filing" and "STAND-1" not in state.reason
                if (state.status == "passed" or at_filing) and self._may_stand(app, item):
                    now = self.office.register.now(item.occupation)
                    unit = place(self.office.facts(self.cycle), Trade(now, item.work_type))
                    groups.setdefault((app.no, unit), []).append(item)
        return groups

    def _may_stand(self, app: Application, item: Item) -> bool:
        register, state = self.office.register, app.items[item]
        present = item._replace(occupation=register.now(item.occupation))
        gone = [one for one in register.entries if (one.uscc, one.item) == (app.filing.uscc, present)]
        renewal = app.filing.kind == "renewal"
        last = max(gone, key=Entry.lasted, default=None)
        if renewal and last and last.off_on is not None and last.off_on <= self.as_of:
            state.stands("refused", {"RENEW-1"})
            return False
        new = present not in register.items(app.filing.uscc, self.as_of)  # a late renewal's too
        if new and stands_badly(app.filing, scene(self.office, app), self.as_of):
            verdict = self.office.verdict(app.no, "STAND-1", item.occupation)
            if verdict != "permit":
                self._hold(app, item, {"STAND-1"}, refused=verdict == "refuse")
                return False
        return True

    def _hold(self, app: Application, item: Item, reason: set[str], *, refused: bool) -> None:
        state = app.items[item]
        state.stands("refused" if refused else "held", reason)
        state.held_at = "filing"

    def _rank(self, group: tuple[str, Trade], items: list[Item]) -> tuple[date, float, datetime, str, str, str]:
        """By score; but what a public notice showed earlier goes before what it has not shown yet."""
        app = self.office.applications[group[0]]
        best = max(app.items[item].score or 0 for item in items)
        shown = min(app.items[item].shown or date.max for item in items)
        return shown, -best, app.current.moment(), app.no, *group[1]

    def _file_group(self, no: str, unit: Trade, items: list[Item]) -> list[ItemKey]:
        """File one institution's occupation, or hold it for want of a place."""
        app = self.office.applications[no]
        asked = {item.occupation for item in items}
        hit = {rule: self._verdict(no, rule, asked) for rule in sorted(self._without_place(app, unit))}
        refused = {rule for rule, verdict in hit.items() if verdict == "refuse"}
        undecided = {rule for rule, verdict in hit.items() if verdict is None}
        for item in items:
            if refused or undecided:
                self._hold(app, item, refused or undecided, refused=bool(refused))
        if refused or undecided:
            return []
        due = [item for item in items if self._is_due(app, item)]
        for item in due:
            self._enter(app, item)
        if len(due) < len(items):
            self.ahead.setdefault(app.filing.uscc, set()).add(unit)
        return [(no, item) for item in due]

    def _is_due(self, app: Application, item: Item) -> bool:
        """What would be filed is shown first, and filed on the first day after the notice; else at once."""
        state = app.items[item]
        if not self.office.facts(self.cycle).policy.notice_workdays:
            return True
        state.stands("passed")
        state.held_at = ""
        state.shown = state.shown or self.as_of
        return self.as_of > self.office.notice_ends(self.cycle, state.shown)

    def _verdict(self, no: str, rule: str, asked: set[str]) -> str | None:
        """What decisions on the codes asked for say of the occupation they are now; a permit on one of them is enough."""
        said = {self.office.verdict(no, rule, code) for code in asked}
        return next((verdict for verdict in ("permit", "refuse") if verdict in said), None)

    def _without_place(self, app: Application, unit: Trade) -> set[str]:
        """CAP-1 and CAP-2 on `as_of`; what the applicant holds on the deadline is not new."""
        here, register = scene(self.office, app), self.office.register
        cap = here.facts.policy["cap"]
        uscc = app.filing.uscc
        if app.filing.type not in cap["capped"]:
            return set()
        if unit in places(here.facts, register.trades(uscc, here.deadline)):
            return set()
        rules = set()
        shown = self.ahead.get(uscc, set())
        if len(places(here.facts, register.trades(uscc, self.as_of)) | shown | {unit}) > int(cap["occupations"]):
            rules.add("CAP-1")
        if is_saturated(app.filing, unit, here, self.as_of, self._showing(unit, uscc)):
            rules.add("CAP-2")
        return rules

    def _showing(self, unit: Trade, applicant: str) -> set[str]:
        """Others of the counted types that will hold an occupation once their public notice is over."""
        counted = self.office.facts(self.cycle).policy["cap"]["saturation_counts"]
        ahead = {uscc for uscc, units in self.ahead.items() if unit in units and uscc != applicant}
        return {app.filing.uscc for app in self.office.of_cycle(self.cycle)
                if app.filing.uscc in ahead and app.filing.type in counted}  # fmt: skip

    def _enter(self, app: Application, item: Item) -> None:
        """Put an item on file, its audiences and its term still to be set."""
        register, filing = self.office.register, app.filing
        app.items[item].stands("filed")
        register.filings[app.cycle] += 1
        if not register.of(filing.uscc, self.as_of):
            renews = filing.kind == "renewal" and filing.uscc in register.institutions
            if not renews:
                code = register.institutions[filing.uscc].code if filing.uscc in register.institutions else ""
                form = filing.form
                who = Particulars(
                    form["institution_name"], filing.type, filing.region or "", form["registered_address"]
                )
                register.institutions[filing.uscc] = Institution(who, code)
        known = register.institutions[filing.uscc]
        if filing.type != known.on(self.as_of).type and self.office.verdict(app.no, "IDENT-2", "") == "permit":
            known.change(self.as_of, replace(known.on(self.as_of), type=filing.type))
        entry = register.entry(filing.uscc, item)
        if entry is None or not entry.on_file(self.as_of):  # a late renewal files anew: nobody was on file in between
            present = item._replace(occupation=register.now(item.occupation))
            entry = Entry(filing.uscc, present, self.as_of, self.as_of)
            register.entries.append(entry)
        entry.valid_until = max(entry.valid_until, self.as_of)

    def _audiences(self, filed: list[ItemKey]) -> None:
        """An addition joins its audiences to the item's, a renewal replaces them; two that file one item join theirs."""
        applications, register = self.office.applications, self.office.register
        entries = [
            (applications[no].filing, item, register.entry(applications[no].filing.uscc, item)) for no, item in filed
        ]
        for filing, _, entry in entries:
            if filing.kind == "renewal" and entry:
                entry.audiences = set()
        for filing, item, entry in entries:
            if entry:
                entry.audiences |= filing.audiences(item) & set(AUDIENCES)

    def _terms(self, filed: list[ItemKey], before: dict[str, date | None]) -> None:
        """Set terms: a renewal begins a new one, the rest shares it, joins the old one, or begins a qualification."""
        applications = self.office.applications
        ends: dict[int, date] = {}  # an item that two applications file has the later
        for no, item in filed:
            app = applications[no]
            end = self._renewed(app) if app.filing.kind == "renewal" else before[app.filing.uscc]
            entry = self.office.register.entry(app.filing.uscc, item)
            assert entry, "what is filed stands on the register"
            ends[id(entry)] = max(end or self._end_of(self.as_of), ends.get(id(entry), date.min))
            entry.taken_over = False
            entry.lasts(ends[id(entry)], self.as_of)
        self._join_renewed(filed)

    def _end_of(self, start: date) -> date:
        """The last day of a term."""
        months = int(self.office.facts(self.cycle).policy["validity"]["months"])
        return values.add_months(start, months) - timedelta(days=1)

    def _renewed(self, app: Application) -> date:
        """The end of a renewed term, one for all its steps: it begins after the latest end of all that it asks for."""
        register, last = self.office.register, self.office.facts(self.cycle).deadline
        asked = {item._replace(occupation=register.now(item.occupation)) for item in app.items}
        mine = [
            one for one in register.entries if one.uscc == app.filing.uscc and one.item in asked and one.stood(last)
        ]
        old = max((entry.until(last) for entry in mine), default=None)
        in_time = old is not None and self.as_of <= old
        app.renewed_until = app.renewed_until or self._end_of(values.day_after(old) if old and in_time else self.as_of)
        return app.renewed_until

    def _join_renewed(self, filed: list[ItemKey]) -> None:
        """What was filed on the day of a renewal has the renewed term, whichever run of the day filed it."""
        applications, register = self.office.applications, self.office.register
        today = self.office.filed.setdefault(self.as_of, [])
        today += filed
        renewed: dict[str, date] = {}
        for app in (applications[no] for no, _ in filed):
            if app.filing.kind == "renewal" and app.renewed_until:
                renewed[app.filing.uscc] = max(app.renewed_until, renewed.get(app.filing.uscc, date.min))
        renewals = {id(register.entry(applications[no].filing.uscc, item)) for no, item in filed
                    if applications[no].filing.kind == "renewal"}  # fmt: skip
        for no, item in today:
            filing = applications[no].filing
            entry = register.entry(filing.uscc, item)
            if entry and filing.uscc in renewed and filing.kind != "renewal" and id(entry) not in renewals:
                entry.lasts(renewed[filing.uscc], self.as_of)


def finding_list(office: Office, cycle: str) -> list[Finding]:
    """All findings of a cycle, those on results too."""
    applications = office.of_cycle(cycle)
    on_forms = [finding for app in applications for finding in app.findings]
    on_results = [finding for app in applications for _, finding in app.on_results]
    return on_forms + on_results + office.stray.get(cycle, [])
