"""Where the policy asks for it, what passed is shown to the public first and filed when the period is over."""

import errno
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import docx
import pandas as pd
import pytest
from sqlalchemy import insert

from flows.stages import decision, publication
from flows.sweeps import sweeps
from schemas import tables
from schemas.run import Counts, RunSummary
from schemas.settings import settings, using
from tasks.runs import waiting
from tasks.runs.page import overview_text
from tasks.store import database, items, leases, public_notices, unfinished
from tasks.store.database import reading
from tasks.store.leases import writing
from tests.commands import Filing
from tests.evaluations import accepted, send_out
from tests.policies import write_policy
from tests.registers import BAKER, COOK, ELECTRICIAN, ONE, TWO, passed, run_on, statuses, take_over, terms

pytestmark = pytest.mark.usefixtures("without_pages")

CYCLE = "2026-09"
SOCIAL = "social_organisation"
#: Seven days of holidays and a Saturday worked lie between: 29 and 30 September, 8, 9 and 10 October.
BEGINS, ENDS, AFTER = date(2026, 9, 28), date(2026, 10, 10), date(2026, 10, 11)


@pytest.fixture
def filing(filing: Filing) -> Iterator[Filing]:
    """An installation whose policy asks for five working days, with two applications that passed."""
    folder = write_policy(filing.home / "policies", "2026-09-01", public_notice_workdays="5")
    with using(settings().model_copy(update={"policies": folder})):
        passed("A1", "initial", [(ONE, COOK, "4"), (ONE, COOK, "3"), (ONE, BAKER, "4")], cycle=CYCLE, name="黄石面点厂")
        passed("A2", "initial", [(TWO, ELECTRICIAN, "3")], cycle=CYCLE, name="=cmd|' /C calc'!A0<script>")
        yield filing


def now() -> dict[str, str]:
    """Each application's statuses."""
    with reading() as db:
        by_item = statuses(db)
    by_number: dict[str, set[str]] = {}
    for (number, _, _), status in by_item.items():
        by_number.setdefault(number, set()).add(status)
    return {number: ",".join(sorted(group)) for number, group in sorted(by_number.items())}


def notice(home: Path, name: str = f"{CYCLE}.1") -> Path:
    return home / "published" / "notices" / name


def test_shown_first_and_filed_when_the_period_is_over(filing: Filing) -> None:
    assert decision.fn(CYCLE, BEGINS).done == {"public_notices": 1}
    assert now() == {"A1": "passed", "A2": "passed"}
    assert terms(BEGINS) == {}
    assert decision.fn(CYCLE, ENDS) == Counts(), "the last day is the public's"
    done = decision.fn(CYCLE, AFTER).done
    assert done["filed"] == 4
    assert now() == {"A1": "filed", "A2": "filed"}
    assert terms(AFTER)[ONE, COOK, "4"] == ("2026-10-11", "2029-10-10")
    assert publication.fn(CYCLE, AFTER).done == {"editions": 1, "rows": 3}
    assert decision.fn(CYCLE, AFTER) == Counts()


def test_what_is_shown_is_filed_before_what_passes_later_with_more_points(home: Path, without_pages: None) -> None:
    folder = write_policy(home / "policies", "2026-09-01", public_notice_workdays="5", saturation="1")
    with using(settings().model_copy(update={"policies": folder})):
        passed("A1", "initial", [(ONE, COOK, "4")], cycle=CYCLE, institution_type=SOCIAL)
        assert decision.fn(CYCLE, BEGINS).done == {"public_notices": 1}
        passed("A2", "initial", [(TWO, COOK, "4")], cycle=CYCLE, institution_type=SOCIAL, score="99")
        decision.fn(CYCLE, date(2026, 9, 30))
        assert now() == {"A1": "passed", "A2": "held"}, (
            "one place is left, and it was shown to the public as the first's"
        )
        decision.fn(CYCLE, AFTER)
        assert now() == {"A1": "filed", "A2": "held"}


