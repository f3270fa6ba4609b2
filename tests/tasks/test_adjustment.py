"""Operators' decisions about what is on file: moves, history, letters, directory and what stays counted."""

from datetime import date
from itertools import product
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import select

from schemas import tables
from schemas.letter_text import LETTER_KINDS
from schemas.qualification import (
    ADJUSTMENTS,
    MOVES,
    ON_FILE,
    STANDINGS,
    Adjustment,
    IllegalStandingError,
    Recoding,
    assert_moves,
)
from schemas.run import Counts
from tasks import adjustment
from tasks.adjustment import ImpossibleAdjustmentError
from tasks.store import decisions, institutions, register, replay, scene
from tasks.store.database import reading
from tasks.store.directory import directory_on
from tasks.store.leases import writing
from tests import registers
from tests.registers import BAKER, COOK, ONE, THREE, TWO, decide, passed, run_on, sweep, take_over, terms

TERM = (date(2024, 5, 25), date(2027, 5, 24))
DAY = date(2026, 6, 1)


def decided(kind: str, uscc: str = ONE, occupation: str = "", on: date = DAY, **other: str) -> Adjustment:
    words = {"ground": "抽查发现考评人员不足", "document_no": "黄职鉴〔2026〕8号", "decided_by": "王处长"}
    return Adjustment.model_validate(
        {"kind": kind, "uscc": uscc, "occupation_code": occupation, "effective_on": on, **words, **other}
    )


def carry_out(decision: Adjustment, day: date | None = None) -> Counts:
    with run_on(day or decision.effective_on) as run:
        return adjustment.carry_out(run, decision)


def change(old: str, new: str, day: date = DAY) -> Counts:
    words = {"ground": "登记机关换发", "document_no": "鄂市监〔2026〕2号", "decided_by": "王处长", "effective_on": day}
    with run_on(day) as run:
        return adjustment.carry_out_change(run, Recoding.model_validate({"old_uscc": old, "new_uscc": new, **words}))


def listed(day: date) -> set[tuple[str, str]]:
    with reading() as db:
        rows = directory_on(db, day)
    return set(zip(rows["uscc"], rows["occupation_code"], strict=True))


def letters(kind: str) -> list[dict[str, object]]:
    with reading() as db:
        return list(db.execute(select(tables.outbox.c.content).where(tables.outbox.c.kind == kind)).scalars())


@pytest.fixture
def filed(home: Path) -> None:
    take_over([(ONE, COOK, "4"), (ONE, BAKER, "4"), (TWO, COOK, "4")], *TERM)


def test_the_tables_of_moves_and_decisions_are_total() -> None:
    assert {move.became for move in MOVES} == set(STANDINGS)
    # what a mistaken year let lapse comes back
    assert {move.was for move in MOVES} == {"", *ON_FILE, "lapsed"}
    for kind in ADJUSTMENTS.values():
        assert_moves({(was, kind.became) for was in kind.concerns})
        assert kind.letter in LETTER_KINDS
    allowed = {(move.was, move.became) for move in MOVES}
    for pair in product(["", *STANDINGS], STANDINGS):
        if pair not in allowed:
            with pytest.raises(IllegalStandingError):
                assert_moves({pair})


@pytest.mark.usefixtures("filed")
def test_what_is_suspended_is_on_file_and_not_in_the_directory() -> None:
    assert carry_out(decided("suspend", occupation=COOK)).done == {"suspended": 1, "letters": 1}
    assert listed(DAY) == {(ONE, BAKER), (TWO, COOK)}
    assert (ONE, COOK, "4") in terms(DAY), "it keeps its place"
    assert (ONE, COOK) in listed(date(2026, 5, 31)), "the day before it took effect"
    carry_out(decided("reinstate", on=date(2026, 8, 1)))
    assert listed(date(2026, 8, 1)) == {(ONE, COOK), (ONE, BAKER), (TWO, COOK)}
    assert listed(date(2026, 7, 31)) == {(ONE, BAKER), (TWO, COOK)}, "also told afterwards"
    assert terms(date(2026, 8, 1))[ONE, COOK, "4"][1] == "2027-05-24", "the term is what it was"


