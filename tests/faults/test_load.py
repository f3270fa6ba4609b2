"""Much at once: a hundred result files, two thousand letters through a slow mail server; nothing lost, nothing twice."""

import os
import signal
import smtplib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, insert, select

from schemas import tables
from schemas.settings import Settings, settings, using
from tasks.letters import delivery as work
from tasks.store.database import begin, reading
from tests import evaluations
from tests.faults import ledger, mailbox
from tests.registers import run_on

pytestmark = pytest.mark.slow

FILES, LETTERS = 100, 2000
#: What the mail server takes its time for, a letter, in seconds.
SLOW = 0.01


def test_a_hundred_result_files_at_once(installation: Path) -> None:
    numbers = [f"HS202609-{number:04d}" for number in range(FILES)]
    codes = [f"91420200MA{number:08d}" for number in range(FILES)]
    for place, (number, code) in enumerate(zip(numbers, codes, strict=True)):
        evaluations.accepted(number, [(code, evaluations.COOK, "4")], submitted=place)
    evaluations.send_out(installation)
    for place, number in enumerate(numbers):
        evaluations.drop(installation, f"{place}.csv", evaluations.result(number, score=str(60 + place % 40)))
    done = evaluations.go_on(installation, evaluations.DAY + timedelta(days=1))
    assert (done["intake"].done["results"], done["evaluation"].done["accepted_results"]) == (FILES, FILES)
    assert {number: evaluations.standing(number).split()[0] for number in numbers} == dict.fromkeys(numbers, "filed")
    again = evaluations.go_on(installation, evaluations.DAY + timedelta(days=1))
    assert not any(counts.done for counts in again.values())
    with reading() as db:
        counted = db.execute(select(func.count(), func.count(func.distinct(tables.result.c.application_no)))).one()
    assert tuple(counted) == (FILES, FILES)
    base = "postgresql" if settings().database_url else "sqlite"
    ledger.keep_line(
        f"results-{base}",
        ledger.Line("100 result files in the inbox at once", base, FILES, FILES, "each result once, each item filed"),
    )


@pytest.fixture
def slow_server(home: Path, tmp_path: Path) -> Iterator[Path]:
    """A mail server that takes its time; the folder of what it took."""
    mails = tmp_path / "mails"
    mails.mkdir()
    pid, port = mailbox.serve(mails, SLOW)
    mailing: dict[str, Any] = {"letter_channel": "smtp", "smtp_host": mailbox.HOST, "smtp_port": port}
    with using(Settings(home=home, smtp_security="none", smtp_sender="office@example.com", **mailing)):
        yield mails
    os.kill(pid, signal.SIGTERM)
    os.waitpid(pid, 0)


def _write_letters() -> None:
    """As many letters as institutions, all saying the same: what is tried is the post."""
    content = {
        "institution_name": "黄石市磁湖职业培训学校",
        "uscc": "91420200MA48000001",
        "issuer": "黄石市职业技能鉴定中心",
        "document": "黄人社函〔2021〕26号",
        "issued_on": "2026-09-12",
        "items": [],
        "ground": "视频资料保存不全",
        "decision_no": "黄技鉴〔2026〕8号",
        "decided_on": "2026-10-08",
        "effective_on": "2026-10-10",
    }
    for number in range(0, LETTERS, LETTERS // 2):
        subjects = [f"HS202609-{place:04d}" for place in range(number, number + LETTERS // 2)]
        with begin() as db:
            for table, rows in _rows(subjects, content).items():
                db.execute(insert(table), rows)


def _rows(subjects: list[str], content: dict[str, Any]) -> dict[Any, list[dict[str, Any]]]:
    day = evaluations.DAY
    version = {"version": 1, "received_on": day, "standing": "current"}
    letter = {"box": "letter", "kind": "suspension", "cycle": evaluations.CYCLE, "written_on": day, "content": content}
    return {
        tables.application_version: [
            {**version, "application_no": subject, "content_hash": subject, "contact_email": f"{subject}@example.com"}
            for subject in subjects
        ],
        tables.application: [
            {"application_no": subject, "cycle": evaluations.CYCLE, "version": 1, "status": "closed"}
            for subject in subjects
        ],
        tables.outbox: [{**letter, "occasion": f"suspension:{subject}", "subject": subject} for subject in subjects],
    }


class Killed(BaseException):
    """Stands for a kill."""


def test_two_thousand_letters_through_a_slow_server(slow_server: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from functools import cache

    _write_letters()
    render: Any = vars(work)["render"]
    once = cache(lambda kind: render(kind, _content()))
    monkeypatch.setattr(work, "render", lambda kind, _text, _templates: once(kind))
    send, sent = smtplib.SMTP.data, []

    def dying(self: Any, message: Any) -> Any:
        answer = send(self, message)
        sent.append(1)
        if len(sent) == LETTERS // 2:
            raise Killed
        return answer

    with run_on(evaluations.DAY, evaluations.CYCLE) as run:
        with monkeypatch.context() as patch, pytest.raises(Killed):
            patch.setattr(smtplib.SMTP, "data", dying)
            work.deliver_letters(run)
        summary = work.deliver_letters(run)
        assert summary.failed == {}
        assert work.deliver_letters(run).done == {}
    taken = mailbox.delivered(slow_server)
    assert len(taken) == LETTERS, "nothing is lost"
    assert sum(taken.values()) == LETTERS + 1, (
        "only the one that was on its way at the kill came again, as the same mail"
    )
    files = list((settings().outbox / "letters" / "suspension").iterdir())
    assert len(files) == LETTERS
    ledger.keep_line(
        "letters",
        ledger.Line(
            f"2,000 letters through a mail server that takes {SLOW * 1000:.0f} ms each, killed at the 1,000th",
            "sqlite",
            LETTERS,
            LETTERS,
            "each Message-ID, each file; 1 came twice, under its own Message-ID",
        ),
    )


def _content() -> dict[str, Any]:
    with reading() as db:
        return dict(db.execute(select(tables.outbox.c.content).limit(1)).scalar_one())
