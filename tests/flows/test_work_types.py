"""Two work types of one occupation are two items, from the form to the directory; audiences and addresses go along."""

from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

from flows.stages import screening
from schemas.directory_changes import in_order
from schemas.qualification import Adjustment
from schemas.submission import FORM_TABLES
from tasks.adjustment import carry_out
from tasks.desk.importing import import_file
from tasks.gateways.paper.delimited import csv_bytes
from tasks.gateways.shelf.workbook import directory_workbook
from tasks.store import items, outbox, register, replay
from tasks.store.database import reading
from tasks.store.directory import directory_on
from tests import editions, registers
from tests import evaluations as made
from tests.expectations.sound import sound
from tests.registers import COOK, ONE, TWO

TURNER, NC = "6-18-01-01", "数控车工"
FORM = [
    {"work_type": NC, "levels": "4,3", "audience": "students"},
    {"work_type": "", "levels": "4", "audience": "students"},
    {"work_type": NC, "levels": "4", "audience": "public"},
]


def hand_in(inbox: Path) -> None:
    """A school's application for a turner as a whole and for a work type of it, as CSV."""
    inbox.mkdir(parents=True, exist_ok=True)
    case = sound("technical_school", occupations=FORM)
    for table in FORM_TABLES:
        rows = pd.DataFrame(case.tables[table.name], columns=table.names, dtype="str")
        rows.to_csv(inbox / f"{table.name}.csv", index=False)


def fill_in(package: Path, inbox: Path, scores: dict[tuple[str, str], int]) -> None:
    """The scoring workbook of a package with a score for each work type and level, handed back."""
    book = openpyxl.load_workbook(package / "评分表.xlsx")
    sheet = book["评分表"]
    head = next(row for row in sheet.iter_rows() if row[0].value == "条目键")
    place = {str(cell.value).rstrip("*"): number for number, cell in enumerate(head, start=1)}
    filled: dict[str, Any] = {
        "结论": "合格",
        "承诺材料已提供": "是",
        "评估日期": date(2026, 9, 18),
        "评估组长": "刘芳",
        "评估专家人数": 3,
    }
    for row in range(head[0].row + 1, head[0].row + 1 + len(scores)):
        key = (sheet.cell(row, place["工种"]).value or "", sheet.cell(row, place["等级"]).value)
        for title, value in {**filled, "评分": scores[key]}.items():
            sheet.cell(row, place[title], value)
    (inbox / "results").mkdir(parents=True, exist_ok=True)
    book.save(inbox / "results" / "评分表.xlsx")


def test_two_work_types_are_two_items_from_the_form_to_the_directory(installation: Path) -> None:
    hand_in(installation / "inbox")
    made.go_on(installation)
    screening.fn(made.CYCLE, made.DAY)
    made.send_out(installation)
    scores = {("", "四级/中级工"): 70, (NC, "四级/中级工"): 80, (NC, "三级/高级工"): 90}
    fill_in(installation / "outbox" / "evaluation" / made.CYCLE / "A1", installation / "inbox", scores)
    made.go_on(installation, publish=True)
    with reading() as db:
        listed = items.listing(db, made.CYCLE)
        letters = [letter["content"] for letter in outbox.written(db, outbox.LETTERS) if letter["kind"] == "filing"]
        assert replay.differences(db, made.DAY) == []
    cells = listed[["occupation_code", "work_type", "level", "status", "score"]].to_numpy().tolist()
    assert cells == [
        [TURNER, "", "4", "filed", "70"],
        [TURNER, NC, "3", "filed", "90"],
        [TURNER, NC, "4", "filed", "80"],
    ]
    (letter,) = letters
    assert [(line["work_type"], line["levels"]) for line in letter["items"]] == [
        ("", "四级/中级工"),
        (NC, "四级/中级工、三级/高级工"),
    ]
    rows = pd.read_csv(installation / "published" / "latest" / "directory.csv", dtype="str", keep_default_na=False)
    assert rows[["occupation_code", "work_type", "levels", "audiences", "registered_address"]].to_numpy().tolist() == [
        [TURNER, "", "4", "students", "湖北省黄石市杭州东路1号"],
        [TURNER, NC, "4,3", "students;public", "湖北省黄石市杭州东路1号"],
    ]


@pytest.mark.parametrize(
    ("work_type", "findings", "standings"),
    [
        ("", [], ["filed", "dispatched"]),
        (NC, [], ["dispatched", "filed"]),
        ("铣工", [("EVAL-3", "work_type")], ["dispatched", "dispatched"]),
    ],
)
def test_a_result_is_for_the_work_type_it_names_and_for_no_other(
    home: Path, work_type: str, findings: list[tuple[str, str]], standings: list[str]
) -> None:
    made.accepted("A1", [(ONE, TURNER, "4"), (ONE, TURNER, NC, "4")])
    made.send_out(home)
    made.drop(home, "r.csv", made.result("A1", TURNER, work_type=work_type))
    made.go_on(home)
    assert made.rules_found() == findings
    assert [made.standing("A1", TURNER, work_type=name) for name in ("", NC)] == standings


