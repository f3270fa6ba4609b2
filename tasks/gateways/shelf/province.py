"""The report to the province (报省鉴定中心) on one edition: letter, workbook, machine copy; every cell holds one fact."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from expectations.rulebook import rules_of
from schemas.directory import (
    CHANGE_KINDS,
    CHANGE_ORDER,
    DIRECTORY_COLUMNS,
    DIRECTORY_KEY,
    DIRECTORY_TITLES,
)
from schemas.directory_changes import changes, details, in_order
from schemas.rows import records, tuples
from schemas.submission import AFFILIATIONS
from tasks.gateways.disk import files
from tasks.gateways.paper.sheets import Cell, SheetColumn, book, day
from tasks.gateways.shelf.content import EditionContent
from tasks.gateways.shelf.documents import cover_letter
from tasks.gateways.shelf.manifest import json_bytes, policy_record
from tasks.gateways.shelf.workbook import directory_cells, directory_columns, directory_text, edition_line

COVER_LETTER = "报送函.docx"

#: One row of the report: its cells by their names.
Row = dict[str, str]

#: Columns reported with their value before and after a change.
_FACTS = ["levels", "filed_on", "valid_until"]
_NAMED = ["uscc", "institution_name", "occupation_code", "occupation_name", "work_type"]
#: The twelve fields a portal of the province asks for of an institution, with their headers and widths.
BASIC_FIELDS = {
    "institution_name": ("机构名称", 40),
    "uscc": ("统一社会信用代码", 24),
    "institution_type": ("机构类型", 20),
    "affiliation": ("机构属性", 12),
    "institution_code": ("机构编码", 18),
    "region_code": ("所属区划", 20),
    "registered_address": ("注册地址", 40),
    "legal_representative": ("法定代表人", 14),
    "contact_name": ("联系人", 14),
    "contact_phone": ("联系电话", 18),
    "filed_on": ("备案日期", 12),
    "valid_until": ("有效期至", 12),
}


def _blank(*columns: str) -> pd.DataFrame:
    return pd.DataFrame(columns=list(columns), dtype="str")


@dataclass(frozen=True, eq=False)
class Background:
    """The facts a report adds to its edition.

    `before`: rows of the previous edition (DIRECTORY_COLUMNS); `taken_over`: rows that the province has on file from the
    register we took over, though no edition has reported them; `particulars` and `exceptions`: from `tasks.store.editions`.
    """

    before: pd.DataFrame
    taken_over: pd.DataFrame = field(default_factory=lambda: _blank(*DIRECTORY_COLUMNS))
    particulars: pd.DataFrame = field(default_factory=lambda: _blank("uscc"))
    exceptions: pd.DataFrame = field(default_factory=lambda: _blank("uscc"))


def write_report(
    outbox: Path, content: EditionContent, background: Background, number: str = "", templates: Path | None = None
) -> Path:
    """Write `province/<edition>/` with letter, `report.xlsx` and `report.json`; again, it changes nothing.

    Each file appears whole or not at all. A `cover_letter.docx` in the folder `templates` is used in place of the
    shipped one. Returns the folder.
    """
    folder = outbox / "province" / content.name
    report, background = as_news_to_province(content, background)
    rows = report_rows(report, background)
    files.put(folder, "report.json", report_json(report, rows))
    files.put(folder, "report.xlsx", report_workbook(report, rows))
    files.put(folder, COVER_LETTER, cover_letter(report, number, templates))
    return folder


def as_news_to_province(content: EditionContent, background: Background) -> tuple[EditionContent, Background]:
    """The edition with only the changes that are news to the province, and the background with the rows it has on file.

    A row taken over from the province's register is not reported as added, only what changed in it since; nor is an
    institution code, which the province itself assigned.
    """
    changed = content.changed
    added = changed["change"] == "added"
    on_file = background.taken_over[_keys(background.taken_over).isin(list(_keys(changed[added])))]
    keys = list(_keys(on_file))
    became = changes(on_file, content.listed[_keys(content.listed).isin(keys)], content.as_of)
    background = replace(background, before=pd.concat([background.before, on_file]))
    changed = pd.concat([changed[~(added & _keys(changed).isin(keys))], became])
    news = set(_keys(_details(content, background)))
    returned = (changed["change"] == "details_changed") & ~_keys(changed).isin(news)
    reported = changed[~returned].sort_values(CHANGE_ORDER, ignore_index=True)
    return replace(content, changes=reported), background


def _keys(rows: pd.DataFrame) -> "pd.Series[Any]":
    keys = list(tuples(rows[DIRECTORY_KEY]))
    return pd.Series(keys, index=rows.index, dtype="object")


def _details(content: EditionContent, background: Background) -> pd.DataFrame:
    """The particulars that changed, but for codes the province gave; one a row."""
    changed = details(background.before, content.rows)
    return changed[changed["field"] != "institution_code"]


def change_rows(content: EditionContent, background: Background) -> list[Row]:
    """Every change with what was on file before it and after it, each fact apart."""
    rows = content.changed
    for side, directory in (("before", background.before), ("after", content.rows)):
        facts = in_order(directory)[[*DIRECTORY_KEY, *_FACTS]]
        facts_of_side = facts.rename(columns={name: f"{name}_{side}" for name in _FACTS})
        rows = rows.merge(facts_of_side, on=DIRECTORY_KEY, how="left")
    columns = [f"{name}_{side}" for name in _FACTS for side in ("before", "after")]
    return rows[["change", *_NAMED, *columns, "reason", "document_no"]].astype("str").fillna("").pipe(records)


def detail_rows(content: EditionContent, background: Background) -> list[Row]:
    """Every particular behind a `details_changed`, one a row."""
    changed = content.changed.query("change == 'details_changed'")[[*_NAMED, "reason", "document_no"]]
    rows = changed.merge(_details(content, background), on=DIRECTORY_KEY)
    return rows[[*_NAMED, "field", "before", "after", "reason", "document_no"]].pipe(records)


def institution_rows(content: EditionContent, background: Background) -> list[Row]:
    """BASIC_FIELDS of every institution listed; on file since its earliest day, until its latest."""
    terms = content.listed.groupby("uscc").agg(filed_on=("filed_on", "min"), valid_until=("valid_until", "max"))
    rows = content.institutions.merge(terms, on="uscc").merge(background.particulars, on="uscc", how="left")
    return rows.reindex(columns=[*BASIC_FIELDS]).astype("str").fillna("").pipe(records)


def exception_rows(content: EditionContent, background: Background) -> list[Row]:
    """The permissions behind what is reported, each with its rule's sentence and its document."""
    names = content.institutions.set_index("uscc")["institution_name"]
    book_of_rules = rules_of(content.policy)
    return [
        {
            "uscc": row["uscc"],
            "institution_name": str(names.get(row["uscc"], "")),
            "application_no": row["application_no"],
            "occupation_code": row["occupation_code"],
            "rule": row["rule"],
            "sentence": book_of_rules[row["rule"]].message_zh if row["rule"] in book_of_rules else "",
            "document_no": row["document_no"],
            "decided_by": row["decided_by"],
            "decided_on": str(row["decided_at"])[:10],
            "reason": row["reason"],
        }
        for row in records(background.exceptions)
    ]


