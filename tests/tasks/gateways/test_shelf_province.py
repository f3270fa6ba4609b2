"""The report to the province reconciles with the edition it reports on."""

import json
import os
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from docx import Document

from schemas.directory import CHANGE_KINDS
from schemas.directory_changes import in_order
from tasks.gateways.shelf import Background, EditionContent
from tasks.gateways.shelf import write_report as write
from tasks.gateways.shelf.province import BASIC_FIELDS, as_news_to_province
from tests.editions import HOSTILE, edition, hostile, ordinary, row
from tests.editions import directory as frame_of


def before_it() -> pd.DataFrame:
    """The directory before: one institution not yet in it, two that are gone, and lower levels."""
    before = ordinary().assign(levels="5").iloc[1:]
    gone = frame_of(
        [row("已到期机构", "91420200MA48000008", valid_until="2026-09-01"), row("移出机构", "91420200MA48000009")]
    )
    return frame_of(
        [*before.fillna("").itertuples(index=False, name=None), *gone.fillna("").itertuples(index=False, name=None)]
    )


@pytest.fixture
def content() -> EditionContent:
    return edition(ordinary(), before=before_it())


def write_report(outbox: Path, content: EditionContent, before: pd.DataFrame | None = None, **background: Any) -> Path:
    return write(outbox, content, Background(before_it() if before is None else before, **background))


def test_counts_reconcile_with_the_changes(tmp_path: Path, content: EditionContent) -> None:
    folder = write_report(tmp_path, content)
    assert folder == tmp_path / "province" / "2026-09.1"
    report = json.loads((folder / "report.json").read_bytes())
    counts = report["counts"]
    assert counts == {kind: sum(change["change"] == kind for change in report["changes"]) for kind in CHANGE_KINDS}
    assert (counts["added"], counts["expired"], counts["removed"]) == (1, 1, 1)
    assert report["rows_before"] + counts["added"] - counts["expired"] - counts["removed"] == report["rows"] == 7
    assert sum(report["institutions_by_type"].values()) == report["institutions"] == 4
    assert len(report["changes"]) == len(content.changes)


def test_the_workbook_says_the_same(tmp_path: Path, content: EditionContent) -> None:
    folder = write_report(tmp_path, content)
    report = json.loads((folder / "report.json").read_bytes())
    book = openpyxl.load_workbook(folder / "report.xlsx")
    assert book.sheetnames == ["汇总", "评价机构情况", "备案变更", "信息变更", "例外审批", "待核发机构编码", "目录"]
    summary = {line[0].value: line[1].value for line in book["汇总"].iter_rows(min_row=4)}
    assert {summary[f"{title}（项）"]: kind for kind, title in CHANGE_KINDS.items()}
    assert {kind: summary[f"{title}（项）"] for kind, title in CHANGE_KINDS.items()} == report["counts"]
    assert (summary["上版目录（项）"], summary["本版目录（项）"]) == (report["rows_before"], report["rows"])
    assert book["备案变更"].max_row == 1 + len(report["changes"])
    assert book["目录"].max_row == 1 + report["rows"]
    awaiting = [[cell.value for cell in line] for line in book["待核发机构编码"].iter_rows(min_row=2)]
    assert [line[0] for line in awaiting] == [one["uscc"] for one in report["awaiting_institution_code"]]
    assert [line[2] for line in awaiting] == [None, None, None]
    assert [cell.value for cell in book["待核发机构编码"][1]] == ["统一社会信用代码", "机构名称", "机构编码"]


def test_the_letter_counts_and_asks_for_codes(tmp_path: Path, content: EditionContent) -> None:
    document = Document(str(write_report(tmp_path, content) / "报送函.docx"))
    text = "\n".join(paragraph.text for paragraph in document.paragraphs)
    assert "省职业技能鉴定中心：" in text
    assert "目录上版8项，本版7项" in text
    assert "黄石市职业技能鉴定指导中心" in text, "the authority signs what files and publishes, and nothing else"
    assert "其中3家机构尚无机构编码" in text
    lines = {line.cells[0].text: line.cells[1].text for line in document.tables[0].rows}
    assert (lines["新增"], lines["到期失效"], lines["移出目录"]) == ("1", "1", "1")


def test_nobody_is_asked_for_codes_that_are_there(tmp_path: Path) -> None:
    all_coded = edition(ordinary().assign(institution_code="Y00042000001"))
    document = Document(str(write_report(tmp_path, all_coded) / "报送函.docx"))
    assert "尚无机构编码" not in "\n".join(paragraph.text for paragraph in document.paragraphs)


def test_writing_it_again_writes_nothing(tmp_path: Path, content: EditionContent) -> None:
    folder = write_report(tmp_path, content)
    inodes = {path.name: path.stat().st_ino for path in folder.iterdir()}
    assert len(inodes) == 3
    write_report(tmp_path, content)
    assert {path.name: path.stat().st_ino for path in folder.iterdir()} == inodes


