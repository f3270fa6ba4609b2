"""What waits for somebody, asked of both databases; and an act on what has moved."""

from datetime import date
from pathlib import Path
from typing import Literal

import pytest
from sqlalchemy import insert, update

from schemas import tables
from schemas.law.cycle import cycle_id
from schemas.policy import for_cycle
from schemas.settings import settings
from tasks.desk.closing import withdraw
from tasks.desk.dossier import findings_of, questions_of, versions_of
from tasks.desk.duties import duties_on, waiting_on
from tasks.desk.posting import FuturePostingError, ImpossiblePostingError, record_posting
from tasks.gateways.disk import receipts
from tasks.store import dossier, history, overview, postings, unfinished
from tasks.store.database import begin, reading
from tasks.store.dossier import MovedError
from tests import evaluations as made
from tests.homes import SQLITE_FIRST
from tests.registers import COOK, TWO, take_over

DAY = date(2026, 9, 20)
#: CAP-2 counts holders of this type.
SOCIAL = {"institution_type": "social_organisation"}


@pytest.fixture
def waiting(installation: Path) -> Path:
    """One application sent out, one held under CAP-2, one returned, a complaint, a file set aside."""
    take_over([(TWO, COOK, "4")], date(2025, 1, 10), date(2028, 1, 9), day=date(2026, 9, 1), **SOCIAL)
    made.accepted("A1")
    made.send_out(installation)
    made.accepted("A2", status="held")
    made.accepted("A3", status="returned")
    with begin() as db:
        unit = {"occupation_code": COOK, "work_type": "", "level": "4", "cycle": made.CYCLE}
        db.execute(insert(tables.hold).values(application_no="A2", rule="CAP-2", **unit))
        returned = {"status": "returned", "correct_by": date(2026, 9, 27)}
        db.execute(update(tables.application).where(tables.application.c.application_no == "A3").values(**returned))
        place = {
            "rule": "FORM-1",
            "table": "applications",
            "row": 1,
            "field": "uscc",
            "nature": "hard",
            "article": "二",
        }
        finding = {"application_no": "A3", "version": 1, "cycle": made.CYCLE, "value": "", "message": "请补填"}
        db.execute(insert(tables.finding).values(**place, **finding))
        complaint = {"complaint_no": "TS-1", "uscc": TWO, "summary": "收费", "handled_by": "周办", "outcome": "rectify"}
        days = {"received_on": date(2026, 9, 2), "due_on": date(2026, 9, 30)}
        db.execute(insert(tables.complaint).values(**complaint, **days))
        aside = {
            "file": "甲.xlsx",
            "reason": "打不开",
            "sheet": "",
            "row": "",
            "application_no": "",
            "sha256": "abc",
            "cycle": made.CYCLE,
        }
        for file, settled_by in (("甲.xlsx", ""), ("乙.xlsx", "乙-改.xlsx")):
            values = {**aside, "file": file, "settled_by": settled_by}
            db.execute(insert(tables.quarantined).values(**values, first_on=DAY))
    return installation


def test_everything_that_waits_is_told_once_sorted_by_its_day(waiting: Path) -> None:
    with reading() as db:
        everything = duties_on(db, DAY)
        cooks = questions_of(db, "A2", DAY)
        assert [change.number for change in versions_of(db, "A3")] == [1]
        assert [finding.message for finding in findings_of(db, "A3", for_cycle(cycle_id(made.CYCLE)))] == ["请补填"]
        rows, number = dossier.listed(db, cycle=made.CYCLE, status="", words="a", most=2, after=2)
    assert (rows["application_no"].tolist(), number) == (["A3"], 3)
    assert [(duty.kind, duty.subject, duty.due) for duty in everything] == [
        ("correction", "A3", date(2026, 9, 27)),
        ("complaint", "TS-1", date(2026, 9, 30)),
        ("ruling", "A2", date(2026, 10, 25)),
        ("panel", "A1", date(2026, 10, 25)),
        ("posting", made.CYCLE, None),
        ("aside", "甲.xlsx", None),
    ]
    with reading() as db:
        later = duties_on(db, date(2026, 11, 20))
    assert [duty.subject for duty in later if duty.kind == "aside"] == ["甲.xlsx"], "results are still taken in"
    assert [(question.rule, question.items) for question in cooks] == [("CAP-2", 1)]
    assert any("1 家机构" in fact for fact in cooks[0].facts)


@SQLITE_FIRST
def test_nobody_waits_for_what_is_not_taken_up(waiting: Path) -> None:
    policy = for_cycle(cycle_id(made.CYCLE))
    with begin() as db:
        db.execute(update(tables.finding).values(rule="FORM-3"))
        letter = {"box": "letter", "occasion": "non_acceptance:A3:v1", "kind": "non_acceptance", "subject": "A3"}
        db.execute(insert(tables.outbox).values(**letter, cycle=made.CYCLE, written_on=DAY, content={}))
    with reading() as db:
        assert "correction" not in {duty.kind for duty in duties_on(db, DAY)}
        (row,) = (row for row in unfinished.open_of(db, [made.CYCLE], DAY) if row.application_no == "A3")
        assert (row.status, row.days) == ("not_taken_up", 0)
        assert [finding.nature for finding in findings_of(db, "A3", policy)] == ["不予受理"]
        shown = dossier.application(db, "A3")
        assert shown is not None and shown["status"] == "not_taken_up"
        listed, _ = dossier.listed(db, cycle="", status="not_taken_up", words="A3", most=1, after=0)
        assert listed["status"].tolist() == ["not_taken_up"]
        counted = overview.of_cycle(db, made.CYCLE)["applications"]
        assert (counted["not_taken_up"], "returned" in counted) == (1, False)
        assert dict(overview.by_cycle(db))[made.CYCLE] == counted


