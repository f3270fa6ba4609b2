"""The scoring workbook, out and back: what is locked, what a panel fills in, and what it may not have changed."""

import json
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from schemas.evaluation import EvaluatedInstitution, EvaluatedItem, EvaluationPackage, Panel
from schemas.letter_lines import FindingLine
from schemas.policy import in_force
from schemas.submission import RESULTS, WRITTEN
from tasks.gateways.evaluators import package_files
from tasks.gateways.paper.visible_text import visible
from tasks.gateways.sources.contents import UnreadableError
from tasks.gateways.sources.formats.scoring import Scored, is_scoring_workbook, read_sheets
from tasks.gateways.sources.formats.sheets import Sheet, SheetOpener

pytestmark = pytest.mark.usefixtures("opened_here")

POLICY = in_force(date(2026, 9, 10))

MakePackage = Callable[..., EvaluationPackage]
_HEADER, _FIRST = 4, 5
_HOSTILE = "=cmd|'/c calc'!A0\u202e<script>{{x}}&'\"\x00\n" + "长" * 300


def _open(files: dict[str, bytes]) -> Workbook:
    return openpyxl.load_workbook(BytesIO(files["评分表.xlsx"]))


def _sheets(path: Path) -> list[Sheet]:
    with SheetOpener() as opener:
        return opener.open(path.name, path.read_bytes())


def _column(sheet: Worksheet, title: str) -> int:
    titles = [str(cell.value).rstrip("*") for cell in sheet[_HEADER]]
    return titles.index(title) + 1


def _write(sheet: Worksheet, row: int, **cells: Any) -> None:
    for name, value in cells.items():
        sheet.cell(row, _column(sheet, RESULTS.column(name).title), value)


def _pass(sheet: Worksheet, row: int, **changed: Any) -> None:
    cells = {
        "verdict": "合格",
        "score": 85,
        "commitments_shown": "是",
        "evaluated_on": date(2026, 10, 9),
        "panel_lead": "刘芳",
        "panel_size": 3,
        "remarks": "设备齐全",
    }
    _write(sheet, row, **{**cells, **changed})


def _saved(workbook: Workbook, folder: Path) -> Path:
    path = folder / "评分表.xlsx"
    workbook.save(path)
    return path


@pytest.fixture
def workbook(make_package: MakePackage) -> Workbook:
    return _open(package_files(make_package(), POLICY))


def test_files_are_the_same_bytes_every_time(make_package: MakePackage) -> None:
    package = make_package()
    again = EvaluationPackage.model_validate(json.loads(json.dumps(package.model_dump(mode="json"))))
    assert package_files(package, POLICY) == package_files(again, POLICY)
    assert json.loads(package_files(package, POLICY)["package.json"]) == package.model_dump(mode="json")