def test_the_notice_says_what_is_to_be_filed(filing: Filing) -> None:
    decision.fn(CYCLE, BEGINS)
    folder = notice(filing.home)
    assert sorted(path.name for path in folder.iterdir()) == [
        "index.html",
        "manifest.json",
        "notice.csv",
    ]
    record = json.loads((folder / "manifest.json").read_text("utf-8"))
    assert (record["published_on"], record["ends_on"], record["rows"]) == ("2026-09-28", "2026-10-10", 3)
    lines = (folder / "notice.csv").read_text("utf-8-sig").splitlines()
    assert lines[1] == f'A1,黄石面点厂,enterprise,{ONE},420202,首次备案,{COOK},中式烹调师,,"4,3"'
    assert lines[3].startswith("A2,'=cmd|' /C calc'!A0<script>,enterprise"), "a spreadsheet must not run it"
    page = (folder / "index.html").read_text("utf-8")
    assert "公示期为 5 个工作日，自 2026年9月28日起至 2026年10月10日止" in page
    assert "<script" not in page
    assert "=cmd|&#39; /C calc&#39;!A0&lt;script&gt;" in page
    document = docx.Document(str(filing.home / "outbox" / "announcements" / "notices" / f"{CYCLE}.1" / "公示.docx"))
    text = "\n".join(paragraph.text for paragraph in document.paragraphs)
    assert "公示期为5个工作日，自2026年9月28日起至2026年10月10日止。" in text
    assert "拟对2家评价机构的3个职业（工种）予以备案" in text
    cells = [cell.text for row in document.tables[0].rows for cell in row.cells]
    assert {"黄石面点厂", "中式烹调师", "四级、三级", "=cmd|' /C calc'!A0<script>"} <= set(cells)


def test_the_same_notice_has_the_same_bytes(filing: Filing) -> None:
    decision.fn(CYCLE, BEGINS)
    first = {path.name: path.read_bytes() for path in notice(filing.home).iterdir()}
    for path in notice(filing.home).iterdir():
        path.unlink()
    notice(filing.home).rmdir()
    from schemas import tables
    from tasks.store import database

    with database.begin() as db:
        db.execute(tables.public_notice.update().values(standing="building"))
    decision.fn(CYCLE, BEGINS)
    assert {path.name: path.read_bytes() for path in notice(filing.home).iterdir()} == first


def test_an_objection_upheld_ends_what_it_concerns(filing: Filing) -> None:
    decision.fn(CYCLE, BEGINS)
    words = ("--by", "王处长", "--reason", "实名举报属实", "--document", "黄职鉴〔2026〕9号")
    objection = ("decide", "A1", "OBJECTION", "refuse", "--occupation", BAKER, *words, "--as-of")
    assert filing(*objection, "2026-09-27").code == 2, "nothing is shown to anybody yet"
    assert filing(*objection, "2026-10-11").code == 3, "the notice is over"
    assert filing(*objection, "2026-09-29").code == 0
    assert decision.fn(CYCLE, date(2026, 9, 30)).done["refused"] == 1
    with reading() as db:
        by_item = statuses(db)
    assert (by_item["A1", BAKER, "4"], by_item["A1", COOK, "4"]) == ("refused", "passed")
    decision.fn(CYCLE, AFTER)
    assert sorted(terms(AFTER)) == [(ONE, COOK, "3"), (ONE, COOK, "4"), (TWO, ELECTRICIAN, "3")]
    letters = sorted(path.name for path in (filing.home / "outbox" / "letters" / "refusal").iterdir())
    assert len(letters) == 1
    document = docx.Document(str(filing.home / "outbox" / "letters" / "refusal" / letters[0]))
    reasons = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    assert "公示异议成立（黄职鉴〔2026〕9号，理由：实名举报属实）" in reasons


def test_an_objection_set_aside_stops_nothing(filing: Filing) -> None:
    decision.fn(CYCLE, BEGINS)
    words = ("--by", "王处长", "--reason", "查无实据", "--document", "黄职鉴〔2026〕9号", "--as-of", "2026-09-29")
    filing("decide", "A1", "OBJECTION", "refuse", *words)
    filing("decide", "A1", "OBJECTION", "permit", *words)
    assert decision.fn(CYCLE, AFTER).done["filed"] == 4


def test_an_objection_that_is_dismissed_after_it_was_upheld_goes_on(filing: Filing) -> None:
    decision.fn(CYCLE, BEGINS)
    words = ("--by", "王处长", "--reason", "复核", "--document", "黄职鉴〔2026〕9号")
    filing("decide", "A1", "OBJECTION", "refuse", "--occupation", BAKER, *words, "--as-of", "2026-09-29")
    assert decision.fn(CYCLE, date(2026, 9, 29)).done["refused"] == 1
    filing("decide", "A1", "OBJECTION", "permit", "--occupation", BAKER, *words, "--as-of", "2026-09-30")
    assert decision.fn(CYCLE, date(2026, 9, 30)).done["settled"] == 1
    decision.fn(CYCLE, AFTER)
    assert (ONE, BAKER, "4") in terms(AFTER)
    (letter,) = (filing.home / "outbox" / "letters" / "filing").glob("A1*.docx")
    assert "不予备案通知书" in "".join(paragraph.text for paragraph in docx.Document(str(letter)).paragraphs)


