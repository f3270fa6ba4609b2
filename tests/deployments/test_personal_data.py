"""What the law asks of personal data: forgotten in time, given out and put right on request, sealed in backups, noted."""

import json
from datetime import date
from pathlib import Path

import pandas as pd
import pyrage
import pytest
from sqlalchemy import insert

from deployments import safekeeping
from deployments.gate import access_log
from schemas import tables
from schemas.law.cycle import cycle_id
from schemas.policy import for_cycle
from schemas.settings import Settings, settings, using
from tasks.desk import approval, retention
from tasks.store import database, history, personal, seals
from tasks.store.database import reading
from tasks.store.leases import writing
from tests.commands import Filing
from tests.registers import ONE, run_on

NUMBER, OTHER = "420222199003074512", "420222198511120036"
CYCLE, DAY = cycle_id("2026-09"), date(2026, 9, 11)

VERSIONS = pd.DataFrame([("HS-1", 1), ("HS-1", 2), ("HS-2", 1)], columns=["application_no", "version"])


@pytest.fixture
def filing(filing: Filing) -> Filing:
    """Two applications of one institution: one closed, whose first version was replaced, and one under way."""
    with run_on(DAY, CYCLE) as run, writing(run) as db:
        seals.touch(db, seals.STAFF, VERSIONS)
        for number, version, standing in (("HS-1", 1, "superseded"), ("HS-1", 2, "current"), ("HS-2", 1, "current")):
            db.execute(
                insert(tables.application_version).values(
                    application_no=number,
                    version=version,
                    content_hash=f"{number}/{version}",
                    received_on=DAY,
                    standing=standing,
                    cycle=CYCLE,
                    uscc=ONE,
                    institution_name="示例机构",
                )
            )
            for row, who in enumerate((NUMBER, OTHER), start=1):
                person = {"role": "expert", "name": "李四", "id_type": "resident_id", "id_number": who}
                db.execute(
                    insert(tables.staff_member).values(application_no=number, version=version, row=row, **person)
                )
        for number, version, status in (("HS-1", 2, "closed"), ("HS-2", 1, "in_progress")):
            db.execute(
                insert(tables.application).values(
                    application_no=number, cycle=CYCLE, version=version, status=status, uscc=ONE
                )
            )
    with run_on(date(2026, 10, 10), CYCLE) as run, database.begin() as db:
        history.add_one(db, "application", "HS-1", "终止办理", run, "filing", became="closed")
    return filing


def untrue() -> list[str]:
    """What the seals say of staff."""
    with reading() as db:
        return [sentence for sentence in seals.differences(db) if sentence.startswith("staff")]


def kept() -> list[tuple[str, int]]:
    with reading() as db:
        return sorted({(row["application_no"], row["version"]) for row in personal.of_person(db, NUMBER)})


def test_staff_is_forgotten_when_its_time_is_over_and_history_says_how_many(filing: Filing) -> None:
    months = for_cycle(CYCLE).retention.staff_months
    assert months == 48
    with run_on(date(2030, 9, 10), CYCLE) as run:
        assert retention.forget_expired(run).done == {}
    with run_on(date(2030, 9, 11), CYCLE) as run:
        assert retention.forget_expired(run).done == {"forgotten": 2}
    assert kept() == [("HS-1", 2), ("HS-2", 1)], "the version that was replaced"
    with run_on(date(2030, 10, 10), CYCLE) as run:
        assert retention.forget_expired(run).done == {"forgotten": 2}
        assert retention.forget_expired(run).done == {}, "again changes nothing"
    assert kept() == [("HS-2", 1)], "what is under way is needed"
    with reading() as db:
        entries = history.of(db, ["HS-1"])
        assert list(history.broken_links(db)) == []
    entries = entries[entries["kind"] == "person"]
    assert list(entries["because"]) == ["保管期满，清除人员记录2条"] * 2
    assert NUMBER not in entries.to_json()
    assert untrue() == [], "what was forgotten is no tampering"


