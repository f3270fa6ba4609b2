"""Three doors: an applicant speaks for its application, not for the panel or the centre (contract section 4)."""

import json
from datetime import date
from pathlib import Path

import pytest
from openpyxl import Workbook
from sqlalchemy import select

from flows.stages import intake
from schemas.run import Counts
from schemas.settings import Settings, using
from schemas.submission import ACTIVITIES, APPLICATIONS, DECISIONS, OCCUPATIONS, REGISTER, RESULTS
from schemas.tables import quarantined
from tasks.gateways.sources import DESK, PANELS, pull_folder
from tasks.gateways.sources.doors import applicants
from tasks.store import activities, history, register, runs
from tasks.store.database import reading
from tests.registers import COOK, ONE

CYCLE, DAY = "2026-09", date(2026, 9, 11)
ON_FILE = [ONE, "甲公司", "企业", "420202", COOK, "五级", "2026-04-20", "2029-04-19"]
REGISTER_ROW = (REGISTER.title, [column.title for column in REGISTER.columns if not column.optional], ON_FILE)
RULING = (
    DECISIONS.title,
    ["申报编号", "规则", "审批结论", "审批人", "审批时间", "文号", "理由"],
    ["HS1", "CAP-1", "准予", "主任", "2026-09-10 09:00", "1号", "同意"],
)
FORM = (APPLICATIONS.title, ["申报编号", "统一社会信用代码", "机构名称"], ["HS1", ONE, "甲公司"])
SCORE = (RESULTS.title, ["申报编号", "职业编码", "等级", "结论"], ["HS1", COOK, "5", "合格"])
HELD = (ACTIVITIES.title, ["统一社会信用代码", "职业编码", "等级", "认定日期", "参加人数", "合格人数"])
ACTIVITY = (*HELD, [ONE, COOK, "5", "2026-05-01", "9", "8"])
Sheet = tuple[str, list[str], list[str]]


def workbook(path: Path, *sheets: Sheet) -> None:
    book = Workbook()
    book.remove(book.worksheets[0])
    for title, headers, row in sheets:
        sheet = book.create_sheet(title)
        sheet.append(headers)
        sheet.append(row)
    path.parent.mkdir(parents=True, exist_ok=True)
    book.save(path)


def table(path: Path, sheet: Sheet) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(",".join(line) for line in sheet[1:]) + "\n", "utf-8")


def reasons() -> list[str]:
    with reading() as db:
        return list(db.execute(select(quarantined.c.reason)).scalars())


def on_file() -> list[str]:
    with reading() as db:
        return register.on_file(db, DAY)["uscc"].tolist()


def pulled(inbox: Path | None = None) -> Counts:
    return intake.fn(CYCLE, DAY, None, str(inbox) if inbox else None)


@pytest.mark.parametrize("sheet", [RULING, SCORE, REGISTER_ROW, ACTIVITY])
def test_an_applicant_s_workbook_brings_its_form_and_nothing_else(tmp_path: Path, sheet: Sheet) -> None:
    workbook(tmp_path / "甲.xlsx", FORM, sheet)
    pull = pull_folder(tmp_path, door=applicants())
    assert pull.supplied == {"applications"}
    assert pull.tables["applications"]["application_no"].tolist() == ["HS1"]
    (file,) = pull.quarantined
    assert (file.whole, file.sheet) == (False, sheet[0])
    assert f"文件“甲.xlsx”中的“{sheet[0]}”未采用" in file.reason


def test_an_empty_sheet_of_a_template_is_not_worth_a_word(tmp_path: Path) -> None:
    workbook(tmp_path / "甲.xlsx", FORM, (REGISTER_ROW[0], REGISTER_ROW[1], []))
    assert pull_folder(tmp_path, door=applicants()).quarantined == []


@pytest.mark.parametrize("name", ["register.csv", "备案名册.csv", "results.csv", "decisions.csv", "desk/register.csv"])
def test_whoever_lays_the_centre_s_list_into_the_inbox_changes_nothing(home: Path, name: str) -> None:
    sheet = {"register": REGISTER_ROW, "备案名册": REGISTER_ROW, "results": SCORE, "decisions": RULING}[Path(name).stem]
    table(home / "inbox" / name, sheet)
    workbook(home / "inbox" / "甲.xlsx", REGISTER_ROW, RULING)
    assert pulled().done == {"quarantined": 2}
    assert on_file() == []
    assert all("desk文件夹" in reason for reason in reasons())
    assert len(list((home / "quarantine").glob("*.reason.txt"))) == 2


def test_nested_json_is_no_way_round(home: Path) -> None:
    rows = [dict(zip(REGISTER_ROW[1], REGISTER_ROW[2], strict=True))]
    (home / "inbox").mkdir()
    (home / "inbox" / "applications.json").write_text(
        json.dumps({"applications": [{"application_no": "HS1", "uscc": ONE}], "register": rows}, ensure_ascii=False)
    )
    assert pulled().done == {"new": 1, "quarantined": 1}
    assert on_file() == []


def test_the_desk_s_lists_are_the_centre_s_and_on_record(home: Path) -> None:
    table(home / "desk" / "register.csv", REGISTER_ROW)
    with using(Settings(home=home, operator="张三")):
        assert pulled().done == {"register": 1}
    assert on_file() == [ONE]
    (entry,) = imports()
    assert entry["by"] == "张三"
    assert len(json.loads(entry["facts"])["sha256"]) == 64


