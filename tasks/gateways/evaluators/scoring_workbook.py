"""The scoring workbook a panel fills in: cover, scoring sheet, hidden manifest."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from io import BytesIO
from typing import Any
from zipfile import ZipFile

from xlsxwriter import Workbook
from xlsxwriter.utility import xl_col_to_name, xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet

from schemas.evaluation import EvaluationPackage
from schemas.policy import Policy
from tasks.gateways.evaluators import scoring_layout as layout
from tasks.gateways.evaluators.scoring_cover import COVER_COLUMNS, lay_out_cover, write_cover
from tasks.gateways.evaluators.scoring_layout import Styles, row_height
from tasks.gateways.paper.filled_sheet import FilledSheet, Surroundings, Texts
from tasks.gateways.paper.packing import Packed, joined, pack
from tasks.gateways.paper.visible_text import visible

_STAMP = datetime(2021, 2, 2)
_KEPT_AS_TEXT = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
_FIRST_DAY, _LAST_DAY = date(2020, 1, 1), date(2099, 12, 31)
#: The mark that an application's number replaces in a sheet laid out for any.
_NUMBER = "@number@"
_COVER_PART, _SCORING_PART, _MANIFEST_PART = (f"xl/worksheets/sheet{number}.xml" for number in (1, 2, 3))
_TEXTS_PART, _BOOK_PART = "xl/sharedStrings.xml", "xl/workbook.xml"
_LAST_COLUMN = len(layout.FIELDS) - 1
_WIDTH, _ITEM_WIDTHS = sum(field.width for field in layout.FIELDS), [field.width for field in layout.ITEM_FIELDS]


def scoring_workbook(package: EvaluationPackage, policy: Policy, token: str = "") -> bytes:
    """The workbook as xlsx bytes; the same package, policy and token give the same bytes."""
    lines = layout.lines(package, policy)
    model = _model(len(lines), package.pass_mark, package.panel_size)
    texts = Texts()
    cover, scoring, manifest = FilledSheet(texts), FilledSheet(texts), FilledSheet(texts)
    write_cover(cover, package, policy, model.styles)
    _write_scoring(scoring, package, lines, model.styles)
    _write_manifest(manifest, layout.head(package, token), lines)
    number = visible(package.application_no)[:60].replace("&", "&&")
    return joined(
        {
            **model.parts,
            _COVER_PART: cover.as_part(model.sheets[_COVER_PART], {}),
            _SCORING_PART: scoring.as_part(model.sheets[_SCORING_PART], {_NUMBER: number}),
            _MANIFEST_PART: manifest.as_part(model.sheets[_MANIFEST_PART], {}),
            _TEXTS_PART: texts.as_part(),
            _BOOK_PART: _book(model.book, model.cover_rows, cover.height),
        }
    )


@dataclass(frozen=True)
class _Model:
    """A workbook laid out for so many items, without its cells: its fixed parts, and the XML around those to be filled."""

    styles: Styles
    parts: Mapping[str, Packed]
    sheets: Mapping[str, Surroundings]
    book: str
    cover_rows: int


@lru_cache(maxsize=128)
def _model(items: int, pass_mark: float, panel_size: int) -> _Model:
    """The layout of workbooks with so many items, written by xlsxwriter with every look in use."""
    buffer = BytesIO()
    with Workbook(buffer, _KEPT_AS_TEXT) as book:
        book.set_properties({"title": "评分表", "created": _STAMP})
        styles = Styles(book)
        cover, scoring, manifest = map(book.add_worksheet, (layout.COVER, layout.SCORING, layout.MANIFEST))
        for row, look in enumerate(styles.all()):
            cover.write_blank(row, 0, None, look)
        for sheet in (scoring, manifest):
            sheet.write_string(0, 0, "-", styles.plain)
        lay_out_cover(cover, rows := len(styles.all()))
        _lay_out(scoring, items)
        _restrict(scoring, items, pass_mark, panel_size, styles)
        manifest.protect()
        manifest.very_hidden()
    with ZipFile(buffer) as written:
        texts = {name: written.read(name) for name in written.namelist()}
    changing = (_COVER_PART, _SCORING_PART, _MANIFEST_PART)
    return _Model(
        styles=styles,
        parts={name: pack(text) for name, text in texts.items() if name not in changing},
        sheets={name: Surroundings.of(texts[name].decode()) for name in changing},
        book=texts[_BOOK_PART].decode(),
        cover_rows=rows,
    )


@lru_cache(maxsize=1024)
def _book(book: str, laid_out: int, rows: int) -> Packed:
    """The part `workbook.xml`, with the cover's print area for the rows that there are."""
    return pack(book.replace(_cover_area(laid_out), _cover_area(rows)).encode())


def _cover_area(rows: int) -> str:
    """The cover's print area as it stands in the workbook's names."""
    return f"{layout.COVER}!$A$1:${xl_col_to_name(COVER_COLUMNS - 1)}${rows}<"


