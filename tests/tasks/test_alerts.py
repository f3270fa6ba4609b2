"""What operators have to see to is told once by mail and webhook, against real servers that may be away."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Literal
from uuid import UUID

import pytest
from sqlalchemy import insert, update

from flows import sweeps
from schemas import tables
from schemas.run import Counts, RunSummary
from schemas.settings import Settings, settings, using
from tasks.desk.duties import duties_on
from tasks.runs import alerts, custody, orchestration
from tasks.runs import run as runs
from tasks.store import history
from tasks.store.database import begin, reading
from tests import receivers
from tests.ports import held_port
from tests.receivers import Mailbox, Webhook, mail_server


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, int]]:
    port = held_port()
    with mail_server(port) as box:
        yield box, port


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    with receivers.webhook() as server:
        yield server


@pytest.fixture
def recipients(installation: Path, mailbox: tuple[Mailbox, int], webhook: Webhook) -> Iterator[tuple[Mailbox, Webhook]]:
    stated = Settings(
        home=installation,
        database_url=settings().database_url,
        smtp_host="127.0.0.1",
        smtp_port=mailbox[1],
        smtp_security="none",
        smtp_sender="centre@example.org",
        alert_mail="one@example.org, two@example.org",
        alert_webhook=webhook.address,
    )
    with using(stated):
        yield mailbox[0], webhook


def failed_run(*numbers: str) -> str:
    with runs.begin("2026-09", date(2026, 9, 11)) as run:
        counts = Counts(failed=dict.fromkeys(numbers, "the mail server cannot be reached"))
        outcome: Literal["failed", "waiting"] = "failed" if numbers else "waiting"
        runs.end(
            run,
            RunSummary(
                run_id=run.run_id, cycle="2026-09", as_of=run.day, outcome=outcome, stages={"evaluation": counts}
            ),
        )
        return run.run_id


def waiting_edition() -> None:
    values = {"edition": "2026-09.1", "cycle": "2026-09", "number": 1, "as_of": date(2026, 10, 26)}
    with begin() as db:
        db.execute(insert(tables.edition).values(**values, standing="waiting", waits_because="本版将减少9行"))


def sent_item() -> None:
    number = {"application_no": "HS202609-0007", "version": 1}
    day = date(2026, 9, 11)
    with begin() as db:
        version = {"content_hash": "x", "received_on": day, "standing": "current"}
        db.execute(insert(tables.application_version).values(**number, **version, institution_name="黄石某厂"))
        db.execute(insert(tables.application).values(**number, cycle="2026-09", status="in_progress"))
        sent = {"application_no": "HS202609-0007", "revision": 1, "cycle": "2026-09"}
        keys = {"occupation_code": "6-18-01-01", "work_type": "", "level": "3"}
        db.execute(insert(tables.dispatch).values(**sent, sent_on=day))
        db.execute(insert(tables.dispatched_item).values(**sent, **keys))
        item = {name: value for name, value in sent.items() if name != "revision"}
        db.execute(insert(tables.item).values(**item, **keys, status="dispatched", reason="", uscc=""))


def set_aside(file: str, day: date) -> None:
    with begin() as db:
        where = {"sheet": "", "row": "", "application_no": "", "cycle": "2026-09", "settled_by": "", "sha256": ""}
        db.execute(insert(tables.quarantined).values(file=file, reason=f"{file} 打不开", first_on=day, **where))


def test_each_occasion_is_told_once_by_each_way(recipients: tuple[Mailbox, Webhook]) -> None:
    mailbox, webhook = recipients
    failed_run("HS202609-0007")
    waiting_edition()
    sent_item()
    new = alerts.raise_alerts(settings(), date(2026, 10, 25))
    assert new == ["approval:2026-10-25", "cycle:2026-10-25", "panel:2026-10-25"]
    assert alerts.deliver_alerts(settings()) == {}
    assert len(mailbox.mails) == 6, "three alerts to two people"
    assert sorted(key for key, _ in webhook.got) == new
    assert all("keys" not in body for _, body in webhook.got)
    subject = {str(mail["Subject"]) for _, mail in mailbox.mails}
    assert "【备案】2026-09 批准发布" in subject

    assert alerts.raise_alerts(settings(), date(2026, 10, 26)) == []
    assert alerts.deliver_alerts(settings()) == {}
    assert len(mailbox.mails) == 6
    assert len(webhook.got) == 3


def test_a_look_tells_what_is_new_and_the_next_one_nothing(recipients: tuple[Mailbox, Webhook]) -> None:
    waiting_edition()
    new = sweeps.look(date(2026, 9, 11)).done["alerts"]
    assert len(recipients[1].occasions) == new > 0
    assert sweeps.watch.fn(date(2026, 9, 11)) == Counts()
    assert len(recipients[1].occasions) == new


def test_what_is_set_aside_is_told_once_a_day_with_the_days_counts(recipients: tuple[Mailbox, Webhook]) -> None:
    set_aside("甲.xlsx", date(2026, 9, 11))
    set_aside("乙.xlsx", date(2026, 9, 11))
    assert alerts.raise_alerts(settings(), date(2026, 9, 11)) == ["aside:2026-09-11"]
    set_aside("丙.xlsx", date(2026, 9, 11))
    assert alerts.raise_alerts(settings(), date(2026, 9, 11)) == [], "once a kind and day"
    with begin() as db:
        mended = tables.quarantined.c.file == "甲.xlsx"
        db.execute(update(tables.quarantined).where(mended).values(settled_by="甲-改.xlsx"))
    assert alerts.raise_alerts(settings(), date(2026, 9, 12)) == ["aside:2026-09-12"]
    assert alerts.raise_alerts(settings(), date(2026, 9, 13)) == [], "nothing of it is new"
    assert alerts.deliver_alerts(settings()) == {}
    first, second = (body["text"] for _, body in recipients[1].got)
    assert "今日共 2 件，新增 2 件" in first
    assert "甲.xlsx" in first
    assert "今日共 2 件，新增 1 件" in second
    assert "丙.xlsx" in second and "乙.xlsx" not in second


def test_alerts_tell_what_the_list_of_today_has(recipients: tuple[Mailbox, Webhook]) -> None:
    failed_run("HS202609-0007")
    waiting_edition()
    sent_item()
    set_aside("甲.xlsx", date(2026, 9, 11))
    day = date(2026, 10, 25)
    with reading() as db:
        kinds = {duty.kind for duty in duties_on(db, day)}
    assert {occasion.partition(":")[0] for occasion in alerts.raise_alerts(settings(), day)} == kinds


def test_a_cycle_nobody_works_on_is_told(recipients: tuple[Mailbox, Webhook], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orchestration, "has_server", lambda: True)
    monkeypatch.setattr(alerts, "broken_runs", lambda: [])
    monkeypatch.setattr(orchestration, "living_runs", lambda: [])
    lost = custody.Unattended("2026-09", "all 2 results are in")
    monkeypatch.setattr(custody, "unattended", lambda _living, _installation: [lost])
    assert alerts.raise_alerts(settings(), date(2026, 10, 1)) == ["lost:2026-10-01"]
    assert alerts.raise_alerts(settings(), date(2026, 10, 2)) == []
    assert alerts.deliver_alerts(settings()) == {}
    assert "filing run 2026-09" in recipients[1].got[0][1]["text"]


def test_results_are_not_overdue_a_day_early(recipients: tuple[Mailbox, Webhook]) -> None:
    sent_item()
    assert alerts.raise_alerts(settings(), date(2026, 10, 24)) == []


@pytest.mark.parametrize(
    ("days_before", "expected"),
    [(4, []), (3, ["empty:2026-09-07"]), (0, ["empty:2026-09-10"]), (-1, [])],
)
def test_no_submissions_near_the_deadline(
    recipients: tuple[Mailbox, Webhook], days_before: int, expected: list[str]
) -> None:
    assert alerts.raise_alerts(settings(), date(2026, 9, 10) - timedelta(days=days_before)) == expected


def test_a_receiver_that_refuses_gets_it_later_and_the_other_way_is_not_repeated(
    recipients: tuple[Mailbox, Webhook],
) -> None:
    mailbox, webhook = recipients
    waiting_edition()
    alerts.raise_alerts(settings(), date(2026, 9, 30))
    webhook.status = 503
    assert list(alerts.deliver_alerts(settings())) == ["webhook:approval:2026-09-30"]
    assert len(mailbox.mails) == 2
    webhook.status = 200
    assert alerts.deliver_alerts(settings()) == {}
    assert len(mailbox.mails) == 2
    assert len(webhook.got) == 2


def test_what_a_scheduled_run_left_undone_goes_by_webhook_too(
    recipients: tuple[Mailbox, Webhook], monkeypatch: pytest.MonkeyPatch
) -> None:
    left = alerts.BrokenRun(UUID(int=1), "sweeps", "每日清理", "", orchestration.UNDONE, "1 项未办成：letter:7")
    monkeypatch.setattr(alerts, "broken_runs", lambda: [left])
    (occasion,) = alerts.raise_alerts(settings(), date(2026, 9, 30))
    assert alerts.deliver_alerts(settings()) == {}
    ((key, body),) = recipients[1].got
    assert (key.isascii(), body["occasion"]) == (True, occasion)


@pytest.mark.parametrize(
    ("status", "address", "message"),
    [
        (404, "{host}hook/s3cr3t-key?key=s3cr3t-key", "the receiver answered 404"),
        (302, "{host}hook/s3cr3t-key", "the receiver answered 302"),
        (200, "http://u:s3cr3t-key/x@127.0.0.1/", "FILING_ALERT_WEBHOOK is no address"),
        (200, "http://127.0.0.1:1/hook/s3cr3t-key", "refused"),
    ],
)
def test_the_address_of_the_webhook_is_in_no_sentence(
    status: int, address: str, message: str, recipients: tuple[Mailbox, Webhook]
) -> None:
    waiting_edition()
    alerts.raise_alerts(settings(), date(2026, 9, 30))
    recipients[1].status = status
    with using(settings().model_copy(update={"alert_webhook": address.format(host=recipients[1].address)})):
        failed = alerts.deliver_alerts(settings())
    (sentence,) = failed.values()
    assert message in sentence
    assert "s3cr3t" not in sentence


def test_a_mail_server_that_is_away_is_tried_again(recipients: tuple[Mailbox, Webhook]) -> None:
    waiting_edition()
    alerts.raise_alerts(settings(), date(2026, 9, 30))
    away = settings().model_copy(update={"smtp_port": 1, "smtp_timeout_seconds": 2.0})
    with using(away):
        assert list(alerts.deliver_alerts(settings())) == ["mail:approval:2026-09-30"]
    assert alerts.deliver_alerts(settings()) == {}
    assert len(recipients[0].mails) == 2


def test_each_alert_carries_the_head_of_the_history(recipients: tuple[Mailbox, Webhook]) -> None:
    waiting_edition()
    failed_run("HS202609-0007")
    with reading() as db:
        head = history.head(db)
    assert head.entry
    alerts.raise_alerts(settings(), date(2026, 9, 30))
    assert alerts.deliver_alerts(settings()) == {}
    mails = [message.get_content() for _, message in recipients[0].mails]
    assert mails
    assert all(head.digest in text for text in mails)
    assert all(body["history"] == head.model_dump() for _, body in recipients[1].got)


def test_what_fails_again_and_again_is_told_once(recipients: tuple[Mailbox, Webhook]) -> None:
    sent_item()
    failed_run("HS202609-0007", "HS202609-0008")
    days = [date(2026, 9, number) for number in range(11, 17)]
    assert alerts.raise_alerts(settings(), days[0]) == ["cycle:2026-09-11"]
    failed_run("HS202609-0007", "HS202609-0008")
    failed_run("HS202609-0008")
    assert alerts.raise_alerts(settings(), days[1]) == []
    failed_run("HS202609-0008", "HS202609-0009")
    assert alerts.raise_alerts(settings(), days[2]) == ["cycle:2026-09-13"], "another one failed"
    failed_run()
    assert alerts.raise_alerts(settings(), days[3]) == []
    failed_run("HS202609-0007")
    assert alerts.raise_alerts(settings(), days[4]) == ["cycle:2026-09-15"], "mended, and broken anew"
    assert alerts.deliver_alerts(settings()) == {}
    assert "HS202609-0009" in recipients[1].got[1][1]["text"]


def test_results_nobody_judges_are_told_the_next_day(recipients: tuple[Mailbox, Webhook]) -> None:
    with begin() as db:
        keys = {
            "application_no": "HS202604-0001",
            "occupation_code": "6-18-01-01",
            "work_type": "",
            "level": "3",
            "cycle": "2026-04",
        }
        values = {"result_id": 1, "content_hash": "1", "batch": "1", "row": 1, "received_on": date(2026, 9, 11)}
        db.execute(insert(tables.result).values(**values, **keys, standing="received"))
    assert alerts.raise_alerts(settings(), date(2026, 9, 11)) == []
    assert alerts.raise_alerts(settings(), date(2026, 9, 12)) == ["cycle:2026-09-12"]
    assert alerts.deliver_alerts(settings()) == {}
    assert "2026-04：中心——有 1 条评估结果待审" in recipients[1].got[0][1]["text"]
    assert alerts.raise_alerts(settings(), date(2026, 9, 13)) == []


@pytest.mark.parametrize(
    ("lacking", "named"),
    [({"smtp_sender": ""}, "FILING_SMTP_SENDER"), ({"smtp_host": ""}, "FILING_SMTP_HOST")],
)
def test_mail_that_is_not_set_up_whole_is_named_and_the_alert_goes_once_it_is(
    recipients: tuple[Mailbox, Webhook], lacking: dict[str, str], named: str
) -> None:
    waiting_edition()
    alerts.raise_alerts(settings(), date(2026, 9, 30))
    with using(settings().model_copy(update=lacking)):
        (sentence,) = alerts.deliver_alerts(settings()).values()
    assert f"{named}: set it to" in sentence
    assert recipients[0].mails == []
    assert alerts.deliver_alerts(settings()) == {}
    assert len(recipients[0].mails) == 2