def imports() -> list[dict[str, str]]:
    """What is on record of files that were brought."""
    with reading() as db:
        entries = history.all_entries(db)
    imported = entries[entries["kind"] == "import"]
    return [{str(name): str(text) for name, text in row.items()} for row in imported.to_dict("records")]


def test_an_application_on_the_desk_belongs_into_the_inbox(home: Path) -> None:
    workbook(home / "desk" / "甲.xlsx", FORM)
    assert pulled().done == {"quarantined": 1}
    assert "请放入收件箱" in reasons()[0]


def test_lists_of_supervision_lie_on_the_desk_too(home: Path) -> None:
    (home / "desk").mkdir()
    (home / "desk" / "检查人员名录.csv").write_text(
        "检查人员编号,姓名,所在单位,在岗\nJC1,王,局,是\nJC2,李,局,在\n", "utf-8"
    )
    (home / "desk" / "抽查结果.xlsx").write_bytes(b"no workbook")
    assert pulled().done == {"inspectors": 1, "quarantined": 2}
    assert [entry["subject"] for entry in imports()] == ["inspectors"]
    assert pulled().done == {}


def test_a_row_of_a_list_that_is_not_taken_is_named_by_file_sheet_and_row(home: Path) -> None:
    wrong = (*RULING[:2], [*RULING[2][:1], "CAP-9", *RULING[2][2:]])
    workbook(home / "desk" / "其一.xlsx", RULING)
    workbook(home / "desk" / "其二.xlsx", wrong, (*HELD, [ONE, COOK, "5", "2026-05-01", "8", "9"]))
    assert pulled().done == {"quarantined": 3}
    with reading() as db:
        aside = [(row["file"], row["sheet"], row["row"]) for row in runs.set_aside(db)]
    assert aside == [("其一.xlsx", "例外审批", "2"), ("其二.xlsx", "例外审批", "2"), ("其二.xlsx", "认定活动", "2")]
    assert all("第2行" in reason for reason in reasons())


def test_a_folder_that_is_given_has_all_three_doors(home: Path, tmp_path: Path) -> None:
    given = tmp_path / "given"
    workbook(given / "甲.xlsx", FORM)
    table(given / "Desk" / "register.csv", REGISTER_ROW)
    table(given / "Results" / "r.csv", SCORE)
    with using(Settings(home=home, result_tokens="required")):
        done = pulled(given).done
    assert done == {"new": 1, "register": 1, "results": 1}, "whoever runs it gives their word for results"
    assert sorted(path.name for path in given.iterdir()) == ["Desk", "Results", "甲.xlsx"]


def test_panels_hand_in_results_and_nothing_else(tmp_path: Path) -> None:
    workbook(tmp_path / "甲.xlsx", SCORE, RULING, REGISTER_ROW)
    pull = pull_folder(tmp_path, door=PANELS)
    assert pull.supplied == {"results"}
    assert "“例外审批、备案名册”未采用：此处只收评估结果" in pull.quarantined[0].reason


def test_an_application_at_the_panels_door_is_told_once(home: Path) -> None:
    occupation = (
        OCCUPATIONS.title,
        ["申报编号", "职业编码", "职业名称", "申报等级", "备注"],
        ["HS1", COOK, "厨师", "5", ""],
    )
    workbook(home / "inbox" / "results" / "甲.xlsx", FORM, occupation)
    counts = pulled()
    assert (counts.done, counts.advice) == ({"quarantined": 1}, [])
    titles = f"{APPLICATIONS.title}、{OCCUPATIONS.title}"
    assert reasons() == [f"文件“甲.xlsx”是“{titles}”，未采用：{PANELS.elsewhere}"]
    assert "请放入收件箱（inbox）" in PANELS.elsewhere


def test_the_desk_takes_a_filled_list_of_results_on_the_clerk_s_word(home: Path) -> None:
    table(home / "desk" / "results.csv", SCORE)
    with using(Settings(home=home, result_tokens="required")):
        assert pulled().done == {"results": 1}


@pytest.mark.parametrize("allowed", ["", "activities"])
def test_applicants_bring_activities_where_that_is_allowed(home: Path, allowed: str) -> None:
    table(home / "inbox" / "activities.csv", ACTIVITY)
    with using(Settings(home=home, source_tables=allowed)):  # type: ignore[arg-type]
        assert pulled().done == ({"activities": 1} if allowed else {"quarantined": 1})
    with reading() as db:
        assert (activities.every(db) is not None) == bool(allowed)


def test_a_folder_of_results_deeper_down_is_a_folder_like_others(home: Path) -> None:
    workbook(home / "inbox" / "甲公司" / "results" / "甲.xlsx", FORM)
    assert pulled().done == {"new": 1}


def test_a_source_s_own_results_are_not_taken(home: Path, tmp_path: Path) -> None:
    table(tmp_path / "elsewhere" / "results" / "results.csv", SCORE)
    with using(Settings(home=home, source=str(tmp_path / "elsewhere"))):  # type: ignore[arg-type]
        assert pulled().done == {"quarantined": 1}


def test_the_desk_is_no_door_for_unreadable_files_to_stop(tmp_path: Path) -> None:
    (tmp_path / "decisions.csv").write_bytes(b"\xff\xff")
    table(tmp_path / "备案名册.csv", REGISTER_ROW)
    pull = pull_folder(tmp_path, door=DESK)
    assert pull.supplied == {"register"}
    assert [file.file for file in pull.quarantined] == ["decisions.csv"]
