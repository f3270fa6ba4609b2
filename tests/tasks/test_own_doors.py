"""The home's own doors empty themselves: what was taken lies below taken/ with a receipt, what cannot be read in quarantine/."""

import io
import zipfile
from collections.abc import Iterator
from datetime import date
from hashlib import sha256
from pathlib import Path

import openpyxl
import pytest
from sqlalchemy import select

from flows.stages import intake
from schemas import tables
from schemas.settings import settings, using
from tasks.desk import uploads
from tasks.desk.duties import waiting_on
from tasks.gateways.disk import receipts
from tasks.runs import alerts
from tasks.runs.comparison import rehearsed
from tasks.store import overview, runs
from tasks.store.database import begin, reading
from tests.registers import COOK, ONE

CYCLE, DAY = "2026-09", date(2026, 9, 1)
FORM = "申报编号,统一社会信用代码,机构名称,提交时间\n"


@pytest.fixture
def home(home: Path) -> Iterator[Path]:
    """A home in which files are as good as written long ago."""
    with using(settings().model_copy(update={"quiet_seconds": -60.0})):
        yield home


def lay(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def form(number: str = "HS1", name: str = "甲公司", moment: str = "2026-08-20 09:00") -> str:
    return f"{FORM}{number},{ONE},{name},{moment}\n"


def below(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def look() -> dict[str, int]:
    return intake.fn(CYCLE, DAY).done


def test_each_version_goes_to_a_folder_of_its_own_with_a_receipt(home: Path) -> None:
    lay(home / "inbox" / "甲" / "applications.csv", form())
    assert look() == {"new": 1}
    assert below(home / "inbox") == []
    lay(home / "inbox" / "再交" / "applications.csv", form(name="甲有限公司", moment="2026-08-21 09:00"))
    assert look() == {"corrected": 1}
    assert below(home / "taken" / CYCLE) == [
        "HS1-v1/回执.txt",
        "HS1-v1/甲/applications.csv",
        "HS1-v2/再交/applications.csv",
        "HS1-v2/回执.txt",
    ]
    receipt = (home / "taken" / CYCLE / "HS1-v2" / "回执.txt").read_text("utf-8")
    assert receipt == "2026-09-01 收到“再交/applications.csv”，作为申报HS1第2版采用\n"
    assert look() == {}


def test_a_file_that_changed_in_the_last_seconds_stays_for_the_next_look(home: Path) -> None:
    lay(home / "inbox" / "applications.csv", form())
    with using(settings().model_copy(update={"quiet_seconds": 60.0})):
        assert look() == {"new": 1}
    assert below(home / "inbox") == ["applications.csv"]
    assert look() == {}
    assert below(home / "inbox") == []


def test_lists_and_results_go_too(home: Path) -> None:
    lay(
        home / "desk" / "认定活动.csv",
        f"统一社会信用代码,职业编码,等级,认定日期,参加人数,合格人数\n{ONE},{COOK},5,2026-05-01,9,8\n",
    )
    lay(home / "desk" / "检查人员名录.csv", "检查人员编号,姓名,所在单位,在岗\nJC1,王,局,是\n")
    lay(home / "inbox" / "results" / "r.csv", f"申报编号,职业编码,等级,结论\nHS1,{COOK},5,合格\n")
    assert look() == {"activities": 1, "inspectors": 1, "results": 1}
    assert below(home / "taken") == [
        f"{CYCLE}/results/r.csv",
        f"{CYCLE}/results/回执.txt",
        "desk/2026-09-01/回执.txt",
        "desk/2026-09-01/检查人员名录.csv",
        "desk/2026-09-01/认定活动.csv",
    ]
    assert below(home / "desk") == below(home / "inbox") == []


def test_who_vouched_for_a_file_of_the_centre_is_on_record(home: Path) -> None:
    """By the receipt of what was uploaded; what somebody laid into the folder stands on the operator's word."""
    verdicts = f"申报编号,职业编码,等级,结论\nHS1,{COOK},5,合格\nHS2,{COOK},5,合格\n"
    lists = {
        "results.csv": verdicts,
        "complaints.csv": "举报投诉编号,统一社会信用代码,收到日期,反映事项,办理人,办理结果\n"
        f"TS1,{ONE},2026-08-20,收费,周办,办理中\n",
        "认定活动.csv": f"统一社会信用代码,职业编码,等级,认定日期,参加人数,合格人数\n{ONE},{COOK},5,2026-05-01,9,8\n",
    }
    for name, text in lists.items():
        uploads.lay_in(settings(), "desk", name, io.BytesIO(text.encode()), "李办")
    lay(home / "desk" / "另.csv", "x")
    lay(home / "desk" / "检查人员名录.csv", "检查人员编号,姓名,所在单位,在岗\nJC1,王,局,是\n")
    assert look() == {"activities": 1, "complaints": 1, "inspectors": 1, "results": 2, "quarantined": 1}
    with reading() as db:
        entry = tables.history
        rows = db.execute(select(entry.c.subject, entry.c.by, entry.c.facts).where(entry.c.kind == "import")).all()
    assert {row.subject: row.by for row in rows} == {
        "HS1": "李办",
        "HS2": "李办",
        "activities": "李办",
        "complaints": "李办",
        "inspectors": settings().operator,
    }
    assert {"sha256": sha256(verdicts.encode()).hexdigest()} in [row.facts for row in rows if row.subject == "HS1"]


def test_an_archive_at_any_door_goes_as_a_file_does(home: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("第一组/results.csv", f"申报编号,职业编码,等级,结论\nHS1,{COOK},5,合格\n")
    uploads.lay_in(settings(), "results", "评分.zip", packed, "李办")
    (home / "desk").mkdir(exist_ok=True)
    (home / "desk" / "评分.zip").write_bytes(packed.getvalue())
    assert look() == {"results": 1}
    assert below(home / "inbox") == below(home / "desk") == []
    assert {"desk/2026-09-01/评分.zip", f"{CYCLE}/results/评分.zip"} <= set(below(home / "taken"))
    (receipt,) = [known for known in receipts.newest(home) if known.by]
    assert "已采用" in receipt.became
    with reading() as db:
        entry = tables.history
        assert db.execute(select(entry.c.subject).where(entry.c.kind == "import")).scalars().all() == ["HS1"]


def test_what_cannot_be_read_lies_in_quarantine_and_nowhere_else(home: Path) -> None:
    for path in (
        "inbox/甲.xlsx",
        "inbox/results/评分表.xlsx",
        "inbox/results/扫描.pdf",
        "desk/名册.xlsx",
        "inbox/附件.pdf",
    ):
        lay(home / path, f"no workbook {path}")
    assert look() == {"quarantined": 5}
    assert below(home / "inbox") + below(home / "desk") == ["附件.pdf"], "it may belong to what is still to come"
    assert len([name for name in below(home / "quarantine") if not name.endswith(".reason.txt")]) == 5


def test_rows_that_wait_for_another_file_wait_in_the_inbox(home: Path) -> None:
    lay(home / "inbox" / "staff.csv", "申报编号,姓名\nHS1,王\n")
    assert look() == {"quarantined": 1}
    assert below(home / "inbox") == ["staff.csv"]
    lay(home / "inbox" / "applications.csv", form())
    assert look() == {"new": 1}
    assert below(home / "inbox") == []
    assert below(home / "taken" / CYCLE / "HS1-v1") == ["applications.csv", "staff.csv", "回执.txt"]
    with reading() as db:
        (reason,) = (row["reason"] for row in runs.set_aside(db))
        assert reason.endswith("（已由“applications.csv”（第1版）解决）")
        assert overview.of_cycle(db, CYCLE)["quarantined"] == 0


def test_of_several_versions_in_one_look_all_go(home: Path) -> None:
    first, later = "2026-08-20 09:00", "2026-08-21 09:00"
    for name, moment in (("甲.xlsx", first), ("甲 - 副本.xlsx", first), ("新.xlsx", later)):
        book = openpyxl.Workbook()
        book.active.title = "基本信息"
        for line in form(moment=moment).splitlines():
            book.active.append(line.split(","))
        (home / "inbox").mkdir(exist_ok=True)
        book.save(home / "inbox" / name)
    assert look()["new"] == 1
    assert below(home / "inbox") == []


def test_a_folder_that_is_given_and_a_dry_run_leave_all_as_it_is(home: Path, tmp_path: Path) -> None:
    lay(tmp_path / "given" / "applications.csv", form())
    lay(home / "inbox" / "applications.csv", form("HS2"))
    with rehearsed(True):
        intake.fn(CYCLE, DAY)
    assert intake.fn(CYCLE, DAY, None, str(tmp_path / "given")).done == {"new": 1}
    assert below(tmp_path / "given") == below(home / "inbox") == ["applications.csv"]
    with using(settings().model_copy(update={"inbox_folder": tmp_path / "given"})):
        look()
    assert below(tmp_path / "given") == ["applications.csv"]


def test_attachments_go_with_their_submission_and_late_ones_are_joined(home: Path) -> None:
    lay(home / "inbox" / "applications.csv", form())
    lay(
        home / "inbox" / "materials.csv",
        "申报编号,材料类别,提交方式,文件名\nHS1,题库,附件,题库.pdf\nHS1,工作方案,附件,方案.pdf\n",
    )
    lay(home / "inbox" / "HS1" / "题库.pdf", "questions")
    assert look() == {"new": 1}
    assert "HS1/题库.pdf" in below(home / "taken" / CYCLE / "HS1-v1")
    lay(home / "inbox" / "HS1" / "方案.pdf", "plan")
    assert look() == {"corrected": 1}
    assert below(home / "inbox") == []
    assert below(home / "taken" / CYCLE / "HS1-v2") == [
        "HS1/方案.pdf",
        "HS1/题库.pdf",
        "applications.csv",
        "materials.csv",
        "回执.txt",
    ]
    with reading() as db:
        part = tables.material
        hashed = db.execute(select(part.c.attachment_sha256).where(part.c.version == 2)).scalars()
        assert all(hashed)


@pytest.mark.parametrize(
    ("taken", "late", "is_brought"),
    [
        ("", "attachments/HS1/方案.pdf", True),
        ("", "HS1/材料/方案.pdf", True),
        ("", "方案.pdf", True),
        ("", "attachments/HS2/方案.pdf", False),
        ("", "甲公司/方案.pdf", False),
        ("甲公司/", "甲公司/附件/方案.pdf", True),
        ("甲公司/", "attachments/HS1/方案.pdf", True),
        ("甲公司/", "乙公司/方案.pdf", False),
        ("甲公司/", "方案.pdf", False),
    ],
)
def test_a_late_attachment_of_another_brings_nothing_back(home: Path, taken: str, late: str, is_brought: bool) -> None:
    lay(home / "inbox" / f"{taken}applications.csv", form())
    lay(home / "inbox" / f"{taken}materials.csv", "申报编号,材料类别,提交方式,文件名\nHS1,工作方案,附件,方案.pdf\n")
    assert look() == {"new": 1}
    lay(home / "inbox" / late, "plan")
    with using(settings().model_copy(update={"quiet_seconds": 60.0})):
        assert ("corrected" in look()) == is_brought
    assert (home / "inbox" / f"{taken}applications.csv").exists() == is_brought


def test_a_file_of_the_same_name_takes_no_other_s_place(home: Path) -> None:
    for number in (1, 2):
        lay(home / "inbox" / "results" / "r.csv", f"申报编号,职业编码,等级,结论\nHS{number},{COOK},5,合格\n")
        look()
    assert below(home / "taken" / CYCLE / "results") == ["r-2.csv", "r.csv", "回执.txt"]


def test_what_is_set_aside_is_an_alert_once(home: Path) -> None:
    lay(home / "inbox" / "甲.xlsx", "no workbook")
    look()
    raised = [alert for alert in alerts.raise_alerts(settings(), DAY) if alert.startswith("aside:")]
    assert len(raised) == 1
    assert alerts.raise_alerts(settings(), DAY) == []


def asides() -> list[tuple[str, str]]:
    """Files that Today shows as set aside, with the number of their receipt."""
    duties = waiting_on(settings(), DAY)
    return [(duty.subject, " ".join(duty.facts)) for duty in duties if duty.kind == "aside"]


def upload(name: str, content: bytes, door: str = "inbox") -> str:
    return f"回执 {uploads.lay_in(settings(), door, name, io.BytesIO(content), '李办').number}"


def test_a_file_that_cannot_be_read_is_settled_by_the_next_of_its_name(home: Path) -> None:
    first = upload("applications.csv", b"\xff\xfe\x00")
    look()
    assert asides() == [("applications.csv", first)]
    upload("applications.csv", form().encode())
    assert look() == {"new": 1}
    assert asides() == []
    with reading() as db:
        (reason,) = (row["reason"] for row in runs.set_aside(db))
    assert reason.endswith("（已由2026-09-01收到的“applications.csv”解决）")
    again = upload("applications.csv", b"\xff\xfe\x00")
    assert look() == {"quarantined": 1}, "it came once more, and waits for somebody once more"
    assert asides() == [("applications.csv", again)]


def test_a_file_is_named_with_the_receipt_of_its_content(home: Path) -> None:
    broken = upload("评估结果.csv", b"\xff\xfe\x00", "results")
    look()
    upload("评估结果.csv", b"\xff\xfe\x00\x00", "desk")
    assert asides() == [("评估结果.csv", broken)]
    (home / "desk" / "评估结果.csv").unlink()
    upload("评估结果.csv", f"申报编号,职业编码,等级,结论\nHS1,{COOK},5,合格\n".encode(), "results")
    look()
    assert asides() == []
    with reading() as db:
        (reason,) = (row["reason"] for row in runs.set_aside(db))
    assert reason.endswith("（已由2026-09-01收到的“评估结果.csv”解决）")


def test_the_same_name_and_reason_in_another_cycle_is_set_aside_anew(home: Path) -> None:
    row = {"file": "申报表.xlsx", "sheet": "", "row": "", "application_no": "", "reason": "打不开", "sha256": "a"}
    with begin() as db:
        assert runs.note_quarantined(db, [row], "2026-04", date(2026, 4, 1)) == 1
        assert runs.note_quarantined(db, [row, row], "2026-09", DAY) == 1
        assert runs.note_quarantined(db, [{**row, "sha256": "b"}], "2026-09", DAY) == 0, "it still waits"
        runs.settle_files(db, {"申报表.xlsx": "“申报表.xlsx”（第1版）"})
        assert runs.note_quarantined(db, [row], "2026-09", DAY) == 0, "it still lies where it lay"
        assert runs.note_quarantined(db, [{**row, "sha256": "b"}], "2026-09", DAY) == 1
        assert runs.note_quarantined(db, [row], "2026-09", DAY, came=["申报表.xlsx"]) == 0
        runs.settle_files(db, {"申报表.xlsx": "“申报表.xlsx”（第2版）"})
        assert runs.note_quarantined(db, [row], "2026-09", DAY, came=["申报表.xlsx"]) == 1
