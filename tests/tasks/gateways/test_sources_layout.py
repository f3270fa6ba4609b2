"""Sheets as offices lay them out: each small workbook with what must be read of it, and what must be told."""

import json
import re
import shutil
import subprocess
import tempfile
import zipfile
from datetime import date, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest
import xlsxwriter
import xlwt
from hypothesis import given, settings
from hypothesis import strategies as st

from expectations.side_tables import readable
from expectations.verdict import _with_headers
from schemas.policy import shipped
from schemas.submission import TABLES, WRITTEN, headers_key
from tasks.gateways.sources import Pull, pull_file, pull_folder
from tasks.gateways.sources.formats import sandbox_process
from tasks.gateways.sources.formats.layout import NUMBER

pytestmark = pytest.mark.usefixtures("opened_here")

CASES = Path(__file__).parent / "cases"
HEAD = ["申报编号", "统一社会信用代码", "机构名称"]
FORM = ["HS202609-X001", "91420202MAF013024R", "黄石试验机械有限公司"]
OCCUPATIONS = ["申报编号", "职业编码", "职业名称", "申报等级"]
ROW = ["HS202609-X001", "6-18-01-01", "车工", "5,4"]


def pulled(folder: Path, case: str) -> Pull:
    shutil.copy(CASES / case, folder / case)
    return pull_folder(folder)


def numbers(pull: Pull) -> list[str]:
    return list(pull.tables["applications"]["application_no"])


@pytest.mark.parametrize(
    ("case", "number", "items"),
    [
        ("c03.xlsx", "HS202609-C003", ["5,4", "5,4,3"]),
        ("c05.xlsx", "HS202609-C005", ["5,4", "5,4,3"]),
        ("c12.xlsx", "HS202609-C012", ["5,4"]),
        ("c17.xlsx", "HS202609-C017", ["5,4"]),
        ("c18.xlsx", "HS202609-C018", ["5,4"]),
        ("l1.xlsx", "HS202609-L001", ["5,4,3"]),
    ],
)
def test_a_small_workbook_holds_one_application(case: str, number: str, items: list[str], tmp_path: Path) -> None:
    pull = pulled(tmp_path, case)
    assert numbers(pull) == [number]
    assert list(pull.tables["occupations"]["levels"]) == items
    assert set(pull.tables["occupations"]["application_no"]) == {number}
    assert len(pull.tables["staff"]) == 6
    assert not [file for file in pull.quarantined if "隐藏" not in file.reason]


def test_a_hidden_sheet_is_told_once(tmp_path: Path) -> None:
    (file,) = pulled(tmp_path, "c12.xlsx").quarantined
    assert "申报职业（旧）" in file.reason
    assert "未读取" in file.reason


def test_credit_codes_are_what_they_mean(tmp_path: Path) -> None:
    codes = pulled(tmp_path, "f.xlsx").tables["applications"]["uscc"]
    assert [code for code in codes if len(code) != 18] == ["420200000012345", "MAF005112"]
    assert codes[0] == "91420202MAF0050406"
    assert codes[13] == "91420202MAF0051712"


def test_a_workbook_of_odd_words_is_read(tmp_path: Path) -> None:
    """The words stand below rows in the form's own; the last row of people and of occupations names two things at once."""
    tables = pulled(tmp_path, "g.xlsx").tables
    staff, material, occupations = tables["staff"][6:-1], tables["materials"][16:], tables["occupations"]
    roles = ["examiner", "supervisor", "supervisor", "full_time", "expert", "supervisor", *["examiner"] * 9]
    assert staff["role"].tolist() == roles
    assert staff["id_type"].tolist() == [*["resident_id"] * 8, *["other"] * 5, *["resident_id"] * 2]
    assert material["material"].tolist() == [
        *["legal_person_certificate"] * 3,
        *["application_form", "credit_report", "undertaking", "social_insurance_proof", "credit_report"],
        *["site_equipment_proof", "expert_skill_proof", "management_rules", "surveillance_description"],
    ]
    assert material["form"].tolist() == [*["file"] * 8, *["commitment"] * 2, *["file"] * 2]
    assert occupations["audience"][:-1].tolist() == [*["staff"] * 4, *["public"] * 2, *["students"] * 2, *["staff"] * 2]
    assert [tables["staff"]["role"].isna().sum(), occupations["audience"].isna().sum()] == [1, 1]


