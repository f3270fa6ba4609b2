"""Complaints and how institutions stand: what comes in, what is open on a day, and what a check is told of it."""

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from schemas.law.cycle import cycle_id
from schemas.qualification import Adjustment
from schemas.settings import settings, using
from schemas.supervision import COMPLAINTS_TABLE
from tasks import adjustment, intake
from tasks.desk.importing import Imported, import_file
from tasks.runs.run import begin
from tasks.store import complaints, institutions, letters, outbox, overview, register
from tasks.store.database import reading
from tasks.store.outbox import LETTERS
from tasks.store.scene import matters, scene, suspended
from tasks.store.supervision import flagged
from tests.policies import SHIPPED, write_policy
from tests.registers import BAKER, COOK, ELECTRICIAN, ONE, TWO, run_on, take_over

TERM = (date(2024, 5, 25), date(2027, 5, 24))
DAY = date(2026, 6, 1)
ROW = {
    "complaint_no": "J-1",
    "uscc": ONE,
    "received_on": "2026-05-20",
    "summary": "考评人员不足",
    "handled_by": "王处长",
    "outcome": "open",
}


def bring(folder: Path, *rows: dict[str, str], titles: bool = False, day: date = DAY) -> Imported:
    frame = pd.DataFrame(rows, dtype="str").reindex(columns=COMPLAINTS_TABLE.names)
    file = folder / "complaints.csv"
    frame.rename(columns=COMPLAINTS_TABLE.titles() if titles else {}).to_csv(file, index=False)
    return import_file("complaints", file, day, "王处长")


def decide(kind: str, occupation: str = "", on: date = DAY, uscc: str = ONE) -> None:
    words = {"ground": "抽查发现问题", "document_no": "8号", "decided_by": "王处长", "effective_on": on}
    with run_on(on) as run:
        decided = {"kind": kind, "uscc": uscc, "occupation_code": occupation, **words}
        adjustment.carry_out(run, Adjustment.model_validate(decided))


def open_on(day: date) -> set[tuple[str, str]]:
    with reading() as db:
        rows = matters(db, day)
    return set(zip(rows["uscc"], rows["matter"], strict=True))


@pytest.mark.usefixtures("installation")
def test_a_complaint_is_open_from_its_day_until_it_is_closed(tmp_path: Path) -> None:
    assert bring(tmp_path, ROW) == Imported(1, 1, [])
    assert bring(tmp_path, ROW, titles=True) == Imported(1, 0, [])
    assert open_on(date(2026, 5, 19)) == set()
    assert open_on(date(2026, 5, 20)) == {(ONE, "举报J-1未办结")}
    mending = {**ROW, "outcome": "限期整改", "due_on": "2026-07-01", "document_no": "9号"}
    assert bring(tmp_path, mending).new == 1
    assert open_on(DAY) == {(ONE, "举报J-1整改未完成")}
    assert bring(tmp_path, {**mending, "closed_on": "2026-06-20"}, day=date(2026, 6, 20)).new == 1
    assert open_on(date(2026, 6, 19)) == {(ONE, "举报J-1整改未完成")}
    assert open_on(date(2026, 6, 20)) == set()
    with reading() as db:
        life = institutions.life(db, ONE)
        assert len(complaints.every(db)) == 1
    assert list(life.query("kind == 'complaint'")["became"]) == ["open", "rectify", "rectify"]
    assert "考评人员不足" not in " ".join(life["because"])


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ({"uscc": "123"}, "校验不通过"),
        ({"summary": "来电 13871234567 反映"}, "不登记举报人"),
        ({"received_on": "2026-06-02"}, "晚于导入之日"),
        ({"outcome": "rectify", "due_on": "2026-05-01"}, "早于收到日期"),
        ({"closed_on": "2026-05-25"}, "仍为办理中"),
        ({"outcome": "whatever"}, "无法读取"),
    ],
)
def test_a_faulty_row_is_refused_with_its_reason(tmp_path: Path, row: dict[str, str], sentence: str) -> None:
    brought = bring(tmp_path, {**ROW, **row}, {**ROW, "complaint_no": "J-2"})
    (complaint,) = brought.complaints
    assert sentence in complaint and "第2行" in complaint
    with reading() as db:
        assert set(complaints.every(db)["complaint_no"]) == {"J-2"}


