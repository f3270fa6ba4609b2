"""The report to the province (报省鉴定中心) on one edition: letter, workbook, machine copy."""

from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from schemas.directory import CHANGE_COLUMNS, CHANGE_KINDS, DIRECTORY_KEY, DIRECTORY_TITLES
from tasks.gateways.disk import files
from tasks.gateways.paper.sheets import Cell, SheetColumn, book
from tasks.gateways.shelf.content import EditionContent
from tasks.gateways.shelf.documents import cover_letter
from tasks.gateways.shelf.manifest import json_bytes, policy_record
from tasks.gateways.shelf.workbook import (
    change_columns,
    directory_cells,
    directory_columns,
    edition_line,
    write_changes,
)

COVER_LETTER = "报送函.docx"
#: What a change tells where nothing but the institution code changed.
_CODE_ALONE = rf"^{DIRECTORY_TITLES['institution_code']}：[^；]*$"


def write_report(
    outbox: Path,
    content: EditionContent,
    number: str = "",
    templates: Path | None = None,
    known: Collection[tuple[str, ...]] = frozenset(),
) -> Path:
    """Write `province/<edition>/` with letter, `report.xlsx` and `report.json`; again, it changes nothing.

    Each file appears whole or not at all. A `cover_letter.docx` in the folder `templates` is used in place of the
    shipped one. Returns the folder.
    """
    folder, told = outbox / "province" / content.name, against_known(content, known)
    files.put(folder, "report.json", report_json(told))
    files.put(folder, "report.xlsx", report_workbook(told))
    files.put(folder, COVER_LETTER, cover_letter(told, number, templates))
    return folder


def against_known(content: EditionContent, known: Collection[tuple[str, ...]]) -> EditionContent:
    """The edition with the changes that are news to the province.

    `known`: DIRECTORY_KEY of what it filed itself, in a register taken over; that is not added, and a code it gave is no
    change to report.
    """
    changed = content.changed
    keys = pd.Series(
        list(changed[DIRECTORY_KEY].itertuples(index=False, name=None)), index=changed.index, dtype="object"
    )
    taken_over = (changed["change"] == "added") & keys.isin(list(known))
    sides = changed["before"].str.match(_CODE_ALONE) & changed["after"].str.match(_CODE_ALONE)
    returned = (changed["change"] == "details_changed") & sides
    return replace(content, changes=changed[~(taken_over | returned)])


def report_json(content: EditionContent) -> bytes:
    """The machine copy: counts that reconcile with `changes.csv`, every change, institutions still without a code."""
    awaiting = content.institutions.query("institution_code == ''")
    report: dict[str, Any] = {
        "edition": content.name,
        "cycle": content.cycle,
        "as_of": content.as_of.isoformat(),
        "policy": policy_record(content.policy),
        "rows_before": content.rows_before,
        "rows": len(content.rows),
        "counts": content.counts,
        "institutions": len(content.institutions),
        "institutions_by_type": content.institutions_by_type(),
        "changes": content.changed[CHANGE_COLUMNS].to_dict("records"),
        "awaiting_institution_code": awaiting[["uscc", "institution_name"]].to_dict("records"),
    }
    return json_bytes(report)


def report_workbook(content: EditionContent) -> bytes:
    """`report.xlsx`: 汇总, 备案变更, 待核发机构编码 (the sheet the province fills in and returns), 目录."""
    title = f"{content.policy.title}职业技能等级认定评价机构备案情况表"
    with book(title, content.as_of) as (made, finished):
        made.sheet("汇总", _SUMMARY, [title, edition_line(content)]).rows(_summary(content))
        write_changes(made.sheet("备案变更", change_columns()), content)
        made.sheet("待核发机构编码", _AWAITING).rows(_awaiting(content))
        made.sheet("目录", directory_columns()).rows(directory_cells(content), filters=True)
    return finished.getvalue()


_SUMMARY = [SheetColumn("项目", 40), SheetColumn("数量", 24, "centred")]
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