def book(path: Path, **sheets: list[list[Any]]) -> None:
    made = openpyxl.Workbook()
    made.remove(made.worksheets[0])
    for title, lines in sheets.items():
        sheet = made.create_sheet(title)
        for line in lines:
            sheet.append(line)
    made.save(path)


@pytest.mark.parametrize(
    "title",
    [
        "申报职业",
        "二、申报职业",
        "表2 申报职业",
        "申报职业表",
        "申报职业（续）",
        "2.申报职业清单",
        "申报职业 - 表格 1",
        "职业信息",
    ],
)
def test_a_sheet_is_known_whatever_stands_around_its_name(title: str, tmp_path: Path) -> None:
    book(tmp_path / "a.xlsx", **{"表1 基本信息": [HEAD, FORM], title: [OCCUPATIONS, ROW]})
    assert list(pull_folder(tmp_path).tables["occupations"]["levels"]) == ["5,4"]


@pytest.mark.parametrize("title", ["申报职业（旧）", "示例", "填写说明", "申报职业样表"])
def test_old_sheets_and_examples_are_told_and_not_read(title: str, tmp_path: Path) -> None:
    book(tmp_path / "a.xlsx", **{"基本信息": [HEAD, FORM], title: [OCCUPATIONS, ROW]})
    pull = pull_folder(tmp_path)
    assert pull.tables["occupations"].empty
    assert len(pull.quarantined) == 1


BELOW = [
    ["合计", "", "", "2"],
    ["备注：1. 本表一式两份", "", "", ""],
    ["填表人：王某", "", "", "2026年9月1日"],
    ["（盖章）", "", "", ""],
]
EARLY = [["示例：HS202609-0000", "6-00-00-00", "某工", "5"], ["必填", "必填，下拉选择", "必填", "填写5至1"]]


@pytest.mark.parametrize("lines", [*([line] for line in BELOW), BELOW])
def test_lines_below_a_table_are_no_rows(lines: list[list[str]], tmp_path: Path) -> None:
    book(tmp_path / "a.xlsx", 基本信息=[HEAD, FORM, *lines], 申报职业=[OCCUPATIONS, ROW, *lines])
    pull = pull_folder(tmp_path)
    assert numbers(pull) == ["HS202609-X001"]
    assert len(pull.tables["occupations"]) == 1


@pytest.mark.parametrize("line", EARLY)
def test_examples_under_a_header_are_no_rows(line: list[str], tmp_path: Path) -> None:
    book(tmp_path / "a.xlsx", 基本信息=[HEAD, line, FORM], 申报职业=[OCCUPATIONS, line, ROW])
    pull = pull_folder(tmp_path)
    assert numbers(pull) == ["HS202609-X001"]
    assert len(pull.tables["occupations"]) == 1


@pytest.mark.parametrize("row", [["联系人", "", "欧小兰"], ["HS202609-X009", "", "只有名称"], ["注册地址", "", ""]])
def test_no_application_is_born_of_a_row_that_is_none(row: list[str], tmp_path: Path) -> None:
    book(tmp_path / "a.xlsx", 基本信息=[HEAD, FORM, row], 申报职业=[OCCUPATIONS, ROW])
    pull = pull_folder(tmp_path)
    assert numbers(pull) == ["HS202609-X001"]
    assert len(pull.quarantined) == 1
    assert "第3行" in pull.quarantined[0].reason


