"""The scoring workbook a panel fills in: cover, scoring sheet, hidden manifest."""

from datetime import date, datetime
from io import BytesIO
from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.utility import xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet

from schemas.evaluation import EvaluationPackage
from schemas.policy import Policy
from tasks.gateways.evaluators import scoring_layout as layout
from tasks.gateways.evaluators.scoring_cover import write_cover
from tasks.gateways.evaluators.scoring_layout import Styles, row_height
from tasks.gateways.paper.packing import packed
from tasks.gateways.paper.visible_text import visible

_STAMP = datetime(2021, 2, 2)
_KEPT_AS_TEXT = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
_FIRST_DAY, _LAST_DAY = date(2020, 1, 1), date(2099, 12, 31)


def scoring_workbook(package: EvaluationPackage, policy: Policy, token: str = "") -> bytes:
    """The workbook as xlsx bytes; the same package, policy and token give the same bytes."""
    buffer = BytesIO()
    with Workbook(buffer, _KEPT_AS_TEXT) as workbook:
        workbook.set_properties({"title": "评分表", "created": _STAMP})
        styles, lines = Styles(workbook), layout.lines(package, policy)
        cover = workbook.add_worksheet(layout.COVER)
        scoring = workbook.add_worksheet(layout.SCORING)
        manifest = workbook.add_worksheet(layout.MANIFEST)
        write_cover(cover, package, policy, styles)
        _write_scoring(scoring, package, lines, styles)
        _write_manifest(manifest, layout.head(package, token), lines)
    return packed(buffer.getvalue())


def _write_manifest(sheet: Worksheet, head: layout.ManifestHead, lines: list[layout.ManifestLine]) -> None:
    sheet.write_string(0, 0, head.as_json())
    for row, line in enumerate(lines, start=1):
        sheet.write_string(row, 0, line.as_json())
    sheet.protect()
    sheet.very_hidden()


def _write_scoring(
    sheet: Worksheet, package: EvaluationPackage, lines: list[layout.ManifestLine], styles: Styles
) -> None:
    last = len(layout.FIELDS) - 1
    sheet.merge_range(0, 1, 0, last, "职业技能等级认定评价机构备案评估评分表", styles.title)
    named = f"机构名称：{visible(package.institution.name)}　　申报批次：{package.cycle}　　第{package.revision}次送评"
    sheet.merge_range(1, 1, 1, last, named, styles.plain)
    sheet.merge_range(2, 1, 2, last, _instruction(package), styles.note)
    for column, field in enumerate(layout.FIELDS):
        sheet.set_column(column, column, field.width, None, {"hidden": column == 0})
        starred = f"{field.title}*" if field.fills and field.required else field.title
        sheet.write_string(layout.HEADER_ROW, column, starred, styles.header)
    for row, height in enumerate((34, row_height([named], [sum(field.width for field in layout.FIELDS)]), 24, 34)):
        sheet.set_row(row, height)
    for number, line in enumerate(lines, start=1):
        _write_row(sheet, number, line, styles)
    _restrict(sheet, len(lines), package, styles)
    _lay_out(sheet, len(lines), package)


def _instruction(package: EvaluationPackage) -> str:
    return (
        f"每行一个职业等级。黄底单元格须填写，灰底单元格请勿改动；合格分为{package.pass_mark:g}分，"
        f"评估专家不少于{package.panel_size}人，结果请于{package.due_on:%Y-%m-%d}前报回。"
    )


def _write_row(sheet: Worksheet, number: int, line: layout.ManifestLine, styles: Styles) -> None:
    row = layout.HEADER_ROW + number
    sheet.set_row(row, row_height(line.shown, [field.width for field in layout.ITEM_FIELDS]))
    sheet.write_string(row, 0, line.key, styles.locked)
    sheet.write_number(row, 1, number, styles.locked)
    for column, text in enumerate(line.shown, start=2):
        sheet.write_string(row, column, text, styles.locked)
    for column, field in enumerate(layout.FIELDS):
        if not field.fills:
            continue
        text = line.prefilled.get(field.fills, "")
        settled = field.fills == "commitments_shown" and bool(text)
        form = styles.locked if settled else styles.cell(field.fills, required=field.required)
        if text:
            sheet.write_string(row, column, text, form)
        else:
            sheet.write_blank(row, column, None, form)


def _restrict(sheet: Worksheet, rows: int, package: EvaluationPackage, styles: Styles) -> None:
    first, last = layout.FIRST_ROW, layout.FIRST_ROW + rows - 1
    for name, rule in _rules(package).items():
        column = layout.column_of(name)
        sheet.data_validation(first, column, last, column, {"ignore_blank": True, **rule})
    verdict, score = layout.column_of("verdict"), layout.column_of("score")
    passed = f'{xl_rowcol_to_cell(first, verdict, col_abs=True)}="{layout.VERDICTS[0]}"'
    scored = xl_rowcol_to_cell(first, score, col_abs=True)
    criteria = f'=AND({passed},{scored}<>"",{scored}<{package.pass_mark:g})'
    rule = {"type": "formula", "criteria": criteria, "format": styles.contradiction}
    sheet.conditional_format(first, verdict, last, score, rule)


def _rules(package: EvaluationPackage) -> dict[str, dict[str, Any]]:
    return {
        "verdict": _one_of(layout.VERDICTS, "结论"),
        "commitments_shown": _one_of(layout.SHOWN, "承诺材料已提供"),
        "score": {
            "validate": "decimal",
            "criteria": "between",
            "minimum": 0,
            "maximum": 100,
            **_said("评分", "请填写0至100之间的数字"),
        },
        "evaluated_on": {
            "validate": "date",
            "criteria": "between",
            "minimum": _FIRST_DAY,
            "maximum": _LAST_DAY,
            **_said("评估日期", "请填写日期，如2026-09-20"),
        },
        "panel_size": {
            "validate": "integer",
            "criteria": "between",
            "minimum": 1,
            "maximum": 99,
            **_said("评估专家人数", f"请填写实际参加评估的专家人数，不少于{package.panel_size}人"),
        },
    }


def _one_of(words: list[str], title: str) -> dict[str, Any]:
    return {"validate": "list", "source": words, **_said(title, f"请选择：{'、'.join(words)}")}


def _said(title: str, message: str) -> dict[str, str]:
    return {"input_title": title, "input_message": message, "error_title": title, "error_message": message}


def _lay_out(sheet: Worksheet, rows: int, package: EvaluationPackage) -> None:
    last = len(layout.FIELDS) - 1
    sheet.protect("", {"format_columns": True, "format_rows": True})
    sheet.freeze_panes(layout.FIRST_ROW, 0)
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(layout.HEADER_ROW)
    sheet.print_area(0, 1, layout.HEADER_ROW + rows, last)
    sheet.center_horizontally()
    number = visible(package.application_no)[:60].replace("&", "&&")
    sheet.set_footer(
        f"&L申报编号：{number}&C第 &P 页，共 &N 页&R组长签字：＿＿＿＿＿＿　专家签字：＿＿＿＿＿＿＿＿＿＿"
    )
