"""Results on their way back: accepted, refused with a letter that says what to mend, corrected after the decision."""

import json
import os
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from sqlalchemy import select

from schemas import tables
from schemas.tables import hold, quarantined
from tasks.desk.importing import import_file
from tasks.desk.rulings import record_rulings
from tasks.letters.life import recall
from tasks.store import database, history, items, seals
from tasks.store.database import reading
from tasks.store.leases import writing
from tests import evaluations as made
from tests import homes
from tests.homes import SQLITE_FIRST
from tests.registers import BAKER, COOK, ONE, THREE, TWO, run_on, take_over, terms

LATER = date(2026, 9, 25)
SOCIAL = "social_organisation"


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory, migrated: Path) -> Path:
    """A home in which A1 was sent out to its panel, with a commitment to be shown."""
    with homes.begun(tmp_path_factory.mktemp("start") / "home", migrated) as home:
        made.accepted("A1", commitment=True)
        made.send_out(home)
    return home


@pytest.fixture
def sent_out(start: Path, tmp_path: Path) -> Iterator[Path]:
    """A copy of it for one test: A1 is at its panel."""
    with homes.copied(start, tmp_path / "home") as home:
        yield home


@pytest.mark.parametrize(
    ("changed", "expected", "becomes"),
    [
        ({}, [], "filed"),
        ({"level": "四级", "verdict": "合格", "commitments_shown": "是"}, [], "filed"),
        ({"verdict": "fail", "score": "40"}, [], "failed"),
        ({"commitments_shown": "false"}, [("EVAL-1", "commitments_shown")], "failed EVAL-1"),
        ({"panel_size": "2"}, [("EVAL-2", "panel_size")], "dispatched"),
        ({"occupation_code": BAKER}, [("EVAL-3", "occupation_code")], "dispatched"),
        ({"level": "3"}, [("EVAL-3", "level")], "dispatched"),
        ({"score": "59"}, [("EVAL-4", "verdict")], "dispatched"),
        ({"score": "八十五"}, [("FORM-10", "score")], "dispatched"),
        ({"score": "850"}, [("FORM-10", "score")], "dispatched"),
        ({"verdict": "优秀"}, [("FORM-10", "verdict")], "dispatched"),
        ({"evaluated_on": "下周三"}, [("FORM-10", "evaluated_on")], "dispatched"),
    ],
)
def test_a_result_is_taken_or_refused(sent_out: Path, changed: dict[str, str], expected: Any, becomes: str) -> None:
    made.drop(sent_out, "r.csv", made.result("A1", **changed))
    made.go_on(sent_out)
    assert made.rules_found() == expected
    assert made.standing("A1") == becomes
    assert len(made.letters(sent_out, "result_return")) == (becomes == "dispatched")


def test_results_are_found_however_their_folder_is_written(sent_out: Path) -> None:
    made.drop(sent_out, "r.csv", made.result("A1"))
    (sent_out / "inbox" / "results").rename(sent_out / "inbox" / "Results")
    made.go_on(sent_out)
    assert made.standing("A1") == "filed"