def test_a_person_is_told_what_is_kept_and_has_it_put_right(filing: Filing, tmp_path: Path) -> None:
    target = tmp_path / "kept.json"
    ended = filing("person", NUMBER.lower(), "--export", str(target))
    assert ended.code == 0, ended.err
    assert len(ended.out.splitlines()) == 4
    rows = json.loads(target.read_text("utf-8"))
    assert {row["id_number"] for row in rows} == {NUMBER}
    assert target.stat().st_mode & 0o077 == 0
    assert (
        filing("person", NUMBER, "--correct", "name=李思", "--by", "王处长", "--reason", "本人申请").out
        == "3 rows put right\n"
    )
    with reading() as db:
        assert {row["name"] for row in personal.of_person(db, NUMBER)} == {"李思"}
        assert {row["name"] for row in personal.of_person(db, OTHER)} == {"李四"}
        entries = history.of(db, ["HS-1", "HS-2"])
    assert set(entries.loc[entries["kind"] == "person", "by"]) == {"王处长"}
    assert NUMBER not in entries.to_json()
    assert untrue() == []
    assert filing("person", NUMBER, "--correct", "id_number=1", "--by", "王", "--reason", "x").code == 2
    assert filing("person", "42022219900307450X").code == 2


def test_the_access_log_says_who_read_what_and_no_number(filing: Filing) -> None:
    filing("person", NUMBER)
    filing("findings", CYCLE)
    filing("history", "HS-1")
    lines = [str(entry["what"]) for entry in access_log.entries(filing.home)]
    assert lines == ["filing person", f"filing findings {CYCLE}", "filing history HS-1"]
    assert NUMBER not in (filing.home / access_log.FILE).read_text("utf-8")
    assert len(filing.lines("access")) == 3


def test_a_backup_is_sealed_to_a_public_key(home: Path, tmp_path: Path) -> None:
    pair = pyrage.x25519.Identity.generate()
    archive, key = tmp_path / "kept.tar.gz.age", tmp_path / "key.txt"
    key.write_text(f"# created: today\n{pair}\n", "utf-8")
    (home / "office.toml").write_text("名称", "utf-8")
    stated = settings().model_copy(update={"backup_recipient": str(pair.to_public())})
    with using(stated):
        safekeeping.backup(archive)
    assert archive.read_bytes().startswith(b"age-encryption.org/v1")
    with using(Settings(home=tmp_path / "new", database_url="")):
        with pytest.raises(Exception, match="is sealed: give the file of the private key"):
            safekeeping.restore(archive)
        other = tmp_path / "other.txt"
        other.write_text(str(pyrage.x25519.Identity.generate()), "utf-8")
        with pytest.raises(Exception, match="does not open with"):
            safekeeping.restore(archive, other)
        safekeeping.restore(archive, key)
    assert (tmp_path / "new" / "office.toml").read_text("utf-8") == "名称"


def test_who_permitted_an_exception_does_not_release_its_edition(
    filing: Filing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.begin() as db:
        words = {"rule": "CAP-1", "occupation_code": "", "verdict": "permit", "document_no": "1", "reason": "x"}
        db.execute(
            insert(tables.decision).values(
                decision_id="1",
                application_no="HS-1",
                decided_by="王处长",
                decided_at="2026-09-15T09:00:00",
                recorded_on=DAY,
                **words,
            )
        )
        db.execute(
            insert(tables.edition).values(
                edition=f"{CYCLE}.1", cycle=CYCLE, number=1, as_of=DAY, standing="waiting", waits_because="须经批准"
            )
        )
    policy = for_cycle(CYCLE)
    approved = policy.model_copy(update={"publication": policy.publication.model_copy(update={"release": "approved"})})
    monkeypatch.setattr("tasks.runs.run.for_cycle", lambda _: approved)
    with pytest.raises(approval.OwnDecisionError, match="HS-1"):
        approval.approve_edition(f"{CYCLE}.1", "王处长", DAY)
    assert approval.approve_edition(f"{CYCLE}.1", "李科长", DAY) == (CYCLE, DAY)
