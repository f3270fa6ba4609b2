"""Alerts (提醒): what operators have to see to, asked from the database and told once by mail and webhook."""

from collections.abc import Iterator
from datetime import date, timedelta
from hashlib import sha256

import httpx
from sqlalchemy import Connection

from schemas.law.cycle import cycle_id
from schemas.policy import for_cycle, in_force
from schemas.settings import UnusableSettingsError, settings
from tasks.gateways.wire.mail import Mail, mailer
from tasks.gateways.wire.retry import DeliveryFailed
from tasks.runs import orchestration
from tasks.runs.run import CURRENT, chosen_cycle
from tasks.runs.waiting import over_on, today
from tasks.store import alerts, editions, overview, results, runs
from tasks.store.alerts import Alert
from tasks.store.database import begin, reading

_SUBJECTS = {
    "failed": "批次办理有未办成的",
    "crashed": "运行没有办完",
    "overdue": "评估结果逾期",
    "approval": "目录等待批准",
    "empty": "临近截止尚无申报",
    "unjudged": "评估结果待审",
}
_WEBHOOK_SECONDS = 15.0


def raise_alerts(as_of: date | None = None) -> list[str]:
    """Write an alert for everything to be seen to that has had none; returns the new occasions."""
    day = as_of or today(chosen_cycle(CURRENT, None))
    broken = list(_broken_runs())
    with reading() as db:
        found = [*broken, *_failed(db), *_overdue(db, day), *_approval(db), *_empty(db, day), *_unjudged(db, day)]
    with begin() as db:
        return alerts.write(db, found, day)


def _broken_runs() -> Iterator[Alert]:
    for run in orchestration.broken_runs():
        if run.undone:
            # the same left undone night after night is one thing to see to
            told = f"{run.name}：{run.undone}。处理后再运行：已办的不会重办"
            yield Alert(f"undone:{run.name}:{run.undone}", "failed", run.cycle, told)
        else:
            told = f"{run.name} 的运行未办完（{run.state}）。请在运行页面查看日志，然后重新运行：已办的不会重办"
            yield Alert(f"crashed:{run.flow_run_id}", "crashed", run.cycle, told)


def _failed(db: Connection) -> Iterator[Alert]:
    for summary in runs.newly_failed(db):
        keys = "、".join(sorted(summary.failed)[:10])
        told = f"{summary.cycle} 批次有 {len(summary.failed)} 项未办成：{keys}。处理后运行 filing run {summary.cycle}"
        yield Alert(f"failed:{summary.run_id}", "failed", summary.cycle, f"{told} --only-failed-of {summary.run_id}")


def _overdue(db: Connection, day: date) -> Iterator[Alert]:
    for cycle in overview.cycles(db):
        back, sent = results.progress(db, cycle)
        if back < sent and day >= (due := over_on(cycle)):
            told = f"{cycle} 批次评估结果自 {due} 起逾期：已收 {back} / 共 {sent}。请催专家组；结果到后自动办理"
            yield Alert(f"overdue:{cycle}:{due}", "overdue", cycle, told)


def _approval(db: Connection) -> Iterator[Alert]:
    newest = editions.newest(db)
    if newest is not None and newest["standing"] == "waiting":
        name = str(newest["edition"])
        told = (
            f"目录 {name} 等待批准：{newest['waits_because']}。核对后在页面运行 approve，或运行 filing approve {name}"
        )
        yield Alert(f"approval:{name}:{newest['as_of']}", "approval", str(newest["cycle"]), told)


def _empty(db: Connection, day: date) -> Iterator[Alert]:
    policy = in_force(day)
    cycle = policy.cycle_on(day)
    deadline = for_cycle(cycle_id(cycle)).deadline(cycle)
    near = deadline - timedelta(days=settings().alert_days_before_deadline) <= day <= deadline
    if near and not overview.of_cycle(db, cycle)["applications"]:
        told = f"{cycle} 批次 {deadline} 截止，至今没有收到申报。请查看收件箱和申报渠道是否正常"
        yield Alert(f"empty:{cycle}", "empty", cycle, told)


def _unjudged(db: Connection, day: date) -> Iterator[Alert]:
    for each in results.unjudged(db):
        # a waiting run takes up what is its own within a minute; what still lies there the next day, nobody will
        if each.since < day:
            told = f"{each.cycle} 批次有 {each.number} 条评估结果自 {each.since} 起待审。请运行 filing run {each.cycle}"
            yield Alert(f"unjudged:{each.cycle}:{each.since}", "unjudged", each.cycle, told)


def deliver_alerts() -> dict[str, str]:
    """Deliver what has not been, by each way that is set up; returns the occasions that could not be, and why."""
    failed: dict[str, str] = {}
    ways = {"mail": _mail, "webhook": _post}
    set_up = {"mail": bool(settings().alert_mail), "webhook": bool(settings().alert_webhook)}
    for way in sorted(name for name, is_set in set_up.items() if is_set):
        with reading() as db:
            due = alerts.undelivered(db, way)
        for each in due:
            try:
                ways[way](each)
            except (DeliveryFailed, UnusableSettingsError, OSError, httpx.HTTPError, httpx.InvalidURL) as refused:
                failed[f"{way}:{each.occasion}"] = f"alert {each.occasion} did not go by {way}: {_said(refused)}"
                continue
            with begin() as db:
                alerts.delivered(db, each.occasion, way)
    return failed


def _said(refused: Exception) -> str:
    """Why, without the webhook's address: whoever knows that may post there."""
    if isinstance(refused, httpx.HTTPStatusError):
        return f"the receiver answered {refused.response.status_code}"
    if isinstance(refused, httpx.InvalidURL):
        return "FILING_ALERT_WEBHOOK is no address"
    return str(refused) or type(refused).__name__


def _mail(alert: Alert) -> None:
    sender = mailer(settings())
    subject = " ".join(each for each in (f"【备案】{alert.cycle}", _SUBJECTS[alert.kind]) if each)
    for recipient in (each.strip() for each in settings().alert_mail.split(",")):
        sender.send(Mail(f"alert:{alert.occasion}:{recipient}", recipient, subject, alert.told, {}))


def _post(alert: Alert) -> None:
    said = {"occasion": alert.occasion, "kind": alert.kind, "cycle": alert.cycle, "text": alert.told}
    answer = httpx.post(
        settings().alert_webhook,
        json=said,
        # a receiver that knows the key drops the second copy of one whose answer was lost
        headers={"Idempotency-Key": _key(alert.occasion)},
        timeout=_WEBHOOK_SECONDS,
    )
    answer.raise_for_status()


def _key(occasion: str) -> str:
    # a header is ASCII, and what a run left undone is told in Chinese
    return occasion if occasion.isascii() and occasion.isprintable() else sha256(occasion.encode()).hexdigest()
