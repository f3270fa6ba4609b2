"""Alerts (提醒): what needs operators' attention, broken runs too, sent once by mail and webhook."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial
from hashlib import sha256
from uuid import UUID

import httpx
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterName,
    FlowRunFilterEndTime,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.types import DateTime
from sqlalchemy import Connection

from schemas.duty import KINDS, Duty
from schemas.policy import cycle_on, for_cycle
from schemas.settings import Settings, UnusableSettingsError
from tasks.desk.duties import duties_on
from tasks.gateways.wire.mail import Mail, Mailer, mailer
from tasks.gateways.wire.retry import DeliveryFailed
from tasks.runs import custody, on_server, orchestration
from tasks.runs.orchestration import CYCLE_DEPLOYMENT, NOT_TAKEN, RECENT, UNDONE, has_server, in_state
from tasks.runs.today import today
from tasks.store import history, outbox, overview
from tasks.store.database import begin, reading
from tasks.store.outbox import ALERT_CALLS, ALERT_MAILS, Box, Entry

#: Kinds of alerts beside those of duties: what Prefect knows, and the calendar.
_BESIDE = {"crashed": "运行没有办完", "undone": "运行有未办成的", "lost": "批次无人办理", "empty": "临近截止尚无申报"}
_SUBJECTS = KINDS | _BESIDE
_WEBHOOK_SECONDS = 15.0
#: So many things are named in one alert; the list has the others.
_NAMED = 5


@dataclass(frozen=True)
class _Cause:
    """One thing to notify of: its kind, what it is known by, its cycle, and a sentence."""

    kind: str
    key: str
    cycle: str
    line: str


def raise_alerts(installation: Settings, as_of: date | None = None) -> list[str]:
    """Write one alert a kind and day, where something of the kind has not been sent yet; returns the new occasions.

    An alert tells today's whole count of its kind: the list is that of the desk's Today and `filing status --who`.
    """
    day = as_of or today()
    beside = [*_broken_runs(), *_lost(installation)]
    with reading() as db:
        duties = [duty for duty in duties_on(db, day) if duty.alert_from is None or duty.alert_from <= day]
        causes = [*map(_of_duty, duties), *beside, *_empty(db, day, installation.alert_days_before_deadline)]
        entries = [entry for kind in _SUBJECTS if (entry := _alert(db, kind, causes, day))]
    with begin() as db:
        head = history.head(db).model_dump()
        entries = [replace(entry, content={**entry.content, "history": head}) for entry in entries]
        new = [entry for box in (ALERT_MAILS, ALERT_CALLS) for entry in outbox.write(db, box, entries, day)]
    return sorted({entry.occasion for entry in new})


def _alert(db: Connection, kind: str, causes: list[_Cause], day: date) -> Entry | None:
    """The day's alert of a kind; None where all of it was sent before."""
    by_key = {sha256(cause.key.encode()).hexdigest()[:12]: cause for cause in causes if cause.kind == kind}
    last = outbox.newest_of_kind(db, ALERT_MAILS, kind)
    sent_keys = set(last.content["keys"]) if last else set()
    news = [cause for key, cause in by_key.items() if key not in sent_keys]
    if not news:
        return None
    examples = "；".join(cause.line for cause in news[:_NAMED])
    more = f"；另有新增 {len(news) - _NAMED} 件" if len(news) > _NAMED else ""
    counts = f"{_SUBJECTS[kind]}：今日共 {len(by_key)} 件，新增 {len(news)} 件"
    text = f"{counts}。{examples}{more}。全部见工作台“今日待办”或 filing status --who"
    cycles = sorted({cause.cycle for cause in by_key.values() if cause.cycle})
    cycle = cycles[0] if len(cycles) == 1 else ""
    return Entry(f"{kind}:{day}", kind, "", {"cycle": cycle, "text": text, "keys": sorted(by_key)}, cycle)


def _of_duty(duty: Duty) -> _Cause:
    due = f"（至 {duty.due}）" if duty.due else ""
    about = " ".join(part for part in (duty.subject, duty.institution) if part)
    return _Cause(duty.kind, duty.key, duty.cycle, f"{about}：{duty.who}——{duty.task}{due}")


def _broken_runs() -> Iterator[_Cause]:
    for run in broken_runs():
        if run.undone:
            # the same left undone night after night is one thing to see to
            yield _Cause(
                "undone",
                f"{run.flow}:{run.undone}",
                run.cycle,
                f"{run.name}：{run.undone}。处理后再运行：已办的不会重办",
            )
        else:
            line = f"{run.name} 的运行未办完（{run.state}）。请在运行页面查看日志，然后重新运行：已办的不会重办"
            yield _Cause("crashed", str(run.flow_run_id), run.cycle, line)