def test_a_header_may_stand_in_two_lines_below_titles(tmp_path: Path) -> None:
    made = xlsxwriter.Workbook(tmp_path / "a.xlsx")
    form = made.add_worksheet("基本信息")
    form.write_row(0, 0, HEAD)
    form.write_row(1, 0, FORM)
    sheet = made.add_worksheet("申报职业")
    for line in range(14):
        sheet.write(line, 0, f"说明{line}")
    sheet.merge_range(14, 0, 15, 0, "申报编号")
    sheet.merge_range(14, 1, 14, 3, "职业")
    sheet.write_row(15, 1, ["职业代码", "职业名称", "级别"])
    sheet.write_row(16, 0, ROW)
    made.close()
    pull = pull_folder(tmp_path)
    assert pull.tables["occupations"][["occupation_code", "levels"]].to_numpy().tolist() == [["6-18-01-01", "5,4"]]


def test_hidden_rows_are_told_and_not_read(tmp_path: Path) -> None:
    made = openpyxl.Workbook()
    sheet = made.worksheets[0]
    sheet.title = "基本信息"
    for line in (HEAD, FORM, ["HS202609-X002", *FORM[1:]]):
        sheet.append(line)
    sheet.row_dimensions[3].hidden = True
    made.save(tmp_path / "a.xlsx")
    pull = pull_folder(tmp_path)
    assert numbers(pull) == ["HS202609-X001"]
    (file,) = pull.quarantined
    assert "第3行已隐藏" in file.reason


def test_a_formula_without_its_value_and_an_error_are_no_blanks(tmp_path: Path) -> None:
    made = openpyxl.Workbook()
    sheet = made.worksheets[0]
    sheet.title = "基本信息"
    sheet.append([*HEAD, "联系人", "提交时间"])
    sheet.append([*FORM, "=A1", "#REF!"])
    sheet["E2"].data_type = "e"
    made.save(tmp_path / "a.xlsx")
    written = pull_folder(tmp_path).tables["applications"]["written"][0]
    assert '"contact_name": "="' in written
    assert '"submitted_at": "#REF!"' in written


def test_an_old_workbook_is_read(tmp_path: Path) -> None:
    made = xlwt.Workbook(encoding="utf-8")
    for title, lines in {"基本信息": [HEAD, FORM], "申报职业": [OCCUPATIONS, ROW]}.items():
        sheet = made.add_sheet(title)
        for place, line in enumerate(lines):
            for column, cell in enumerate(line):
                sheet.write(place, column, cell)
    for suffix in ("xls", "et"):
        folder = tmp_path / suffix
        folder.mkdir()
        made.save(folder / f"申报表.{suffix}")
        pull = pull_folder(folder)
        assert numbers(pull) == ["HS202609-X001"]
        assert list(pull.tables["occupations"]["levels"]) == ["5,4"]


def test_days_are_counted_from_where_the_workbook_counts_them(tmp_path: Path) -> None:
    made = xlsxwriter.Workbook(tmp_path / "a.xlsx", {"date_1904": True})
    sheet = made.add_worksheet("基本信息")
    sheet.write_row(0, 0, [*HEAD, "提交时间"])
    sheet.write_row(1, 0, [*FORM, 46266 - 1462])
    made.close()
    assert list(pull_folder(tmp_path).tables["applications"]["submitted_at"]) == ["2026-09-01T00:00:00"]


def test_a_workbook_protected_against_changes_is_read_and_one_with_a_password_is_told(tmp_path: Path) -> None:
    from msoffcrypto.format.ooxml import OOXMLFile

    plain = BytesIO()
    made = openpyxl.Workbook()
    made.worksheets[0].title = "基本信息"
    for line in (HEAD, FORM):
        made.worksheets[0].append(line)
    made.save(plain)
    for name, password in (("protected", "VelvetSweatshop"), ("locked", "secret")):
        with (tmp_path / f"{name}.xlsx").open("wb") as target:
            OOXMLFile(BytesIO(plain.getvalue())).encrypt(password, target)
    pull = pull_folder(tmp_path)
    assert numbers(pull) == ["HS202609-X001"]
    (file,) = pull.quarantined
    assert "设有打开密码" in file.reason