@SQLITE_FIRST
def test_letters_are_sent_off_and_arrive_once(waiting: Path) -> None:
    withdraw("A1", "李办", "企业搬迁", DAY)
    with reading() as db:
        (occasion, *_) = dossier.letters(db, ["A1"])["occasion"]
        assert postings.unposted(db)["letters"].sum() >= 1
    assert record_posting([occasion], "posted", DAY, "李办", DAY) == 1
    assert record_posting([occasion], "posted", DAY, "李办", DAY) == 0
    with pytest.raises(FuturePostingError):
        record_posting([occasion], "served", date(2026, 9, 21), "李办", DAY)
    assert record_posting([occasion], "served", DAY, "李办", DAY) == 1
    with reading() as db:
        rows, number = postings.listed(db, made.CYCLE, "served", 10, 0)
    assert (number, rows["occasion"].tolist()) == (1, [occasion])


@SQLITE_FIRST
def test_the_days_of_a_letter_stand_in_their_order(waiting: Path) -> None:
    withdraw("A1", "李办", "企业搬迁", DAY)
    with reading() as db:
        (letter, *_) = dossier.letters(db, ["A1"]).to_dict("records")
    sent, later = date(2026, 9, 22), date(2026, 9, 25)

    def note(what: Literal["posted", "served"], on: date, *beside: str) -> int:
        return record_posting([letter["occasion"], *beside], what, on, "李办", later)

    with pytest.raises(ImpossiblePostingError, match=f"is of {letter['written_on']}") as early:
        note("posted", date(2020, 1, 1))
    assert str(letter["written_on"]) in early.value.chinese
    with pytest.raises(ImpossiblePostingError, match="no letter"):
        note("posted", sent, "letter/none")
    assert note("posted", sent) == 1
    with pytest.raises(ImpossiblePostingError, match="sent off on 2026-09-22"):
        note("served", DAY)
    assert note("served", date(2026, 9, 23)) == 1
    with pytest.raises(ImpossiblePostingError, match="arrived on 2026-09-23"):
        note("posted", later)
    assert note("posted", date(2026, 9, 21)) == 1, "another day is a correction"
    assert note("posted", date(2026, 9, 21)) == 0
    with reading() as db:
        rows, _ = postings.listed(db, made.CYCLE, "served", 10, 0)
        noted = [because for because in history.of(db, ["A1"])["because"] if "寄出" in because]
    assert (rows["posted_on"].iloc[0], rows["served_on"].iloc[0]) == (date(2026, 9, 21), date(2026, 9, 23))
    assert [because.partition("：")[0] for because in noted] == [
        "寄出（2026-09-22）",
        "更正寄出（2026-09-22改为2026-09-21）",
    ]


@SQLITE_FIRST
def test_who_has_not_seen_what_was_done_is_told(waiting: Path) -> None:
    with reading() as db:
        seen = dossier.last_entry(db, "A2")
    withdraw("A2", "李办", "企业搬迁", DAY, seen=seen)
    with pytest.raises(MovedError, match="李办") as moved:
        withdraw("A2", "周办", "企业搬迁", DAY, seen=seen)
    assert moved.value.seen > seen
    assert {entry.by for entry in moved.value.since} == {"李办"}


@SQLITE_FIRST
def test_what_is_done_at_an_institution_or_a_file_names_it(waiting: Path) -> None:
    outcome = {"cycle": "2026-04", "uscc": TWO, "outcome": "pending", "remarks": "台账不全"}
    ledger = receipts.arrived(waiting, "inbox", "甲.xlsx", "甲.xlsx", 3, "abc", "李办")
    with begin() as db:
        db.execute(insert(tables.inspection_outcome).values(**outcome, inspected_on=date(2026, 9, 5)))
        away = update(tables.outbox).where(tables.outbox.c.box == "letter").values(delivered_at=None)
        db.execute(away)
    every = waiting_on(settings(), DAY)
    (inspected,) = [duty for duty in every if duty.subject == TWO]
    assert (inspected.kind, inspected.region, inspected.days) == ("complaint", "420202", 15)
    assert "台账不全" in inspected.task
    (aside,) = [duty for duty in every if duty.kind == "aside"]
    assert (aside.task, aside.facts) == ("打不开", (f"回执 {ledger.number}",))
    for duty in every:
        assert duty.kind != "delivery" or (duty.institution and duty.region), duty
    (ruling,) = [duty for duty in every if duty.kind == "ruling"]
    assert any("在册职业" in fact for fact in ruling.facts)
    assert any("1 家机构" in fact for fact in ruling.facts)


def test_a_corrected_result_that_fails_what_is_filed_waits_for_a_ruling(home: Path) -> None:
    made.accepted("A1")
    made.send_out(home)
    made.drop(home, "r1.csv", made.result("A1"))
    made.go_on(home)
    made.drop(home, "r2.csv", made.result("A1", verdict="fail", score="40"))
    made.go_on(home, date(2026, 9, 25))
    with reading() as db:
        everything, questions = duties_on(db, date(2026, 9, 26)), questions_of(db, "A1", date(2026, 9, 26))
    assert [(duty.kind, duty.subject, duty.days) for duty in everything if duty.subject == "A1"] == [
        ("ruling", "A1", 1)
    ]
    assert [question.rule for question in questions] == ["EVAL-5"]
