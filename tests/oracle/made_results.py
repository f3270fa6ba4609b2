"""Made decisions and results for a cycle whose state the oracle has read."""

from datetime import date, timedelta

from facts import Row
from filing import Filing, Item
from made_filings import World
from office import Office
from result_rules import ItemKey

_SCORES = ("75", "80", "80", "80.5", "88", "88", "90", "95.5", "100")


class Recorder:
    """Makes decisions with moments that never repeat, and results whose faults come once an application."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._minutes = 0
        self._had_results: set[str] = set()
        self._decided: set[tuple[str, str]] = set()
        self.by_command: set[tuple[str, str]] = set()  # decided by `filing decide`: never decided again

    def decision(self, no: str, rule: str, code: str, verdict: str, day: date) -> Row:
        """One row of the decisions table, taken on the day before."""
        self._minutes += 1
        hour, minute = divmod(self._minutes % 600, 60)
        self._decided.add((no, rule))
        return {
            "application_no": no,
            "rule": rule,
            "occupation_code": code,
            "verdict": self.world.word("decision_verdict", verdict),
            "decided_by": self.world.make.person(),
            "decided_at": f"{day - timedelta(days=1)}T{hour + 8:02d}:{minute:02d}:00",
            "document_no": f"黄人社例〔{day.year}〕{self.world.rng.randrange(1, 99)}号",
            "reason": "经集体研究",
        }

    def on_held(self, office: Office, day: date, *, share: float) -> tuple[list[Row], list[list[str]]]:
        """Decisions on a share of what is held, as rows of the table and as commands; some on nothing that waits."""
        rng = self.world.rng
        rows: list[Row] = []
        commands: list[list[str]] = []
        held: dict[tuple[str, str], set[str]] = {}
        for app in office.of_cycle(self.world.cycle):
            for item, state in app.items.items():
                for rule in state.reason if state.status == "held" else ():
                    held.setdefault((app.no, rule), set()).add(item.occupation)
        for (no, rule), occupations in sorted(held.items()):
            way = rng.choices(("permit", "refuse", "one by one", "command"), (40, 15, 30, 15))[0]
            if rng.random() > share or (no, rule) in self.by_command:
                continue
            if way == "command" and (no, rule) not in self._decided:
                commands.append(self._command(no, rule, rng.choice(("permit", "permit", "refuse")), day))
            elif way == "one by one":
                for code in sorted(occupations):
                    if rng.random() < 0.7:
                        rows.append(self.decision(no, rule, code, rng.choice(("permit", "permit", "refuse")), day))
            else:
                rows.append(self.decision(no, rule, "", "refuse" if way == "refuse" else "permit", day))
        rows += self._on_nothing(office, held, day)
        rng.shuffle(rows)
        return rows, commands

    def _command(self, no: str, rule: str, verdict: str, day: date) -> list[str]:
        self.by_command.add((no, rule))
        words = ["decide", no, rule, verdict, "--by", self.world.make.person(), "--reason", "经集体研究"]
        return [*words, "--document", f"黄人社例〔{day.year}〕1号", "--as-of", day.isoformat()]

    def _on_nothing(self, office: Office, held: dict[tuple[str, str], set[str]], day: date) -> list[Row]:
        """Decisions refused for want of such an occupation or rule, and permits for what is not held."""
        rng = self.world.rng
        rows = []
        for app in office.of_cycle(self.world.cycle):
            if rng.random() < 0.02:
                odd = rng.choice((("FORM-3", ""), ("DORM-1", "6-31-01-99"), ("NO-SUCH", "")))
                rows.append(self.decision(app.no, odd[0], odd[1], "permit", day))
            undecided = (app.no, "CAP-2") not in {*held, *self.by_command}
            if undecided and app.filing.type in self.world.policy["cap"]["capped"] and rng.random() < 0.06:
                rows.append(self.decision(app.no, "CAP-2", "", "permit", day))
        return rows

    def turned(self, office: Office, day: date) -> list[Row]:
        """Refuse → permit for some of what is refused, permit → refuse for some of what was permitted and is out."""
        rng = self.world.rng
        rows = []
        for app in office.of_cycle(self.world.cycle):
            turns: dict[tuple[str, str], str] = {}
            for item, state in sorted(app.items.items()):
                if state.status == "refused" and not state.reason & {"RENEW-1", "EVAL-5"}:
                    turns |= {(rule, item.occupation): "permit" for rule in state.reason}
                if state.status == "dispatched":
                    for rule in ("WINDOW-1", "DORM-1", "CAP-1", "CAP-2"):
                        if office.verdict(app.no, rule, item.occupation) == "permit" and any(
                            finding.rule == rule for finding in app.findings
                        ):
                            turns[(rule, item.occupation)] = "refuse"
            for (rule, code), verdict in sorted(turns.items()):
                if rng.random() < 0.3 and (app.no, rule) not in self.by_command:
                    rows.append(self.decision(app.no, rule, code, verdict, day))
        return rows

    def results(self, office: Office, day: date, share: float) -> list[Row]:
        """Results of a share of the dispatched items, some not acceptable, and of some items that were not sent."""
        rng, world = self.world.rng, self.world
        keys = sorted(
            (app.no, item)
            for app in office.of_cycle(world.cycle)
            for item, state in app.items.items()
            if state.status == "dispatched"
        )
        rows = [self._result(key, office.applications[key[0]].filing, day) for key in keys if rng.random() < share]
        first_time = [row for row in rows if row["application_no"] not in self._had_results]
        faulty = [row for row in first_time if rng.random() < 0.12]
        for row in faulty:
            row.update(self._fault(day))
        rows += [_other_verdict(row) for row in rng.sample(first_time, len(first_time) // 30)]
        rows += [dict(row) for row in rng.sample(rows, len(rows) // 25)]
        rows += self._unsent(office, keys, day)
        self._had_results |= {row["application_no"] for row in rows}
        rng.shuffle(rows)
        return rows

    def corrected(self, office: Office, day: date) -> list[Row]:
        """Later results for filed and failed items: a failure of what is filed, a pass of what failed."""
        rows = []
        for app in office.of_cycle(self.world.cycle):
            for item, state in sorted(app.items.items()):
                row = self._result((app.no, item), app.filing, day)
                if state.status == "filed" and state.score and self.world.rng.random() < 0.06:
                    rows.append(row | {"verdict": "fail", "score": f"{state.score:g}"})
                if state.status == "failed" and self.world.rng.random() < 0.3:
                    rows.append(row | {"verdict": "pass", "score": "77", "commitments_shown": "true"})
        return rows

    def _result(self, key: ItemKey, filing: Filing, day: date) -> Row:
        rng, world = self.world.rng, self.world
        no, item = key
        mark, needed = self.world.policy["evaluation"]["pass_mark"], self.world.policy["evaluation"]["panel_size"]
        fails = rng.random() < 0.12
        promised = bool(filing.commitments())
        shown = ("true", "是", "false", "否") if promised else ("true", "false", "否")
        return {
            "application_no": no,
            "occupation_code": item.occupation,
            "work_type": item.work_type,
            "level": item.level if rng.random() < 0.9 else world.make.spelled([item.level]),
            "verdict": world.word("result_verdict", "fail" if fails else "pass"),
            "score": str(rng.randrange(0, mark)) if fails else rng.choice((str(mark), str(mark), *_SCORES)),
            "evaluated_on": (day - timedelta(days=rng.randrange(0, 4))).isoformat(),
            "panel_lead": world.make.person(),
            "panel_size": str(needed + rng.choice((0, 0, 2))),
            "commitments_shown": rng.choices(shown, (6, 2, 1, 1)[: len(shown)])[0],
            "remarks": "",
        }

    def _fault(self, day: date) -> Row:
        rng, evaluation = self.world.rng, self.world.policy["evaluation"]
        ways: tuple[Row, ...] = (
            {"panel_size": str(rng.randrange(evaluation["panel_size"]))},
            {"verdict": "pass", "score": str(evaluation["pass_mark"] - 0.5)},
            {"verdict": "待定"},
            {"score": "八十五"},
            {"panel_size": "三人"},
            {"commitments_shown": "部分"},
            {"evaluated_on": "上周"},
            {"evaluated_on": ""},
            {"evaluated_on": (day + timedelta(days=1)).isoformat()},
            {"panel_lead": ""},
        )
        return rng.choice(ways)

    def _unsent(self, office: Office, keys: list[ItemKey], day: date) -> list[Row]:
        """Results that name what was not sent out: an application, an occupation, a work type, a level."""
        rng = self.world.rng
        idle = sorted(
            (app.no, item)
            for app in office.of_cycle(self.world.cycle)
            for item, state in app.items.items()
            if state.status in ("returned", "held")
            and app.live
            and len(app.versions) == 1
            and app.no not in self._had_results
        )
        rows = [
            self._result(key, office.applications[key[0]].filing, day) for key in rng.sample(idle, min(len(idle), 2))
        ]
        fresh = [key for key in keys if key[0] not in self._had_results]
        if fresh:
            no, item = rng.choice(fresh)
            filing = office.applications[no].filing
            rows.append(self._result((no, item), filing, day) | {"application_no": "HS0000-99999"})
            rows.append(self._result((no, Item("4-01-99-01", "", item.level)), filing, day))
            rows.append(self._result((no, item._replace(work_type="戊类")), filing, day))
            taken = {key[1].level for key in keys if key[0] == no and key[1][:2] == item[:2]}
            for level in sorted(set(self.world.policy.ladder) - taken)[:1]:
                rows.append(self._result((no, item._replace(level=level)), filing, day))
        return rows


def _other_verdict(row: Row) -> Row:
    if row["verdict"] in ("pass", "合格"):
        return row | {"verdict": "fail", "score": "41"}
    return row | {"verdict": "pass", "score": "86"}