@pytest.mark.usefixtures("filed")
@pytest.mark.parametrize(("kind", "letter"), [("withdraw", "withdrawal"), ("revoke", "revocation")])
def test_what_is_ended_is_off_the_register_from_the_day_on(kind: str, letter: str) -> None:
    assert carry_out(decided(kind)).done == {ADJUSTMENTS[kind].became: 2, "letters": 1}
    assert set(terms(DAY)) == {(TWO, COOK, "4")}
    assert (ONE, COOK, "4") in terms(date(2026, 5, 31))
    (text,) = letters(letter)
    assert (text["ground"], text["decision_no"], text["items"]) == ("抽查发现考评人员不足", "黄职鉴〔2026〕8号", [])
    with reading() as db:
        life = institutions.life(db, ONE)
    last = life[life["kind"] == "qualification"].iloc[-1]
    assert (last["was"], last["became"], last["by"]) == ("filed", ADJUSTMENTS[kind].became, "王处长")
    assert "2026-06-01" in last["because"] and "黄职鉴〔2026〕8号" in last["because"]
    with reading() as db:
        before = len(institutions.life(db, ONE))
    sweep(date(2026, 6, 2))
    sweep(date(2027, 6, 1))
    with reading() as db:
        assert len(institutions.life(db, ONE)) == before, "what a decision ended does not lapse a second time"


@pytest.mark.usefixtures("filed")
def test_a_letter_names_the_levels_unless_it_concerns_them_all() -> None:
    carry_out(decided("suspend", occupation=COOK))
    carry_out(decided("suspend"))
    first, second = letters("suspension")
    named = sorted(len(text["items"]) for text in (first, second))  # type: ignore[arg-type]
    assert named == [1, 1]
    carry_out(decided("reinstate"))
    assert letters("reinstatement")[0]["items"] == []


@pytest.mark.usefixtures("filed")
def test_the_same_decision_again_changes_nothing() -> None:
    carry_out(decided("suspend"))
    assert carry_out(decided("suspend")) == Counts()
    assert len(letters("suspension")) == 1


@pytest.mark.usefixtures("filed")
@pytest.mark.parametrize(
    ("decision", "message"),
    [
        (decided("reinstate"), "filed"),
        (decided("suspend", THREE), "not on file"),
        (decided("revoke", occupation="6-31-01-03"), "not on file"),
        (decided("suspend", on=date(2024, 5, 24)), "not on file on 2024-05-24"),
    ],
)
def test_what_cannot_be_carried_out_is_refused_in_one_sentence(decision: Adjustment, message: str) -> None:
    with pytest.raises(ImpossibleAdjustmentError, match=message):
        carry_out(decision, DAY)
    assert not letters("suspension") + letters("reinstatement") + letters("revocation")


@pytest.mark.usefixtures("filed")
def test_the_task_tells_a_refusal_as_failed() -> None:
    with run_on(DAY) as run:
        assert "nothing to reinstate" in adjustment.adjust(run, decided("reinstate")).failed[ONE]
        words = {"ground": "换发", "document_no": "2号", "decided_by": "王处长", "effective_on": DAY}
        same = Recoding.model_validate({"old_uscc": ONE, "new_uscc": TWO, **words})
        assert "another institution" in adjustment.carry_on(run, same).failed[DAY.isoformat()]


@pytest.mark.usefixtures("filed")
def test_a_decision_is_not_recorded_before_it_takes_effect() -> None:
    with pytest.raises(ImpossibleAdjustmentError, match="still to come"):
        carry_out(decided("revoke", on=date(2026, 6, 2)), DAY)


@pytest.mark.usefixtures("filed")
def test_a_decision_recorded_late_is_known_late() -> None:
    carry_out(decided("revoke"), date(2026, 6, 20))
    with reading() as db:
        assert ONE in set(register.on_file(db, DAY, known_on=date(2026, 6, 19))["uscc"])
        assert ONE not in set(register.on_file(db, DAY)["uscc"])


@pytest.mark.usefixtures("filed")
def test_a_register_taken_over_again_does_not_undo_a_decision() -> None:
    carry_out(decided("revoke"))
    take_over([(ONE, COOK, "4"), (ONE, BAKER, "4")], *TERM, day=date(2026, 6, 2))
    assert set(terms(date(2026, 6, 2))) == {(TWO, COOK, "4")}


