"""Corrected results of what is filed or was refused: each asks for a decision of its own, and the latest one counts."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from schemas.finding import FINDING_COLUMNS
from schemas.item import AWAITED
from tasks.desk.rulings import ImpossibleRulingError, record_rulings, settle_holds
from tasks.store import duties, findings, unfinished
from tasks.store.database import begin, reading
from tests import evaluations as made
from tests import homes
from tests.commands import Filing
from tests.registers import BAKER, COOK, ONE, run_on

COOK_OF_A1 = {"application_no": "A1", "occupation_code": COOK, "work_type": "", "level": "4"}


def rule(verdict: str, day: int, occupation: str = "", code: str = "EVAL-5") -> None:
    """A decision on A1, recorded on a day of September."""
    words = {"decided_by": "王主任", "document_no": "黄人社函〔2026〕9号", "reason": "经研究"}
    named = {"application_no": "A1", "rule": code, "verdict": verdict, "occupation_code": occupation}
    at = f"2026-09-{day}T10:00:00+08:00"
    record_rulings(pd.DataFrame([{**named, **words, "decided_at": at}]), date(2026, 9, day))


def come_back(home: Path, day: int, verdict: str = "fail", score: str = "40") -> None:
    """A further result on A1 as a cook."""
    made.drop(home, f"r{day}.csv", made.result("A1", verdict=verdict, score=score))
    made.go_on(home, date(2026, 9, day))


def settle_on(day: int) -> None:
    with run_on(date(2026, 9, day), made.CYCLE) as run:
        settle_holds(run)


def open_items() -> list[str]:
    with reading() as db:
        return [row.status for row in unfinished.open_of(db, [made.CYCLE], date(2026, 9, 30))]


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory, migrated: Path) -> Path:
    """A1 filed as a cook and a baker, with 80."""
    with homes.begun(tmp_path_factory.mktemp("first") / "home", migrated) as home:
        made.accepted("A1", [(ONE, COOK, "4"), (ONE, BAKER, "4")])
        made.send_out(home)
        made.drop(home, "r1.csv", made.result("A1"), made.result("A1", BAKER))
        made.go_on(home)
        assert (made.standing("A1"), made.standing("A1", BAKER)) == ("filed", "filed")
    return home


@pytest.fixture
def filed(first: Path, tmp_path: Path) -> Iterator[Path]:
    """The filings of this test's own."""
    with homes.copied(first, tmp_path / "home") as home:
        yield home


def test_a_permit_turned_into_a_refusal_takes_the_item_off(filed: Path) -> None:
    come_back(filed, 22)
    rule("permit", 23)
    made.go_on(filed, date(2026, 9, 23))
    assert open_items() == []
    rule("refuse", 24)
    made.go_on(filed, date(2026, 9, 24))
    assert (made.standing("A1"), made.standing("A1", BAKER)) == ("refused EVAL-5", "filed")
    assert len(made.letters(filed, "revocation")) == 1
    text = made.text_of(filed, "revocation")
    assert "发出的备案通知书（涉及本文书所列职业等级的部分）（黄职鉴备〔2026〕1号）" in text


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


def test_a_decision_tells_whether_anything_waits_for_it(
    filed: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    filing = Filing(filed, monkeypatch, capsys)
    words = ("--by", "王主任", "--reason", "经研究", "--document", "1号", "--as-of", "2026-09-22")
    idle = filing("decide", "A1", "EVAL-5", "permit", *words).out
    assert idle.startswith("recorded: nothing of A1 waits for a decision under EVAL-5 now; a corrected result that")
    made.drop(filed, "r22.csv", made.result("A1", verdict="fail", score="40"))
    made.go_on(filed, date(2026, 9, 22))
    assert "nothing of" in filing("decide", "A1", "EVAL-5", "permit", *words, "--occupation", BAKER).out
    for verdict in ("permit", "refuse"):
        assert "acts on it" in filing("decide", "A1", "EVAL-5", verdict, *words, "--occupation", COOK).out
        made.go_on(filed, date(2026, 9, 22))
    assert made.standing("A1") == "refused EVAL-5"


def test_what_was_taken_off_is_open_to_no_result_and_no_permit(filed: Path) -> None:
    come_back(filed, 22)
    rule("refuse", 23)
    made.go_on(filed, date(2026, 9, 23))
    with pytest.raises(ImpossibleRulingError, match=f"nothing of {COOK} is filed"):
        rule("permit", 24, COOK)
    come_back(filed, 25, "pass", "85")
    assert made.standing("A1") == "refused EVAL-5"
    assert sorted(made.rules_found()) == [("EVAL-3", "occupation_code"), ("EVAL-5", "verdict")]


def test_a_corrected_pass_of_what_was_refused_goes_to_a_panel_anew_once_permitted(home: Path) -> None:
    """A refusal of a rule of its screening voids the evaluation, whenever the run finds it."""
    made.accepted("A1", status="held")
    with run_on(made.DAY, made.CYCLE) as run, begin() as db:
        row = ("A1", "WINDOW-1", "in_principle", "三（一）", "applications", 1, "submitted_at", "", "逾期")
        late = dict(zip(FINDING_COLUMNS, row, strict=True))
        findings.replace(db, pd.DataFrame([late]), pd.DataFrame([{"application_no": "A1", "version": 1}]), run.cycle)
        findings.hold(db, pd.DataFrame([{**COOK_OF_A1, "rule": "WINDOW-1"}]), run.cycle)
    rule("permit", 11, code="WINDOW-1")
    settle_on(11)
    made.send_out(home)
    come_back(home, 21)
    assert made.standing("A1") == "failed"
    rule("refuse", 22, code="WINDOW-1")
    come_back(home, 23, "pass", "66")
    assert made.standing("A1") == "refused WINDOW-1"
    assert len(made.letters(home, "package_recall")) == 1
    rule("permit", 24, code="WINDOW-1")
    settle_on(24)
    assert made.standing("A1") == "accepted", "what the former panel found counts no more"
