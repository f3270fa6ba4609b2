"""Packages and letters by the channel the settings name: once each, whatever is down, slow, wrong or killed."""

import logging
import socket
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import Connection, insert, update

from schemas import settings as environment
from schemas import tables
from schemas.panel import Expert
from schemas.run import Counts
from schemas.settings import Settings, UnusableSettingsError, using
from tasks.gateways.evaluators import FolderChannel, HttpChannel, SmtpChannel, channels
from tasks.gateways.wire.mail import SmtpSettings
from tasks.store import database, dispatches, outbox
from tasks.store.outbox import LETTERS, PACKAGES, Box
from tests import evaluations as made
from tests.registers import BAKER, COOK, ONE, THREE, TWO

THREE_NUMBERS = ("A1", "A2", "A3")


def _mailing(home: Path, smtp: SmtpSettings, **changed: Any) -> Settings:
    values: dict[str, Any] = {
        "home": home,
        "evaluation_channel": "smtp",
        "evaluation_office": "office@hs.example",
        "smtp_host": smtp.host,
        "smtp_port": smtp.port,
        "smtp_security": "none",
        "smtp_sender": smtp.sender,
        "smtp_timeout_seconds": 5,
    }
    return Settings(**{**values, **changed})


def _three() -> None:
    for number, uscc in zip(THREE_NUMBERS, (ONE, TWO, THREE), strict=True):
        made.accepted(number, [(uscc, COOK, "4")], email=f"{number.lower()}@schools.example")


def _pool(*experts: Expert, email: str = "") -> None:
    rows = [
        {
            "expert_no": expert.expert_no,
            "name": expert.name,
            "employer_uscc": expert.employer_uscc,
            "occupation_prefixes": "、".join(expert.occupation_prefixes),
            "active": "true",
            "email": email,
        }
        for expert in experts
    ]
    with database.begin() as db:
        db.execute(insert(tables.expert), rows)


def _undelivered() -> list[str]:
    with database.reading() as db:
        return [number for number, _ in dispatches.undelivered(db, made.CYCLE)]


# --- mail


def test_packages_are_mailed_to_the_lead_and_to_the_office_for_want_of_one(
    home: Path, smtp: SmtpSettings, postmaster: Any
) -> None:
    _pool(Expert("E1", "王建国", occupation_prefixes=("4-03-02-01",)), email="wang@experts.example")
    made.accepted("A1")
    made.accepted("A2", [(TWO, BAKER, "4")])
    with using(_mailing(home, smtp)):
        assert made.send_out(home).done["delivered"] >= 2
        assert made.send_out(home).total == 0
    packages = [message for message in postmaster.accepted if "评估送评" in message["Subject"]]
    assert {message["To"] for message in packages} == {"wang@experts.example", "office@hs.example"}
    assert len(packages) == 2


def test_a_mail_server_that_is_down_holds_nothing_up_and_gets_each_once_when_it_is_back(
    home: Path, postmaster: Any, port: int
) -> None:
    _three()
    down = SmtpSettings("127.0.0.1", "center@hs.example", port)
    with using(_mailing(home, down)):
        for _ in range(3):  # an hour of it: a run every twenty minutes
            counts = made.send_out(home)
            assert set(counts.failed) == set(THREE_NUMBERS)
            assert "cannot be reached" in counts.failed["A1"]
            assert _undelivered() == [*THREE_NUMBERS]
        made.drop(home, "r.csv", made.result("A1"))
        made.go_on(home)
        assert made.standing("A1") == "filed", "what is known goes on meanwhile"
        controller = Controller(postmaster, hostname="127.0.0.1", port=port)
        controller.start()
        try:
            assert made.send_out(home).failed == {}
            assert made.send_out(home).total == 0
        finally:
            controller.stop()
    assert _undelivered() == []
    keys = Counter(str(message["Message-ID"]) for message in postmaster.accepted)
    assert len(keys) == 3
    assert set(keys.values()) == {1}


def test_a_server_that_is_down_is_not_asked_for_every_package(home: Path) -> None:
    for place in range(8):
        made.accepted(f"A{place}", [(f"91420200MA4000{place:04d}", COOK, "4")])
    asked: list[int] = []
    with socket.create_server(("127.0.0.1", 0)) as deaf:

        def answer() -> None:
            while True:
                try:
                    connection, _ = deaf.accept()
                except OSError:
                    return
                asked.append(1)
                connection.close()

        Thread(target=answer, daemon=True).start()
        with using(_mailing(home, SmtpSettings("127.0.0.1", "center@hs.example", deaf.getsockname()[1]))):
            counts = made.send_out(home)
    assert len(counts.failed) == 8
    assert len(asked) == 3
    assert "not tried" in counts.failed["A7"]


