"""The cover sheet of a scoring workbook: institution, panel, commitments to be produced, review findings."""

from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from schemas.evaluation import EvaluationPackage
from schemas.letter_lines import ItemLine, item_lines
from schemas.policy import Policy
from tasks.gateways.evaluators.scoring_layout import Styles, row_height
from tasks.gateways.paper.filled_sheet import FilledSheet
from tasks.gateways.paper.visible_text import visible

_WIDTHS = (6, 13, 7, 19, 44, 11)
COVER_COLUMNS = len(_WIDTHS)
_LAST = COVER_COLUMNS - 1
#: By column: the width in characters of it and all columns to its right.
_FROM = tuple(sum(_WIDTHS[first:]) for first in range(COVER_COLUMNS))
_NOBODY = "（由鉴定中心填写）"


def write_cover(sheet: FilledSheet, package: EvaluationPackage, policy: Policy, styles: Styles) -> None:
    """Fill the cover sheet."""
    sheet.merge_range(0, 0, 0, _LAST, "职业技能等级认定评价机构备案评估送评单", styles.title)
    sheet.set_row(0, 34)
    row = _facts(sheet, 1, package, policy, styles)
    row = _commitments(sheet, row + 1, package, policy, styles)
    row = _findings(sheet, row + 1, package, styles)
    _how_to(sheet, row + 1, package, styles)


def lay_out_cover(sheet: Worksheet, rows: int) -> None:
    """Lay out the cover sheet for so many rows, locked, to be printed on one page across."""
    for column, width in enumerate(_WIDTHS):
        sheet.set_column(column, column, width)
    sheet.protect("", {"format_columns": True, "format_rows": True})
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    sheet.print_area(0, 0, rows - 1, _LAST)
    sheet.center_horizontally()
    sheet.set_footer("&C第 &P 页，共 &N 页")


def _facts(sheet: FilledSheet, row: int, package: EvaluationPackage, policy: Policy, styles: Styles) -> int:
    institution = package.institution
    facts = (
        ("申报编号", package.application_no),
        ("申报批次", f"{package.cycle}　{package.kind}　第{package.revision}次送评"),
        ("机构名称", institution.name),
        ("统一社会信用代码", institution.uscc),
        ("机构类型", institution.institution_type),
        ("所属区划", institution.region),
        ("注册地址", institution.registered_address),
        ("联系方式", institution.contact),
        (
            "送评职业等级",
            *(f"{' '.join(_named(line))}（{line.levels}）" for line in _items(package, policy)),
        ),
        ("评估组长", package.panel.leader.name if package.panel.leader else _NOBODY),
        ("评估专家", "、".join(member.name for member in package.panel.members) or _NOBODY),
        ("合格分", f"{package.pass_mark:g}分"),
        ("专家组人数", f"不少于{package.panel_size}人"),
        ("结果报送期限", f"{package.due_on:%Y-%m-%d}"),
    )
    for title, *texts in facts:
        sheet.merge_range(row, 0, row, 2, title, styles.label)
        _across(sheet, row, 3, styles.text, *texts)
        row += 1
    return row


def _items(package: EvaluationPackage, policy: Policy) -> list[ItemLine]:
    named = ((item.occupation_code, item.occupation_name, item.work_type, item.level) for item in package.items)
    return item_lines(named, policy)


def _named(line: ItemLine) -> list[str]:
    return [text for text in (line.occupation_code, line.occupation_name, line.work_type) if text]


def _commitments(sheet: FilledSheet, row: int, package: EvaluationPackage, policy: Policy, styles: Styles) -> int:
    row = _section(sheet, row, "一、评估时须当场提供的承诺材料", styles)
    if not package.commitments:
        return _none(sheet, row, "无。评分表“承诺材料已提供”一栏已预填“是”。", styles)
    note = "申报单位以告知承诺方式提交，评估时未提供的不得评为合格，并在评分表“承诺材料已提供”一栏选“否”。"
    _across(sheet, row, 0, styles.note, note)
    row += 1
    for number, commitment in enumerate(package.commitments, start=1):
        sheet.write_number(row, 0, number, styles.centred)
        sheet.merge_range(row, 1, row, 4, visible(commitment.title(policy)), styles.text)
        sheet.write_string(row, _LAST, "□ 已提供", styles.centred)
        sheet.set_row(row, row_height((), ()))
        row += 1
    return row


def _findings(sheet: FilledSheet, row: int, package: EvaluationPackage, styles: Styles) -> int:
    row = _section(sheet, row, "二、初审意见（请专家组核定）", styles)
    if not package.findings:
        return _none(sheet, row, "无。", styles)
    for column, title in enumerate(("序号", "表", "行", "字段", "意见", "依据")):
        sheet.write_string(row, column, title, styles.header)
    for number, finding in enumerate(package.findings, start=1):
        row += 1
        problem = f"{finding.problem}（所填内容：{finding.value}）" if finding.value else finding.problem
        cells = (str(number), finding.table, str(finding.row or "—"), finding.field, problem, finding.basis)
        for column, text in enumerate(cells):
            sheet.write_string(row, column, visible(text), styles.text if column == _LAST - 1 else styles.centred)
        sheet.set_row(row, row_height(cells, _WIDTHS))
    return row + 1


def _how_to(sheet: FilledSheet, row: int, package: EvaluationPackage, styles: Styles) -> None:
    row = _section(sheet, row, "三、填报说明", styles)
    steps = (
        "1. 在“评分表”工作表中逐行填写黄底单元格，“结论”和“承诺材料已提供”从下拉列表中选择。",
        "2. 灰底单元格和工作表名称请勿改动，请勿增删行；未评估的职业等级整行留空，评估后再次报送。",
        f"3. 填好后保存为.xlsx文件，于{package.due_on:%Y-%m-%d}前报回鉴定中心。",
    )
    for step in steps:
        _across(sheet, row, 0, styles.plain, step)
        row += 1


def _section(sheet: FilledSheet, row: int, title: str, styles: Styles) -> int:
    _across(sheet, row, 0, styles.section, title)
    return row + 1


def _none(sheet: FilledSheet, row: int, text: str, styles: Styles) -> int:
    _across(sheet, row, 0, styles.plain, text)
    return row + 1


def _across(sheet: FilledSheet, row: int, first: int, form: Format, *texts: str) -> None:
    text = "\n".join(map(visible, texts))
    sheet.merge_range(row, first, row, _LAST, text, form)
    # spreadsheets do not fit the height of a row to merged cells
    sheet.set_row(row, row_height([text], [_FROM[first]]))