def test_results_need_no_column_of_work_types(home: Path) -> None:
    made.accepted("A1", [(ONE, TURNER, "4"), (ONE, TURNER, NC, "4")])
    made.send_out(home)
    file = made.drop(home, "r.csv", made.result("A1", TURNER))
    pd.read_csv(file, dtype="str").drop(columns="work_type").to_csv(file, index=False)
    made.go_on(home)
    assert [made.standing("A1", TURNER, work_type=name) for name in ("", NC)] == ["filed", "dispatched"]


@pytest.mark.parametrize(("kind", "audiences"), [("addition", "staff;students"), ("renewal", "students")])
def test_an_addition_joins_its_audiences_to_the_items_and_a_renewal_replaces_them(
    home: Path, kind: str, audiences: str
) -> None:
    registers.take_over([(ONE, COOK, "4")], date(2024, 4, 20), date(2027, 4, 19), audience="staff")
    registers.passed("A1", kind, [(ONE, COOK, "4")], cycle="2026-09", audiences="students")
    registers.decide("2026-09", date(2026, 10, 5))
    with reading() as db:
        assert directory_on(db, date(2026, 10, 5))["audiences"].tolist() == [audiences]
        assert replay.differences(db, date(2026, 10, 5)) == []


def test_an_enterprises_own_name_goes_along_to_letter_and_directory(home: Path) -> None:
    registers.passed("A1", "initial", [(ONE, TURNER, "4")], cycle="2026-09", own_name="曲轴精车工")
    registers.decide("2026-09", date(2026, 10, 5))
    with reading() as db:
        rows = directory_on(db, date(2026, 10, 5))
        (letter,) = [entry["content"] for entry in outbox.written(db, outbox.LETTERS)]
    assert rows["occupation_name"].tolist() == ["车工（曲轴精车工）"]
    assert letter["items"][0]["occupation_name"] == "车工（曲轴精车工）"


def test_a_decision_on_an_occupation_is_for_all_its_work_types(home: Path) -> None:
    held = [(ONE, TURNER, "4"), (ONE, TURNER, NC, "4"), (TWO, TURNER, NC, "4")]
    registers.take_over(held, date(2024, 4, 20), date(2027, 4, 19))
    day = date(2026, 1, 1)
    words = {"ground": "整改", "document_no": "黄人社监〔2026〕1号", "decided_by": "周明", "effective_on": day}
    with registers.run_on(day) as run:
        carry_out(run, Adjustment.model_validate({"kind": "suspend", "uscc": ONE, "occupation_code": TURNER, **words}))
    with reading() as db:
        assert directory_on(db, day)["uscc"].tolist() == [TWO]
        assert len(register.on_file(db, day)) == 3
        assert replay.differences(db, day) == []


ROWS = editions.directory(
    [
        editions.row(uscc=ONE, occupation=TURNER, levels="5,4,3", audiences="staff;students"),
        editions.row(uscc=ONE, occupation=TURNER, work_type=NC, levels="4", audiences="public"),
        editions.row(uscc=ONE, occupation="6-18-01-02", audiences="", institution_code="Y000142000001"),
        editions.row(uscc=TWO, occupation="6-18-01-03", occupation_name="刨插工（龙门刨工）", levels="5"),
    ]
)


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_our_own_directory_is_taken_over_whole(home: Path, tmp_path: Path, suffix: str) -> None:
    rows = in_order(ROWS.assign(institution_code="Y000142000001"))
    content = editions.edition(rows)
    file = tmp_path / f"directory.{suffix}"
    file.write_bytes(csv_bytes(content.listed) if suffix == "csv" else directory_workbook(content))
    imported = import_file("register", file, editions.AS_OF)
    assert (imported.rows, imported.new, imported.complaints) == (4, 8, [])
    with reading() as db:
        assert directory_on(db, editions.AS_OF).equals(rows)
    assert import_file("register", file, editions.AS_OF).new == 0


@pytest.mark.parametrize("header", ["level", "levels", "等级", "职业等级"])
def test_a_register_may_leave_out_work_types_audiences_and_addresses(home: Path, tmp_path: Path, header: str) -> None:
    row = {
        "uscc": ONE,
        "institution_name": "机构",
        "institution_type": "企业",
        "region_code": "420202",
        "occupation_code": COOK,
        header: "五级、四级",
        "filed_on": "2024-04-20",
        "valid_until": "2027-04-19",
    }
    file = tmp_path / "register.csv"
    pd.DataFrame([row]).to_csv(file, index=False)
    assert import_file("register", file, date(2026, 1, 1)).new == 2
    with reading() as db:
        held = register.on_file(db, date(2026, 1, 1))
    assert held[["work_type", "level", "audiences", "registered_address"]].to_numpy().tolist() == [
        ["", "4", "", ""],
        ["", "5", "", ""],
    ]