@pytest.mark.usefixtures("home")
def test_a_number_that_is_another_institutions_is_refused(tmp_path: Path) -> None:
    assert bring(tmp_path, ROW).new == 1
    mistyped = {**ROW, "uscc": TWO, "outcome": "unfounded", "closed_on": "2026-05-28"}
    brought = bring(tmp_path, mistyped, {**mistyped, "complaint_no": "J-2"}, {**ROW, "complaint_no": "J-2"})
    assert ["第2行" in brought.complaints[0], "第4行" in brought.complaints[1], brought.new] == [True, True, 1]
    assert all("另一机构" in sentence for sentence in brought.complaints)
    with reading() as db:
        rows = complaints.every(db)
    assert rows[["complaint_no", "uscc", "outcome"]].to_numpy().tolist() == [
        ["J-1", ONE, "open"],
        ["J-2", TWO, "unfounded"],
    ]


@pytest.mark.usefixtures("installation")
def test_a_check_is_told_who_is_suspended_was_revoked_and_has_something_open(tmp_path: Path) -> None:
    take_over([(ONE, COOK, "4"), (ONE, BAKER, "4"), (TWO, COOK, "4")], *TERM)
    decide("suspend", COOK, date(2026, 3, 1))
    decide("suspend", on=date(2026, 4, 1))
    decide("revoke", on=date(2026, 2, 1), uscc=TWO)
    bring(tmp_path, {**ROW, "received_on": "2026-04-01"})
    with reading() as db:
        seen = scene(db, cycle_id("2026-04"))
        earlier = suspended(db, date(2026, 3, 31))
    assert set(zip(seen.suspensions["uscc"], seen.suspensions["occupation_code"], strict=True)) == {
        (ONE, COOK),
        (ONE, BAKER),
        (ONE, ""),
    }
    assert earlier.to_numpy().tolist() == [[ONE, COOK]]
    assert seen.revocations.to_numpy().tolist() == [[TWO, "2026-02-01"]]
    assert seen.matters.to_numpy().tolist() == [[ONE, "举报J-1未办结"]]
    assert set(seen.institutions["uscc"]) == {ONE}
    decide("reinstate", on=date(2026, 5, 1))
    with reading() as db:
        assert suspended(db, date(2026, 5, 1)).empty
        assert not suspended(db, date(2026, 4, 30)).empty


@pytest.mark.usefixtures("home")
def test_what_changes_how_an_institution_stands_has_it_checked_again(tmp_path: Path) -> None:
    take_over([(ONE, COOK, "4")], *TERM)

    def known() -> int:
        with reading() as db:
            return register.knowledge(db, "2026-04")

    counts = [known()]
    for act in (lambda: bring(tmp_path, ROW), lambda: decide("suspend"), lambda: decide("reinstate")):
        act()
        counts.append(known())
    assert counts == sorted(set(counts)), "each of them adds to what is known"


def _published(folder: Path, day: date) -> dict[str, dict[str, list[list[str]]]]:
    """The sheets of each county's list of the newest edition: region, then title, then rows as text."""
    from openpyxl import load_workbook

    from flows.stages import publication

    publication.fn("2026-04", day)
    lists = {}
    for file in sorted((folder / "outbox" / "counties").glob("*/*.xlsx")):
        sheets = load_workbook(file).worksheets
        lists[file.parent.name] = {
            sheet.title: [["" if cell is None else str(cell) for cell in row] for row in sheet.values]
            for sheet in sheets
        }
    return lists


def test_each_county_gets_what_is_on_file_there_and_what_is_to_be_looked_at(installation: Path, tmp_path: Path) -> None:
    take_over([(ONE, COOK, "4"), (ONE, BAKER, "4"), (TWO, COOK, "4")], *TERM)
    decide("suspend", BAKER, date(2026, 5, 1))
    bring(tmp_path, {**ROW, "outcome": "rectify", "due_on": "2026-07-01"})
    held = pd.DataFrame(
        [(ONE, COOK, "3", "2026-05-02", "12", "10"), (ONE, COOK, "4", "2026-05-02", "12", "10")],
        columns=["uscc", "occupation_code", "level", "held_on", "candidates", "passed"],
    )
    held.to_csv(tmp_path / "activities.csv", index=False)
    assert import_file("activities", tmp_path / "activities.csv", DAY).new == 2
    county = _published(installation, DAY)["420202"]
    standings = [row[-1] for row in county["备案名册"][3:]]
    assert sorted(standings) == ["在册", "在册", "暂停"]
    matters = {(row[0], row[5]): row[6:] for row in county["监管清单"][1:]}
    assert set(matters) == {(ONE, "举报投诉J-1"), (ONE, "备案范围外开展认定")}
    assert matters[ONE, "举报投诉J-1"][2].startswith("2026-07-01")
    assert matters[ONE, "备案范围外开展认定"][0].startswith("3级，1次")