def test_the_record_of_a_package_has_its_fields_by_name_and_ends_its_last_line(make_package: MakePackage) -> None:
    record = package_files(make_package(), POLICY)["package.json"].decode()
    assert record == json.dumps(json.loads(record), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def test_a_package_of_text_that_is_no_unicode_is_one_that_cannot_be_made(make_package: MakePackage) -> None:
    institution = EvaluatedInstitution(name="甲\ud800", uscc="X", institution_type="企业")
    with pytest.raises(ValueError, match="surrogates"):
        package_files(make_package(institution=institution), POLICY)


def test_what_a_panel_fills_in_comes_back_as_text(workbook: Workbook, tmp_path: Path) -> None:
    sheet = workbook["评分表"]
    _pass(sheet, _FIRST)
    _pass(sheet, _FIRST + 1, verdict="不合格", score=52.5, commitments_shown="否", remarks=None)
    scored = read_scoring(_saved(workbook, tmp_path))
    assert (scored.application_no, scored.cycle, scored.revision) == ("HS-2026-09-0012", "2026-09", 1)
    assert list(scored.results.columns) == [*RESULTS.names, WRITTEN]
    assert {str(kind) for kind in scored.results.dtypes} == {"str"}
    first, second = scored.results.fillna("").to_dict("records")
    assert first == {
        WRITTEN: "",
        "application_no": "HS-2026-09-0012",
        "occupation_code": "4-03-02-01",
        "work_type": "",
        "level": "1",
        "verdict": "pass",
        "score": "85",
        "evaluated_on": "2026-10-09",
        "panel_lead": "刘芳",
        "panel_size": "3",
        "commitments_shown": "true",
        "remarks": "设备齐全",
    }
    assert (second["level"], second["verdict"], second["score"]) == ("4", "fail", "52.5")
    assert (second["commitments_shown"], second["remarks"]) == ("false", "")


def test_two_work_types_of_one_occupation_are_two_rows(make_package: MakePackage, tmp_path: Path) -> None:
    weld = {"occupation_code": "6-18-02-04", "occupation_name": "焊工", "level": "4"}
    items = [EvaluatedItem(**weld, work_type=work_type) for work_type in ("气焊工", "", "电焊工")]
    workbook = _open(package_files(make_package(items=tuple(items)), POLICY))
    sheet = workbook["评分表"]
    shown = [sheet.cell(row, _column(sheet, "工种")).value for row in range(_FIRST, _FIRST + 3)]
    assert shown == ["", "气焊工", "电焊工"]
    _pass(sheet, _FIRST + 1)
    _pass(sheet, _FIRST + 2, score=90)
    results = read_scoring_workbook(_saved(workbook, tmp_path))
    assert list(zip(results["work_type"], results["score"], strict=True)) == [("气焊工", "85"), ("电焊工", "90")]


def test_rows_left_blank_are_left_out_whatever_was_filled_in_beforehand(workbook: Workbook, tmp_path: Path) -> None:
    sheet = workbook["评分表"]
    assert sheet.cell(_FIRST, _column(sheet, "评估组长")).value == "刘芳"
    _pass(sheet, _FIRST + 2)
    assert read_scoring_workbook(_saved(workbook, tmp_path))["level"].to_list() == ["3"]


def test_a_row_begun_is_handed_on_for_the_rule_book_to_judge(workbook: Workbook, tmp_path: Path) -> None:
    _write(workbook["评分表"], _FIRST, score=70)
    results = read_scoring_workbook(_saved(workbook, tmp_path))
    assert results["score"].to_list() == ["70"]
    assert results["verdict"].isna().all()


@pytest.mark.parametrize(
    ("name", "typed", "text"),
    [
        ("score", "八十五", "八十五"),
        ("score", 850, "850"),
        ("score", "８５", "85"),
        ("score", 85.0, "85"),
        ("score", -1, "-1"),
        ("verdict", " 合 格 ", "pass"),
        ("verdict", "待定", "待定"),
        ("evaluated_on", "2026年10月9日", "2026-10-09"),
        ("evaluated_on", "下周", "下周"),
        ("panel_size", "3", "3"),
        ("commitments_shown", True, "true"),
        ("remarks", "第一行\n第二行", "第一行 第二行"),
    ],
)
def test_whatever_is_typed_comes_back_for_the_rule_book(
    workbook: Workbook, tmp_path: Path, name: str, typed: Any, text: str
) -> None:
    _pass(workbook["评分表"], _FIRST, **{name: typed})
    row = read_scoring_workbook(_saved(workbook, tmp_path)).iloc[0]
    written = {} if pd.isna(row[WRITTEN]) else json.loads(row[WRITTEN])
    assert written.get(name, row[name]) == text
    assert pd.isna(row[name]) == (name in written)


def test_items_without_commitments_have_the_answer_filled_in_and_locked(
    make_package: MakePackage, tmp_path: Path
) -> None:
    workbook = _open(package_files(make_package(commitments=(), panel=Panel()), POLICY))
    sheet = workbook["评分表"]
    cell = sheet.cell(_FIRST, _column(sheet, "承诺材料已提供"))
    assert cell.value == "是"
    assert cell.protection.locked
    assert sheet.cell(_FIRST, _column(sheet, "评估组长")).value is None
    _write(sheet, _FIRST + 1, verdict="合格", score=60, evaluated_on=date(2026, 10, 9), panel_lead="王", panel_size=3)
    results = read_scoring_workbook(_saved(workbook, tmp_path))
    assert results["commitments_shown"].to_list() == ["true"]


def test_only_what_is_to_be_filled_in_is_unlocked_and_marked(workbook: Workbook) -> None:
    sheet = workbook["评分表"]
    assert sheet.protection.sheet
    filled = ["结论", "评分", "承诺材料已提供", "评估日期", "评估组长", "评估专家人数", "备注"]
    unlocked = [
        str(head.value).rstrip("*") for head, cell in zip(sheet[4], sheet[5], strict=True) if not cell.protection.locked
    ]
    assert unlocked == filled
    yellow = [
        str(head.value) for head, cell in zip(sheet[4], sheet[5], strict=True) if cell.fill.fgColor.rgb == "FFFFF2CC"
    ]
    assert yellow == [f"{title}*" for title in filled[:-1]]


def test_lists_drop_down_and_numbers_keep_within_bounds(workbook: Workbook) -> None:
    rules = {rule.promptTitle: rule for rule in workbook["评分表"].data_validations.dataValidation}
    assert rules["结论"].formula1 == '"合格,不合格"'
    assert rules["承诺材料已提供"].formula1 == '"是,否"'
    assert (rules["评分"].type, rules["评分"].formula1, rules["评分"].formula2) == ("decimal", "0", "100")
    assert rules["评估日期"].type == "date"
    assert "不少于3人" in rules["评估专家人数"].prompt
    assert {str(rule.sqref).rstrip("0123456789").split(":")[0][1:] for rule in rules.values()} == {"5"}


def test_it_prints_on_a4_across_with_its_header_on_every_page(workbook: Workbook) -> None:
    sheet = workbook["评分表"]
    assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 9)
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert sheet.page_setup.fitToHeight == 0
    assert sheet.print_title_rows == "$4:$4"
    assert "组长签字" in sheet.oddFooter.right.text
    assert sheet.column_dimensions["A"].hidden
    assert workbook["送评清单"].sheet_state == "veryHidden"