def test_a_renewal_leaves_a_suspension_and_a_new_filing_after_a_lapse_begins_in_force(home: Path) -> None:
    take_over([(ONE, COOK, "4")], *TERM)
    carry_out(decided("suspend"))
    passed("A1", "renewal", [(ONE, COOK, "4")], cycle="2027-04")
    decide("2027-04", date(2027, 5, 20))
    assert listed(date(2027, 6, 1)) == set()
    assert terms(date(2027, 6, 1))[ONE, COOK, "4"][1] == "2030-05-24"
    sweep(date(2030, 6, 1))
    passed("A2", "initial", [(ONE, COOK, "4")], cycle="2030-09")
    permit("A2", "STAND-1", date(2030, 10, 1), "2030-09")
    decide("2030-09", date(2030, 10, 2))
    assert listed(date(2030, 10, 2)) == {(ONE, COOK)}, "what is filed anew is not suspended"


def permit(number: str, rule: str, day: date, cycle: str) -> None:
    row = {
        "application_no": number,
        "rule": rule,
        "occupation_code": "",
        "verdict": "permit",
        "decided_by": "周明",
        "decided_at": f"{day}T10:00:00",
        "document_no": "1号",
        "reason": "整改完成",
    }
    with run_on(day, cycle) as run, writing(run) as db:
        decisions.record(db, pd.DataFrame([row]), run)


def suspended(uscc: str, day: date) -> set[str]:
    """What is suspended of an institution; blank for all of it."""
    with reading() as db:
        rows = scene.suspended(db, day)
    return set(rows.loc[rows["uscc"] == uscc, "occupation_code"])


def test_a_late_renewal_of_a_suspended_institution_waits_for_a_permit(home: Path) -> None:
    """On the day of filing its items are not on file any more: STAND-1 (contract sections 2 and 3)."""
    take_over([(ONE, COOK, "4"), (TWO, COOK, "4")], date(2022, 5, 1), date(2025, 4, 30))
    for number, uscc in (("A1", ONE), ("A2", TWO)):
        carry_out(decided("suspend", uscc, on=date(2025, 3, 11)))
        passed(number, "renewal", [(uscc, COOK, "4")], cycle="2025-04")
    permit("A2", "STAND-1", date(2025, 5, 24), "2025-04")
    decide("2025-04", date(2025, 5, 25))
    with reading() as db:
        assert registers.statuses(db) == {("A1", COOK, "4"): "held", ("A2", COOK, "4"): "filed"}
    assert listed(date(2025, 5, 25)) == {(TWO, COOK)}
    assert suspended(TWO, date(2025, 5, 25)) == {"", COOK}, "nobody has lifted it"
    carry_out(decided("reinstate", TWO, on=date(2025, 5, 28)))
    assert suspended(TWO, date(2025, 5, 28)) == set()
    assert listed(date(2025, 5, 28)) == {(TWO, COOK)}
    with reading() as db:
        assert replay.differences(db, date(2025, 5, 28)) == []


@pytest.mark.parametrize("occupation", ["", COOK])
def test_a_suspension_is_lifted_though_nothing_is_on_file_any_more(home: Path, occupation: str) -> None:
    take_over([(ONE, COOK, "4"), (ONE, COOK, "3"), (TWO, COOK, "4")], date(2022, 5, 1), date(2025, 4, 30))
    carry_out(decided("suspend", on=date(2025, 3, 11), occupation=occupation))
    sweep(date(2025, 5, 26))
    lift = decided("reinstate", on=date(2025, 5, 26), occupation=occupation)
    with pytest.raises(ImpossibleAdjustmentError, match="nothing to reinstate"):
        carry_out(decided("reinstate", TWO, on=date(2025, 5, 26), occupation=occupation))
    assert carry_out(lift).done == {"lifted": 2, "letters": 1}
    assert suspended(ONE, date(2025, 5, 26)) == set()
    assert suspended(ONE, date(2025, 5, 25)) == {COOK} | ({""} if not occupation else set())
    (text,) = letters("reinstatement")
    assert (text["is_over"], len(text["items"])) == (True, 1)  # type: ignore[arg-type]
    with reading() as db:
        entry = institutions.life(db, ONE).query("kind == 'suspension'").iloc[-1]
        assert replay.differences(db, date(2025, 5, 26)) == []
    assert (entry["was"], entry["became"], entry["by"]) == ("suspended", "lifted", "王处长")
    with pytest.raises(ImpossibleAdjustmentError, match="nothing to reinstate"):
        carry_out(decided("reinstate", on=date(2025, 5, 27), occupation=occupation))