def test_what_cannot_be_opened_among_results_is_said_and_stops_nothing(
    sent_out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made.drop(sent_out, "r.csv", made.result("A1"))
    results = sent_out / "inbox" / "results"
    (results / "评分表.xls").write_bytes(b"an old workbook")
    (results / "locked").mkdir()
    scandir = os.scandir

    def refusing(place: Path | int) -> object:
        # a folder that is removed is looked into by its number
        if not isinstance(place, int) and Path(place).name == "locked":
            raise PermissionError(13, "Permission denied", str(place))
        return scandir(place)

    monkeypatch.setattr(os, "scandir", refusing)
    assert made.go_on(sent_out)["intake"].done["quarantined"] == 2
    assert made.standing("A1") == "filed"
    with reading() as db:
        text = " ".join(db.execute(select(quarantined.c.reason)).scalars())
    assert "文件夹“results/locked”无法打开" in text
    assert "另存为.xlsx" in text


@SQLITE_FIRST
def test_the_letter_names_what_to_mend_and_comes_once(installation: Path) -> None:
    made.accepted("A1", [(ONE, COOK, "4"), (ONE, BAKER, "3")])
    made.send_out(installation)
    made.drop(installation, "r.csv", made.result("A1", score="八十五"), made.result("A1", BAKER, "3", panel_size="2"))
    first = made.go_on(installation)
    assert first["evaluation"].done["refused_results"] == 2
    text = made.text_of(installation, "result_return")
    for words in (
        "评估专家组：",
        f"机构{ONE}",
        "A1",
        "八十五",
        "评估专家须不少于3人",
        "四级/中级工",
        "评估专家人数不足",
    ):
        assert words in text
    assert "EVAL-2" not in text
    again = made.go_on(installation)
    assert again["evaluation"].total == 0
    assert len(made.letters(installation, "result_return")) == 1
    made.drop(installation, "r.csv", made.result("A1"), made.result("A1", BAKER, "3"))
    made.go_on(installation)
    assert (made.standing("A1"), made.standing("A1", BAKER, "3")) == ("filed", "filed")
    assert made.rules_found() == []


@pytest.mark.parametrize(("comes_again", "becomes"), [(True, "filed"), (False, "dispatched")])
@SQLITE_FIRST
def test_a_result_before_its_item_is_sent_out_counts_if_it_comes_again(
    installation: Path, comes_again: bool, becomes: str
) -> None:
    """An evaluation before the package was of nothing that was sent out, until the panel stands by it."""
    made.accepted("A1", [(ONE, COOK, "4")], status="held")
    with database.begin() as db:
        keys = {"application_no": "A1", "occupation_code": COOK, "work_type": "", "level": "4"}
        db.execute(hold.insert().values(**keys, rule="WINDOW-1", cycle=made.CYCLE))
    file = made.drop(installation, "r.csv", made.result("A1", level="四级"))
    made.go_on(installation)
    assert made.rules_found() == [("EVAL-3", "application_no")]
    if not comes_again:
        file.unlink()
    with database.begin() as db:
        from sqlalchemy import update

        from schemas import tables

        db.execute(update(tables.item).values(status="accepted"))
    made.go_on(installation, LATER)
    assert made.standing("A1") == becomes
    assert (made.rules_found() == []) is comes_again


@SQLITE_FIRST
def test_the_same_file_twice_is_one_result(installation: Path) -> None:
    made.accepted("A1")
    made.send_out(installation)
    made.drop(installation, "a.csv", made.result("A1"))
    made.drop(installation, "b.csv", made.result("A1"))
    counts = made.go_on(installation)
    assert counts["intake"].done["results"] == 1
    assert made.standing("A1") == "filed"
    assert import_file("results", made.drop(installation, "c.csv", made.result("A1")), made.DAY).new == 0
    assert all(count.total == 0 for count in made.go_on(installation).values())


def test_two_files_of_one_pull_that_contradict_each_other_settle_nothing(installation: Path) -> None:
    made.accepted("A1")
    made.send_out(installation)
    made.drop(installation, "a.csv", made.result("A1"))
    wrong = made.drop(installation, "b.csv", made.result("A1", verdict="fail", score="40"))
    made.go_on(installation)
    assert made.standing("A1") == "dispatched"
    assert made.rules_found() == [("EVAL-4", "verdict")], "on the later row"
    assert all(count.total == 0 for count in made.go_on(installation).values())
    # the panel takes the wrong one away: what is left says what is true
    wrong.unlink()
    made.go_on(installation)
    assert made.standing("A1") == "filed"
    assert made.rules_found() == []
    # and that it comes back contradicts what is known; nothing new has been said
    made.drop(installation, "b.csv", made.result("A1", verdict="fail", score="40"))
    made.go_on(installation)
    assert made.standing("A1") == "filed"


def test_one_of_two_contradicting_results_may_be_imported_alone(sent_out: Path) -> None:
    right, wrong = made.result("A1", level="四级"), made.result("A1", verdict="fail", score="40")
    made.drop(sent_out, "a.csv", right, wrong)
    made.go_on(sent_out)
    assert made.standing("A1") == "dispatched"
    (sent_out / "inbox" / "results" / "a.csv").unlink()
    assert import_file("results", made.drop(sent_out, "b.csv", right), made.DAY).new == 1
    made.go_on(sent_out)
    assert made.standing("A1") == "filed"


def test_of_results_received_between_two_runs_the_later_counts(sent_out: Path) -> None:
    for number in range(11):  # from 9 to 10 the order of numbers is not that of texts
        row = made.result("A1", score=str(70 + number))
        import_file("results", made.drop(sent_out, f"{number}.csv", row), made.DAY)
    made.go_on(sent_out)
    with reading() as db:
        assert items.listing(db, made.CYCLE)["score"].tolist() == ["80"]


@SQLITE_FIRST
def test_results_of_another_cycle_go_to_that_cycle(installation: Path) -> None:
    made.accepted("OLD", [(TWO, COOK, "4")], cycle="2026-04")
    made.accepted("A1")
    made.send_out(installation, "2026-04")
    made.send_out(installation)
    made.drop(installation, "r.csv", made.result("OLD"), made.result("A1"), made.result("NOBODY"))
    made.go_on(installation)
    assert made.standing("A1") == "filed"
    assert made.standing("OLD", cycle="2026-04") == "dispatched"
    assert made.rules_found() == [("EVAL-3", "application_no")]
    assert "NOBODY" in made.text_of(installation, "result_return")
    made.go_on(installation, cycle="2026-04")
    assert made.standing("OLD", cycle="2026-04") == "filed"


# --- corrected results


def _life(number: str) -> list[str]:
    with reading() as db:
        entries = history.of(db, [number])
    entries = entries[entries["kind"] == "item"]
    return [f"{was}>{became}" for was, became in zip(entries["was"], entries["became"], strict=True)]


def _decided(number: str, rule: str, verdict: str, at: str = "2026-09-24T10:00:00+08:00") -> None:
    ruling = {"decided_by": "王主任", "document_no": "黄人社函〔2026〕9号", "reason": "复核属实", "occupation_code": ""}
    record_rulings(
        pd.DataFrame([{"application_no": number, "rule": rule, "verdict": verdict, "decided_at": at, **ruling}])
    )


@SQLITE_FIRST
def test_a_corrected_result_takes_nothing_filed_off_without_a_decision(installation: Path) -> None:
    others = [(TWO, f"6-31-01-0{number}", "4") for number in range(1, 6)]
    take_over(others, date(2025, 1, 1), date(2027, 12, 31))
    made.accepted("A1", [(ONE, COOK, "4"), (ONE, BAKER, "4")])
    made.send_out(installation)
    made.drop(installation, "r1.csv", made.result("A1"), made.result("A1", BAKER))
    made.go_on(installation, publish=True)
    assert (len(made.letters(installation, "filing")), len(made.letters(installation, "refusal"))) == (1, 0)
    made.drop(installation, "r2.csv", made.result("A1", verdict="fail", score="40", remarks="复核更正"))
    second = made.go_on(installation, LATER, publish=True)
    assert "editions" not in second["publication"].done
    assert (made.standing("A1"), made.standing("A1", BAKER)) == ("filed", "filed")
    _decided("A1", "EVAL-5", "permit")
    made.go_on(installation, LATER, publish=True)
    assert made.standing("A1") == "filed"
    made.drop(installation, "r3.csv", made.result("A1", verdict="fail", score="30", remarks="再次更正"))
    _decided("A1", "EVAL-5", "refuse", "2026-09-24T11:00:00+08:00")
    made.go_on(installation, LATER, publish=True)
    assert made.standing("A1") == "refused EVAL-5"
    assert set(terms(LATER)) == {*others, (ONE, BAKER, "4")}
    assert len(made.letters(installation, "revocation")) == 1
    with reading() as db:
        assert "revoked" in set(history.of(db, [ONE])["became"])
    before = sorted(path.name for path in (installation / "outbox" / "letters").rglob("*.docx"))
    assert all(count.total == 0 for count in made.go_on(installation, LATER, publish=True).values())
    assert sorted(path.name for path in (installation / "outbox" / "letters").rglob("*.docx")) == before


def test_failed_then_passed_is_filed(sent_out: Path) -> None:
    made.drop(sent_out, "r1.csv", made.result("A1", verdict="fail", score="40"))
    made.go_on(sent_out)
    assert made.standing("A1") == "failed"
    assert len(made.letters(sent_out, "refusal")) == 1
    made.drop(sent_out, "r2.csv", made.result("A1"))
    made.go_on(sent_out, LATER)
    assert "不予备案通知书" in made.text_of(sent_out, "filing"), "the filing letter names the refusal it makes void"
    assert made.standing("A1") == "filed"
    assert terms(LATER) == {(ONE, COOK, "4"): ("2026-09-25", "2029-09-24")}
    assert len(made.letters(sent_out, "filing")) == 1


def test_another_score_alone_changes_the_score_alone(sent_out: Path) -> None:
    made.drop(sent_out, "r1.csv", made.result("A1"))
    made.go_on(sent_out, publish=True)
    before = _life("A1")
    made.drop(sent_out, "r2.csv", made.result("A1", score="91.5"))
    counts = made.go_on(sent_out, LATER, publish=True)
    with reading() as db:
        assert items.listing(db, made.CYCLE)["score"].tolist() == ["91.5"]
    assert _life("A1") == before
    assert counts["publication"].total == 0
    assert counts["decision"].total == 0


def _saturated() -> None:
    take_over([(TWO, COOK, "4")], date(2025, 1, 1), date(2027, 12, 31), institution_type=SOCIAL)
    take_over([("52420202MA40000010", COOK, "4")], date(2025, 1, 1), date(2027, 12, 31), institution_type=SOCIAL)


def test_an_item_held_by_saturation_is_decided_anew(home: Path) -> None:
    made.accepted("A1", [(THREE, COOK, "4")], institution_type=SOCIAL)
    _saturated()
    made.send_out(home)
    made.drop(home, "r1.csv", made.result("A1"))
    made.go_on(home)
    assert made.standing("A1") == "held CAP-2"
    made.drop(home, "r2.csv", made.result("A1", score="95"))
    made.go_on(home, LATER)
    assert made.standing("A1") == "held CAP-2"
    made.drop(home, "r3.csv", made.result("A1", verdict="fail", score="30"))
    made.go_on(home, LATER)
    assert made.standing("A1") == "failed"
    assert len(made.letters(home, "refusal")) == 1
    assert all(count.total == 0 for count in made.go_on(home, LATER).values())


def test_a_result_that_replaces_an_accepted_one_is_told(sent_out: Path) -> None:
    made.drop(sent_out, "r1.csv", made.result("A1"))
    assert made.go_on(sent_out)["evaluation"].advice == []
    made.drop(sent_out, "r2.csv", made.result("A1", score="64"))
    summary = made.go_on(sent_out, LATER)["evaluation"]
    assert summary.done["replaced_results"] == 1
    assert summary.advice == ["A1已采纳的评估结果由后来报送的结果替换"]


def test_a_correction_that_is_refused_leaves_what_was_decided(sent_out: Path) -> None:
    made.drop(sent_out, "r1.csv", made.result("A1"))
    made.go_on(sent_out)
    made.drop(sent_out, "r2.csv", made.result("A1", verdict="fail", score="40", panel_size="1"))
    made.go_on(sent_out, LATER)
    assert made.standing("A1") == "filed"
    assert made.rules_found() == [("EVAL-2", "panel_size")]
    assert len(made.letters(sent_out, "result_return")) == 1


# --- scoring workbooks, JSON


def _filled(home: Path, number: str, change: Callable[[openpyxl.Workbook], None] | None = None) -> Path:
    """The scoring workbook of a package filled in as a panel does, and spoilt, in the inbox."""
    book = openpyxl.load_workbook(home / "outbox" / "evaluation" / made.CYCLE / number / "评分表.xlsx")
    sheet = book["评分表"]
    header = next(row for row in sheet.iter_rows() if any(cell.value == "条目键" for cell in row))
    places = {str(cell.value).rstrip("*"): cell.column for cell in header if cell.value}
    cells: dict[str, Any] = {
        "结论": "合格",
        "评分": 88,
        "承诺材料已提供": "是",
        "评估日期": date(2026, 9, 18),
        "评估组长": "刘芳",
        "评估专家人数": 3,
    }
    for line in range(header[0].row + 1, sheet.max_row + 1):
        if sheet.cell(line, places["条目键"]).value:
            for title, value in cells.items():
                sheet.cell(line, places[title]).value = value
    if change:
        change(book)
    folder = home / "inbox" / "results"
    folder.mkdir(parents=True, exist_ok=True)
    book.save(folder / f"{number}.xlsx")
    return folder / f"{number}.xlsx"


@SQLITE_FIRST
def test_a_filled_workbook_dropped_into_the_inbox_comes_back(installation: Path) -> None:
    made.accepted("A1", [(ONE, COOK, "4"), (ONE, BAKER, "3")])
    made.send_out(installation)
    _filled(installation, "A1")
    made.go_on(installation)
    assert (made.standing("A1"), made.standing("A1", BAKER, "3")) == ("filed", "filed")


def test_a_filled_workbook_is_imported(sent_out: Path, tmp_path: Path) -> None:
    file = _filled(sent_out, "A1").rename(tmp_path / "甲组 评分表（终稿）.xlsx")
    assert import_file("results", file, made.DAY).new == 1
    made.go_on(sent_out)
    assert made.standing("A1") == "filed"


def _without_sheet(book: openpyxl.Workbook) -> None:
    del book["评分表"]


def _with_other_keys(book: openpyxl.Workbook) -> None:
    sheet = book["评分表"]
    header = next(row for row in sheet.iter_rows() if any(cell.value == "条目键" for cell in row))
    column = next(cell.column for cell in header if cell.value == "条目键")
    sheet.cell(header[0].row + 1, column).value = "0123456789abcdef"


@pytest.mark.parametrize(
    ("spoil", "message"), [(_without_sheet, "缺少工作表“评分表”"), (_with_other_keys, "条目键已被改动")]
)
def test_a_spoilt_workbook_is_put_aside_with_what_to_mend(
    home: Path, spoil: Callable[[openpyxl.Workbook], None], message: str
) -> None:
    made.accepted("A1")
    made.accepted("A2", [(TWO, COOK, "4")])
    made.send_out(home)
    file = _filled(home, "A1", spoil)
    _filled(home, "A2")
    counts = made.go_on(home)
    assert counts["intake"].done == {"results": 1, "quarantined": 1}
    assert (made.standing("A1"), made.standing("A2")) == ("dispatched", "filed")
    (reason,) = (home / "quarantine").glob("*.reason.txt")
    assert message in reason.read_text("utf-8")
    assert "重新" in reason.read_text("utf-8")
    assert all(count.total == 0 for count in made.go_on(home).values())
    imported = import_file("results", file, made.DAY)
    assert (imported.rows, imported.new, len(imported.complaints)) == (0, 0, 1)
    assert message in imported.complaints[0]


def test_json_comes_back_too(sent_out: Path) -> None:
    row = {**made.result("A1"), "score": 80.5, "panel_size": 3, "commitments_shown": True}
    folder = sent_out / "inbox" / "results"
    folder.mkdir(parents=True)
    (folder / "results.json").write_text(json.dumps([row], ensure_ascii=False), "utf-8")
    made.go_on(sent_out)
    assert made.standing("A1") == "filed"


def test_a_result_on_a_recalled_package_counts_when_it_comes_again_for_the_next(sent_out: Path) -> None:
    from flows.stages import evaluation, intake

    file = made.drop(sent_out, "r.csv", made.result("A1"))
    intake.fn(made.CYCLE, made.DAY, None, str(sent_out / "inbox"))
    with run_on(made.DAY, made.CYCLE) as run, writing(run) as db:
        taken_back = items.of_application(db, "A1")
        recall(db, taken_back, "申报单位重新提交了申报材料", run)
        seals.touch(db, seals.ITEMS, taken_back)
        db.execute(tables.item.update().values(status="accepted"))
    file.unlink()
    evaluation.fn(made.CYCLE, LATER)
    assert made.standing("A1") == "dispatched", "it was of the former package"
    made.drop(sent_out, "r.csv", made.result("A1"))
    made.go_on(sent_out, date(2026, 9, 28))
    assert made.standing("A1") == "filed"


def test_a_result_dated_ahead_counts_when_it_comes_again_after_its_day(sent_out: Path) -> None:
    made.drop(sent_out, "r.csv", made.result("A1", evaluated_on="2026-09-22"))
    made.go_on(sent_out)
    assert (made.standing("A1"), made.rules_found()) == ("dispatched", [("EVAL-6", "evaluated_on")])
    made.go_on(sent_out, date(2026, 9, 21))
    assert made.standing("A1") == "dispatched"
    made.go_on(sent_out, date(2026, 9, 22))
    assert (made.standing("A1"), made.rules_found()) == ("filed", [])


@pytest.mark.parametrize("fault", [{"panel_lead": ""}, {"evaluated_on": ""}, {"panel_size": "2"}])
def test_a_faulty_result_that_lies_there_as_it_was_is_not_received_again(sent_out: Path, fault: dict[str, str]) -> None:
    made.drop(sent_out, "r.csv", made.result("A1", **fault))
    assert made.go_on(sent_out)["intake"].done["results"] == 1
    for day in (date(2026, 9, 21), date(2026, 9, 28)):
        assert made.go_on(sent_out, day)["intake"].done.get("results", 0) == 0
    assert made.standing("A1") == "dispatched"