@pytest.mark.usefixtures("home")
def test_a_rectification_that_is_overdue_is_alerted_and_named(tmp_path: Path) -> None:
    from tasks.runs.alerts import raise_alerts

    bring(tmp_path, {**ROW, "outcome": "rectify", "due_on": "2026-06-10"})
    assert not [alert for alert in raise_alerts(settings(), date(2026, 6, 10)) if alert.startswith("complaint")]
    assert "complaint:2026-06-11" in raise_alerts(settings(), date(2026, 6, 11))
    with reading() as db:
        assert "J-1" in overview.of_cycle(db, "2026-04")["complaints"]


def test_an_occupation_that_changed_its_code_or_became_access_type_is_flagged(home: Path, tmp_path: Path) -> None:
    take_over([(ONE, COOK, "4"), (ONE, BAKER, "4"), (TWO, ELECTRICIAN, "4")], *TERM)
    (tmp_path / "occupation_changes.csv").write_text(
        f"old_code,new_code,from_day,document\n{COOK},4-03-02-77,2026-03-01,人社厅发〔2026〕1号\n", encoding="utf-8"
    )
    with using(settings().model_copy(update={"reference": tmp_path})), reading() as db:
        rows = flagged(db, DAY)
        before = flagged(db, date(2026, 2, 28))
    assert rows["details"].tolist() == ["自2026-03-01起编码改为4-03-02-77（人社厅发〔2026〕1号）"]
    assert (rows["uscc"].tolist(), rows["occupation_code"].tolist()) == ([ONE], [COOK])
    assert before.empty


def test_a_rectification_is_written_to_the_institution_once_a_day_that_is_set(home: Path, tmp_path: Path) -> None:
    take_over([(ONE, COOK, "4")], *TERM)
    mending = {**ROW, "outcome": "rectify", "due_on": "2026-07-01", "document_no": "9号"}
    assert bring(tmp_path, mending, {**mending, "complaint_no": "J-2", "uscc": TWO}).new == 2, (
        "TWO is not on the register"
    )
    bring(tmp_path, {**mending, "handled_by": "李处长"})
    bring(tmp_path, {**mending, "due_on": "2026-08-01"})
    bring(tmp_path, {**mending, "due_on": "2026-09-01", "closed_on": "2026-05-30"})
    with reading() as db:
        written = outbox.written(db, LETTERS)
    assert [letter["occasion"] for letter in written] == [
        "rectification:J-1:2026-07-01",
        "rectification:J-1:2026-08-01",
    ]
    assert written[0]["content"]["problem"] == "考评人员不足"
    assert written[0]["content"]["institution_name"]


def test_a_rectification_reaches_whom_the_register_has_only_with_the_complaint(home: Path) -> None:
    desk = home / "together" / "desk"
    desk.mkdir(parents=True)
    held = {"uscc": ONE, "institution_name": "黄石示例机构", "institution_type": "enterprise", "region_code": "420202"}
    held |= {"occupation_code": COOK, "level": "4", "filed_on": "2024-05-25", "valid_until": "2027-05-24"}
    pd.DataFrame([held]).to_csv(desk / "register.csv", index=False)
    pd.DataFrame([{**ROW, "outcome": "rectify", "due_on": "2026-07-01"}]).to_csv(desk / "complaints.csv", index=False)
    with begin("2026-04", DAY, inbox=str(home / "together")) as run:
        assert intake.intake(run).done == {"register": 1, "complaints": 1}
    with reading() as db:
        assert list(letters.occasions(db, "rectification")) == ["rectification:J-1:2026-07-01"]


def test_a_region_that_a_later_policy_does_not_have_keeps_its_list_and_its_name(home: Path, tmp_path: Path) -> None:
    take_over([(ONE, COOK, "4")], *TERM)
    later = write_policy(tmp_path / "policies", "2026-01-01", SHIPPED.replace('420202 = ["黄石港区"]\n', ""))
    with using(settings().model_copy(update={"policies": later})):
        lists = _published(home, DAY)
    assert list(lists) == ["420202"]
    assert "黄石港区" in lists["420202"]["备案名册"][0][0]
    assert "黄石港区" in (home / "published" / "latest" / "index.html").read_text("utf-8")
