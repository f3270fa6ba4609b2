"""Withdrawn, ended, ruled otherwise: nothing stays open for ever, and everybody concerned is told."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from flows.stages import evaluation, intake
from schemas import item, tables
from schemas.item import AWAITED
from schemas.settings import settings
from tasks.desk import closing
from tasks.desk.closing import (
    ClosingDecision,
    NothingToCloseError,
    NothingToWithdrawError,
    UnknownOccupationError,
    close_application,
    close_cycle,
    withdraw,
)
from tasks.desk.rulings import (
    ImpossibleRulingError,
    LateRulingError,
    UnknownApplicationError,
    record_rulings,
    settle_holds,
)
from tasks.intake import late_letters
from tasks.letters.delivery import deliver_letters
from tasks.letters.outcomes import write_refusals
from tasks.runs.alerts import raise_alerts
from tasks.screening import acknowledge_held
from tasks.store import dispatches, findings, history, overview, unfinished
from tasks.store.database import begin, reading
from tests import evaluations as made
from tests.registers import BAKER, COOK, ONE, THREE, TWO, run_on

AFTER = date(2026, 10, 25)
WORDS = ClosingDecision("王主任", "久无进展", "黄人社函〔2026〕30号")


def rule(number: str, code: str, verdict: str, at: str, occupation: str = "") -> int:
    ruling = {
        "decided_by": "王主任",
        "document_no": "黄人社函〔2026〕9号",
        "reason": "经研究",
        "occupation_code": occupation,
    }
    row = {"application_no": number, "rule": code, "verdict": verdict, "decided_at": f"2026-09-{at}T10:00:00+08:00"}
    return record_rulings(pd.DataFrame([{**row, **ruling}]))


def settled() -> None:
    with run_on(made.DAY, made.CYCLE) as run:
        settle_holds(run)
        acknowledge_held(run)
        write_refusals(run)
        deliver_letters(run)


def hold(number: str, rule: str = "WINDOW-1", *codes: str) -> None:
    with run_on(made.DAY, made.CYCLE) as run, begin() as db:
        held = [
            {"application_no": number, "occupation_code": code, "work_type": "", "level": "4"}
            for code in codes or [COOK]
        ]
        findings.hold(db, pd.DataFrame(held).assign(rule=rule), run.cycle)


def open_items() -> list[tuple[str, str, str]]:
    with reading() as db:
        rows = unfinished.open_of(db, [made.CYCLE], AFTER)
    return [(row.application_no, row.status, row.who) for row in rows]


def test_what_is_withdrawn_is_recalled_confirmed_and_final(installation: Path) -> None:
    made.accepted("A1")
    made.send_out(installation)
    assert open_items() == [("A1", "dispatched", "panel: send its results")]
    withdraw("A1", "李办", "企业搬迁", made.DAY)
    assert made.standing("A1") == "withdrawn"
    assert (
        len(made.letters(installation, "application_withdrawal")),
        len(made.letters(installation, "package_recall")),
    ) == (1, 1)
    with reading() as db:
        assert unfinished.results_back(db, made.CYCLE) == (0, 0)
        assert dispatches.undelivered(db, made.CYCLE) == []
    assert open_items() == []
    with pytest.raises(NothingToWithdrawError):
        withdraw("A1", "李办", "再来一次", made.DAY)
    with pytest.raises(UnknownApplicationError):
        withdraw("A9", "李办", "没有", made.DAY)


def test_a_result_for_what_was_withdrawn_is_refused_and_told(home: Path) -> None:
    made.accepted("A1")
    made.send_out(home)
    withdraw("A1", "李办", "企业搬迁", made.DAY)
    made.drop(home, "r.csv", made.result("A1"))
    made.go_on(home)
    assert made.rules_found() == [("EVAL-3", "application_no")]
    assert made.standing("A1") == "withdrawn"


def test_a_cycle_is_closed_from_its_last_day_on(installation: Path) -> None:
    made.accepted("A1")
    made.accepted("A2", [(TWO, COOK, "4")], status="held")
    made.accepted("A3", [(THREE, COOK, "4"), (THREE, BAKER, "4")], institution_type="school")
    made.send_out(installation)
    hold("A3")
    rule("A3", "WINDOW-1", "refuse", "21")
    settled()
    with pytest.raises(NothingToCloseError, match="2026-10-25"):
        close_cycle(made.CYCLE, WORDS, date(2026, 10, 24))
    close_cycle(made.CYCLE, WORDS, AFTER)
    assert (made.standing("A1"), made.standing("A2"), made.standing("A3", BAKER)) == ("ended", "ended", "ended")
    assert len(made.letters(installation, "ending")) == 3
    assert "未完成评估" in made.text_of(installation, "ending")
    report = json.loads((installation / "outbox" / "reports" / made.CYCLE / "report.json").read_text("utf-8"))
    assert {row["application_no"] for row in report["ended"]} == {"A1", "A2", "A3"}
    assert [tuple(row.values()) for row in report["counts"]] == [
        ("enterprise", "420202", "ended", "", 2),
        ("school", "420202", "ended", "", 1),
        ("school", "420202", "refused", "WINDOW-1", 1),
    ]
    (exception,) = report["exceptions"]
    assert (exception["application_no"], exception["rule"], exception["verdict"]) == ("A3", "WINDOW-1", "refuse")
    assert exception["document_no"] == "黄人社函〔2026〕9号"
    with pytest.raises(NothingToCloseError, match="closed"):
        close_cycle(made.CYCLE, WORDS, AFTER)
    made.drop(installation, "r.csv", made.result("A1"))
    assert made.go_on(installation, AFTER)["intake"].done == {"quarantined": 1}
    with pytest.raises(LateRulingError):
        rule("A1", "WINDOW-1", "permit", "20")


def test_a_refusal_stands_on_the_rules_that_still_refuse(home: Path) -> None:
    made.accepted("A1", status="held")
    for code in ("WINDOW-1", "WINDOW-2"):
        hold("A1", code)
        rule("A1", code, "refuse", "21")
    settled()
    assert made.standing("A1") == "refused WINDOW-1;WINDOW-2"
    rule("A1", "WINDOW-2", "permit", "22")
    settled()
    assert made.standing("A1") == "refused WINDOW-1", "what was permitted refuses no more"
    rule("A1", "WINDOW-1", "permit", "23")
    settled()
    assert made.standing("A1") == "accepted"


def test_one_application_or_one_occupation_is_closed_at_any_time(home: Path) -> None:
    made.accepted("A1", [(ONE, COOK, "4"), (ONE, BAKER, "4")])
    made.send_out(home)
    close_application("A1", COOK, WORDS, made.DAY)
    assert (made.standing("A1"), made.standing("A1", BAKER)) == ("ended", "dispatched")
    with pytest.raises(UnknownOccupationError):
        close_application("A1", "4-07-05-01", WORDS, made.DAY)
    close_application("A1", "", WORDS, made.DAY)
    assert made.standing("A1", BAKER) == "ended"
    with pytest.raises(NothingToCloseError):
        close_application("A1", "", WORDS, made.DAY)


def _without_items(*numbers: str) -> None:
    for number in numbers:
        made.accepted(number, status="returned")
    with begin() as db:
        db.execute(tables.item.delete())
        db.execute(tables.application.update().values(status="returned"))


def test_what_has_not_a_single_item_is_withdrawn_and_ended_by_letter_too(home: Path) -> None:
    """An application for no occupation at all, or for levels nobody can read, was returned without an item."""
    _without_items("A1", "A2", "A3")
    withdraw("A1", "李办", "企业搬迁", made.DAY)
    close_application("A2", "", WORDS, made.DAY)
    close_cycle(made.CYCLE, WORDS, AFTER)
    assert "（企业搬迁），该申报不再办理" in made.text_of(home, "application_withdrawal")
    assert made.text_of(home, "ending").count("终止办理该申报：逾期未补正：久无进展。") == 2
    assert [name[:2] for name in made.letters(home, "ending")] == ["A2", "A3"]
    report = json.loads((home / "outbox" / "reports" / made.CYCLE / "report.json").read_text("utf-8"))
    assert [(row["application_no"], row["by"]) for row in report["ended"]] == [("A2", "王主任"), ("A3", "王主任")]
    with reading() as db:
        grounds = [history.of(db, [number]).query("became == 'closed'")["because"].tolist() for number in ("A1", "A2")]
    assert grounds == [["撤回申报（书面申请）：企业搬迁"], ["终止办理：逾期未补正：久无进展（黄人社函〔2026〕30号）"]]


def test_the_latest_ruling_counts_whichever_way_it_turns(installation: Path) -> None:
    made.accepted("A1", status="held")
    hold("A1")
    rule("A1", "WINDOW-1", "permit", "11")
    settled()
    made.send_out(installation)
    assert made.standing("A1") == "dispatched"
    rule("A1", "WINDOW-1", "refuse", "12")
    settled()
    assert made.standing("A1") == "refused WINDOW-1"
    rule("A1", "WINDOW-1", "permit", "13")
    settled()
    assert made.standing("A1") == "accepted"
    made.send_out(installation)
    assert made.standing("A1") == "dispatched"
    assert len(made.letters(installation, "package_recall")) == 1


def test_a_ruling_on_what_it_cannot_concern_is_refused(home: Path) -> None:
    made.accepted("A1")
    for number, code, occupation, why in (
        ("A9", "WINDOW-1", "", "there is no application A9"),
        ("A1", "FORM-2", "", "no rule to decide on"),
        ("A1", "WINDOW-1", BAKER, "does not apply for occupation"),
        ("A1", "CAP-1", "", "cannot concern"),
        ("A1", "DORM-1", "", "nothing on the register"),
        ("A1", "EVAL-5", "", "nothing of it is filed"),
        ("A1", "OBJECTION", "", "no public notice"),
    ):
        with pytest.raises((ImpossibleRulingError, UnknownApplicationError), match=why):
            rule(number, code, "permit", "20", occupation)
    made.send_out(home)
    made.drop(home, "r.csv", made.result("A1"))
    made.go_on(home)
    with pytest.raises(LateRulingError, match="filing adjust"):
        rule("A1", "WINDOW-1", "refuse", "20")


def test_an_item_that_carries_the_neighbours_code_is_decided_on_by_that(home: Path) -> None:
    """A decision by the code of the form would be recorded and never reach the item."""
    made.accepted("A1")
    row = {"occupation_code": "6-99-99-99", "occupation_name": "压延工", "neighbour_code": COOK, "row": 1}
    with begin() as db:
        db.execute(tables.requested_occupation.insert().values(application_no="A1", version=1, **row))
    with pytest.raises(ImpossibleRulingError, match=f"it applies for {COOK}"):
        rule("A1", "WINDOW-1", "permit", "20", "6-99-99-99")
    assert rule("A1", "WINDOW-1", "permit", "20", COOK) == 1


def test_what_stays_open_is_alerted_some_days_after_the_wait(home: Path) -> None:
    made.accepted("A1", status="held")
    assert not [alert for alert in raise_alerts(settings(), date(2026, 11, 23)) if alert.startswith("cycle:")]
    assert raise_alerts(settings(), date(2026, 11, 24)) == ["cycle:2026-11-24"]
    assert raise_alerts(settings(), date(2026, 11, 25)) == []


def test_what_is_held_is_taken_up_beside_what_was_ended(home: Path) -> None:
    made.accepted("A1", [(ONE, COOK, "4"), (ONE, BAKER, "4")], status="held")
    hold("A1")
    close_application("A1", BAKER, WORDS, made.DAY)
    settled()
    assert len(made.letters(home, "acceptance")) == 1


def test_a_refusal_is_told_by_the_run_that_finds_it_and_void_when_it_turns(home: Path) -> None:
    made.accepted("A1", [(ONE, COOK, "4"), (ONE, BAKER, "4")], status="held")
    hold("A1", "WINDOW-1", COOK, BAKER)
    settled()
    assert len(made.letters(home, "acceptance")) == 1, "all is held, and what was asked for is taken up"
    assert made.letters(home, "refusal") == []
    rule("A1", "WINDOW-1", "refuse", "11", COOK)
    settled()
    settled()
    assert (made.standing("A1"), made.standing("A1", BAKER)) == ("refused WINDOW-1", "held WINDOW-1")
    assert len(made.letters(home, "refusal")) == 1, "the rest of the application still waits"
    assert "黄人社函〔2026〕9号" in made.text_of(home, "refusal")
    rule("A1", "WINDOW-1", "permit", "12", COOK)
    settled()
    made.send_out(home)
    text = made.text_of(home, "acceptance")
    assert "不予备案通知书" in text, "the acceptance names the refusal it makes void"
    assert "作废" in text
    rule("A1", "WINDOW-1", "refuse", "13", COOK)
    settled()
    assert len(made.letters(home, "refusal")) == 2
    assert "受理通知书" in made.text_of(home, "refusal")


def test_a_refusal_of_what_passed_already_names_the_acceptance_it_makes_void(home: Path) -> None:
    made.accepted("A1")
    hold("A1")
    rule("A1", "WINDOW-1", "permit", "11")
    made.send_out(home)
    made.drop(home, "r.csv", made.result("A1"))
    intake.fn(made.CYCLE, made.DAY, None, str(home / "inbox"))
    evaluation.fn(made.CYCLE, made.DAY)
    assert made.standing("A1") == "passed"
    rule("A1", "WINDOW-1", "refuse", "21")
    settled()
    assert "受理通知书" in made.text_of(home, "refusal")


@pytest.mark.parametrize("status", [*item.STATUSES, *item.APPLICATION_STATUSES])
def test_every_status_is_final_or_named_with_its_age_and_who_must_act(home: Path, status: str) -> None:
    made.accepted("A1", status=status if status in item.STATUSES else "held")
    with begin() as db:
        if status in item.APPLICATION_STATUSES:
            db.execute(tables.item.delete())
            db.execute(tables.application.update().values(status=status))
    if status == "late":
        late_version("A1")
    # `superseded` is a version's alone; what is in progress is named by its items, and what is closed has none open
    is_final = status in {*item.FINAL, "superseded", "in_progress", "closed"}
    with reading() as db:
        rows = unfinished.open_of(db, [made.CYCLE], AFTER)
    assert [row.status for row in rows] == ([] if is_final else [status])
    alerts = raise_alerts(settings(), date(2026, 11, 24))
    assert ("cycle:2026-11-24" in alerts) is not is_final
    if not is_final:
        assert [row.who for row in rows] == [AWAITED[status].who]


def test_a_filing_that_a_corrected_result_fails_is_named_until_it_is_decided(home: Path) -> None:
    made.accepted("A1")
    made.send_out(home)
    made.drop(home, "r1.csv", made.result("A1"))
    made.go_on(home)
    made.drop(home, "r2.csv", made.result("A1", verdict="fail", score="40"))
    made.go_on(home, date(2026, 9, 25))
    assert open_items() == [("A1", "questioned", AWAITED["questioned"].who)]
    with reading() as db:
        assert [row.days for row in unfinished.open_of(db, [made.CYCLE], AFTER)] == [30]
        assert overview.of_cycle(db, made.CYCLE)["findings"] == {"in_principle": 1}
    rule("A1", "EVAL-5", "permit", "26")
    made.go_on(home, date(2026, 9, 26))
    assert open_items() == []
    made.drop(home, "r3.csv", made.result("A1", score="81"))
    made.go_on(home, date(2026, 9, 27))
    with reading() as db:
        assert overview.of_cycle(db, made.CYCLE)["findings"] == {}, "as findings.csv has them"


def test_the_report_of_a_cycle_has_what_was_decided_after_its_closing(home: Path) -> None:
    made.accepted("A1", status="passed")
    close_cycle(made.CYCLE, WORDS, AFTER)
    report = home / "outbox" / "reports" / made.CYCLE / "report.json"
    assert [row["status"] for row in json.loads(report.read_text("utf-8"))["counts"]] == ["passed"]
    made.go_on(home, AFTER)
    assert [row["status"] for row in json.loads(report.read_text("utf-8"))["counts"]] == ["filed"]


def test_a_late_version_is_named_until_it_is_decided(home: Path) -> None:
    made.accepted("A1", status="dispatched")
    late_version("A1")
    assert [status for _, status, _ in open_items()] == ["dispatched", "late"]
    rule("A1", "WINDOW-2", "refuse", "21")
    assert [status for _, status, _ in open_items()] == ["dispatched"]


@pytest.mark.parametrize(("decided_at", "is_open"), [("2026-09-20T08:00:00", True), ("2026-09-20T00:00:00", False)])
def test_a_decision_with_a_day_alone_may_be_of_any_moment_of_it(home: Path, decided_at: str, *, is_open: bool) -> None:
    made.accepted("A1", status="dispatched")
    late_version(
        "A1", submitted_utc=int(datetime(2026, 9, 20, 9, tzinfo=ZoneInfo("Asia/Shanghai")).timestamp()) * 1_000_000
    )
    words = {"decided_by": "王主任", "document_no": "1号", "reason": "经研究", "occupation_code": ""}
    row = {"application_no": "A1", "rule": "WINDOW-2", "verdict": "refuse", "decided_at": decided_at}
    record_rulings(pd.DataFrame([{**row, **words}]))
    with reading() as db:
        assert unfinished.is_late(db, made.CYCLE, "A1") is is_open


def late_version(number: str, **stated: int) -> None:
    with begin() as db:
        late = {"application_no": number, "version": 2, "content_hash": "2", "received_on": made.DAY}
        db.execute(tables.application_version.insert().values(**late, **stated, standing="late"))


def test_a_late_version_of_what_was_withdrawn_may_be_permitted_and_is_named(home: Path) -> None:
    made.accepted("A1")
    withdraw("A1", "李办", "企业搬迁", made.DAY)
    late_version("A1")
    assert [status for _, status, _ in open_items()] == ["late"]
    with reading() as db:
        assert unfinished.open_cycles(db) == [made.CYCLE]


@pytest.mark.parametrize(("was", "goes_on"), [("in_progress", True), ("closed", False)])
@pytest.mark.usefixtures("home")
def test_the_letter_on_a_late_version_says_that_the_former_goes_on_only_where_it_does(
    was: str, *, goes_on: bool
) -> None:
    made.accepted("A1", submitted=int(datetime(2026, 9, 1, 9, tzinfo=UTC).timestamp() * 1_000_000))
    late = pd.DataFrame([{"application_no": "A1", "version": 2, "why": "逾期", "was": was, "is_open": True}])
    with run_on(made.DAY, made.CYCLE) as run, begin() as db:
        (entry,) = late_letters(db, late, run)
    assert bool(entry.content["current_on"]) is goes_on


def test_a_late_version_that_nobody_may_take_stands_in_the_overview_alone(home: Path) -> None:
    made.accepted("A1", [(ONE, COOK, "4"), (ONE, BAKER, "4")], status="dispatched")
    with begin() as db:
        db.execute(tables.item.update().where(tables.item.c.occupation_code == COOK).values(status="failed"))
    late_version("A1")
    assert [status for _, status, _ in open_items()] == ["dispatched"]
    with reading() as db:
        assert overview.of_cycle(db, made.CYCLE)["late_versions"] == f"A1 v2 (received {made.DAY})"


def test_what_states_a_time_before_the_deadline_and_came_after_it_is_listed(home: Path) -> None:
    """Huangshi's portal gives the time; somebody may still have typed it."""
    made.accepted("A1", submitted=int(datetime(2026, 9, 1, 9, tzinfo=UTC).timestamp() * 1_000_000))
    made.accepted("A2", [(TWO, COOK, "4")], submitted=int(datetime(2026, 9, 19, 9, tzinfo=UTC).timestamp() * 1_000_000))
    with reading() as db:
        assert [row.application_no for row in overview.seen_late(db, made.CYCLE)] == ["A1"]
        assert "A1 v1" in overview.of_cycle(db, made.CYCLE)["seen_late"]


def test_a_closing_that_was_killed_before_its_report_is_finished_by_closing_again(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made.accepted("A1", status="held")
    with monkeypatch.context() as killed, pytest.raises(KeyboardInterrupt):
        killed.setattr(closing, "write_report", _killed)
        close_cycle(made.CYCLE, WORDS, AFTER)
    assert made.standing("A1") == "ended"
    assert not (home / "outbox" / "reports").exists()
    close_cycle(made.CYCLE, WORDS, AFTER)
    assert (home / "outbox" / "reports" / made.CYCLE / "report.json").is_file()
    assert len(made.letters(home, "ending")) == 1
    with pytest.raises(NothingToCloseError, match="was closed on"):
        close_cycle(made.CYCLE, WORDS, AFTER)


def _killed(run: object) -> None:
    raise KeyboardInterrupt
