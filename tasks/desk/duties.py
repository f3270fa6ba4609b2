"""Who must do what by when: one list of everything that waits for somebody, for the desk, `filing status --who` and alerts."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

from sqlalchemy import Connection

from expectations.rulebook import rules
from schemas.law import deciding
from schemas.law.cycle import cycle_id
from schemas.law.rulings import WINDOW_2
from schemas.letter_text import LETTER_KINDS
from schemas.pauses import AUTOMATIC
from schemas.policy import for_cycle
from schemas.supervision import UNSETTLED
from tasks.store import complaints, duties, editions, frames, panels, pauses, postings, register, results, runs
from tasks.store.outbox import LETTERS

#: Kinds of duty in the order in which they are shown, with what people read for each.
KINDS: dict[str, str] = {
    "ruling": "例外审批",
    "approval": "批准发布",
    "correction": "申报补正",
    "panel": "评估结果",
    "cycle": "批次办理",
    "posting": "待寄出的文书",
    "delivery": "未送出的文书和材料",
    "aside": "搁置的文件",
    "complaint": "投诉与整改",
}
CENTRE = "中心"
#: What is told of the causes of a return before it is cut off.
_LONGEST = 160
#: So many of the things a run left undone are named.
_NAMED = 10
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Duty:
    """One thing that waits: what kind, about what (application, edition, complaint, file), who must do what by when.

    `region` is the code of the county, blank where there is none; `contact` whom to call; `days` its age. `told_from`:
    the day from which an alert tells of it, for what others do or a run may still do by itself; `mark` tells one occasion
    of the same thing from another.
    """

    kind: str
    subject: str
    who: str
    what: str
    cycle: str = ""
    institution: str = ""
    region: str = ""
    contact: str = ""
    since: date | None = None
    due: date | None = None
    days: int = 0
    told_from: date | None = None
    mark: str = ""

    @property
    def key(self) -> str:
        """What it is known by, so that people are told of it once."""
        return "|".join((self.kind, self.subject, str(self.since or ""), self.mark))

    @property
    def title(self) -> str:
        """The kind as people read it."""
        return KINDS[self.kind]


def duties_on(db: Connection, day: date) -> list[Duty]:
    """Everything that waits for somebody on a day: what is due first stands first, what has no last day by its age."""
    cycles = duties.open_cycles(db)
    waiting = [
        *_rulings(db, cycles),
        *_approvals(db),
        *_corrections(db, cycles),
        *_panels(db, cycles),
        *_cycles(db, cycles, day),
        *_paused(db, day),
        *_postings(db),
        *_deliveries(db),
        *_aside(db),
        *_complaints(db, day),
    ]
    aged = [_aged(duty, day) for duty in waiting]
    order = list(KINDS)
    return sorted(aged, key=lambda duty: (duty.due or date.max, -duty.days, order.index(duty.kind), duty.subject))


def counted(waiting: Iterable[Duty]) -> dict[str, int]:
    """How many of each kind, in the order of KINDS; those there are none of are left out."""
    kinds = [duty.kind for duty in waiting]
    return {kind: kinds.count(kind) for kind in KINDS if kind in kinds}


def _aged(duty: Duty, day: date) -> Duty:
    age = max((day - duty.since).days, 0) if duty.since else 0
    return replace(duty, days=age)


def _last_day(cycle: str) -> date:
    return deciding.last_day(for_cycle(cycle_id(cycle)), cycle_id(cycle))


def _about(kind: str, row: dict[str, object], who: str, what: str, due: date | None, contact: str = "") -> Duty:
    """A duty about an application, of a row that says whose it is."""
    return Duty(
        kind,
        str(row["application_no"]),
        who,
        what,
        cycle=str(row["cycle"]),
        institution=str(row["institution_name"] or ""),
        region=str(row["region_code"] or ""),
        contact=contact,
        since=duties.day_of(row["since"]),
        due=due,
    )


def _rulings(db: Connection, cycles: list[str]) -> Iterator[Duty]:
    for cycle in cycles:
        for row in frames.records(duties.held(db, cycle)):
            what = f"{row['items']} 个申报职业等级：" + "；".join(map(in_words, str(row["rules"]).split(";")))
            yield _about("ruling", row, CENTRE, what, _last_day(cycle))
    for row in frames.records(duties.late(db, cycles)):
        what = f"逾期提交的版本是否采纳（{WINDOW_2}）"
        yield _about("ruling", row, CENTRE, what, _last_day(str(row["cycle"])))


def in_words(code: str) -> str:
    """A rule in the words of the rule book, with its code."""
    rule = rules().get(code)
    return f"{rule.message_zh.rstrip('。')}（{code}）" if rule else code


def _approvals(db: Connection) -> Iterator[Duty]:
    waiting = editions.newest(db, "waiting")
    if waiting is not None:
        name = str(waiting["edition"])
        what = f"目录 {name} 等待批准：{waiting['waits_because']}。核对后批准发布，或运行 filing approve {name}"
        cycle = str(waiting["cycle"])
        yield Duty("approval", name, CENTRE, what, cycle, since=waiting["as_of"])


def _corrections(db: Connection, cycles: list[str]) -> Iterator[Duty]:
    for row in frames.records(duties.returned(db, cycles)):
        missing = str(row["missing"])
        what = missing if len(missing) <= _LONGEST else f"{missing[:_LONGEST]}…"
        contact = f"{row['contact_name']} {row['contact_phone']}".strip()
        due = duties.day_of(row["correct_by"])
        duty = _about("correction", row, "申报机构", what or "申报材料须补正", due, contact)
        yield replace(duty, told_from=due or _last_day(str(row["cycle"])))


def _panels(db: Connection, cycles: list[str]) -> Iterator[Duty]:
    leads = {
        number: draw.panel.leader.name
        for cycle in cycles
        for number, draw in panels.standing(db, cycle).items()
        if draw.panel.leader
    }
    for row in frames.records(duties.with_panels(db, cycles)):
        lead = leads.get(str(row["application_no"]))
        who = f"专家组（组长 {lead}）" if lead else "专家组"
        what = f"缺 {row['items']} 个职业等级的评估结果"
        due = _last_day(str(row["cycle"]))
        yield replace(_about("panel", row, who, what, due), told_from=due)


def _cycles(db: Connection, cycles: list[str], day: date) -> Iterator[Duty]:
    """Cycles that wait for a person: results nobody judged, what a run left undone, what nobody moves any more."""
    for unjudged in results.unjudged(db):
        what = f"有 {unjudged.number} 条评估结果待审：运行该批次"
        # a waiting run takes up what is its own within a minute; what still lies there the next day, nobody will
        tomorrow = unjudged.since + _DAY
        yield Duty("cycle", unjudged.cycle, CENTRE, what, unjudged.cycle, since=unjudged.since, told_from=tomorrow)
    failed_in = {summary.cycle: summary.run_id for summary in runs.newly_failed(db)}
    for cycle in cycles:
        if undone := runs.undone(db, cycle):
            named = "、".join(undone[:_NAMED]) + ("等" if len(undone) > _NAMED else "")
            what = f"最近一次运行有 {len(undone)} 项未办成（{named}）：处理后再运行"
            yield Duty("cycle", cycle, CENTRE, what, cycle, mark=f"undone {failed_in.get(cycle, '')}")
        if day >= (last := _last_day(cycle)):
            reminded = last + timedelta(days=for_cycle(cycle_id(cycle)).closing.remind_days)
            what = f"等待期限已过，仍有未办结的：催办，或终止办理；逐件见 filing status {cycle}"
            yield Duty("cycle", cycle, CENTRE, what, cycle, since=last, told_from=reminded, mark="over")


def _paused(db: Connection, day: date) -> Iterator[Duty]:
    """What a person keeps from going on by itself: it goes on only when it is lifted, or its last day is over."""
    for pause in pauses.standing(db, day):
        cycle = "" if pause.subject in AUTOMATIC else pause.subject
        through = f"至 {pause.until}" if pause.until else "直至恢复"
        title = AUTOMATIC.get(pause.subject, f"{pause.subject} 批次")
        what = f"{title}已由 {pause.by} 暂停（{through}）：{pause.reason}。恢复：filing resume {pause.subject}"
        yield Duty(
            "cycle", pause.subject, CENTRE, what, cycle, since=pause.paused_at.date(), due=pause.until, mark="paused"
        )


def _postings(db: Connection) -> Iterator[Duty]:
    for row in frames.records(postings.unposted(db)):
        cycle, what = str(row["cycle"]), f"{row['letters']} 封文书已生成，尚未登记寄出"
        since = duties.day_of(row["since"])
        yield Duty("posting", cycle, CENTRE, what, cycle, since=since, told_from=since and since + _DAY)


def _deliveries(db: Connection) -> Iterator[Duty]:
    for row in frames.records(duties.undelivered(db)):
        kind = str(row["kind"])
        name = LETTER_KINDS[kind].title if row["box"] == LETTERS.code and kind in LETTER_KINDS else "评估材料包"
        what = f"{name} 尚未送出：查看原因后再运行批次"
        subject, cycle = str(row["subject"]), str(row["cycle"])
        since = duties.day_of(row["since"])
        yield Duty("delivery", subject, CENTRE, what, cycle, since=since, told_from=since and since + _DAY)


def _aside(db: Connection) -> Iterator[Duty]:
    for row in frames.records(duties.set_aside(db)):
        subject, reason = str(row["application_no"] or row["file"]), str(row["reason"])
        since = duties.day_of(row["since"])
        yield Duty(
            "aside", subject, "中心通知报送人", reason, str(row["cycle"]), since=since, mark=f"{row['file']} {reason}"
        )


def _complaints(db: Connection, day: date) -> Iterator[Duty]:
    rows = frames.records(complaints.unsettled(db, day))
    if not rows:
        return
    known = register.on_file(db, day).drop_duplicates("uscc").set_index("uscc")
    names, regions = known["institution_name"].to_dict(), known["region_code"].to_dict()
    for row in rows:
        uscc, due = str(row["uscc"]), duties.day_of(row["due_on"])
        yield Duty(
            "complaint",
            str(row["complaint_no"]),
            str(row["handled_by"]),
            f"{UNSETTLED[str(row['outcome'])]}：{row['summary']}",
            institution=str(names.get(uscc, uscc)),
            region=str(regions.get(uscc, "")),
            since=duties.day_of(row["received_on"]),
            due=due,
            told_from=due + _DAY if due else date.max,
        )


@dataclass(frozen=True)
class Choice:
    """Which duties are looked at: of one county, of one kind, of one cycle; blank is all."""

    region: str = ""
    kind: str = ""
    cycle: str = ""

    def of(self, waiting: Iterable[Duty]) -> list[Duty]:
        """Those of the duties that are looked at, in their order."""
        tests: list[Callable[[Duty], bool]] = [
            lambda duty: self.region in ("", duty.region),
            lambda duty: self.kind in ("", duty.kind),
            lambda duty: self.cycle in ("", duty.cycle),
        ]
        return [duty for duty in waiting if all(test(duty) for test in tests)]