def test_the_cover_says_what_the_panel_must_know(workbook: Workbook) -> None:
    text = "\n".join(str(cell.value) for row in workbook["封面"].iter_rows() for cell in row if cell.value)
    for words in (
        "湖北新冶钢职业培训学校",
        "专家技术技能水平证明",
        "请核对",
        "刘芳",
        "60分",
        "不少于3人",
        "2026-10-25",
    ):
        assert words in text


def test_text_from_outside_is_only_ever_text(make_package: MakePackage, tmp_path: Path) -> None:
    package = make_package(
        application_no=_HOSTILE,
        institution=EvaluatedInstitution(name=_HOSTILE, uscc="=1+1", institution_type="@x", registered_address="\t+1"),
        items=(EvaluatedItem(occupation_code="=2+2", occupation_name=_HOSTILE, level="9"),),
        findings=(FindingLine(rule="X", table="=3", row=0, field="-4", value="", problem=_HOSTILE, basis="+5"),),
    )
    workbook = _open(package_files(package, POLICY))
    cells = [cell for sheet in workbook for row in sheet.iter_rows() for cell in row]
    assert "f" not in {cell.data_type for cell in cells}
    assert workbook["封面"]["D4"].value == visible(_HOSTILE)
    _pass(workbook["评分表"], _FIRST)
    results = read_scoring_workbook(_saved(workbook, tmp_path))
    assert results[["application_no", "occupation_code", "level"]].to_numpy().tolist() == [[_HOSTILE, "=2+2", "9"]]


