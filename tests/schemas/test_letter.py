"""Letters as data: every kind is whole, and findings and items read as on the form."""

from datetime import date
from importlib.resources import files

import pytest
from pydantic import ValidationError

from expectations.rulebook import rules, tables_of
from schemas.letter_lines import finding_line, item_lines
from schemas.letter_text import LETTER_KINDS, AcceptanceText
from schemas.policy import shipped

POLICY = shipped()[-1]


def _finding(**changed: object) -> dict[str, object]:
    row: dict[str, object] = {
        "application_no": "HS-1",
        "rule": "FORM-2",
        "nature": "hard",
        "article": "二（一）",
        "table": "applications",
        "row": 1,
        "field": "uscc",
        "value": "9142",
        "message": "统一社会信用代码校验不通过",
    }
    return {**row, **changed}


@pytest.mark.parametrize("code", LETTER_KINDS)
def test_every_kind_is_total(code: str) -> None:
    kind = LETTER_KINDS[code]
    assert kind.code == code
    assert kind.title
    assert kind.article
    assert (files("tasks.letters") / "templates" / kind.template).is_file()
    assert all(field.description for field in kind.text.model_fields.values())


def test_no_template_is_without_its_kind() -> None:
    shipped = {entry.name for entry in (files("tasks.letters") / "templates").iterdir()}
    assert shipped == {kind.template for kind in LETTER_KINDS.values()} | {"receipt.docx"}


@pytest.mark.parametrize(
    ("table", "row", "field", "words"),
    [
        ("applications", 1, "uscc", ("基本信息", "统一社会信用代码")),
        ("occupations", 3, "levels", ("申报职业", "申报等级")),
        ("staff", 0, "supervisor", ("人员队伍", "质量督导人员")),
        ("materials", 0, "credit_report", ("申报材料", "信用证明")),
        ("materials", 0, "question_bank:6-18-02-04", ("申报材料", "题库（6-18-02-04）")),
        ("materials", 2, "size_bytes", ("申报材料", "大小")),
        ("results", 1, "score", ("评估结果", "评分")),
        ("novel", 1, "thing", ("novel", "thing")),
    ],
)
def test_a_finding_is_said_in_the_words_of_the_form(table: str, row: int, field: str, words: tuple[str, str]) -> None:
    line = finding_line(_finding(table=table, row=row, field=field), POLICY)
    assert (line.table, line.field) == words
    assert line.row == row


def test_a_blank_value_of_a_frame_is_blank() -> None:
    assert finding_line(_finding(value=float("nan")), POLICY).value == ""


def test_every_rule_of_the_rule_book_has_a_table_that_can_be_named() -> None:
    titles = [
        finding_line(_finding(table=table), POLICY).table for rule in rules().values() for table in tables_of(rule)
    ]
    assert not [title for title in titles if title.isascii()]


def test_items_are_one_line_an_occupation_and_work_type_from_the_lowest_level_up() -> None:
    lines = item_lines(
        [
            ("6-2", "乙", "", "3"),
            ("6-1", "甲", "", "4"),
            ("6-2", "乙", "", "5"),
            ("6-2", "乙", "", "3"),
            ("6-2", "乙", "子", "3"),
        ],
        POLICY,
    )
    assert [(line.occupation_code, line.work_type, line.levels) for line in lines] == [
        ("6-1", "", "四级/中级工"),
        ("6-2", "", "五级/初级工、三级/高级工"),
        ("6-2", "子", "三级/高级工"),
    ]


def test_a_level_that_is_none_is_shown_as_it_is() -> None:
    assert POLICY.level_title("特级") == "特级"


def test_an_acceptance_names_at_least_one_occupation() -> None:
    with pytest.raises(ValidationError, match="neither items nor held"):
        AcceptanceText(
            institution_name="甲",
            uscc="X",
            document="文",
            issued_on=date(2026, 9, 12),
            application_no="HS-1",
            cycle="2026-09",
            submitted_on=date(2026, 9, 1),
        )