def report_rows(content: EditionContent, background: Background) -> dict[str, list[Row]]:
    """The rows that a report lists, in its workbook as in its machine copy."""
    return {
        "changes": change_rows(content, background),
        "particulars": institution_rows(content, background),
        "details": detail_rows(content, background),
        "exceptions": exception_rows(content, background),
    }


def report_json(content: EditionContent, rows: dict[str, list[Row]]) -> bytes:
    """The machine copy: counts that reconcile with `changes.csv`, every change, institutions still without a code."""
    awaiting = content.institutions.query("institution_code == ''")
    listed = {f"levels_{side}" for side in ("before", "after")}
    report: dict[str, Any] = {
        "edition": content.name,
        "cycle": content.cycle,
        "as_of": content.as_of.isoformat(),
        "policy": policy_record(content.policy),
        "history": content.history.model_dump(),
        "rows_before": content.rows_before,
        "rows": len(content.rows),
        "counts": content.counts,
        "institutions": len(content.institutions),
        "institutions_by_type": content.institutions_by_type(),
        "changes": [
            {name: list(filter(None, cell.split(","))) if name in listed else cell for name, cell in row.items()}
            for row in rows["changes"]
        ],
        "particulars": rows["particulars"],
        "details": rows["details"],
        "exceptions": rows["exceptions"],
        "awaiting_institution_code": awaiting[["uscc", "institution_name"]].to_dict("records"),
    }
    return json_bytes(report)


def report_workbook(content: EditionContent, rows: dict[str, list[Row]]) -> bytes:
    """`report.xlsx`: 汇总, 评价机构情况, 备案变更, 信息变更, 例外审批, 待核发机构编码 (which the province returns), 目录."""
    title = f"{content.policy.title}职业技能等级认定评价机构备案情况表"
    with book(title, content.as_of) as (made, finished):
        made.sheet("汇总", _SUMMARY, [title, edition_line(content)]).rows(_summary(content))
        made.sheet("评价机构情况", _BASIC).rows(_basic(content, rows["particulars"]), filters=True)
        made.sheet("备案变更", _CHANGES).rows(_changes(content, rows["changes"]), filters=True)
        made.sheet("信息变更", _DETAILS).rows(_changed_details(content, rows["details"]), filters=True)
        made.sheet("例外审批", _EXCEPTIONS).rows((tuple(row.values()) for row in rows["exceptions"]), filters=True)
        made.sheet("待核发机构编码", _AWAITING).rows(_awaiting(content))
        made.sheet("目录", directory_columns()).rows(directory_cells(content.listed, content), filters=True)
    return finished.getvalue()