class _Killed(BaseException):
    pass


@contextmanager
def _killed_before_the_note(patch: pytest.MonkeyPatch, box: Box) -> Iterator[None]:
    note = outbox.note

    def die(db: Connection, noted: Box, receipts: Mapping[str, str]) -> None:
        if noted == box:
            raise _Killed
        note(db, noted, receipts)

    with patch.context() as mortal, pytest.raises(_Killed):
        mortal.setattr(outbox, "note", die)
        yield


def test_killed_between_delivery_and_note_nothing_is_mailed_twice(
    home: Path, smtp: SmtpSettings, postmaster: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    made.accepted("A1", email="a1@schools.example")
    with using(_mailing(home, smtp, letter_channel="smtp")):
        with _killed_before_the_note(monkeypatch, PACKAGES):
            made.send_out(home)
        with _killed_before_the_note(monkeypatch, LETTERS):
            made.send_out(home)
        made.send_out(home)
        assert made.send_out(home).total == 0
    assert sorted(str(message["To"]) for message in postmaster.accepted) == ["a1@schools.example", "office@hs.example"]


def test_letters_are_mailed_to_applicants_with_an_address_and_kept_as_files(
    home: Path, smtp: SmtpSettings, postmaster: Any
) -> None:
    made.accepted("A1", email="a1@schools.example")
    made.accepted("A2", [(TWO, COOK, "4")], email="没有邮箱")
    made.accepted("A3", [(THREE, COOK, "4")])
    with using(_mailing(home, smtp, evaluation_channel="folder", letter_channel="smtp")):
        counts = made.send_out(home)
    assert counts.failed == {}
    (message,) = postmaster.accepted
    assert message["To"] == "a1@schools.example"
    assert message["Subject"] == f"受理通知书：机构{ONE}（黄职鉴〔2026〕1号）"
    assert len(made.letters(home, "acceptance")) == 3


def test_refused_results_are_mailed_back_to_the_panels_lead(home: Path, smtp: SmtpSettings, postmaster: Any) -> None:
    _pool(Expert("E1", "王建国", occupation_prefixes=("4",)), email="wang@experts.example")
    made.accepted("A1", email="a1@schools.example")
    made.send_out(home)
    made.drop(home, "r.csv", made.result("A1", panel_size="1"))
    with using(_mailing(home, smtp, evaluation_channel="folder", letter_channel="smtp")):
        made.go_on(home)
    (message,) = postmaster.accepted
    assert message["To"] == "wang@experts.example"
    assert message["Subject"].startswith("评估结果退回说明")


# --- HTTP


class System:
    """An evaluation system: `answers` come first, one a request; `hang` is taken and never answered."""

    def __init__(self) -> None:
        self.answers: list[str] = []
        self.effects: Counter[str] = Counter()
        self.taken: dict[str, bytes] = {}
        self.tokens: set[str] = set()
        self.released = Event()
        self.url = ""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    system: System

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.system.tokens.add(self.headers.get("Authorization", ""))
        answer = self.system.answers.pop(0) if self.system.answers else "201"
        if answer in {"201", "hang"}:
            key = self.headers["Idempotency-Key"]
            self.system.effects[key] += key not in self.system.taken
            assert self.system.taken.setdefault(key, body) == body
        if answer == "hang":
            self.system.released.wait(10)
            self.close_connection = True
            return
        self.send_response(int(answer.partition(":")[0]))
        if ":" in answer:
            self.send_header("Retry-After", answer.partition(":")[2])
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing to say."""


@pytest.fixture
def system() -> Iterator[System]:
    system = System()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"system": system}))
    server.daemon_threads = True
    system.url = f"http://127.0.0.1:{server.server_port}/packages"
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield system
    system.released.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def posting(home: Path, system: System, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """An installation that posts, and does not wait between attempts."""
    monkeypatch.setattr(channels, "HttpChannel", partial(HttpChannel, sleep=lambda _: None))
    values: dict[str, Any] = {"evaluation_url": system.url, "evaluation_token": "geheim"}
    return Settings(home=home, evaluation_channel="http", evaluation_timeout_seconds=0.5, **values)


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param(["500", "503"], id="500"),
        pytest.param(["429", "429:1"], id="429"),
        pytest.param(["hang"], id="taken, then no answer"),
        pytest.param(["hang", "500", "hang"], id="both"),
    ],
)
def test_a_system_in_trouble_gets_each_package_once(
    home: Path, posting: Settings, system: System, answers: list[str]
) -> None:
    _three()
    system.answers = answers
    with using(posting):
        counts = made.send_out(home)
        assert counts.failed == {}
        assert made.send_out(home).total == 0
    assert system.effects == Counter({f"{number}:r1": 1 for number in THREE_NUMBERS})
    assert system.tokens == {"Bearer geheim"}


def test_a_system_that_stays_in_trouble_leaves_the_packages_for_the_next_run(
    home: Path, posting: Settings, system: System, caplog: pytest.LogCaptureFixture
) -> None:
    _three()
    system.answers = ["400", *["500"] * 4, "429:7200"]
    with using(posting), caplog.at_level(logging.DEBUG):
        counts = made.send_out(home)
        assert set(counts.failed) == set(THREE_NUMBERS)
        assert ["400" in counts.failed["A1"], "500" in counts.failed["A2"], "429" in counts.failed["A3"]] == [True] * 3
        assert made.send_out(home) == Counts(done={"delivered": 3})
    assert set(system.effects.values()) == {1}
    assert "geheim" not in caplog.text + str(counts) + repr(posting)


def test_killed_between_answer_and_note_the_system_hears_the_same_key_again(
    home: Path, posting: Settings, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    made.accepted("A1")
    with using(posting):
        with _killed_before_the_note(monkeypatch, PACKAGES):
            made.send_out(home)
        made.send_out(home)
    assert system.effects == Counter({"A1:r1": 1})
    assert _undelivered() == []


# --- whatever the channel


def test_one_package_that_cannot_be_made_stops_no_other(home: Path) -> None:
    _three()
    down = Settings(home=home, evaluation_channel="http", evaluation_url="")
    with using(down):
        made.send_out(home)  # into the outbox, no further
    with database.begin() as db:
        table = tables.outbox
        package = (table.c.box == PACKAGES.code) & (table.c.subject == "A2")
        db.execute(update(table).where(package).values(content={"application_no": "A2"}))
    counts = made.send_out(home)
    assert list(counts.failed) == ["A2"]
    assert "could not be made" in counts.failed["A2"]
    assert _undelivered() == ["A2"]
    assert {path.name for path in (home / "outbox" / "evaluation" / made.CYCLE).iterdir()} == {"A1", "A3"}


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"evaluation_channel": "http"}, "FILING_EVALUATION_URL"),
        ({"evaluation_channel": "smtp"}, "FILING_EVALUATION_OFFICE"),
        ({"evaluation_channel": "smtp", "evaluation_office": "o@hs.example"}, "FILING_SMTP_HOST"),
        (
            {"evaluation_channel": "smtp", "evaluation_office": "o@hs.example", "smtp_host": "mail"},
            "FILING_SMTP_SENDER",
        ),
        ({"letter_channel": "smtp"}, "FILING_SMTP_HOST"),
    ],
)
def test_a_channel_that_lacks_something_names_it_and_loses_nothing(
    home: Path, values: dict[str, Any], named: str
) -> None:
    made.accepted("A1")
    with using(Settings(home=home, **values)):
        counts = made.send_out(home)
    assert counts.failed
    assert all(named in sentence for sentence in counts.failed.values())
    assert made.send_out(home).failed == {}
    assert len(made.letters(home, "acceptance")) == 1
    assert _undelivered() == []


def test_each_setting_is_its_channel(home: Path) -> None:
    mail = {"evaluation_office": "o@hs.example", "smtp_host": "mail", "smtp_sender": "c@hs.example"}
    chosen = {
        "folder": FolderChannel,
        "smtp": SmtpChannel,
        "http": HttpChannel,
    }
    for name, kind in chosen.items():
        values: dict[str, Any] = {**mail, "evaluation_channel": name, "evaluation_url": "https://evaluation.example"}
        assert isinstance(channels.evaluation_channel(Settings(home=home, **values), lambda _: ""), kind)


def test_a_rehearsal_sends_nothing(home: Path, smtp: SmtpSettings, postmaster: Any) -> None:
    from tasks.runs.comparison import rehearsed

    made.accepted("A1", email="a1@schools.example")
    with using(_mailing(home, smtp, letter_channel="smtp")):
        with rehearsed(True):
            assert made.send_out(home).done["packages"] == 1
        assert made.standing("A1") == "accepted"
    assert postmaster.accepted == []
    assert not (home / "outbox").exists()


def test_an_environment_that_cannot_be_used_is_named_without_its_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "_stated", [])
    monkeypatch.setenv("FILING_EVALUATION_CHANNEL", "pigeon")
    monkeypatch.setenv("FILING_SMTP_PORT", "geheim")
    with pytest.raises(UnusableSettingsError) as wrong:
        environment.settings()
    assert "FILING_EVALUATION_CHANNEL" in str(wrong.value)
    assert "FILING_SMTP_PORT" in str(wrong.value)
    assert "geheim" not in str(wrong.value)
