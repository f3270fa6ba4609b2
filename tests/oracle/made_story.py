"""A made story: what a cycle's applicants, panels and centre do from act to act, each judged by the oracle's reading."""

import copy
import random
from collections import Counter
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import made_register
import values
from applications import FINAL, UNDER_WAY, Application
from deciding import play
from facts import Row, Tables
from filing import Trade
from made_filings import Institution, MadeFiling, World, application, spelled_moment
from made_register import institution, on_file
from made_results import Recorder
from made_values import Maker
from occupation_rules import is_skill
from office import Act, Office
from spoiled_forms import Mishap


@dataclass
class Draft:
    """What one act will hold while it is being made."""

    day: date
    forms: list[MadeFiling]
    desk: Tables
    results: list[Row]
    commands: list[list[str]]


class Story:
    """One cycle's story; `office` has lived through all acts so far."""

    def __init__(self, rng: random.Random, cycle: str, office: Office, mishaps: dict[str, Mishap]) -> None:
        known = office.facts(cycle)
        skills = [code for code in known.dictionary if is_skill(code, known) and code not in known.access]
        opens = known.policy.window_opens(cycle)
        self.types = known.policy.types()
        self.world = World(rng, Maker(rng, known.policy), known, cycle, rng.sample(skills, 30), skills, opens, opens)
        self.rng = rng
        self.office = office
        self.mishaps = mishaps
        self.recorder = Recorder(self.world)
        self.acts: list[Act] = []
        self.used: Counter[str] = Counter()
        self.clean: dict[str, MadeFiling] = {}  # number -> its application without faults
        self.people: list[Institution] = []
        self.register: list[Row] = []
        self._count = 0

    def begin(self, days: int) -> Draft:
        """An act so many days after the deadline (before it where negative); submissions fall since the last act."""
        day = self.world.facts.deadline + timedelta(days=days)
        self.world.since = self.acts[-1].day if self.acts else self.world.policy.window_opens(self.world.cycle)
        self.world.until = day - timedelta(days=1)
        return Draft(day, [], {}, [], [])

    def play(self, draft: Draft, *, run: bool = True) -> None:
        """Play the act, without what the order of one day would leave open.

        Nobody decides on, or withdraws, what comes in anew on that day, and no panel writes a result on the day on which
        its package is called back.
        """
        handed_in = {filing.no for filing in draft.forms}
        commands = [words for words in draft.commands if words[1] not in handed_in]
        decisions = [row for row in draft.desk.get("decisions", []) if row["application_no"] not in handed_in]
        desk = draft.desk | {"decisions": decisions}
        touched = handed_in | {words[1] for words in commands}
        for row in decisions:
            if row["rule"] == "WINDOW-2" or values.enum("decision_verdict", row["verdict"]) == "refuse":
                touched.add(row["application_no"])
        results = [row for row in draft.results if row["application_no"] not in touched]
        act = Act(draft.day, self.world.cycle, self._tables(draft.forms), desk, results, commands, run)
        play([act], self.office)
        self.acts.append(act)

    def _tables(self, forms: list[MadeFiling]) -> Tables:
        tables: Tables = {"applications": [], "occupations": [], "staff": [], "materials": [], "programmes": []}
        self.rng.shuffle(forms)
        for filing in forms:
            tables["applications"].append(filing.form)
            for name, rows in filing.tables():
                tables[name] += rows
        for name in [name for name in ("staff", "materials") if self.rng.random() < 0.5]:
            self.rng.shuffle(tables[name])  # rows of one application need not stand together
        return tables

    def establish(self, count: int) -> None:
        """Institutions, many with something on file, and bystanders that only hold."""
        last, capped = self.world.facts.deadline, self.world.policy["cap"]["capped"]
        for number in range(count):
            who = institution(self.world, self.rng.choices(self.types, (40, 20, 40, 30)[: len(self.types)])[0], number)
            if self.rng.random() < 0.5:
                source = self.world.pool if who.type in capped else self.world.skills
                held = self.rng.sample(source, self.rng.choice((1, 2, 2, 3, 5)))
                self.register += on_file(self.world, who, held, last + timedelta(days=45))
            self.people.append(who)
        for number in range(count // 6):
            who = institution(
                self.world, self.rng.choices(self.types, (15, 15, 70, 30)[: len(self.types)])[0], 2 * count + number
            )
            held = self.rng.sample(self.world.pool, 2)
            self.register += on_file(self.world, who, held, last + timedelta(days=45))

    def hand_in(self, draft: Draft, people: list[Institution]) -> None:
        """First versions of institutions, half of them with faults; now and then two numbers of one institution."""
        for who in people:
            kind = self.rng.choice(("addition", "addition", "renewal", "initial")) if who.on_file else "initial"
            first = self.new(draft, who, kind)
            if self.rng.random() < 0.10:  # a twin by mistake, or the other kind beside it
                second = self.new(draft, who, self.rng.choice((kind, kind, "renewal", "addition")))
                if self.rng.random() < 0.6:
                    second.occupations += [
                        row | {"application_no": second.form["application_no"]} for row in first.occupations[:1]
                    ]

    def new(self, draft: Draft, who: Institution, kind: str) -> MadeFiling:
        self._count += 1
        changed = who.on_file and self.rng.random() < 0.06
        asker = replace(who, type=self.rng.choice(self.types)) if changed else who
        filing = application(self.world, asker, self._count, kind)
        self.clean[filing.form["application_no"]] = copy.deepcopy(filing)
        self.spoil(filing, self.rng.choices((0, 1, 2, 3), (52, 30, 12, 6))[0])
        draft.forms.append(filing)
        return filing

    def spoil(self, filing: MadeFiling, times: int) -> None:
        for name in dict.fromkeys(self.rng.choices(self._fitting(filing), k=times)):
            self.mishaps[name](self.world, filing)
            self.used[name] += 1

    def _fitting(self, filing: MadeFiling) -> list[str]:
        """All mishaps, those of schools oftener for a school, which are few."""
        school_mishaps = ("students_above_their_programme", "programme_missing", "level_requested_twice")
        school = filing.institution.type in self.world.policy.types(programmes=True)
        return sorted(self.mishaps) + list(school_mishaps) * (5 if school else 0)

    def version(self, draft: Draft, app: Application, *, faults: int = 0) -> MadeFiling:
        """A further version: the application as it should have been, handed in since the last act."""
        filing = copy.deepcopy(self.clean[app.no])
        self.spoil(filing, faults)
        filing.form["submitted_at"] = spelled_moment(self.rng, self._moment(draft))
        draft.forms.append(filing)
        return filing

    def _moment(self, draft: Draft) -> datetime:
        since, until = values.midnight(self.acts[-1].day), values.midnight(draft.day)
        return since + timedelta(minutes=self.rng.randrange(1, int((until - since).total_seconds() // 60)))

    def amend(self, draft: Draft, share: float) -> None:
        """Within the window: new versions of what is out, corrected ones of what came back, some withdrawn."""
        for app in self.open_applications():
            if any(state.status in FINAL for state in app.items.values()) or self.rng.random() > share:
                continue
            filing = self.version(draft, app, faults=self.rng.choice((0, 0, 0, 1)))
            if self.rng.random() < 0.12:
                filing.form["withdrawn"] = self.rng.choice(("true", "是"))
            elif self.rng.random() < 0.4 and len(filing.occupations) > 1:
                filing.occupations.pop()

    def correct(self, draft: Draft, share: float) -> None:
        """After the deadline: corrections of what came back, in their period or later."""
        for app in self.open_applications():
            if app.returned and app.first.submitted_at and self.rng.random() < share:
                filing = self.version(draft, app, faults=self.rng.choice((0, 0, 0, 0, 1)))
                if self.rng.random() < 0.05:
                    filing.form["withdrawn"] = "true"

    def amend_unasked(self, draft: Draft, share: float) -> None:
        """After the deadline: versions nobody asked for."""
        for app in self.open_applications():
            under_way = any(state.status in UNDER_WAY for state in app.items.values())
            if under_way and not app.returned and self.rng.random() < share:
                self.version(draft, app)

    def strangers(self, draft: Draft) -> None:
        """What is set aside: another institution under a number, one number of two, a cycle that has not begun."""
        known = self.open_applications()
        for app in self.rng.sample(known, min(len(known), 2)):
            if app.valid_code():
                other = self.version(draft, app)
                other.form["uscc"] = self.world.make.credit_code("91", self.world.areas[0])
        who = institution(self.world, self.types[0], 900)
        one = self.new(draft, who, "initial")
        again = application(self.world, institution(self.world, self.types[0], 901), 902, "initial")
        again.form["application_no"] = one.form["application_no"]
        draft.forms.append(MadeFiling(again.institution, again.form, [], [], [], []))
        far = application(self.world, institution(self.world, self.types[0], 903), 904, "initial")
        far.form["cycle"] = f"{int(self.world.cycle[:4]) + 1}{self.world.cycle[4:]}"
        draft.forms.append(far)

    def open_applications(self) -> list[Application]:
        return [app for app in self.office.of_cycle(self.world.cycle) if app.live and app.no in self.clean]

    def decide(self, draft: Draft, share: float) -> None:
        """Decide on a share of what is held."""
        rows, commands = self.recorder.on_held(self.office, draft.day, share=share)
        draft.desk.setdefault("decisions", []).extend(rows)
        gone = {words[1] for words in draft.commands if words[0] in ("withdraw", "close")}
        draft.commands += [words for words in commands if words[1] not in gone]

    def permit_late(self, draft: Draft, share: float) -> None:
        """Permit some late versions of what is still undecided."""
        rows = draft.desk.setdefault("decisions", [])
        for app in self.open_applications():
            late = any(version.status == "late" for version in app.versions)
            decided = any(state.status in FINAL for state in app.items.values())
            free = not decided and (app.no, "WINDOW-2") not in self.recorder.by_command
            if late and free and self.rng.random() < share:
                rows.append(self.recorder.decision(app.no, "WINDOW-2", "", "permit", draft.day))

    def on_corrected(self, draft: Draft) -> None:
        """Decisions on corrected results of filed items."""
        rows = draft.desk.setdefault("decisions", [])
        for app in self.office.of_cycle(self.world.cycle):
            for code in sorted({item.occupation for item, state in app.items.items() if state.corrected}):
                if self.rng.random() < 0.8:
                    verdict = self.rng.choice(("refuse", "permit"))
                    rows.append(self.recorder.decision(app.no, "EVAL-5", code, verdict, draft.day))

    def object_to(self, draft: Draft, share: float) -> None:
        """Decisions on objections to what a public notice shows, some turned while it runs, some where none runs."""
        rows = draft.desk.setdefault("decisions", [])
        for app in self.open_applications():
            for code in sorted({item.occupation for item, state in app.items.items() if state.shown}):
                if self.rng.random() < share:
                    verdict = self.rng.choice(("refuse", "refuse", "permit"))
                    rows.append(
                        self.recorder.decision(app.no, "OBJECTION", self.rng.choice(("", code)), verdict, draft.day)
                    )
            if not app.shown and self.rng.random() < 0.03:
                rows.append(self.recorder.decision(app.no, "OBJECTION", "", "refuse", draft.day))

    def withdraw(self, draft: Draft, share: float) -> None:
        """`filing withdraw` for some open ones, first of all of twins."""
        for app in self.open_applications():
            twin = any(finding.rule in ("FORM-8", "OCC-14") for finding in app.findings)
            if not app.closed and self.rng.random() < (share * 6 if twin else share):
                draft.commands.append(self._words(["withdraw", app.no], draft.day, reason="申报单位撤回"))

    def end_some(self, draft: Draft, share: float) -> None:
        """`filing close NO`, whole or one occupation."""
        for app in self.open_applications():
            if app.closed or self.rng.random() > share:
                continue
            words = self._words(["close", app.no], draft.day, reason="无人办理")
            open_ones = sorted({item.occupation for item, state in app.items.items() if state.status not in FINAL})
            if len(open_ones) > 1 and not app.returned:
                words += ["--occupation", open_ones[0]]
            draft.commands.append(words)

    def close_cycle(self, draft: Draft) -> None:
        draft.commands.append(self._words(["close", self.world.cycle], draft.day, reason="本批次办结"))

    def _words(self, words: list[str], day: date, *, reason: str) -> list[str]:
        return [*words, "--by", self.world.make.person(), "--reason", reason, "--as-of", day.isoformat()]

    def first_desk(self, draft: Draft) -> None:
        """The register taken over, with activities mostly, and complaints."""
        draft.desk["register"] = self.register
        if self.rng.random() < 0.8:
            draft.desk["activities"] = made_register.activities(self.world, self.register)
        draft.desk["complaints"] = made_register.complaints(self.world, self.register, draft.day)

    def refresh(self, who: Institution, day: date) -> None:
        """What the institution holds on a day, for its next application."""
        who.on_file.clear()
        for item in sorted(self.office.register.items(who.uscc, day), reverse=True):
            who.on_file.setdefault(Trade(item.occupation, item.work_type), []).append(item.level)
