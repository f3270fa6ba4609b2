"""Who must do what by when: one list of everything that waits for somebody, for the desk, `filing status --who` and alerts."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta

from sqlalchemy import Connection

from expectations.rulebook import rules_of
from schemas.duty import KINDS, Duty
from schemas.inspection import OUTCOMES
from schemas.item import KEYS
from schemas.law import deciding
from schemas.law.cycle import cycle_id
from schemas.law.rulings import WINDOW_2
from schemas.letter_text import LETTER_KINDS
from schemas.policy import Policy, for_cycle
from schemas.run import AUTOMATIC
from schemas.settings import Settings
from schemas.supervision import UNSETTLED
from tasks.desk.dossier import Facts
from tasks.gateways.disk import receipts
from tasks.store import (
    complaints,
    duties,
    editions,
    frames,
    inspections,
    panels,
    pauses,
    postings,
    register,
    results,
    runs,
    unfinished,
)
from tasks.store.database import reading
from tasks.store.outbox import LETTERS
from tasks.store.unfinished import Open

CENTRE = "中心"
#: Characters shown of the causes of a return.
_LONGEST = 160
#: So many of the things a run left undone are named.
_NAMED = 10
_DAY = timedelta(days=1)
#: Numbers of receipts by a file's SHA-256 and path.
_Numbers = Mapping[tuple[str, str], str]
#: Standings that the next run moves by itself.
_FOR_A_RUN = ["received", "screened", "accepted"]


def waiting_on(installation: Settings, day: date) -> list[Duty]:
    """Everything that waits for somebody in an installation on a day, files with the number of their receipt."""
    with reading() as db:
        return duties_on(db, day, lambda: receipts.numbers(installation.root))


def duties_on(db: Connection, day: date, numbers: Callable[[], _Numbers] = dict) -> list[Duty]:
    """Everything that waits for somebody on a day: what is due first stands first, what has no last day by its age.

    `numbers`: the receipts of files, as `receipts.numbers` gives them; asked for where files were set aside.
    """
    cycles = unfinished.open_cycles(db)
    rows = unfinished.open_of(db, cycles, day)
    waiting = [
        *_rulings(db, rows, cycles, day),
        *_approvals(db),
        *_corrections(db, rows, cycles),
        *_panels(db, rows, cycles),
        *_cycles(db, rows, cycles, day),
        *_postings(db),
        *_deliveries(db),
        *_paused(db, day),
        *_aside(db, numbers),
        *_complaints(db, day),
        *_inspections(db, day),
    ]
    aged = [_aged(duty, day) for duty in waiting]
    order = list(KINDS)
    return sorted(aged, key=lambda duty: (duty.due or date.max, -duty.days, order.index(duty.kind), duty.subject))


def _aged(duty: Duty, day: date) -> Duty:
    age = max((day - duty.since).days, 0) if duty.since else 0
    return replace(duty, days=age)


def _last_day(cycle: str) -> date:
    return deciding.last_day(for_cycle(cycle_id(cycle)), cycle_id(cycle))


def _about(
    kind: str,
    row: Open,
    who: str,
    task: str,
    due: date | None,
    contact: str = "",
    facts: tuple[str, ...] = (),
) -> Duty:
    """A duty about an application, of a row that says whose it is."""
    return Duty(
        kind,
        row.application_no,
        who,
        task,
        cycle=row.cycle,
        institution=row.institution_name,
        region=row.region_code,
        contact=contact,
        facts=facts,
        since=row.since,
        due=due,
    )


def _rulings(db: Connection, rows: list[Open], cycles: list[str], day: date) -> Iterator[Duty]:
    """What nobody has decided: holds, late versions, and corrected results of what is filed (EVAL-5)."""
    by_application: dict[str, dict[str, set[str]]] = {}
    units: dict[str, set[tuple[str, ...]]] = {}
    # grouped by hand: pandas takes a millisecond a group, and some hundred applications may be held
    for hold in (hold for cycle in cycles for hold in frames.records(duties.undecided(db, cycle))):
        number, occupation = str(hold["application_no"]), str(hold["occupation_code"])
        by_application.setdefault(number, {}).setdefault(str(hold["rule"]), set()).add(occupation)
        units.setdefault(number, set()).add(tuple(str(hold[key]) for key in KEYS))
    held = [row for row in rows if row.application_no in by_application and row.status in ("held", "questioned")]
    occupations = {code for rules_asked in by_application.values() for codes in rules_asked.values() for code in codes}
    facts = Facts(db, {row.uscc for row in held}, occupations, day)
    for row in held:
        number, policy = row.application_no, for_cycle(cycle_id(row.cycle))
        by_rule = {rule: sorted(codes) for rule, codes in sorted(by_application[number].items())}
        task = f"{len(units[number])} 个申报职业等级：" + "；".join(in_words(rule, policy) for rule in by_rule)
        beside = [fact for rule, codes in by_rule.items() for fact in facts.of(rule, row.uscc, codes, policy)]
        yield _about("ruling", row, CENTRE, task, _last_day(row.cycle), facts=tuple(dict.fromkeys(beside)))
    for row in (row for row in rows if row.status == "late"):
        task = f"逾期提交的版本是否采纳（{WINDOW_2}）"
        yield _about("ruling", row, CENTRE, task, _last_day(row.cycle))


def in_words(code: str, policy: Policy) -> str:
    """A rule in the words of the rule book under a policy, with its code."""
    rule = rules_of(policy).get(code)
    return f"{rule.message_zh.rstrip('。')}（{code}）" if rule else code


def _approvals(db: Connection) -> Iterator[Duty]:
    waiting = editions.newest(db, "waiting")
    if waiting is not None:
        name = str(waiting["edition"])
        task = f"目录 {name} 等待批准：{waiting['waits_because']}。核对后批准发布，或运行 filing approve {name}"
        cycle = str(waiting["cycle"])
        yield Duty("approval", name, CENTRE, task, cycle, since=waiting["as_of"])


def _corrections(db: Connection, rows: list[Open], cycles: list[str]) -> Iterator[Duty]:
    missing = duties.lacking(db, cycles)
    for row in (row for row in rows if row.status == "returned"):
        task = missing.get(row.application_no, "")
        task = task if len(task) <= _LONGEST else f"{task[:_LONGEST]}…"
        contact = f"{row.contact_name} {row.contact_phone}".strip()
        duty = _about("correction", row, "申报机构", task or "申报材料须补正", row.correct_by, contact)
        yield replace(duty, alert_from=row.correct_by or _last_day(row.cycle))


def _panels(db: Connection, rows: list[Open], cycles: list[str]) -> Iterator[Duty]:
    leads = {
        number: panel.leader.name
        for cycle in cycles
        for number, panel in panels.standing(db, cycle).items()
        if panel.leader
    }
    out = {str(package["application_no"]): package for package in frames.records(duties.results_out(db, cycles))}
    for row in (row for row in rows if row.status == "dispatched" and row.application_no in out):
        lead, package = leads.get(row.application_no), out[row.application_no]
        who = f"专家组（组长 {lead}）" if lead else "专家组"
        task = f"缺 {package['items']} 个职业等级的评估结果"
        due, since = _last_day(row.cycle), duties.day_of(package["since"])
        yield replace(_about("panel", row, who, task, due), since=since, alert_from=due)


def _cycles(db: Connection, rows: list[Open], cycles: list[str], day: date) -> Iterator[Duty]:
    """Cycles that wait for a person: what no run has read, what one left undone, what nobody moves any more."""
    for unjudged in results.unjudged(db):
        task = f"有 {unjudged.number} 条评估结果待审：运行该批次"
        # a waiting run takes up what is its own within a minute; what still lies there the next day, nobody will
        tomorrow = unjudged.since + _DAY
        yield Duty("cycle", unjudged.cycle, CENTRE, task, unjudged.cycle, since=unjudged.since, alert_from=tomorrow)
    unread = [row for row in rows if row.status in _FOR_A_RUN and row.days > 0]
    for cycle in sorted({row.cycle for row in unread}):
        of_cycle = [row for row in unread if row.cycle == cycle]
        task = f"有 {len({row.application_no for row in of_cycle})} 件申报待初审或待受理：运行该批次"
        since = min(row.since for row in of_cycle if row.since)
        yield Duty("cycle", cycle, CENTRE, task, cycle, since=since, mark="unread")
    failed_in = {summary.cycle: summary.run_id for summary in runs.newly_failed(db)}
    for cycle in cycles:
        if undone := runs.undone(db, cycle):
            names = "、".join(undone[:_NAMED]) + ("等" if len(undone) > _NAMED else "")
            task = f"最近一次运行有 {len(undone)} 项未办成（{names}）：处理后再运行"
            yield Duty("cycle", cycle, CENTRE, task, cycle, mark=f"undone {failed_in.get(cycle, '')}")
        if day >= (last := _last_day(cycle)) and any(row.cycle == cycle for row in rows):
            reminded = last + timedelta(days=for_cycle(cycle_id(cycle)).closing.remind_days)
            task = f"等待期限已过，仍有未办结的：催办，或终止办理；逐件见 filing status {cycle}"
            yield Duty("cycle", cycle, CENTRE, task, cycle, since=last, alert_from=reminded, mark="over")


def _paused(db: Connection, day: date) -> Iterator[Duty]:
    """What a person keeps from going on by itself: it goes on only when it is lifted, or its last day is over."""
    for pause in pauses.standing(db, day):
        cycle = "" if pause.subject in AUTOMATIC else pause.subject
        through = f"至 {pause.until}" if pause.until else "直至恢复"
        title = AUTOMATIC.get(pause.subject, f"{pause.subject} 批次")
        task = f"{title}已由 {pause.by} 暂停（{through}）：{pause.reason}。恢复：filing resume {pause.subject}"
        since = pause.paused_at.date()
        yield Duty("cycle", pause.subject, CENTRE, task, cycle, since=since, due=pause.until, mark="paused")


def _postings(db: Connection) -> Iterator[Duty]:
    for row in frames.records(postings.unposted(db)):
        cycle, task = str(row["cycle"]), f"{row['letters']} 封文书已生成，尚未登记寄出"
        since = duties.day_of(row["since"])
        yield Duty("posting", cycle, CENTRE, task, cycle, since=since, alert_from=since and since + _DAY)


def _deliveries(db: Connection) -> Iterator[Duty]:
    rows = frames.records(duties.undelivered(db))
    institutions = duties.institutions_of(db, {str(row["subject"]) for row in rows})
    for row in rows:
        kind = str(row["kind"])
        name = LETTER_KINDS[kind].title if row["box"] == LETTERS.code and kind in LETTER_KINDS else "评估材料包"
        task = f"{name} 尚未送出：查看原因后再运行批次"
        subject, cycle = str(row["subject"]), str(row["cycle"])
        institution, region = institutions.get(subject, ("", ""))
        since = duties.day_of(row["since"])
        tomorrow = since and since + _DAY
        yield Duty("delivery", subject, CENTRE, task, cycle, institution, region, since=since, alert_from=tomorrow)


def _aside(db: Connection, numbers: Callable[[], _Numbers]) -> Iterator[Duty]:
    """Files and rows set aside in cycles nobody closed, each with the number of its file's receipt."""
    rows = frames.records(duties.set_aside(db))
    receipt_of = numbers() if rows else {}
    institutions = duties.institutions_of(db, {str(row["application_no"]) for row in rows if row["application_no"]})
    for row in rows:
        number, file = str(row["application_no"]), str(row["file"])
        institution, region = institutions.get(number, ("", ""))
        since, cycle = duties.day_of(row["since"]), str(row["cycle"])
        receipt = receipt_of.get((str(row["sha256"]), file)) or receipt_of.get((str(row["sha256"]), ""))
        facts = (*([f"申报 {number}"] if number and number != file else []), *([f"回执 {receipt}"] if receipt else []))
        reason, who = str(row["reason"]), "中心通知报送人"
        mark = f"{number} {reason}"
        yield Duty("aside", file, who, reason, cycle, institution, region, facts=facts, since=since, mark=mark)


def _inspections(db: Connection, day: date) -> Iterator[Duty]:
    """Inspections whose outcome asks for something to be mended."""
    rows = inspections.to_be_mended(db, day)
    institutions = duties.institutions_of(db, {str(row["uscc"]) for row in rows})
    for row in rows:
        uscc = str(row["uscc"])
        name, region = institutions.get(uscc, (uscc, ""))
        task = f"双随机抽查（{row['cycle']}）：{OUTCOMES[str(row['outcome'])]}" + (
            f"，{row['remarks']}" if row["remarks"] else ""
        )
        since = duties.day_of(row["inspected_on"])
        yield Duty(
            "complaint", uscc, "中心核查整改", task, str(row["cycle"]), name, region, since=since, alert_from=date.max
        )


def _complaints(db: Connection, day: date) -> Iterator[Duty]:
    rows = frames.records(complaints.unsettled(db, day))
    if not rows:
        return
    holders = register.on_file(db, day).drop_duplicates("uscc").set_index("uscc")
    names, regions = holders["institution_name"].to_dict(), holders["region_code"].to_dict()
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
            alert_from=due + _DAY if due else date.max,
        )