def _lost(installation: Settings) -> Iterator[_Cause]:
    """Cycles that have reason to go on and on which nothing works, although what begins them anew has looked before."""
    if not orchestration.has_server():
        return
    for lost in custody.unattended(orchestration.living_runs(), installation):
        if lost.because:
            line = f"{lost.cycle} 批次应继续办理，却没有运行在办理。请运行 filing doctor 查看，或运行 filing run {lost.cycle}"
            yield _Cause("lost", f"{lost.cycle}:{lost.because}", lost.cycle, line)


def _empty(db: Connection, day: date, days_before: int) -> Iterator[_Cause]:
    cycle = cycle_on(day)
    deadline = for_cycle(cycle).deadline(cycle)
    near = deadline - timedelta(days=days_before) <= day <= deadline
    if near and not overview.of_cycle(db, cycle)["applications"]:
        line = f"{cycle} 批次 {deadline} 截止，至今没有收到申报。请查看收件箱和申报渠道是否正常"
        yield _Cause("empty", cycle, cycle, line)


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
    content = {name: value for name, value in alert.content.items() if name != "keys"}
    # whoever knows the webhook's address may post there: no sentence names it
    try:
        answer = httpx.post(
            installation.alert_webhook,
            json={"occasion": alert.occasion, "kind": alert.kind, **content},
            # a receiver that knows the key drops the second copy of one whose answer was lost
            headers={"Idempotency-Key": alert.occasion},
            timeout=_WEBHOOK_SECONDS,
        )
    except httpx.InvalidURL as wrong:
        raise DeliveryFailed("FILING_ALERT_WEBHOOK is no address", retryable=False) from wrong
    except httpx.HTTPError as lost:
        raise DeliveryFailed(str(lost) or type(lost).__name__, retryable=True) from lost
    if not answer.is_success:
        raise DeliveryFailed(f"the receiver answered {answer.status_code}", retryable=answer.is_server_error)
    return f"http:{answer.status_code}"


#: What these leave undone stands in our own database: runs of a cycle, and alerts.
_TELL_THEMSELVES = (CYCLE_DEPLOYMENT, "watch")
#: Workers look every 20 seconds.
_TAKEN_UP_WITHIN = timedelta(minutes=2)


@dataclass(frozen=True)
class BrokenRun:
    """A run that failed or crashed and is not taken up again; `cycle` is empty for one that belongs to none.

    `undone`: what it left undone, in a sentence; empty for one that did not come to its end.
    """

    flow_run_id: UUID
    flow: str
    name: str
    cycle: str
    state: str
    undone: str


def broken_runs() -> list[BrokenRun]:
    """Our deployments' runs that ended badly within the last days, in order; none without a server."""
    if not has_server():
        return []
    bad = in_state(StateType.FAILED, StateType.CRASHED).model_copy(
        update={"end_time": FlowRunFilterEndTime(after_=DateTime.now("UTC") - RECENT)}
    )
    quiet = DeploymentFilter(name=DeploymentFilterName(any_=[on_server.deployment(name) for name in _TELL_THEMSELVES]))
    with get_client(sync_client=True) as client:
        flow_runs = client.read_flow_runs(flow_run_filter=bad, deployment_filter=on_server.ours(), limit=200)
        tell_themselves = {deployment.id for deployment in client.read_deployments(deployment_filter=quiet)}
    broken = [
        _broken(run)
        for run in flow_runs
        if run.state_name != NOT_TAKEN
        and (run.state_name != UNDONE or run.deployment_id not in tell_themselves)
        and not _may_be_taken_up(run)
    ]
    return sorted(broken, key=lambda run: str(run.flow_run_id))


def _may_be_taken_up(run: FlowRun) -> bool:
    """Whether a run crashed so lately that a worker may be about to take it up."""
    return bool(run.state and run.state.is_crashed() and run.state.timestamp > DateTime.now("UTC") - _TAKEN_UP_WITHIN)


def _broken(run: FlowRun) -> BrokenRun:
    undone = run.state.message if run.state and run.state_name == UNDONE else None
    cycle = str(run.parameters.get("cycle", ""))
    return BrokenRun(run.id, str(run.flow_id), run.name, cycle, run.state_name or "", undone or "")