def test_a_failed_write_leaves_no_half_file(
    tmp_path: Path, content: EditionContent, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_report(tmp_path, content)
    assert list((tmp_path / "province" / "2026-09.1").iterdir()) == []


def test_hostile_names_stay_text_in_the_report(tmp_path: Path) -> None:
    folder = write_report(tmp_path, edition(hostile()))
    book = openpyxl.load_workbook(BytesIO((folder / "report.xlsx").read_bytes()))
    assert {cell.data_type for worksheet in book for line in worksheet.iter_rows() for cell in line} <= {"s", "n", "d"}
    report = json.loads((folder / "report.json").read_bytes())
    assert {change["institution_name"] for change in report["changes"]} == set(HOSTILE)


def test_what_a_killed_writer_left_aside_is_used_up(tmp_path: Path, content: EditionContent) -> None:
    folder = tmp_path / "province" / "2026-09.1"
    folder.mkdir(parents=True)
    (folder / f".{sha256(b'report.json').hexdigest()[:16]}.part").write_bytes(b'{"half')
    write_report(tmp_path, content)
    assert sorted(path.name for path in folder.iterdir()) == ["report.json", "report.xlsx", "报送函.docx"]


def test_what_was_taken_over_is_not_added_and_a_returned_code_is_no_change(tmp_path: Path) -> None:
    rows = ordinary()
    known = in_order(rows).head(1)
    report = json.loads(
        (write_report(tmp_path, edition(rows), rows.iloc[:0], taken_over=known) / "report.json").read_bytes()
    )
    assert report["counts"]["added"] == len(rows) - 1
    assert report["rows_before"] + report["counts"]["added"] == report["rows"]
    uncoded = rows.assign(institution_code="")
    coded = edition(rows.assign(institution_code="Y00042000001"), before=uncoded)
    assert coded.counts["details_changed"] == len(rows)
    assert not any(as_news_to_province(coded, Background(uncoded))[0].counts.values())


def test_what_became_of_a_row_taken_over_is_told_against_it(tmp_path: Path) -> None:
    rows = in_order(ordinary())
    known = rows.head(1).assign(levels="1", valid_until="2026-12-31")
    report = json.loads(
        (write_report(tmp_path, edition(rows), rows.iloc[:0], taken_over=known) / "report.json").read_bytes()
    )
    counts = {kind: number for kind, number in report["counts"].items() if number}
    assert counts == {"added": len(rows) - 1, "levels_changed": 1, "renewed": 1}
    (renewed,) = (change for change in report["changes"] if change["change"] == "renewed")
    assert (renewed["valid_until_before"], renewed["levels_before"]) == ("2026-12-31", ["1"])


def test_every_fact_of_a_change_stands_apart(tmp_path: Path, content: EditionContent) -> None:
    folder = write_report(tmp_path, content)
    changes = json.loads((folder / "report.json").read_bytes())["changes"]
    by_kind = {change["change"]: change for change in changes}
    assert by_kind["levels_changed"]["levels_before"] == ["5"]
    assert by_kind["levels_changed"]["levels_after"] == ["5", "4", "3"]
    assert (by_kind["added"]["levels_before"], by_kind["added"]["filed_on_before"]) == ([], "")
    assert by_kind["added"]["valid_until_after"] == "2029-09-09"
    assert (by_kind["expired"]["valid_until_before"], by_kind["expired"]["valid_until_after"]) == ("2026-09-01", "")
    sheet = openpyxl.load_workbook(folder / "report.xlsx")["备案变更"]
    cells = [cell.value for line in sheet.iter_rows(min_row=2) for cell in line if cell.value is not None]
    assert not [cell for cell in cells if isinstance(cell, str) and ("；" in cell or " 至 " in cell)]


def test_changed_particulars_are_one_a_row(tmp_path: Path) -> None:
    before = ordinary().assign(registered_address="旧址", region_code="420203")
    folder = write_report(tmp_path, edition(ordinary(), before=before), before)
    report = json.loads((folder / "report.json").read_bytes())
    mine = [detail for detail in report["details"] if detail["uscc"] == report["details"][0]["uscc"]][:2]
    assert {detail["field"] for detail in mine} == {"region_code", "registered_address"}
    sheet = openpyxl.load_workbook(folder / "report.xlsx")["信息变更"]
    assert sheet.max_row == 1 + len(report["details"])
    assert [sheet.cell(2, place).value for place in (6, 7)] == ["所属区划", "西塞山区"]


def test_a_portal_finds_its_twelve_fields(tmp_path: Path, content: EditionContent) -> None:
    first = content.institutions["uscc"][0]
    stated = {
        "affiliation": "municipal",
        "legal_representative": "张三",
        "contact_name": "李四",
        "contact_phone": "0714-1",
    }
    folder = write_report(tmp_path, content, particulars=pd.DataFrame([{"uscc": first, **stated}]))
    rows = json.loads((folder / "report.json").read_bytes())["particulars"]
    assert len(BASIC_FIELDS) == 12
    assert [set(row) for row in rows] == [set(BASIC_FIELDS)] * len(content.institutions)
    sheet = openpyxl.load_workbook(folder / "report.xlsx")["评价机构情况"]
    shown = dict(zip((cell.value for cell in sheet[1]), (cell.value for cell in sheet[2]), strict=True))
    assert (shown["统一社会信用代码"], shown["机构属性"], shown["联系人"]) == (first, "市级", "李四")


def test_exceptions_bear_their_document(tmp_path: Path, content: EditionContent) -> None:
    ruling = {
        **{"uscc": content.institutions["uscc"][0], "application_no": "HS202609-0001", "occupation_code": "6-18-01-01"},
        **{"rule": "CAP-1", "document_no": "黄职鉴〔2026〕7号", "decided_by": "王芳", "reason": "急需"},
        "decided_at": "2026-09-12T09:00:00+08:00",
    }
    folder = write_report(tmp_path, content, exceptions=pd.DataFrame([ruling]))
    (exception,) = json.loads((folder / "report.json").read_bytes())["exceptions"]
    assert (exception["document_no"], exception["decided_on"]) == ("黄职鉴〔2026〕7号", "2026-09-12")
    assert exception["sentence"]
    sheet = openpyxl.load_workbook(folder / "report.xlsx")["例外审批"]
    assert sheet["G2"].value == "黄职鉴〔2026〕7号"
