"""What operators have to see to is told once by mail and webhook, against real servers that may be away."""

import json
import threading
from collections.abc import Iterator
from datetime import date, timedelta
from email import message_from_bytes
from email.policy import default
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import insert

from schemas import tables
from schemas.run_summary import Counts, RunSummary
from schemas.settings import Settings, settings, using
from tasks import alerts, runs
from tasks.store.database import begin
from tests.faults.house import free_port


class Mailbox:
    """A mail server that keeps what it gets."""

    def __init__(self) -> None:
        self.mails: list[Any] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802  aiosmtpd's name
        self.mails.append((envelope.rcpt_tos, message_from_bytes(envelope.content, policy=default)))
        return "250 kept"


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, int]]:
    box = Mailbox()
    port = free_port()
    server = Controller(box, hostname="127.0.0.1", port=port)
    server.start()
    try:
        yield box, port
    finally:
        server.stop()


@pytest.fixture
def webhook() -> Iterator[HTTPServer]:
    """An HTTP server that keeps bodies and keys in `got` and answers with `status`."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            server.got.append((self.headers["Idempotency-Key"], body))  # type: ignore[attr-defined]
            self.send_response(server.status)  # type: ignore[attr-defined]
            self.end_headers()

        def log_message(self, *_: Any) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Handler)
    server.got, server.status = [], 200  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def told(installation: Path, mailbox: tuple[Mailbox, int], webhook: HTTPServer) -> Iterator[tuple[Mailbox, HTTPServer]]:
    own = Settings(
        home=installation,
        database_url=settings().database_url,
        smtp_host="127.0.0.1",
        smtp_port=mailbox[1],
        smtp_security="none",
        smtp_sender="centre@example.org",
        alert_mail="one@example.org, two@example.org",
        alert_webhook=f"http://127.0.0.1:{webhook.server_port}/",
    )
    with using(own):
        yield mailbox[0], webhook


def failed_run() -> str:
    with runs.run_of("2026-09", date(2026, 9, 11)) as run:
        counts = Counts(failed={"HS202609-0007": "the mail server cannot be reached"})
        runs.end(
            RunSummary(
                run_id=run.run_id, cycle="2026-09", as_of=run.as_of, outcome="failed", stages={"evaluation": counts}
            )
        )
        return run.run_id


def waiting_edition() -> None:
    values = {"edition": "2026-09.1", "cycle": "2026-09", "number": 1, "as_of": date(2026, 10, 26)}
    with begin() as db:
        db.execute(insert(tables.edition).values(**values, standing="waiting", waits_because="本版将减少9行"))


def sent_item() -> None:
    with begin() as db:
        keys = {"application_no": "HS202609-0007", "occupation_code": "6-18-01-01", "level": "3"}
        db.execute(insert(tables.dispatched_item).values(**keys, revision=1, cycle="2026-09"))
        db.execute(
            insert(tables.application).values(
                application_no="HS202609-0007", cycle="2026-09", version=1, status="in_progress"
            )
        )


def test_each_occasion_is_told_once_by_each_way(told: tuple[Mailbox, HTTPServer]) -> None:
    mailbox, webhook = told
    run = failed_run()
    waiting_edition()
    sent_item()
    new = alerts.raise_alerts(date(2026, 10, 25))
    assert new == ["approval:2026-09.1:2026-10-26", f"failed:{run}", "overdue:2026-09:2026-10-25"]
    assert alerts.deliver_alerts() == {}
    assert len(mailbox.mails) == 6, "three alerts to two people"
    assert sorted(key for key, _ in webhook.got) == new  # type: ignore[attr-defined]
    subject = {str(mail["Subject"]) for _, mail in mailbox.mails}
    assert "【备案】2026-09 目录等待批准" in subject

    assert alerts.raise_alerts(date(2026, 10, 26)) == []
    assert alerts.deliver_alerts() == {}
    assert len(mailbox.mails) == 6
    assert len(webhook.got) == 3  # type: ignore[attr-defined]


def test_results_are_not_overdue_a_day_early(told: tuple[Mailbox, HTTPServer]) -> None:
    sent_item()
    assert alerts.raise_alerts(date(2026, 10, 24)) == []


@pytest.mark.parametrize(
    ("days_before", "expected"), [(4, []), (3, ["empty:2026-09"]), (0, ["empty:2026-09"]), (-1, [])]
)
def test_no_submissions_near_the_deadline(
    told: tuple[Mailbox, HTTPServer], days_before: int, expected: list[str]
) -> None:
    assert alerts.raise_alerts(date(2026, 9, 10) - timedelta(days=days_before)) == expected


def test_a_receiver_that_refuses_gets_it_later_and_the_other_way_is_not_repeated(
    told: tuple[Mailbox, HTTPServer],
) -> None:
    mailbox, webhook = told
    waiting_edition()
    alerts.raise_alerts(date(2026, 9, 30))
    webhook.status = 503  # type: ignore[attr-defined]
    assert list(alerts.deliver_alerts()) == ["webhook:approval:2026-09.1:2026-10-26"]
    assert len(mailbox.mails) == 2
    webhook.status = 200  # type: ignore[attr-defined]
    assert alerts.deliver_alerts() == {}
    assert len(mailbox.mails) == 2
    assert len(webhook.got) == 2  # type: ignore[attr-defined]


def test_a_mail_server_that_is_away_is_tried_again(told: tuple[Mailbox, HTTPServer]) -> None:
    waiting_edition()
    alerts.raise_alerts(date(2026, 9, 30))
    away = settings().model_copy(update={"smtp_port": 1, "smtp_timeout_seconds": 2.0})
    with using(away):
        assert list(alerts.deliver_alerts()) == ["mail:approval:2026-09.1:2026-10-26"]
    assert alerts.deliver_alerts() == {}
    assert len(told[0].mails) == 2