def test_of_several_versions_in_one_pull_the_latest_counts(tmp_path: Path) -> None:
    head = [*HEAD, "提交时间"]
    for name, moment, levels in (("申报表", "2026-09-03 10:00", "5"), ("申报表 - 更正", "2026年9月4日", "5,4")):
        row = [*ROW[:3], levels]
        book(tmp_path / f"{name}.xlsx", 基本信息=[head, [*FORM, moment]], 申报职业=[OCCUPATIONS, row])
    shutil.copy(tmp_path / "申报表 - 更正.xlsx", tmp_path / "申报表 - 更正 - 副本.xlsx")
    pull = pull_folder(tmp_path)
    assert numbers(pull) == ["HS202609-X001"]
    assert list(pull.tables["occupations"]["levels"]) == ["5,4"]


def lists(folder: Path, moment: str, levels: str, name: str = "") -> None:
    """The lists of one application, each a CSV of its own."""
    folder.mkdir(exist_ok=True)
    tables = {"基本信息": [[*HEAD, "提交时间"], [*FORM, moment]], "申报职业": [OCCUPATIONS, [*ROW[:3], levels]]}
    for title, rows in tables.items():
        text = "".join(",".join(f'"{cell}"' for cell in row) + "\n" for row in rows)
        (folder / f"{title}{name}.csv").write_text(text, "utf-8")


def test_of_several_folders_of_lists_the_latest_version_counts(tmp_path: Path) -> None:
    lists(tmp_path, "2026-09-03 10:00", "5")
    lists(tmp_path / "更正", "2026年9月4日", "5,4")
    lists(tmp_path / "更正（副本）", "2026年9月4日", "5,4")
    pull = pull_folder(tmp_path)
    assert numbers(pull) == ["HS202609-X001"]
    assert list(pull.tables["occupations"]["levels"]) == ["5,4"]
    assert [file.file for file in pull.quarantined] == ["基本信息.csv"]


def test_a_workbook_that_corrects_a_folder_of_lists_counts(tmp_path: Path) -> None:
    lists(tmp_path / "原件", "2026-09-03 10:00", "5")
    rows = {"基本信息": [[*HEAD, "提交时间"], [*FORM, "2026-09-05"]], "申报职业": [OCCUPATIONS, [*ROW[:3], "5,4"]]}
    book(tmp_path / "更正.xlsx", **rows)
    assert list(pull_folder(tmp_path).tables["occupations"]["levels"]) == ["5,4"]


@pytest.mark.parametrize("folder", ["", "更正"])
def test_versions_whose_rows_nobody_can_tell_apart_are_set_aside(tmp_path: Path, folder: str) -> None:
    """Two in one folder; two of which one has rows in a third place."""
    lists(tmp_path, "2026-09-03 10:00", "5")
    lists(tmp_path / folder, "2026-09-04", "5,4", "（更正）")
    if folder:
        lists(tmp_path / "补充", "2026-09-04", "3")
        (tmp_path / "补充" / "基本信息.csv").unlink()
    pull = pull_folder(tmp_path)
    assert numbers(pull) == []
    assert "出现2次" in pull.quarantined[0].reason


def test_a_copy_beside_the_original_is_one(tmp_path: Path) -> None:
    book(tmp_path / "申报表.xlsx", 基本信息=[HEAD, FORM], 申报职业=[OCCUPATIONS, ROW])
    shutil.copy(tmp_path / "申报表.xlsx", tmp_path / "申报表 - 副本.xlsx")
    pull = pull_folder(tmp_path)
    assert numbers(pull) == ["HS202609-X001"]
    assert len(pull.tables["occupations"]) == 1
    assert pull.quarantined == []