_SUMMARY = [SheetColumn("项目", 40), SheetColumn("数量", 24, "centred")]
_BASIC = [
    SheetColumn(title, width, "date" if name in ("filed_on", "valid_until") else "text")
    for name, (title, width) in BASIC_FIELDS.items()
]
_OF_A_ROW = [
    SheetColumn("统一社会信用代码", 22, "centred"),
    SheetColumn("机构名称", 34),
    SheetColumn("职业编码", 14, "centred"),
    SheetColumn("职业名称", 22),
    SheetColumn("工种", 16),
]
_WHY = [SheetColumn("事由", 40), SheetColumn("文号", 26)]
_CHANGES = [
    SheetColumn("变更类型", 12, "centred"),
    *_OF_A_ROW,
    *(
        SheetColumn(f"{DIRECTORY_TITLES[name]}（变更{side}）", 20, "centred" if name == "levels" else "date")
        for name in _FACTS
        for side in ("前", "后")
    ),
    *_WHY,
]
_DETAILS = [*_OF_A_ROW, SheetColumn("变更项目", 18), SheetColumn("变更前", 34), SheetColumn("变更后", 34), *_WHY]
_EXCEPTIONS = [
    SheetColumn("统一社会信用代码", 22, "centred"),
    SheetColumn("机构名称", 34),
    SheetColumn("申报编号", 18),
    SheetColumn("职业编码", 14, "centred"),
    SheetColumn("规则", 12, "centred"),
    SheetColumn("例外事项", 44),
    SheetColumn("文号", 26),
    SheetColumn("审批人", 14),
    SheetColumn("审批日期", 14, "centred"),
    SheetColumn("理由", 40),
]
_AWAITING = [
    SheetColumn(DIRECTORY_TITLES["uscc"], 24, "centred"),
    SheetColumn(DIRECTORY_TITLES["institution_name"], 60),
    SheetColumn(DIRECTORY_TITLES["institution_code"], 24, "centred"),
]


def _summary(content: EditionContent) -> Iterator[tuple[Cell, Cell]]:
    yield "上版目录（项）", content.rows_before
    for kind, title in CHANGE_KINDS.items():
        yield f"{title}（项）", content.counts[kind]
    yield "本版目录（项）", len(content.rows)
    yield "备案机构（家）", len(content.institutions)
    for code, count in content.institutions_by_type().items():
        yield f"其中：{content.type_titles[code]}（家）", count


def _awaiting(content: EditionContent) -> Iterator[tuple[Cell, Cell, Cell]]:
    awaiting = content.institutions.query("institution_code == ''")
    for uscc, name in awaiting[["uscc", "institution_name"]].itertuples(index=False, name=None):
        yield uscc, name, ""


def _basic(content: EditionContent, institutions: list[Row]) -> Iterator[tuple[Cell, ...]]:
    for row in institutions:
        cells = {**row, "affiliation": AFFILIATIONS.get(row["affiliation"], row["affiliation"])}
        for name in ("institution_type", "region_code"):
            cells[name] = directory_text(name, row[name], content)
        yield tuple(day(cells[name]) if name in ("filed_on", "valid_until") else cells[name] for name in BASIC_FIELDS)


def _changes(content: EditionContent, changed: list[Row]) -> Iterator[tuple[Cell, ...]]:
    sets = {row[f"levels_{side}"] for row in changed for side in ("before", "after")}
    levels = {text: directory_text("levels", text, content) for text in sets}
    for row in changed:
        cells: dict[str, Cell] = dict(row)
        cells["change"] = CHANGE_KINDS[row["change"]]
        for side in ("before", "after"):
            cells[f"levels_{side}"] = levels[row[f"levels_{side}"]]
            for name in ("filed_on", "valid_until"):
                cells[f"{name}_{side}"] = day(row[f"{name}_{side}"])
        yield tuple(cells.values())


def _changed_details(content: EditionContent, changed: list[Row]) -> Iterator[tuple[Cell, ...]]:
    for row in changed:
        sides = {side: directory_text(row["field"], row[side], content) for side in ("before", "after")}
        yield tuple({**row, **sides, "field": DIRECTORY_TITLES[row["field"]]}.values())
