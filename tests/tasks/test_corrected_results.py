"""Corrected results of what is filed: each asks for a decision of its own, and the latest one counts (EVAL-5)."""

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from schemas.awaited import AWAITED
from tasks.desk.rulings import ImpossibleRulingError, record_rulings
from tasks.store import duties
from tasks.store.database import reading
from tests import evaluations as made
from tests.registers import BAKER, COOK, ONE


def rule(verdict: str, day: int, occupation: str = "") -> None:
    """A decision on A1 under EVAL-5, recorded on a day of September."""
    words = {"decided_by": "王主任", "document_no": "黄人社函〔2026〕9号", "reason": "经研究"}
    named = {"application_no": "A1", "rule": "EVAL-5", "verdict": verdict, "occupation_code": occupation}
    at = f"2026-09-{day}T10:00:00+08:00"
    record_rulings(pd.DataFrame([{**named, **words, "decided_at": at}]), date(2026, 9, day))


def come_back(home: Path, day: int, verdict: str = "fail", score: str = "40") -> None:
    """A further result on A1 as a cook."""
    made.drop(home, f"r{day}.csv", made.result("A1", verdict=verdict, score=score))
    made.go_on(home, date(2026, 9, day))


def open_items() -> list[str]:
    with reading() as db:
        return [str(status) for status in duties.open_of(db, [made.CYCLE], date(2026, 9, 30))["status"]]


@pytest.fixture
def filed(home: Path) -> Path:
    """A1 filed as a cook and a baker, with 80."""
    made.accepted("A1", [(ONE, COOK, "4"), (ONE, BAKER, "4")])
    made.send_out(home)
    made.drop(home, "r1.csv", made.result("A1"), made.result("A1", BAKER))
    made.go_on(home)
    assert (made.standing("A1"), made.standing("A1", BAKER)) == ("filed", "filed")
    return home


def test_a_permit_turned_into_a_refusal_takes_the_item_off(filed: Path) -> None:
    come_back(filed, 22)
    rule("permit", 23)
    made.go_on(filed, date(2026, 9, 23))
    assert open_items() == []
    rule("refuse", 24)
    made.go_on(filed, date(2026, 9, 24))
    assert (made.standing("A1"), made.standing("A1", BAKER)) == ("refused EVAL-5", "filed")
    assert len(made.letters(filed, "revocation")) == 1


@pytest.mark.parametrize("verdict", ["permit", "refuse"])
def test_a_decision_is_about_the_results_that_were_there(filed: Path, verdict: str) -> None:
    rule(verdict, 21)
    come_back(filed, 22)
    made.go_on(filed, date(2026, 9, 23))
    assert made.standing("A1") == "filed"
    assert open_items() == ["questioned"], AWAITED["questioned"].who
    rule("permit", 23)
    made.go_on(filed, date(2026, 9, 23))
    assert open_items() == []
    come_back(filed, 25, score="10")
    assert open_items() == ["questioned"], "a second failure is another question"
    with reading() as db:
        assert duties.undecided(db, made.CYCLE, "A1")["rule"].tolist() == ["EVAL-5"]


def test_what_was_taken_off_is_open_to_no_result_and_no_permit(filed: Path) -> None:
    come_back(filed, 22)
    rule("refuse", 23)
    made.go_on(filed, date(2026, 9, 23))
    with pytest.raises(ImpossibleRulingError, match=f"nothing of {COOK} is filed"):
        rule("permit", 24, COOK)
    come_back(filed, 25, "pass", "85")
    assert made.standing("A1") == "refused EVAL-5"
    assert sorted(made.rules_found()) == [("EVAL-3", "occupation_code"), ("EVAL-5", "verdict")]