def read_scoring(path: Path) -> Scored:
    with SheetOpener() as opener:
        return read_sheets(path.name, opener.open(path.name, path.read_bytes()))


def read_scoring_workbook(path: Path) -> pd.DataFrame:
    """The rows filled into a scoring workbook."""
    return read_scoring(path).results


@pytest.mark.parametrize("sheet", ["评分表", "送评清单"])
def test_a_deleted_sheet_is_named(workbook: Workbook, tmp_path: Path, sheet: str) -> None:
    _pass(workbook["评分表"], _FIRST)
    workbook["送评清单"].sheet_state = "visible"
    del workbook[sheet]
    path = _saved(workbook, tmp_path)
    with pytest.raises(UnreadableError, match=f"缺少工作表“{sheet}”"):
        read_scoring_workbook(path)
    assert is_scoring_workbook(_sheets(path))


def _change(title: str, value: Any) -> Callable[[Worksheet], None]:
    def change(sheet: Worksheet) -> None:
        sheet.cell(_FIRST + 1, _column(sheet, title), value)

    return change


def _copy_key(sheet: Worksheet) -> None:
    sheet["A6"] = sheet["A5"].value


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (_change("职业编码", "6-18-02-05"), "第6行“职业编码”（送评时为“6-18-02-04”）已被改动"),
        (_change("等级", "二级/技师"), "第6行“等级”（送评时为“四级/中级工”）已被改动"),
        (_change("申报编号", "HS-2"), "第6行“申报编号”（送评时为“HS"),
        (_change("条目键", "0123456789abcdef"), "第6行不在送评清单内"),
        (_copy_key, "第6行与第5行是同一职业等级"),
        (lambda sheet: sheet.delete_rows(6), "少了1行"),
        (lambda sheet: sheet.delete_cols(_column(sheet, "评分")), "缺少列“评分”"),
        (lambda sheet: sheet.delete_rows(4), "找不到表头"),
        (lambda sheet: sheet.cell(9, 4, "6-01-01-01"), "第9行“职业编码”有内容"),
    ],
)
def test_changed_keys_are_named_with_sheet_row_and_field(
    workbook: Workbook, tmp_path: Path, change: Callable[[Worksheet], None], sentence: str
) -> None:
    sheet = workbook["评分表"]
    _pass(sheet, _FIRST)
    change(sheet)
    with pytest.raises(UnreadableError) as refused:
        read_scoring_workbook(_saved(workbook, tmp_path))
    assert sentence in refused.value.reason
    assert "“评分表.xlsx”的“评分表”" in refused.value.reason


def test_all_changed_cells_are_named_at_once(workbook: Workbook, tmp_path: Path) -> None:
    sheet = workbook["评分表"]
    for row in (5, 6, 7):
        sheet.cell(row, _column(sheet, "申报编号"), "HS-2")
    with pytest.raises(UnreadableError, match=r"第5行“申报编号”.+、第6行“申报编号”.+、第7行“申报编号”.+已被改动"):
        read_scoring_workbook(_saved(workbook, tmp_path))


def test_rows_in_another_order_are_still_the_rows_sent(workbook: Workbook, tmp_path: Path) -> None:
    sheet = workbook["评分表"]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=5, max_row=7)]
    for number, values in enumerate(reversed(rows), start=5):
        for column, value in enumerate(values, start=1):
            sheet.cell(number, column, value)
    _pass(sheet, _FIRST)
    assert read_scoring_workbook(_saved(workbook, tmp_path))["level"].to_list() == ["3"]


def test_a_changed_manifest_is_named(workbook: Workbook, tmp_path: Path) -> None:
    workbook["送评清单"]["A2"] = '{"key": 1}'
    with pytest.raises(UnreadableError, match="隐藏工作表“送评清单”已被改动"):
        read_scoring_workbook(_saved(workbook, tmp_path))


