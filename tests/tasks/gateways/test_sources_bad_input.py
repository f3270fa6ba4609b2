"""Bad input: what is set aside, with which sentence, and that everything else goes on."""

import json
import os
from pathlib import Path

import polars as pl
import pytest
import xlsxwriter

from schemas import finding
from schemas.submission import FORM_TABLES, TABLES
from tasks.gateways.sources import Pull, pull_file, pull_folder
from tasks.gateways.sources.contents import discreet

pytestmark = pytest.mark.usefixtures("opened_here")

Sheets = dict[str, list[list[object]]]


def workbook(path: Path, sheets: Sheets) -> None:
    book = xlsxwriter.Workbook(path)
    for name, lines in sheets.items():
        sheet = book.add_worksheet(name)
        for place, line in enumerate(lines):
            sheet.write_row(place, 0, line)
    book.close()


def form(number: str, **sheets: list[list[object]]) -> Sheets:
    """A workbook of one application with every sheet of the form."""
    given: Sheets = {table.title: [["申报编号"], [number]] for table in FORM_TABLES}
    return {**given, **{TABLES[name].title: lines for name, lines in sheets.items()}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An inbox in which one good application lies."""
    workbook(tmp_path / "good.xlsx", form("GOOD"))
    return tmp_path


def numbers(pull: Pull, table: str = "applications") -> list[str]:
    return pull.tables[table]["application_no"].tolist()


def only_reason(pull: Pull) -> str:
    (quarantined,) = pull.quarantined
    return quarantined.reason


UNREADABLE = {
    "zero.xlsx": (b"", "空"),
    "zero.csv": (b"", "空"),
    "noise.xlsx": (b"this is no workbook", "另存为.xlsx"),
    "old.xlsx": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "可能已损坏"),
    "locked.xlsx": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "取消密码"),
    "old.xls": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "另存为.xlsx"),
    "notes.csv": (b"a,b\n1,2\n", "applications（基本信息）"),
    "staff.csv": (b"a,b\n1,2\n", "没有“人员队伍”表的表头"),
    "occupations.csv": (b'application_no,levels\nGOOD,5\n"GOOD,4\n', "双引号"),
    "materials.csv": (b"PK\x03\x04\x00\x00", "不是文本文件"),
    "programmes.csv": ("申报编号\nGOOD".encode() + b"\xff\xff\xff", "字符编码"),
    "register.csv": (
        "统一社会信用代码,机构名称\n1,黄石".encode() + b"\xe9\xbb" + "机械厂\n".encode(),
        "第2行有无法识别的字符编码",
    ),
    "staff.parquet": (b"PAR1 and noise PAR1", "Parquet"),
    "broken.json": (b'[{"application_no": "A"},\n]', "第2行不是正确的JSON"),
    "number.json": (b'[{"application_no": ' + b"9" * 5000 + b"}]", "位数过多"),
    "deep.json": (b"[" * 100_000, "嵌套"),
    "other.json": (b'{"version": 1}', "没有任何一张申报表"),
    "shape.json": (b'{"applications": {"application_no": "A"}}', "不是列表"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_file_that_cannot_be_read_is_set_aside_and_the_others_go_on(name: str, folder: Path) -> None:
    content, message = UNREADABLE[name]
    (folder / name).write_bytes(content)
    pull = pull_folder(folder)
    assert [file.file for file in pull.quarantined] == [name]
    assert name in only_reason(pull)
    assert message in only_reason(pull)
    assert "，请" in only_reason(pull), "a reason says how to mend it"
    assert numbers(pull) == ["GOOD"]


def test_a_truncated_workbook_is_set_aside(folder: Path) -> None:
    whole = (folder / "good.xlsx").read_bytes()
    for share in (3, 2):
        (folder / f"half{share}.xlsx").write_bytes(whole[: len(whole) // share])
    pull = pull_folder(folder)
    assert [file.file for file in pull.quarantined] == ["half2.xlsx", "half3.xlsx"]
    assert numbers(pull) == ["GOOD"]


def test_a_workbook_without_the_applications_sheet_is_set_aside(folder: Path) -> None:
    workbook(folder / "staff only.xlsx", {"人员队伍": [["申报编号", "姓名"], ["GOOD", "张三"]]})
    pull = pull_folder(folder)
    assert "缺少“基本信息”工作表" in only_reason(pull)
    assert len(pull.tables["staff"]) == 1


def test_a_workbook_without_any_known_sheet_is_set_aside(folder: Path) -> None:
    workbook(folder / "budget.xlsx", {"Sheet1": [["a"]]})
    assert "请使用统一模板" in only_reason(pull_folder(folder))


def test_a_missing_sheet_is_an_empty_table_and_an_advice(folder: Path) -> None:
    sheets = form("B", applications=[["申报编号", "机构类型"], ["B", "企业"]])
    workbook(folder / "b.xlsx", {name: lines for name, lines in sheets.items() if name not in {"人员队伍", "开设专业"}})
    pull = pull_folder(folder)
    assert numbers(pull) == ["B", "GOOD"]
    assert numbers(pull, "staff") == ["GOOD"]
    (advice,) = pull.advice
    assert (advice.file, advice.application_no) == ("b.xlsx", "B")
    assert "没有“人员队伍”工作表" in advice.sentence


def test_a_technical_school_is_told_of_its_missing_programmes(folder: Path) -> None:
    sheets = form("B", applications=[["申报编号", "机构类型"], ["B", "技工院校"]])
    workbook(folder / "b.xlsx", {name: lines for name, lines in sheets.items() if name != "开设专业"})
    assert ["开设专业" in advice.sentence for advice in pull_folder(folder).advice] == [True]


def test_a_sheet_nobody_knows_is_named(folder: Path) -> None:
    workbook(folder / "b.xlsx", {**form("B"), "备注页": [["说明"]], "空白": []})
    assert [advice.sentence for advice in pull_folder(folder).advice] == [
        "工作簿“b.xlsx”的工作表“备注页”不是申报表，未读取"
    ]


def test_a_sheet_without_a_header_sets_its_workbook_aside(folder: Path) -> None:
    workbook(folder / "b.xlsx", form("B", staff=[["B", "张三"]]))
    pull = pull_folder(folder)
    assert "工作表“人员队伍”前30行没有表头" in only_reason(pull)
    assert numbers(pull) == ["GOOD"]


def test_titles_above_the_header_notes_in_headers_and_merged_cells_are_understood(folder: Path) -> None:
    book = xlsxwriter.Workbook(folder / "b.xlsx")
    for table in FORM_TABLES:
        sheet = book.add_worksheet(f" {table.title}（必填） ")
        sheet.merge_range(0, 0, 0, 3, "黄石市职业技能等级认定机构备案申报表")
        sheet.write_row(2, 0, ["申报\n编号（必填）", "姓　名*", "", "人员类别[下拉选择]"])
        sheet.write(3, 0, "B")
        if table.name == "staff":
            sheet.merge_range(3, 0, 5, 0, "B")
            for line, name in enumerate(["张三", "李四", "王五"], start=3):
                sheet.write_row(line, 1, [name, "", "专家"])
    book.close()
    (folder / "good.xlsx").unlink()
    pull = pull_folder(folder)
    assert pull.quarantined == []
    staff = pull.tables["staff"]
    assert staff[["application_no", "name", "role", "row"]].values.tolist() == [
        ["B", "张三", "expert", 1],
        ["B", "李四", "expert", 2],
        ["B", "王五", "expert", 3],
    ]


def test_unknown_columns_are_kept_out_and_named_once(folder: Path) -> None:
    for name in ("applications.csv", "b/applications.csv"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(f"申报编号,注册资本,\n{name},1,2\n")
    pull = pull_folder(folder)
    named = [(header.file, header.table, header.column) for header in pull.unknown_columns]
    assert named == [(name, "applications", "注册资本") for name in ("applications.csv", "b/applications.csv")]
    assert "注册资本" not in pull.tables["applications"]


def test_a_missing_column_is_a_blank_column(folder: Path) -> None:
    pull = pull_folder(folder)
    assert pull.tables["applications"]["uscc"].isna().all()
    assert (pull.quarantined, pull.unknown_columns, pull.advice) == ([], [], [])


def test_the_same_column_twice_sets_the_file_aside(folder: Path) -> None:
    (folder / "staff.csv").write_text("application_no,姓名,name\nGOOD,张三,李四\n")
    assert "“姓名”出现不止一次" in only_reason(pull_folder(folder))


def test_the_same_column_twice_sets_the_workbook_aside(folder: Path) -> None:
    workbook(folder / "b.xlsx", form("B", staff=[["申报编号", "姓名", "姓名（必填）"], ["B", "张三", "李四"]]))
    pull = pull_folder(folder)
    assert "工作表“人员队伍”表头“姓名”出现不止一次" in only_reason(pull)
    assert numbers(pull) == ["GOOD"]


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ({"a": ["1"]}, "没有“人员队伍”表的任何一列"),
        ({"申报编号": ["GOOD"], "application_no": ["GOOD"]}, "“申报编号”出现不止一次"),
        ({"application_no": [{"no": "GOOD"}]}, "“application_no”不是普通单元格"),
        ({"application_no": [[["GOOD"]]]}, "“application_no”不是普通单元格"),
        ({"application_no": [b"\xff\xfe"]}, "“application_no”无法读作文本"),
    ],
)
def test_a_parquet_file_that_is_no_table_of_ours_is_set_aside(
    cells: dict[str, list[object]], message: str, folder: Path
) -> None:
    pl.DataFrame(cells).write_parquet(folder / "staff.parquet")
    pull = pull_folder(folder)
    assert message in only_reason(pull)
    assert numbers(pull) == ["GOOD"]


def test_a_sheet_without_any_cell_is_an_empty_table(folder: Path) -> None:
    workbook(folder / "b.xlsx", form("B", staff=[]))
    pull = pull_folder(folder)
    assert (numbers(pull), numbers(pull, "staff")) == (["B", "GOOD"], ["GOOD"])
    assert (pull.quarantined, pull.advice) == ([], [])


def test_rows_without_a_number_are_named_and_left_out(folder: Path) -> None:
    (folder / "staff.csv").write_text("申报编号,姓名\nGOOD,张三\n,李四\n,\n\n ,王五\n")
    pull = pull_folder(folder)
    assert only_reason(pull) == "文件“staff.csv”“人员队伍”第3、6行没有申报编号，已搁置，请补填“申报编号”后重新提交"
    assert pull.tables["staff"]["name"].dropna().tolist() == ["张三"]


def test_rows_of_an_application_nobody_filed_are_named_and_left_out(folder: Path) -> None:
    (folder / "staff.csv").write_text("申报编号,姓名\nGOOD,张三\nNOBODY,李四\nNOBODY,王五\n")
    pull = pull_folder(folder)
    assert "“人员队伍”第3、4行的申报编号“NOBODY”不在“基本信息”中" in only_reason(pull)
    assert (pull.quarantined[0].application_no, pull.quarantined[0].whole) == ("NOBODY", False)
    assert pull.tables["staff"]["name"].dropna().tolist() == ["张三"]


def test_rows_of_very_many_unknown_applications_are_one_sentence(folder: Path) -> None:
    (folder / "staff.csv").write_text("申报编号\n" + "".join(f"N{place}\n" for place in range(500)))
    assert "有500行属于“基本信息”中没有的500份申报" in only_reason(pull_folder(folder))


def test_a_workbook_speaks_for_its_own_applications_only(folder: Path) -> None:
    workbook(folder / "b.xlsx", form("B", staff=[["申报编号", "姓名"], ["GOOD", "张三"], ["B", "李四"]]))
    pull = pull_folder(folder)
    assert "第2行的申报编号“GOOD”不在该工作簿的“基本信息”中" in only_reason(pull)
    assert pull.tables["staff"]["name"].dropna().tolist() == ["李四"]


def test_a_number_twice_in_one_file_sets_the_application_aside_whole(folder: Path) -> None:
    lines: list[list[object]] = [["申报编号"], ["A"], ["A"], ["B"]]
    workbook(folder / "many.xlsx", form("A", applications=lines, staff=[["申报编号"], ["A"], ["B"]]))
    pull = pull_folder(folder)
    (quarantined,) = pull.quarantined
    assert (quarantined.application_no, quarantined.file) == ("A", "many.xlsx")
    assert "“A”在本次提交中出现2次（“many.xlsx”第2行、“many.xlsx”第3行）" in quarantined.reason
    assert numbers(pull) == ["GOOD", "B"]
    assert numbers(pull, "staff") == ["GOOD", "B"]


def test_a_number_in_two_files_sets_the_application_aside_whole(folder: Path) -> None:
    (folder / "again").mkdir()
    workbook(folder / "again" / "b.xlsx", form("Ｂ"))
    workbook(folder / "b.xlsx", form("B", staff=[["申报编号", "姓名"], ["B", "另一人"]]))
    pull = pull_folder(folder)
    assert "“again/b.xlsx”第2行、“b.xlsx”第2行" in only_reason(pull)
    assert all(numbers(pull, table.name) == ["GOOD"] for table in FORM_TABLES)


def test_a_line_longer_than_the_header_sets_its_application_aside_whole(folder: Path) -> None:
    (folder / "applications.csv").write_text("application_no\nA\nB\n")
    (folder / "staff.csv").write_text("application_no,name,title\nA,张三,工程师,高级\nA,李四\nB,王五,,,\n")
    pull = pull_folder(folder)
    (quarantined,) = pull.quarantined
    assert quarantined.application_no == "A"
    assert "“staff.csv”第2行比表头多出内容" in quarantined.reason
    assert numbers(pull) == ["B", "GOOD"]
    assert numbers(pull, "staff") == ["GOOD", "B"]


@pytest.mark.parametrize(
    "body", ["A,张三\nA,李四,专家\n", "A\n\nA,李四,,\n", "A,张三,专家\n", "A\n", "\n\nA,张三\n", "", "\n"]
)
def test_lines_shorter_than_the_header_are_blank_at_their_end(body: str, folder: Path) -> None:
    """With and without quotation marks: two ways of reading that must lead to the same rows."""
    pulls = []
    for quote in ("", '"'):
        (folder / "applications.csv").write_text("application_no,uscc\nA,X\n")
        (folder / "staff.csv").write_text(f"application_no,{quote}name{quote},title\n{body}")
        pulls.append(pull_folder(folder))
    plain, quoted = (pull.tables["staff"] for pull in pulls)
    assert plain.equals(quoted)
    assert [pull.quarantined for pull in pulls] == [[], []]
    assert len(plain) == 1 + sum(bool(line) for line in body.splitlines())


def test_a_nested_row_under_another_number_sets_its_application_aside(folder: Path) -> None:
    applications = [
        {"application_no": "A", "staff": [{"application_no": "GOOD", "name": "张三"}]},
        {"application_no": "B", "staff": "张三"},
        {"application_no": "C", "staff": [{"name": {"family": "张"}}]},
        {"application_no": "D", "uscc": "1", "统一社会信用代码": "2"},
        "E",
        {"application_no": "F", "staff": [{"application_no": "F", "name": "\ud800李四"}]},
    ]
    (folder / "applications.json").write_text(json.dumps(applications))
    pull = pull_folder(folder)
    assert numbers(pull) == ["F", "GOOD"]
    assert pull.tables["staff"]["name"].dropna().tolist() == ["\ufffd李四"]
    assert [file.application_no for file in pull.quarantined] == ["", "A", "B", "C", "D"]
    assert all("applications.json" in file.reason for file in pull.quarantined)


def test_results_and_decisions_stay_when_their_application_is_set_aside(folder: Path) -> None:
    (folder / "applications.csv").write_text("application_no\nA\nA\n")
    (folder / "results.csv").write_text("application_no,verdict\nA,pass\nZ,pass\nA,fail\n")
    pull = pull_folder(folder)
    assert pull.tables["results"][["application_no", "row"]].values.tolist() == [["A", 1], ["Z", 1], ["A", 2]]


def test_digits_a_spreadsheet_lost_are_an_advice_and_no_guess(folder: Path) -> None:
    workbook(folder / "b.xlsx", form("B", applications=[["申报编号", "uscc"], ["B", 91420200123456789]]))
    (folder / "applications.csv").write_text(
        "application_no,uscc,contact_phone\nC,9.1420200123456789e17,13800000000.0\n"
    )
    pull = pull_folder(folder)
    rows = pull.tables["applications"].set_index("application_no")
    assert rows["uscc"].isna().all()
    written = {number: json.loads(cells) for number, cells in rows["written"].dropna().items()}
    assert written == {"B": {"uscc": "9.142020012345678e+16"}, "C": {"uscc": "9.1420200123456789e17"}}
    assert pull.tables["applications"]["contact_phone"].dropna().tolist() == ["13800000000"]
    assert [(advice.application_no, "末尾数位已丢失" in advice.sentence) for advice in pull.advice] == [
        ("C", True),
        ("B", True),
    ]


@pytest.mark.parametrize(
    "written",
    ["420204 19900101 1234", "420204-19900101-123X", "4202 0419 9001 0112 34", "420204900101123", "13800138000"],
)
def test_nobody_s_number_is_told_however_it_is_divided(written: str) -> None:
    assert written not in discreet(f"张三{written}.xlsx")


@pytest.mark.parametrize(
    "other",
    [
        "91420200MA48000001",
        "911101077776591113",
        "附件20260910123456789.pdf",
        "6-18-02-04",
        "0714-6300000",
        "HS202609-0001",
    ],
)
def test_other_numbers_are_told_as_they_are(other: str) -> None:
    assert discreet(other) in (other, finding.masked(other)), "18 digits may be a person's"


def test_no_identity_number_is_told(folder: Path) -> None:
    people: list[list[object]] = [
        ["申报编号", "姓名", "证件号码"],
        ["", "张三", "11010519491231002X"],
        ["B", "李四", 110105194912310021],
    ]
    workbook(folder / "b.xlsx", form("B", staff=people))
    pull = pull_folder(folder)
    sentences = [*(file.reason for file in pull.quarantined), *(advice.sentence for advice in pull.advice)]
    assert len(sentences) == 1
    assert not any("1101" in sentence or "张三" in sentence or "1.10105" in sentence for sentence in sentences)


def test_only_submissions_are_read(folder: Path) -> None:
    (folder / "sub" / "deeper").mkdir(parents=True)
    workbook(folder / "sub" / "deeper" / "B.XLSX", form("B"))
    for name in ("results/r.xlsx", "attachments/a.xlsx", ".hidden/h.xlsx", "~$good.xlsx", ".good.xlsx", "scan.pdf"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"not read")
    pull = pull_folder(folder, besides=["results"])
    assert numbers(pull) == ["GOOD", "B"]
    assert [file.file for file in pull.quarantined] == ["scan.pdf"]


def test_links_out_of_the_folder_and_what_is_no_file_are_set_aside(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (outside / "applications.csv").write_text("application_no\nSTOLEN\n")
    (folder / "applications.csv").symlink_to(outside / "applications.csv")
    (folder / "more").symlink_to(outside)
    os.mkfifo(folder / "staff.csv")
    (folder / "gone.csv").symlink_to(folder / "nowhere.csv")
    pull = pull_folder(folder)
    assert numbers(pull) == ["GOOD"]
    assert [file.file for file in pull.quarantined] == ["applications.csv", "gone.csv", "staff.csv"]


def test_a_folder_that_may_not_be_opened_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "locked").mkdir()
    listed = os.scandir

    def refusing(place: str) -> object:
        if Path(place).name == "locked":
            raise PermissionError(13, "Permission denied", place)
        return listed(place)

    monkeypatch.setattr(os, "scandir", refusing)
    pull = pull_folder(folder)
    assert numbers(pull) == ["GOOD"]
    assert "文件夹“locked”无法打开" in only_reason(pull)


def test_a_file_name_of_another_system_is_no_obstacle(folder: Path) -> None:
    (folder / "good.xlsx").rename(folder / os.fsdecode(b"\xbb\xc6\xca\xaf.xlsx"))
    (folder / os.fsdecode(b"\xbb\xc6.xlsx")).write_bytes(b"")
    pull = pull_folder(folder)
    assert numbers(pull) == ["GOOD"]
    assert "\ufffd" in only_reason(pull)
    assert only_reason(pull).encode()


def test_an_empty_folder_gives_the_five_tables_empty(tmp_path: Path) -> None:
    pull = pull_folder(tmp_path)
    assert list(pull.tables) == [table.name for table in FORM_TABLES]
    assert all(frame.empty and "application_no" in frame for frame in pull.tables.values())
    assert pull.supplied == frozenset()


def test_a_table_with_a_header_alone_was_supplied(folder: Path) -> None:
    (folder / "activities.csv").write_text("uscc,held_on\n")
    pl.DataFrame(schema={"uscc": pl.String}).write_parquet(folder / "register.parquet")
    (folder / "decisions.json").write_text("[]")
    pull = pull_folder(folder)
    assert {"activities", "register", "decisions"} < pull.supplied
    assert all(pull.tables[name].empty for name in ("activities", "register", "decisions"))


def test_no_such_folder_or_file_is_one_clear_sentence(tmp_path: Path) -> None:
    with pytest.raises(NotADirectoryError, match="is not a folder: name the folder"):
        pull_folder(tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError, match="is not a file"):
        pull_file(tmp_path / "nowhere.csv", "results")


def test_one_file_of_a_kind_nobody_reads_is_told(tmp_path: Path) -> None:
    (tmp_path / "结果.docx").write_bytes(b"PK")
    (spoilt,) = pull_file(tmp_path / "结果.docx", "results").quarantined
    assert "不能作为评估结果读取" in spoilt.reason
