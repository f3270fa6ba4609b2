"""Alerts (提醒): what operators have to see to, asked from the database and told once by mail and webhook."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from hashlib import sha256

import httpx
from sqlalchemy import Connection

from schemas.awaited import AWAITED
from schemas.law.cycle import cycle_id
from schemas.policy import cycle_on, for_cycle
from schemas.settings import Settings, UnusableSettingsError
from tasks.gateways.wire.mail import Mail, Mailer, mailer
from tasks.gateways.wire.retry import DeliveryFailed
from tasks.runs import orchestration
from tasks.runs.today import today
from tasks.runs.waiting import over_on
from tasks.store import complaints, cycles, editions, history, outbox, overview, results, runs
from tasks.store.database import begin, reading
from tasks.store.outbox import ALERT_CALLS, ALERT_MAILS, Box, Entry

_SUBJECTS = {
    "failed": "批次办理有未办成的",
    "crashed": "运行没有办完",
    "overdue": "评估结果逾期",
    "approval": "目录等待批准",
    "empty": "临近截止尚无申报",
    "unjudged": "评估结果待审",
    "rectification": "限期整改逾期",
    "open": "批次久未办结",
    "aside": "收到的文件有搁置的",
}
_WEBHOOK_SECONDS = 15.0
#: So many files that were set aside are named in one alert.
_MOST_ASIDE = 5


def raise_alerts(installation: Settings, as_of: date | None = None) -> list[str]:
    """Write an alert for everything to be seen to that has had none; returns the new occasions."""
    day = as_of or today()
    broken = list(_broken_runs())
    with reading() as db:
        found = [
            *broken,
            *_failed(db),
            *_overdue(db, day),
            *_approval(db),
            *_empty(db, day, installation.alert_days_before_deadline),
            *_unjudged(db, day),
            *_unmended(db, day),
            *_open(db, day),
            *_set_aside(db),
        ]
    with begin() as db:
        head = history.head(db).model_dump()
        found = [replace(entry, content={**entry.content, "history": head}) for entry in found]
        new = [entry for box in (ALERT_MAILS, ALERT_CALLS) for entry in outbox.write(db, box, found, day)]
    return sorted({entry.occasion for entry in new})


def _alert(occasion: str, kind: str, cycle: str, text: str) -> Entry:
    return Entry(occasion, kind, "", {"cycle": cycle, "text": text}, cycle)


def _broken_runs() -> Iterator[Entry]:
    for run in orchestration.broken_runs():
        if run.undone:
            # the same left undone night after night is one thing to see to
            text = f"{run.name}：{run.undone}。处理后再运行：已办的不会重办"
            yield _alert(f"undone:{run.name}:{run.undone}", "failed", run.cycle, text)
        else:
            text = f"{run.name} 的运行未办完（{run.state}）。请在运行页面查看日志，然后重新运行：已办的不会重办"
            yield _alert(f"crashed:{run.flow_run_id}", "crashed", run.cycle, text)


def _failed(db: Connection) -> Iterator[Entry]:
    for summary in runs.newly_failed(db):
        keys = "、".join(sorted(summary.failed)[:10])
        text = f"{summary.cycle} 批次有 {len(summary.failed)} 项未办成：{keys}。处理后运行 filing run {summary.cycle}"
        yield _alert(f"failed:{summary.run_id}", "failed", summary.cycle, f"{text} --only-failed-of {summary.run_id}")


def _open(db: Connection, day: date) -> Iterator[Entry]:
    for cycle in overview.cycles(db):
        due = over_on(cycle) + timedelta(days=for_cycle(cycle_id(cycle)).closing.remind_days)
        if day < due or cycles.closing(db, cycle) or (rows := overview.open_of(db, cycle, day)).empty:
            continue
        counted = "，".join(
            f"{AWAITED[str(status)].title} {count} 件" for status, count in rows.groupby("status").size().items()
        )
        oldest = rows.iloc[0]
        text = (
            f"{cycle} 批次自 {due} 起久未办结：{counted}；最久的是 {oldest['application_no']}，已 {oldest['days']} 天，"
            f"须{AWAITED[oldest['status']].who_zh}。"
            f"该谁办，看 filing status {cycle}；不再办的，用 filing close 终止"
        )
        yield _alert(f"open:{cycle}:{due}", "open", cycle, text)


def _set_aside(db: Connection) -> Iterator[Entry]:
    for cycle, day in runs.set_aside_days(db):
        every = runs.set_aside_on(db, cycle, day)
        left = [(file, reason) for file, reason, is_open in every if is_open]
        # what is told is the day's whole list, so that settling some of it is no news
        digest = sha256("\n".join(f"{file} {reason}" for file, reason, _ in every).encode()).hexdigest()[:12]
        reasons = "；".join(reason for _, reason in left[:_MOST_ASIDE])
        more = f"；另有 {len(left) - _MOST_ASIDE} 件" if len(left) > _MOST_ASIDE else ""
        text = (
            f"{cycle} 批次 {day} 收到的文件中有 {len(left)} 件搁置：{reasons}{more}。"
            f"请转告报送单位，全部见 filing quarantine {cycle}"
        )
        yield _alert(f"aside:{cycle}:{day}:{digest}", "aside", cycle, text)


def _overdue(db: Connection, day: date) -> Iterator[Entry]:
    for cycle in overview.cycles(db):
        back, sent = results.progress(db, cycle)
        if back < sent and day >= (due := over_on(cycle)):
            text = f"{cycle} 批次评估结果自 {due} 起逾期：已收 {back} / 共 {sent}。请催专家组；结果到后自动办理"
            yield _alert(f"overdue:{cycle}:{due}", "overdue", cycle, text)


def _approval(db: Connection) -> Iterator[Entry]:
    newest = editions.newest(db)
    if newest is not None and newest["standing"] == "waiting":
        name = str(newest["edition"])
        text = (
            f"目录 {name} 等待批准：{newest['waits_because']}。核对后在页面运行 approve，或运行 filing approve {name}"
        )
        yield _alert(f"approval:{name}:{newest['as_of']}", "approval", str(newest["cycle"]), text)


def _empty(db: Connection, day: date, days_before: int) -> Iterator[Entry]:
    cycle = cycle_on(day)
    deadline = for_cycle(cycle).deadline(cycle)
    near = deadline - timedelta(days=days_before) <= day <= deadline
    if near and not overview.of_cycle(db, cycle)["applications"]:
        text = f"{cycle} 批次 {deadline} 截止，至今没有收到申报。请查看收件箱和申报渠道是否正常"
        yield _alert(f"empty:{cycle}", "empty", cycle, text)


def _unjudged(db: Connection, day: date) -> Iterator[Entry]:
    for each in results.unjudged(db):
        # a waiting run takes up what is its own within a minute; what still lies there the next day, nobody will
        if each.since < day:
            text = f"{each.cycle} 批次有 {each.number} 条评估结果自 {each.since} 起待审。请运行 filing run {each.cycle}"
            yield _alert(f"unjudged:{each.cycle}:{each.since}", "unjudged", each.cycle, text)


def _unmended(db: Connection, day: date) -> Iterator[Entry]:
    for each in complaints.overdue(db, day).to_dict("records"):
        number, due_on = each["complaint_no"], each["due_on"]
        text = (
            f"举报投诉 {number}（{each['uscc']}）限期整改至 {due_on}，至今未办结。"
            f"请 {each['handled_by']} 核查，办结后以 filing import complaints 登记；未整改的可暂停或撤销备案"
        )
        yield _alert(f"rectification:{number}:{due_on}", "rectification", cycle_on(day), text)


def deliver_alerts(installation: Settings) -> dict[str, str]:
    """Deliver what has not been, by each way that is set up; returns the occasions that could not be, and why."""
    failed: dict[str, str] = {}
    if installation.alert_mail:
        failed |= _deliver("mail", ALERT_MAILS, lambda: partial(_mail, installation, mailer(installation)))
    if installation.alert_webhook:
        failed |= _deliver("webhook", ALERT_CALLS, lambda: partial(_call, installation))
    return failed


def _deliver(way: str, box: Box, opened: Callable[[], Callable[[Entry], str]]) -> dict[str, str]:
    """Deliver one box; `opened` makes ready to post, or raises UnusableSettingsError."""
    with reading() as db:
        due = outbox.undelivered(db, box)
    if not due:
        return {}
    try:
        post = opened()
    except UnusableSettingsError as unset:
        return {f"{way}:{occasion}": f"alert {occasion} did not go by {way}: {unset}" for occasion in due}
    delivery = outbox.deliver(box, due, post, begin)
    return {f"{way}:{occasion}": f"by {way}: {why}" for occasion, why in delivery.failed.items()}


def _mail(installation: Settings, sender: Mailer, alert: Entry) -> str:
    head = alert.content["history"]
    text = (
        f"{alert.content['text']}\n\n（历史记录至第 {head['entry']} 条，校验值 {head['digest']}；请留存本邮件以备核对）"
    )
    subject = " ".join(part for part in (f"【备案】{alert.content['cycle']}", _SUBJECTS[alert.kind]) if part)
    recipients = [address.strip() for address in installation.alert_mail.split(",")]
    for recipient in recipients:
        sender.send(Mail(f"alert:{alert.occasion}:{recipient}", recipient, subject, text, {}))
    return f"mail:{len(recipients)}"


def _call(installation: Settings, alert: Entry) -> str:
    # whoever knows the webhook's address may post there: no sentence names it
    try:
        answer = httpx.post(
            installation.alert_webhook,
            json={"occasion": alert.occasion, "kind": alert.kind, **alert.content},
            # a receiver that knows the key drops the second copy of one whose answer was lost
            headers={"Idempotency-Key": _key(alert.occasion)},
            timeout=_WEBHOOK_SECONDS,
        )
    except httpx.InvalidURL as wrong:
        raise DeliveryFailed("FILING_ALERT_WEBHOOK is no address", retryable=False) from wrong
    except httpx.HTTPError as lost:
        raise DeliveryFailed(str(lost) or type(lost).__name__, retryable=True) from lost
    if not answer.is_success:
        raise DeliveryFailed(f"the receiver answered {answer.status_code}", retryable=answer.is_server_error)
    return f"http:{answer.status_code}"


def _key(occasion: str) -> str:
    # a header is ASCII, and what a run left undone is told in Chinese
    return occasion if occasion.isascii() and occasion.isprintable() else sha256(occasion.encode()).hexdigest()
