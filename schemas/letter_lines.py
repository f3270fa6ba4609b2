"""The lines of letters: findings, items and whatever else stands in their tables, in the words of the form."""

from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from schemas.item import occupation_title
from schemas.policy import Policy
from schemas.submission import ROLES, TABLES

#: An item as letters name it: occupation code, occupation name, work type, level.
Named = tuple[str, str, str, str]


class Wording(BaseModel):
    """What is printed: no field but its own, never changed, no value in an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class FindingLine(Wording):
    """One finding in the words of the form: sheet, row, field, problem, basis."""

    rule: str = Field(description="规则（不印出）")
    table: str = Field(description="表")
    row: int = Field(ge=0, description="行（0 为整份申报）")
    field: str = Field(description="字段")
    value: str = Field(default="", description="所填内容（证件号码已遮盖）")
    problem: str = Field(description="问题")
    basis: str = Field(description="依据（通知条款）")


class MendingLine(FindingLine):
    """One finding and how to mend it."""

    remedy: str = Field(default="", description="更正办法")


class ItemLine(Wording):
    """One occupation or work type and its levels, lowest first."""

    occupation_code: str = Field(description="职业编码")
    occupation_name: str = Field(description="职业名称")
    work_type: str = Field(default="", description="工种（空白为职业整体）")
    levels: str = Field(description="等级")


class FiledLine(ItemLine):
    """One occupation and its levels on file, from when to when."""

    filed_on: date = Field(description="备案日期")
    valid_until: date = Field(description="有效期至")
    former_until: date | None = Field(default=None, description="换证前的有效期至")


class ReasonedLine(ItemLine):
    """One occupation and its levels, and why they wait, are refused or end."""

    reason: str = Field(description="原因")
    basis: str = Field(default="", description="依据（通知条款）")
    decision_no: str = Field(default="", description="例外审批的文号")
    decision_reason: str = Field(default="", description="例外审批的理由")
    remedy: str = Field(default="", description="可采取的办法")


class UnderWayLine(ItemLine):
    """One occupation and its levels whose renewal is under way, and what is to be done."""

    application_no: str = Field(description="申报编号")
    state: str = Field(description="办理情况及须办事项")


class DormantLine(Wording):
    """One occupation on file without an activity in time."""

    occupation_code: str = Field(description="职业编码")
    occupation_name: str = Field(description="职业名称")
    work_type: str = Field(default="", description="工种（空白为职业整体）")
    filed_on: date = Field(description="备案日期")
    last_held_on: date | None = Field(default=None, description="最近一次认定日期")


class ReturnedResultLine(Wording):
    """What keeps one result from being accepted, and how to mend it."""

    occupation_code: str = Field(description="职业编码")
    occupation_name: str = Field(description="职业名称")
    work_type: str = Field(default="", description="工种（空白为职业整体）")
    level: str = Field(description="等级")
    field: str = Field(description="字段")
    value: str = Field(default="", description="所填内容")
    problem: str = Field(description="问题及更正办法")
    basis: str = Field(description="依据（通知条款）")


class EarlierLetter(Wording):
    """An earlier letter that this one contradicts and makes void."""

    title: str = Field(description="文书名称")
    letter_no: str = Field(default="", description="文书编号")
    issued_on: date = Field(description="发文日期")


def item_lines(items: Iterable[Named], policy: Policy) -> list[ItemLine]:
    """One line an occupation and work type; by code and work type, the lowest level first."""
    levels: dict[tuple[str, str, str], set[str]] = {}
    for code, name, work_type, level in items:
        levels.setdefault((code, work_type, name), set()).add(level)
    return [
        ItemLine(
            occupation_code=code,
            occupation_name=name,
            work_type=work_type,
            levels="、".join(map(policy.level_title, policy.in_level_order(held))),
        )
        for (code, work_type, name), held in sorted(levels.items())
    ]


def lines_of(items: Iterable[Mapping[Any, Any]], names: Mapping[str, str], policy: Policy) -> list[ItemLine]:
    """Rows of items (UNIT, own_name) as lines; `names`: occupation code to name."""
    return item_lines(
        (
            (
                code := row["occupation_code"],
                occupation_title(names.get(code, code), row["own_name"]),
                row["work_type"],
                row["level"],
            )
            for row in items
        ),
        policy,
    )


def finding_line(finding: Mapping[str, Any], policy: Policy) -> FindingLine:
    """A row with the columns of `schemas.finding.FINDING_COLUMNS` in the words of the form."""
    table = str(finding["table"])
    return FindingLine(
        rule=str(finding["rule"]),
        table=TABLES[table].title if table in TABLES else table,
        row=int(finding["row"]),
        field=_field_title(table, str(finding["field"]), policy),
        value=_value_in_words(table, str(finding["field"]), finding.get("value"), policy),
        problem=str(finding["message"]),
        basis=str(finding["article"]),
    )


def _value_in_words(table: str, field: str, value: object, policy: Policy) -> str:
    # the applicant wrote 否, the table holds `false`
    if not isinstance(value, str):
        return ""
    columns = TABLES[table].columns if table in TABLES else ()
    column = next((policy.column(column) for column in columns if column.name == field), None)
    return column.words.get(value, value) if column and column.kind in ("enum", "boolean") else value


@cache
def _titles(table: str) -> Mapping[str, str]:
    return TABLES[table].titles() if table in TABLES else {}


def _field_title(table: str, field: str, policy: Policy) -> str:
    # what is missing altogether is named by a role or a material (contract section 5), not by a column
    material, _, occupation = field.partition(":")
    if table == "staff" and field in ROLES:
        return ROLES[field]
    if table == "materials" and material in policy.materials:
        return (
            f"{policy.materials[material]}（{occupation.replace(':', ' ')}）"
            if occupation
            else policy.materials[material]
        )
    return _titles(table).get(field, field)
