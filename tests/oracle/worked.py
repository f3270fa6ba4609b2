"""Building blocks for examples worked by hand: one cycle, few institutions, acts in words."""

import random
from collections.abc import Callable
from datetime import date, timedelta

from applications import Application
from deciding import finding_list, play
from facts import Row, Tables, facts
from filing import Item, Trade
from made_filings import Institution, MadeFiling, World, application, request
from made_values import Maker
from office import Act, Office

CYCLE = "2025-04"  # deadline 10 April 2025; its window opens on 10 March


#: Plays each act besides and compares, where a test sets it.
beside: Callable[[Act, Office], None] | None = None


class Case:
    """A small office whose acts are written by hand."""

    def __init__(self, cycle: str = CYCLE, office: Office | None = None, *, number: int = 0) -> None:
        self.cycle = cycle
        self.office = office or Office()
        known = facts(cycle)
        skills = [code for code in known.dictionary if code[0] in "3456" and code not in known.access]
        rng = random.Random(4)
        self.world = World(
            rng,
            Maker(rng, known.policy),
            known,
            cycle,
            skills,
            skills,
            known.policy.window_opens(cycle),
            known.deadline,
        )
        self.codes = skills
        self.activities: list[Row] = []  # instead of those that keep all that is on file awake
        self._register: list[Row] = []
        self._number = number

    def day(self, after_deadline: int) -> date:
        return self.world.facts.deadline + timedelta(days=after_deadline)

    def institution(
        self,
        kind: str = "social_organisation",
        on_file: dict[str, str] | None = None,
        *,
        since: str = "2024-06-01",
        until: str = "2027-05-31",
        work_type: str = "",
    ) -> Institution:
        """An institution, with occupations (code to levels) on file for a term."""
        self._number += 1
        prefix = {"enterprise": "91", "technical_school": "12"}.get(kind, "52")
        who = Institution(f"黄石{self._number}", kind, self.world.make.credit_code(prefix, "420202"), "420202")
        for code, levels in (on_file or {}).items():
            for level in levels.split(","):
                self._register.append(
                    {
                        "uscc": who.uscc,
                        "institution_name": who.name,
                        "institution_type": kind,
                        "region_code": who.region,
                        "registered_address": "黄石市磁湖路1号",
                        "occupation_code": code,
                        "work_type": work_type,
                        "level": level,
                        "audience": "public",
                        "filed_on": since,
                        "valid_until": until,
                        "institution_code": "",
                    }
                )
            who.on_file[Trade(code, "")] = levels.split(",")
        return who

    def becoming(self, who: Institution, kind: str) -> Institution:
        """The institution as it would be under another type; its credit code stays."""
        return Institution(who.name, kind, who.uscc, who.region, dict(who.on_file))

    def application(
        self,
        who: Institution,
        asks: dict[str, str],
        kind: str = "initial",
        *,
        submitted: str = "2025-03-11T09:00:00",
        no: str = "",
        work_type: str = "",
    ) -> MadeFiling:
        """A faultless application for occupations (code to levels); `no` makes it another version of that number."""
        self._number += 1
        self.world.make.rng.seed(self._number)
        filing = application(self.world, Institution(who.name, who.type, who.uscc, who.region), self._number, kind)
        filing.occupations, filing.programmes = [], []
        filing.materials = [
            row for row in filing.materials if not row["occupation_code"] and row["form"] != "commitment"
        ]
        filing.form |= {"affiliation": "municipal", "submitted_at": submitted, "withdrawn": ""}
        present = {row["material"] for row in filing.materials}
        policy = self.world.facts.policy
        for name in (*policy["required"]["every_institution"], *policy["institution"][who.type]["materials"]):
            if name not in present:
                filing.materials.append(filing.materials[0] | {"material": name})
        for code, levels in asks.items():
            request(self.world, filing, Trade(code, work_type), levels.split(","))
        for row in filing.occupations:
            row["levels"], row["audience"] = (
                asks[row["occupation_code"]],
                policy["institution"][who.type]["audiences"][0],
            )
        if no:
            for row in (filing.form, *(row for _, rows in filing.tables() for row in rows)):
                row["application_no"] = no
        return filing

    def act(
        self,
        day: str,
        *forms: MadeFiling,
        decisions: list[Row] | None = None,
        results: list[Row] | None = None,
        commands: list[str] | None = None,
        desk: Tables | None = None,
        run: bool = True,
    ) -> None:
        """One act on a day `YYYY-MM-DD`; the first brings the register along."""
        tables: Tables = {"applications": [filing.form for filing in forms]}
        for filing in forms:
            for name, rows in filing.tables():
                tables.setdefault(name, []).extend(rows)
        extra: Tables = {"decisions": decisions or [], **(desk or {})}
        if self._register:
            extra |= {"register": self._register, "activities": self.activities or self._busy()}
            self._register = []
        words = [[*line.split(), "--by", "王某", "--as-of", day] for line in commands or ()]
        act = Act(date.fromisoformat(day), self.cycle, tables, extra, results or [], words, run)
        play([act], self.office)
        if beside:
            beside(act, self.office)

    def _busy(self) -> list[Row]:
        """An activity for all that is on file, so that nothing is dormant."""
        return [
            {"uscc": row["uscc"], "occupation_code": row["occupation_code"], "held_on": row["filed_on"]}
            | {"work_type": "", "level": row["level"], "candidates": "5", "passed": "3"}
            for row in self._register
        ]

    def decision(self, no: str, rule: str, verdict: str, on: str, code: str = "") -> Row:
        return {
            "application_no": no,
            "rule": rule,
            "occupation_code": code,
            "verdict": verdict,
            "decided_by": "李某",
            "decided_at": f"{on}T10:00:00",
            "document_no": "1号",
            "reason": "集体研究",
        }

    def results(self, no: str, score: str, on: str, verdict: str = "pass", code: str = "") -> list[Row]:
        """The same result for all dispatched items (or those of one occupation, whatever their status)."""
        return [
            {
                "application_no": no,
                "occupation_code": item.occupation,
                "work_type": item.work_type,
                "level": item.level,
                "verdict": verdict,
                "score": score,
                "evaluated_on": on,
                "panel_lead": "赵某",
                "panel_size": "3",
                "commitments_shown": "true",
                "remarks": "",
            }
            for item, state in sorted(self.app(no).items.items())
            if (item.occupation == code if code else state.status == "dispatched")
        ]

    def app(self, no: str) -> Application:
        return self.office.applications[no]

    def statuses(self, no: str) -> dict[str, str]:
        """Occupation to the status of its items (all of one occupation stand alike in these examples) and reasons."""
        return {
            item.occupation: " ".join((state.status, *sorted(state.reason)))
            for item, state in sorted(self.app(no).items.items())
        }

    def status(self, no: str) -> str:
        """The one status, with reasons, of all items."""
        statuses = set(self.statuses(no).values())
        return statuses.pop() if len(statuses) == 1 else " | ".join(sorted(statuses))

    def rules(self, no: str) -> set[str]:
        """Rules found on an application, advice and reviews on people and papers left out."""
        return {finding.rule for finding in finding_list(self.office, self.cycle) if finding.application_no == no}

    def valid_until(self, who: Institution, code: str, level: str = "5") -> str:
        entry = self.office.register.entry(who.uscc, Item(code, "", level))
        return entry.valid_until.isoformat() if entry else ""