@pytest.mark.parametrize(
    ("case", "taken"),
    [("k05.xlsx", [2, 3, 7, 10, 12, 14, 15, 16, 17, 18]), ("k04.xlsx", [2, 6, 7, 12, 13, 15])],
)
def test_a_register_is_taken_over_row_by_row(case: str, taken: list[int]) -> None:
    policy = shipped()[-1]
    pull = pull_file(CASES / case, "register")
    frame = pull.tables["register"]
    rows, left_out = readable(frame, policy.table(TABLES["register"]), policy)
    assert [frame["line"][place - 1] for place in rows["row"]] == taken
    named = sorted(int(re.findall(r"第(\d+)行", row.sentence)[0]) for row in left_out)
    assert named == [int(row.line) for row in left_out]
    assert sorted({*named, *taken}) == list(range(2, len(frame) + 2))
    assert set(rows["level"]) == {"5"}


def test_all_levels_of_a_register_may_stand_in_one_cell(tmp_path: Path) -> None:
    head = ["统一社会信用代码", "机构名称", "机构类型", "所属区划", "职业编码", "levels", "备案日期", "有效期至"]
    row = ["91420202MAF05060XG", "某校", "社会组织", "大冶", "6-18-01-01", "5,4,3", "2024.9.20", "2027.9.19"]
    book(tmp_path / "目录.xlsx", 备案名册=[head, row])
    policy = shipped()[-1]
    frame = pull_file(tmp_path / "目录.xlsx", "register").tables["register"]
    rows, left_out = readable(frame, policy.table(TABLES["register"]), policy)
    assert list(rows["level"]) == ["5,4,3"]
    assert left_out == []


STAFF = ["申报编号", "人员类别", "姓名", "证件类型", "证件号码"]


def test_a_sheet_without_a_required_column_says_what_its_headers_are_in_the_row(tmp_path: Path) -> None:
    occupations: list[list[Any]] = [[*OCCUPATIONS[:3], "技能水平", "打印次序"], [*ROW, 1], ["", "", "", "", ""]]
    book(tmp_path / "甲.xlsx", 基本信息=[HEAD, FORM], 申报职业=occupations)
    (row,) = pull_folder(tmp_path).tables["occupations"].to_dict("records")
    assert json.loads(row[WRITTEN])[headers_key("levels")] == "“技能水平”、“打印次序”"
    assert "occupation_code" not in json.loads(row[WRITTEN])


def test_a_sheet_with_all_its_columns_may_have_others(tmp_path: Path) -> None:
    book(
        tmp_path / "甲.xlsx",
        基本信息=[HEAD, FORM],
        申报职业=[[*OCCUPATIONS, "服务对象", "打印次序"], [*ROW, "公众", 1]],
    )
    assert pull_folder(tmp_path).tables["occupations"][WRITTEN].isna().all()


def test_the_letter_names_the_headers_of_a_sheet_that_lacks_the_column() -> None:
    rows = pl.DataFrame(
        {"levels": [None, None, "5"], WRITTEN: [json.dumps({headers_key("levels"): "“技能水平”"}), None, None]}
    )
    sentences = rows.select(_with_headers("levels", pl.lit("请填写")))["literal"].to_list()
    assert sentences == [
        "请填写（该表没有这一列，有不认识的列“技能水平”，如即其中之一，请改用统一模板的列名）",
        "请填写",
        "请填写",
    ]


def test_a_sheet_nobody_can_place_where_a_required_one_is_missing_sets_all_aside(tmp_path: Path) -> None:
    sheets = {"基本信息": [HEAD, FORM], "申报职业": [OCCUPATIONS, ROW], "Sheet7": [["甲", "乙"], ["张三", "李四"]]}
    book(tmp_path / "甲.xlsx", **sheets)
    pull = pull_folder(tmp_path)
    assert numbers(pull) == []
    (file,) = pull.quarantined
    assert file.application_no == FORM[0]
    assert "没有“人员队伍、申报材料”工作表，而工作表“Sheet7”看不出是哪张表" in file.reason