def _write_manifest(sheet: FilledSheet, head: layout.ManifestHead, lines: list[layout.ManifestLine]) -> None:
    sheet.write_string(0, 0, head.as_json())
    for row, line in enumerate(lines, start=1):
        sheet.write_string(row, 0, line.as_json())


def _write_scoring(
    sheet: FilledSheet, package: EvaluationPackage, lines: list[layout.ManifestLine], styles: Styles
) -> None:
    last = _LAST_COLUMN
    sheet.merge_range(0, 1, 0, last, "职业技能等级认定评价机构备案评估评分表", styles.title)
    named = f"机构名称：{visible(package.institution.name)}　　申报批次：{package.cycle}　　第{package.revision}次送评"
    sheet.merge_range(1, 1, 1, last, named, styles.plain)
    sheet.merge_range(2, 1, 2, last, _instruction(package), styles.note)
    for column, field in enumerate(layout.FIELDS):
        starred = f"{field.title}*" if field.fills and field.required else field.title
        sheet.write_string(layout.HEADER_ROW, column, starred, styles.header)
    for row, height in enumerate((34, row_height([named], [_WIDTH]), 24, 34)):
        sheet.set_row(row, height)
    for number, line in enumerate(lines, start=1):
        _write_row(sheet, number, line, styles)


def _instruction(package: EvaluationPackage) -> str:
    return (
        f"每行一个职业等级。黄底单元格须填写，灰底单元格请勿改动；合格分为{package.pass_mark:g}分，"
        f"评估专家不少于{package.panel_size}人，结果请于{package.due_on:%Y-%m-%d}前报回。"
    )


def _write_row(sheet: FilledSheet, number: int, line: layout.ManifestLine, styles: Styles) -> None:
    row = layout.HEADER_ROW + number
    sheet.set_row(row, row_height(line.item_cells, _ITEM_WIDTHS))
    sheet.write_string(row, 0, line.key, styles.locked)
    sheet.write_number(row, 1, number, styles.locked)
    for column, text in enumerate(line.item_cells, start=2):
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


def _restrict(sheet: Worksheet, rows: int, pass_mark: float, panel_size: int, styles: Styles) -> None:
    first, last = layout.FIRST_ROW, layout.FIRST_ROW + rows - 1
    for name, rule in _rules(panel_size).items():
        column = layout.column_of(name)
        sheet.data_validation(first, column, last, column, {"ignore_blank": True, **rule})
    verdict, score = layout.column_of("verdict"), layout.column_of("score")
    passed = f'{xl_rowcol_to_cell(first, verdict, col_abs=True)}="{layout.VERDICTS[0]}"'
    scored = xl_rowcol_to_cell(first, score, col_abs=True)
    criteria = f'=AND({passed},{scored}<>"",{scored}<{pass_mark:g})'
    rule = {"type": "formula", "criteria": criteria, "format": styles.contradiction}
    sheet.conditional_format(first, verdict, last, score, rule)


def _rules(panel_size: int) -> dict[str, dict[str, Any]]:
    return {
        "verdict": _one_of(layout.VERDICTS, "结论"),
        "commitments_shown": _one_of(layout.SHOWN, "承诺材料已提供"),
        "score": {
            "validate": "decimal",
            "criteria": "between",
            "minimum": 0,
            "maximum": 100,
            **_explain("评分", "请填写0至100之间的数字"),
        },
        "evaluated_on": {
            "validate": "date",
            "criteria": "between",
            "minimum": _FIRST_DAY,
            "maximum": _LAST_DAY,
            **_explain("评估日期", "请填写日期，如2026-09-20"),
        },
        "panel_size": {
            "validate": "integer",
            "criteria": "between",
            "minimum": 1,
            "maximum": 99,
            **_explain("评估专家人数", f"请填写实际参加评估的专家人数，不少于{panel_size}人"),
        },
    }


def _one_of(words: list[str], title: str) -> dict[str, Any]:
    return {"validate": "list", "source": words, **_explain(title, f"请选择：{'、'.join(words)}")}


def _explain(title: str, message: str) -> dict[str, str]:
    return {"input_title": title, "input_message": message, "error_title": title, "error_message": message}


def _lay_out(sheet: Worksheet, rows: int) -> None:
    for column, field in enumerate(layout.FIELDS):
        sheet.set_column(column, column, field.width, None, {"hidden": column == 0})
    sheet.protect("", {"format_columns": True, "format_rows": True})
    sheet.freeze_panes(layout.FIRST_ROW, 0)
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(layout.HEADER_ROW)
    sheet.print_area(0, 1, layout.HEADER_ROW + rows, _LAST_COLUMN)
    sheet.center_horizontally()
    sheet.set_footer(
        f"&L申报编号：{_NUMBER}&C第 &P 页，共 &N 页&R组长签字：＿＿＿＿＿＿　专家签字：＿＿＿＿＿＿＿＿＿＿"
    )