def test_a_workbook_nobody_filled_in_says_so(workbook: Workbook, tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match="一行也未填写"):
        read_scoring_workbook(_saved(workbook, tmp_path))


@pytest.mark.parametrize("content", [b"", b"score,85", b"PK\x03\x04 broken", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 old"])
def test_a_file_that_is_no_workbook_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "评分表.xlsx"
    path.write_bytes(content)
    with pytest.raises(UnreadableError, match=r"评分表\.xlsx"):
        read_scoring_workbook(path)


def test_a_workbook_cut_off_anywhere_is_refused_not_misread(make_package: MakePackage, tmp_path: Path) -> None:
    whole = package_files(make_package(), POLICY)["评分表.xlsx"]
    path = tmp_path / "评分表.xlsx"
    for end in range(0, len(whole), 997):
        path.write_bytes(whole[:end])
        with pytest.raises(UnreadableError):
            read_scoring_workbook(path)


def test_a_damaged_part_is_refused(make_package: MakePackage, tmp_path: Path) -> None:
    path = tmp_path / "评分表.xlsx"
    with (
        zipfile.ZipFile(BytesIO(package_files(make_package(), POLICY)["评分表.xlsx"])) as source,
        zipfile.ZipFile(path, "w") as target,
    ):
        for name in source.namelist():
            content = source.read(name)
            target.writestr(name, content[: len(content) // 2] if "sheet2" in name else content)
    with pytest.raises(UnreadableError):
        read_scoring_workbook(path)


def test_another_workbook_is_none_of_ours(tmp_path: Path) -> None:
    other = Workbook()
    other.active.title = "评估结果"
    path = _saved(other, tmp_path)
    assert not is_scoring_workbook(_sheets(path))
    with pytest.raises(UnreadableError, match="缺少工作表“评分表”“送评清单”"):
        read_scoring_workbook(path)


@pytest.mark.slow
def test_a_workbook_saved_by_libreoffice_reads_the_same(workbook: Workbook, tmp_path: Path) -> None:
    office = shutil.which("soffice")
    assert office, "LibreOffice is needed: apt-get install libreoffice-calc"
    sheet = workbook["评分表"]
    _pass(sheet, _FIRST)
    _pass(sheet, _FIRST + 1, verdict="不合格", score=52.5, commitments_shown="否")
    path = _saved(workbook, tmp_path)
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    command = [office, profile, "--headless", "--convert-to", "xlsx", "--outdir", str(tmp_path / "again"), str(path)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    again = read_scoring_workbook(tmp_path / "again" / "评分表.xlsx")
    assert again.equals(read_scoring_workbook(path))
    assert len(again) == 2


def test_merged_cells_count_for_each_row_they_cover(workbook: Workbook, tmp_path: Path) -> None:
    sheet = workbook["评分表"]
    _pass(sheet, _FIRST)
    _pass(sheet, _FIRST + 1, verdict=None, score=None, evaluated_on=None, remarks=None)
    sheet.protection.disable()
    for title in ("结论", "评分", "评估日期"):
        column = _column(sheet, title)
        sheet.merge_cells(start_row=_FIRST, end_row=_FIRST + 1, start_column=column, end_column=column)
    rows = read_scoring_workbook(_saved(workbook, tmp_path)).fillna("").to_dict("records")
    assert [(row["verdict"], row["score"], row["evaluated_on"]) for row in rows] == [("pass", "85", "2026-10-09")] * 2


@pytest.mark.parametrize(
    "line", ["组长签字：刘芳", "评估日期：2026年10月9日", "备注：以上评分经专家组讨论", "专家签字："]
)
def test_what_a_panel_signs_below_the_table_is_no_row(workbook: Workbook, tmp_path: Path, line: str) -> None:
    sheet = workbook["评分表"]
    _pass(sheet, _FIRST)
    sheet.cell(9, 2, line)
    assert len(read_scoring_workbook(_saved(workbook, tmp_path))) == 1