def test_lifting_a_suspension_lifts_it_for_what_has_lapsed_too(home: Path) -> None:
    take_over([(ONE, COOK, "4")], date(2022, 5, 1), date(2025, 4, 30))
    take_over([(ONE, BAKER, "4")], *TERM)
    carry_out(decided("suspend", on=date(2025, 3, 11)))
    assert carry_out(decided("reinstate", on=date(2025, 6, 1))).done == {"filed": 1, "letters": 1}
    assert suspended(ONE, date(2025, 6, 1)) == set()


def test_a_renewal_in_progress_does_not_bring_back_what_was_revoked(home: Path) -> None:
    passed("A0", "initial", [(ONE, COOK, "4"), (ONE, BAKER, "4")], cycle="2023-09")
    decide("2023-09", date(2023, 10, 20))
    passed("A1", "renewal", [(ONE, COOK, "4"), (ONE, BAKER, "4")], cycle="2026-09")
    carry_out(decided("revoke", occupation=COOK, on=date(2026, 9, 20)))
    decide("2026-09", date(2026, 10, 5))
    assert set(terms(date(2026, 10, 5))) == {(ONE, BAKER, "4")}
    with reading() as db:
        statuses = registers.statuses(db)
    assert statuses["A1", COOK, "4"] == "refused"
    assert statuses["A0", COOK, "4"] == "lapsed"
    (text,) = letters("refusal")
    assert "换证职业等级不在备案目录内" in str(text["items"])
    assert "RENEW-1" not in str(text)


def test_changing_a_credit_code_moves_everything(home: Path) -> None:
    take_over([(ONE, COOK, "4"), (ONE, BAKER, "4")], *TERM)
    passed("A1", "addition", [(ONE, COOK, "3")], cycle="2026-04")
    carry_out(decided("suspend", occupation=BAKER, on=date(2026, 5, 1)))
    before = terms(DAY)
    assert change(ONE, THREE).done == {"recoded": 2}
    assert change(ONE, THREE) == Counts()
    assert terms(DAY) == {(THREE, occupation, level): term for (_, occupation, level), term in before.items()}
    assert listed(DAY) == {(THREE, COOK)}
    decide("2026-04", DAY)
    assert (THREE, COOK, "3") in terms(DAY), "an application in progress follows"
    take_over([(ONE, COOK, "4"), (ONE, BAKER, "4")], *TERM, day=date(2026, 6, 2))
    assert {uscc for uscc, _, _ in terms(date(2026, 6, 2))} == {THREE}
    carry_out(decided("reinstate", THREE, on=date(2026, 6, 3)))
    sweep(date(2026, 6, 4))
    with reading() as db:
        assert registers.statuses(db) == {("A1", COOK, "3"): "filed"}
        lives = [set(institutions.life(db, code)["entry"]) for code in (ONE, THREE, "A1")]
    assert lives[0] == lives[1] > lives[2]


def test_a_new_code_makes_no_second_reminder(home: Path) -> None:
    take_over([(ONE, COOK, "4")], *TERM)
    sweep(date(2027, 5, 1))
    change(ONE, THREE, date(2027, 5, 2))
    sweep(date(2027, 5, 3))
    assert len(letters("expiry_reminder")) == 1


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [(THREE, ONE, "not on the register"), (ONE, "123", "not a valid"), (ONE, TWO, "another institution")],
)
@pytest.mark.usefixtures("filed")
def test_codes_that_cannot_be_changed_are_refused(old: str, new: str, message: str) -> None:
    with pytest.raises(ImpossibleAdjustmentError, match=message):
        change(old, new)


@pytest.mark.usefixtures("filed")
def test_a_code_given_up_is_never_taken_again() -> None:
    change(ONE, THREE)
    with pytest.raises(ImpossibleAdjustmentError, match="another institution"):
        change(THREE, ONE)
    with pytest.raises(ImpossibleAdjustmentError, match="changed to"):
        change(ONE, TWO)