def test_a_sheet_that_is_simply_missing_is_judged_as_missing(tmp_path: Path) -> None:
    book(tmp_path / "甲.xlsx", 基本信息=[HEAD, FORM], 申报职业=[OCCUPATIONS, ROW])
    pull = pull_folder(tmp_path)
    assert numbers(pull) == [FORM[0]]
    assert sorted(advice.sentence[-40:] for advice in pull.advice)


@pytest.mark.parametrize("separator", [",", "\t", ";", "|", "，"])
@pytest.mark.parametrize("first", ["", "sep={}\n", '"sep={}"\n'])
def test_cells_of_a_text_file_stand_between_any_of_these(separator: str, first: str, tmp_path: Path) -> None:
    lines = [HEAD, [*FORM[:2], "黄石机械(甲)"]]
    text = first.format(separator) + "".join(separator.join(line) + "\n" for line in lines)
    (tmp_path / "applications.csv").write_text(text, "utf-8")
    (row,) = pull_folder(tmp_path).tables["applications"].to_dict("records")
    assert [row["application_no"], row["uscc"], row["institution_name"]] == lines[1]


def test_levels_with_semicolons_stay_cells_between_commas(tmp_path: Path) -> None:
    (tmp_path / "applications.csv").write_text(f"{','.join(HEAD)}\n{','.join(FORM)}\n", "utf-8")
    (tmp_path / "occupations.csv").write_text(f"{','.join(OCCUPATIONS)}\n{','.join([*ROW[:3], '5;4;3'])}\n", "utf-8")
    assert pull_folder(tmp_path).tables["occupations"]["levels"].tolist() == ["5,4,3"]


def old_workbook(path: Path) -> None:
    made = xlwt.Workbook(encoding="utf-8")
    sheet = made.add_sheet("基本信息")
    for place, line in enumerate([HEAD, FORM, ["HS202609-X002", *FORM[1:]], ["HS202609-X003", *FORM[1:]]]):
        for column, cell in enumerate(line):
            sheet.write(place, column, cell)
    sheet.row(2).hidden = True
    sheet.row(2).height_mismatch = True
    made.save(path)


@pytest.mark.parametrize("packed", ["deflated", "stored", "bzip2", "behind other bytes", "with a comment"])
def test_hidden_rows_are_found_however_the_workbook_is_packed(packed: str) -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(["a"])
    sheet.append(["b"])
    sheet.row_dimensions[2].hidden = True
    book.save(written := BytesIO())
    kinds = {"stored": zipfile.ZIP_STORED, "bzip2": zipfile.ZIP_BZIP2}
    made = BytesIO(b"other bytes" if packed.startswith("behind") else b"")
    with (
        zipfile.ZipFile(written) as old,
        zipfile.ZipFile(made, "a", kinds.get(packed, zipfile.ZIP_DEFLATED)) as archive,
    ):
        archive.comment = b"said" if packed == "with a comment" else b""
        for name in old.namelist():
            archive.writestr(name, old.read(name))
    assert sandbox_process._beside(made.getvalue()) == ({"Sheet": [1]}, {"Sheet": []}, False)


@pytest.mark.parametrize("harm", ["checksum", "name", "stream"])
def test_a_damaged_sheet_is_not_looked_into(harm: str) -> None:
    book = openpyxl.Workbook()
    book.worksheets[0].row_dimensions[1].hidden = True
    book.save(made := BytesIO())
    data, name = bytearray(made.getvalue()), b"xl/worksheets/sheet1.xml"
    place = data.index(name)
    if harm == "name":
        data[place] ^= 1
    elif harm == "stream":
        data[place + len(name)] = 0xFF
    else:
        listed = data.rindex(name)
        data[listed - 30] ^= 1
    assert sandbox_process._beside(bytes(data)) == ({}, {}, False)


