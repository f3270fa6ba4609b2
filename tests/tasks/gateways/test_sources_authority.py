"""An applicant's workbook speaks for its application, not for the panel or the centre."""

from pathlib import Path

from openpyxl import Workbook

from schemas.submission import ACTIVITIES, APPLICATIONS, DECISIONS, RESULTS
from tasks.gateways.sources import pull_folder


def _workbook(path: Path, *tables: tuple[str, list[str], list[str]]) -> None:
    book = Workbook()
    book.remove(book.worksheets[0])
    for title, headers, row in tables:
        sheet = book.create_sheet(title)
        sheet.append(headers)
        sheet.append(row)
    book.save(path)


def test_a_submission_brings_neither_permission_nor_result(tmp_path: Path) -> None:
    form = (APPLICATIONS.title, ["申报编号", "统一社会信用代码"], ["HS1", "9142"])
    own = (DECISIONS.title, ["申报编号", "规则", "审批结论"], ["HS1", "CAP-1", "准予"])
    score = (RESULTS.title, ["申报编号", "职业编码", "等级", "结论"], ["HS1", "6-18-01-01", "5", "合格"])
    held = (ACTIVITIES.title, ["统一社会信用代码", "职业编码"], ["9142", "6-18-01-01"])
    _workbook(tmp_path / "甲.xlsx", form, own, score, held)
    pulled = pull_folder(tmp_path)
    assert pulled.supplied & {"decisions", "results", "activities"} == {"activities"}
    assert len(pulled.tables["applications"]) == 1
    assert [spoilt.whole for spoilt in pulled.quarantined] == [False, False]
    assert "例外审批" in "".join(spoilt.reason for spoilt in pulled.quarantined)


def test_the_centre_brings_them_in_files_of_their_own(tmp_path: Path) -> None:
    _workbook(tmp_path / "审批.xlsx", (DECISIONS.title, ["申报编号", "规则", "审批结论"], ["HS1", "CAP-1", "准予"]))
    assert len(pull_folder(tmp_path).tables["decisions"]) == 1