def test_what_was_shown_of_a_former_version_is_shown_anew(filing: Filing) -> None:
    decision.fn(CYCLE, BEGINS)
    with run_on(AFTER, CYCLE) as run, writing(run) as db:
        items.replace(db, pd.DataFrame({"application_no": ["A2"]}), run, "申报人重新提交")
        version = {"application_no": "A2", "occupation_code": ELECTRICIAN, "work_type": "", "level": "3"}
        again = {"cycle": CYCLE, "uscc": TWO, "status": "passed", "reason": "", "verdict": "pass", "score": 80}
        db.execute(insert(tables.item).values(**version, **again))
    assert decision.fn(CYCLE, AFTER).done["filed"] == 3
    assert notice(filing.home, f"{CYCLE}.2").is_dir()
    assert (TWO, ELECTRICIAN, "3") not in terms(AFTER)


def test_what_passes_later_gets_a_notice_and_a_period_of_its_own(filing: Filing) -> None:
    decision.fn(CYCLE, BEGINS)
    passed("A3", "initial", [(TWO, COOK, "4")], cycle=CYCLE)
    assert decision.fn(CYCLE, date(2026, 10, 9)).done == {"public_notices": 1}
    assert decision.fn(CYCLE, AFTER).done["filed"] == 4
    assert now()["A3"] == "passed"
    assert decision.fn(CYCLE, date(2026, 10, 17)).done["filed"] == 1
    assert notice(filing.home, f"{CYCLE}.2").is_dir()


def test_a_year_without_a_calendar_is_named_and_nothing_is_half_done(filing: Filing) -> None:
    day = date(2026, 12, 28)
    failed = decision.fn(CYCLE, day).failed
    assert (
        "4 items wait for their public notice: the holiday calendar of 2027 is not known" in failed[f"notices/{CYCLE}"]
    )
    assert now() == {"A1": "passed", "A2": "passed"}
    assert not (filing.home / "published" / "notices").exists()
    with reading() as db:
        assert public_notices.shown(db, CYCLE).empty
    assert decision.fn(CYCLE, BEGINS).done == {"public_notices": 1}


@pytest.mark.slow
def test_by_the_command_line_an_unknown_year_fails_in_one_sentence(filing: Filing) -> None:
    ended = filing("run", CYCLE, "--as-of", "2026-12-28")
    assert ended.code == 1
    (line,) = ended.err.splitlines()
    assert "install a chinesecalendar release that has 2027" in line


def test_killed_before_it_can_be_seen_the_period_begins_when_it_can(
    filing: Filing, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tasks.gateways.shelf import public_notices as shelf

    place = shelf.place

    def killed(*_: object) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(shelf, "place", killed)
    with pytest.raises(KeyboardInterrupt):
        decision.fn(CYCLE, BEGINS)
    monkeypatch.setattr(shelf, "place", place)
    assert decision.fn(CYCLE, date(2026, 10, 12)).done == {"public_notices": 1}
    with reading() as db:
        assert {str(day) for day in public_notices.shown(db, CYCLE)["ends_on"]} == {"2026-10-19"}
    assert decision.fn(CYCLE, date(2026, 10, 19)) == Counts()
    assert decision.fn(CYCLE, date(2026, 10, 20)).done["filed"] == 4


def test_killed_after_it_could_be_seen_the_period_stands(filing: Filing, monkeypatch: pytest.MonkeyPatch) -> None:
    placed = public_notices.placed

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(public_notices, "placed", killed)
    with pytest.raises(KeyboardInterrupt):
        decision.fn(CYCLE, BEGINS)
    monkeypatch.setattr(public_notices, "placed", placed)
    assert decision.fn(CYCLE, date(2026, 9, 29)).done == {"public_notices": 1}
    assert decision.fn(CYCLE, AFTER).done["filed"] == 4


def test_a_full_disk_leaves_no_half_notice(filing: Filing, monkeypatch: pytest.MonkeyPatch) -> None:
    from tasks.gateways.disk import files

    write = files.write

    def full(path: Path, content: bytes) -> None:
        if path.name == "index.html":
            raise OSError(errno.ENOSPC, "No space left on device")
        write(path, content)

    monkeypatch.setattr(files, "write", full)
    failed = decision.fn(CYCLE, BEGINS).failed
    assert "No space left on device" in failed[f"notices/{CYCLE}.1"]
    assert list((filing.home / "published" / "notices").iterdir()) == []
    monkeypatch.setattr(files, "write", write)
    assert decision.fn(CYCLE, BEGINS).done == {"public_notices": 1}


@pytest.mark.parametrize("name", ["notice.csv", "index.html", "manifest.json"])
def test_doctor_sees_a_changed_byte(filing: Filing, name: str) -> None:
    decision.fn(CYCLE, BEGINS)
    path = notice(filing.home) / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))
    ended = filing("doctor")
    assert ended.code == 1
    assert f"PROBLEM editions: public notice {CYCLE}.1: {name}" in ended.out