def test_hidden_rows_of_an_old_workbook_are_told_and_not_read(tmp_path: Path) -> None:
    old_workbook(tmp_path / "a.xls")
    pull = pull_folder(tmp_path)
    assert numbers(pull) == ["HS202609-X001", "HS202609-X003"]
    (file,) = pull.quarantined
    assert (file.sheet, file.row) == ("基本信息", "3")


def test_a_workbook_with_macros_is_read_and_they_are_not_run(tmp_path: Path) -> None:
    book(tmp_path / "a.xlsx", 基本信息=[HEAD, FORM])
    with zipfile.ZipFile(tmp_path / "a.xlsx", "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"\xd0\xcf\x11\xe0 a macro")
    (tmp_path / "a.xlsx").rename(tmp_path / "申报表.xlsm")
    assert numbers(pull_folder(tmp_path)) == [FORM[0]]


@pytest.mark.slow
@pytest.mark.parametrize("suffix", ["xlsx", "xls", "ods", "et"])
def test_libreoffice_writes_what_reads_the_same(suffix: str, tmp_path: Path) -> None:
    office = shutil.which("soffice")
    assert office, "LibreOffice is needed: apt-get install libreoffice-calc"
    made = openpyxl.Workbook()
    made.remove(made.worksheets[0])
    days = [
        [*HEAD, "提交时间"],
        [*FORM, datetime(2026, 9, 1, 9, 30)],
        ["HS202609-X002", *FORM[1:], datetime(2026, 9, 2)],
    ]
    rows = [
        OCCUPATIONS,
        ROW,
        [*ROW[:3], "5-3"],
        [None, "6-18-01-02", "铣工", date(2005, 4, 3)],
        ["合计", None, None, 3],
    ]
    for title, lines in {"基本信息": days, "申报职业": rows}.items():
        sheet = made.create_sheet(title)
        for line in lines:
            sheet.append(line)
    made["基本信息"].row_dimensions[3].hidden = True
    made["申报职业"].merge_cells("A3:A4")
    (tmp_path / "made").mkdir()
    made.save(tmp_path / "made" / "申报表.xlsx")
    kind = "xls" if suffix == "et" else suffix
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    command = [office, profile, "--headless", "--convert-to", kind, "--outdir", str(tmp_path / "again")]
    subprocess.run([*command, str(tmp_path / "made" / "申报表.xlsx")], check=True, capture_output=True, timeout=120)
    (written,) = (tmp_path / "again").iterdir()
    written.rename(written.with_suffix(f".{suffix}"))
    first, again = pull_folder(tmp_path / "made"), pull_folder(tmp_path / "again")
    assert numbers(again) == [FORM[0]]
    assert again.tables["occupations"]["levels"].tolist() == ["5,4", "5,4,3", "5,4,3"]
    for name in ("applications", "occupations"):
        assert again.tables[name].equals(first.tables[name])
    assert [file.row for file in again.quarantined] == [file.row for file in first.quarantined] == ["3"]


_TEXTS = st.text(st.sampled_from("备注合计联系人示例填表日期HS0129-/ 　()（）：:.A车工"), max_size=12)


@settings(max_examples=60, deadline=None)
@given(lines=st.lists(st.lists(_TEXTS, min_size=3, max_size=3), max_size=6), elsewhere=st.lists(_TEXTS, max_size=3))
def test_no_row_makes_an_application_without_a_number_and_a_code_or_rows(
    lines: list[list[str]], elsewhere: list[str]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        rows = [[number, "6-18-01-01", "车工", "5"] for number in elsewhere]
        book(Path(folder) / "甲.xlsx", 基本信息=[HEAD, *lines], 申报职业=[OCCUPATIONS, *rows])
        pull = pull_folder(Path(folder))
    filed = pull.tables["applications"]
    with_rows = set(pull.tables["occupations"]["application_no"])
    for number, code in zip(filed["application_no"], filed["uscc"].fillna(""), strict=True):
        assert re.search(NUMBER, number), number
        assert code or number in with_rows