def test_the_night_after_the_period_files_and_an_edition_follows(filing: Filing) -> None:
    decision.fn(CYCLE, BEGINS)
    assert sweeps.fn(ENDS).done == {}, "the last day is the public's"
    done = sweeps.fn(AFTER).done
    assert (done["filed"], done["editions"], done["rows"]) == (4, 1, 3)
    assert now() == {"A1": "filed", "A2": "filed"}
    assert (filing.home / "published" / "latest").resolve().name == f"{CYCLE}.1"
    assert len(list((filing.home / "outbox" / "letters" / "filing").iterdir())) == 2
    again = sweeps.fn(date(2026, 10, 12)).done
    assert not {"filed", "letters", "editions"} & set(again)


def test_nights_that_were_missed_are_made_up_for(filing: Filing) -> None:
    decision.fn(CYCLE, BEGINS)
    assert sweeps.fn(date(2027, 4, 20)).done["filed"] == 4, "another cycle is the last one by then"
    assert terms(date(2027, 4, 20))[ONE, COOK, "4"] == ("2027-04-20", "2030-04-19")
    assert (filing.home / "published" / "latest").resolve().name == "2027-04.1"


def test_a_notice_that_could_not_be_placed_is_placed_by_the_night(
    filing: Filing, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tasks.gateways.shelf import public_notices as shelf

    place = shelf.place

    def full(*_: object) -> str:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(shelf, "place", full)
    assert decision.fn(CYCLE, BEGINS).failed
    assert "No space left on device" in sweeps.fn(date(2026, 9, 29)).failed[f"notices/{CYCLE}.1"]
    monkeypatch.setattr(shelf, "place", place)
    assert sweeps.fn(date(2026, 9, 29)).done["public_notices"] == 1
    assert notice(filing.home).is_dir()


def test_a_cycle_that_was_decided_waits_with_nothing_for_a_result_that_comes_later(filing: Filing) -> None:
    decision.fn(CYCLE, BEGINS)
    accepted("A3", [(TWO, COOK, "4")], cycle=CYCLE)
    send_out(filing.home)
    assert sweeps.fn(AFTER).done["filed"] == 4
    assert now()["A1"] == "filed"


@pytest.mark.usefixtures("filing")
def test_a_cycle_that_is_being_worked_on_is_left_to_the_next_night() -> None:
    decision.fn(CYCLE, BEGINS)
    with database.begin() as db:
        token = leases.take(db, CYCLE)
    night = date(2027, 4, 20)
    assert "filed" not in sweeps.fn(night).done
    with database.begin() as db:
        leases.give_back(db, CYCLE, token)
    assert sweeps.fn(night).done["filed"] == 4


def test_status_tells_the_period(filing: Filing) -> None:
    """And of what is shown nobody has to act until it is over."""
    decision.fn(CYCLE, BEGINS)
    with reading() as db:
        shown, over = (
            [row for row in unfinished.open_of(db, [CYCLE], day) if row.status in ("passed", "on_notice")]
            for day in (ENDS, AFTER)
        )
    assert {row.who for row in shown} == {"nobody: filed when its public notice is over"}
    assert {row.since for row in shown} == {BEGINS}
    assert {row.who for row in over} == {"centre: run the cycle (filing run)"}
    assert json.loads(filing("status", CYCLE, "--json").out)[0]["public_notices"] == f"{CYCLE}.1 2026-09-28–2026-10-10"


@pytest.mark.usefixtures("filing")
def test_the_overview_of_a_run_says_what_is_shown_and_until_when() -> None:
    decision.fn(CYCLE, BEGINS)
    texts = {
        day: overview_text(RunSummary(run_id="1", cycle=CYCLE, as_of=day, outcome="done"), waiting.wait_of(CYCLE), None)
        for day in (ENDS, AFTER)
    }
    line = f"公示 {CYCLE}.1 期满：4 个申报职业等级，公示至 2026-10-10"
    assert line in texts[ENDS]
    assert line not in texts[AFTER]
    assert "类型不明" not in texts[ENDS], "no application is without its type"


def test_a_policy_without_a_period_files_at_once(home: Path) -> None:
    passed("A1", "initial", [(ONE, COOK, "4")], cycle="2026-04")
    assert decision.fn("2026-04", date(2026, 5, 25)).done["filed"] == 1
    take_over([(TWO, COOK, "4")], date(2026, 5, 1), date(2029, 4, 30))
    assert not (home / "published" / "notices").exists()
