"""Letters (文书) to institutions and panels: the kinds there are, and the fields of a letter of each kind.

The texts are JSON-serialisable (`model_dump(mode="json")`): the database keeps what a letter said when it was sent.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator

from schemas.policy import Policy
from schemas.submission import ROLES, TABLES


class _Said(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class FindingLine(_Said):
    """One finding in the words of the form: sheet, row, field, problem, basis."""

    rule: str = Field(description="规则")
    table: str = Field(description="表")
    row: int = Field(ge=0, description="行（0 为整份申报）")
    field: str = Field(description="字段")
    value: str = Field(default="", description="所填内容（证件号码已遮盖）")
    problem: str = Field(description="问题")
    basis: str = Field(description="依据（通知条款）")


class ItemLine(_Said):
    """One occupation and its levels, lowest first."""

    occupation_code: str = Field(description="职业编码")
    occupation_name: str = Field(description="职业名称")
    levels: str = Field(description="等级")


class ReasonedLine(ItemLine):
    """One occupation and its levels, and why they wait or are refused."""

    reason: str = Field(description="原因")


class DormantLine(_Said):
    """One occupation on file without an activity in time."""

    occupation_code: str = Field(description="职业编码")
    occupation_name: str = Field(description="职业名称")
    filed_on: date = Field(description="备案日期")
    last_held_on: date | None = Field(default=None, description="最近一次认定日期")


class ReturnedResultLine(_Said):
    """What keeps one result from being accepted, and how to mend it."""

    occupation_code: str = Field(description="职业编码")
    occupation_name: str = Field(description="职业名称")
    level: str = Field(description="等级")
    field: str = Field(description="字段")
    value: str = Field(default="", description="所填内容")
    problem: str = Field(description="问题及更正办法")
    basis: str = Field(description="依据（规则、通知条款）")


class LetterText(_Said):
    """What every letter says."""

    institution_name: str = Field(description="机构名称")
    uscc: str = Field(description="统一社会信用代码")
    issuer: str = Field(min_length=1, description="发文单位")
    document: str = Field(description="依据文件文号")
    issued_on: date = Field(description="发文日期")
    letter_no: str = Field(default="", description="文书编号（空白由经办人填写）")
    contact: str = Field(default="", description="发文单位联系方式")


class ApplicationLetter(LetterText):
    """What every letter on one application says."""

    application_no: str = Field(description="申报编号")
    cycle: str = Field(description="申报批次")
    kind: str = Field(default="", description="申报类型（中文）")
    submitted_on: date = Field(description="提交日期")


class CorrectionText(ApplicationLetter):
    """All hard findings of an application, and how to file again."""

    findings: list[FindingLine] = Field(min_length=1, description="须补正的全部问题")
    workdays: int = Field(gt=0, description="补正期限（工作日）")
    due_on: date | None = Field(default=None, description="补正截止日期（该年放假安排未公布时为空）")


class AcceptanceText(ApplicationLetter):
    """What goes on to evaluation, what waits for a decision, what must be produced."""

    items: list[ItemLine] = Field(default_factory=list, description="转入评估的职业等级")
    held: list[ReasonedLine] = Field(default_factory=list, description="待例外审批的职业等级")
    commitments: list[str] = Field(default_factory=list, description="评估时须提供的承诺材料")

    @model_validator(mode="after")
    def _names_something(self) -> Self:
        if not self.items and not self.held:
            raise ValueError("neither items nor held names an occupation")
        return self


class RefusalText(ApplicationLetter):
    """What is not filed, and why."""

    items: list[ReasonedLine] = Field(min_length=1, description="不予备案的职业等级及原因")


class FilingText(ApplicationLetter):
    """What is filed, from when to when."""

    items: list[ItemLine] = Field(min_length=1, description="准予备案的职业等级")
    filed_on: date = Field(description="备案日期")
    valid_until: date = Field(description="有效期至")
    institution_code: str = Field(default="", description="机构编码（省级赋码后填写）")


class ResultReturnText(LetterText):
    """Which results of an application are not accepted, to the panel that sent them."""

    applicant: str = Field(default="", description="被评估机构（编号未登记时为空）")
    application_no: str = Field(description="申报编号")
    cycle: str = Field(description="申报批次")
    results: list[ReturnedResultLine] = Field(min_length=1, description="退回的评估结果及原因")


class ExpiryReminderText(LetterText):
    """What ends when, and when to apply for renewal."""

    items: list[ItemLine] = Field(min_length=1, description="即将到期的职业等级")
    valid_until: date = Field(description="有效期至")
    days_left: int = Field(ge=0, description="剩余天数")
    renewal_cycle: str = Field(default="", description="到期前最后一个申报批次")
    renewal_deadline: date | None = Field(default=None, description="该批次申报截止日期")


class DormancyText(LetterText):
    """Which occupations on file had no activity in time."""

    as_of: date = Field(description="核定日期")
    occupations: list[DormantLine] = Field(min_length=1, description="未开展认定的职业")


class AdjustmentText(LetterText):
    """What a letter on an operator's decision about a qualification says; no items means all of it."""

    items: list[ItemLine] = Field(default_factory=list, description="涉及的职业等级（空白为全部）")
    ground: str = Field(min_length=1, description="事由")
    decision_no: str = Field(default="", description="决定文号")
    decided_on: date = Field(description="决定日期")
    effective_on: date = Field(description="生效日期")


@dataclass(frozen=True)
class LetterKind:
    """One kind of letter: its code, title, the article it serves, the model of what it says, and who reads it."""

    code: str
    title: str
    article: str
    text: type[LetterText]
    reader: Literal["institution", "panel"] = "institution"

    @property
    def template(self) -> str:
        """File name of the Word template."""
        return f"{self.code}.docx"

    @property
    def fields(self) -> frozenset[str]:
        """What a template of the kind may ask for; fields of a list's rows with the list in front, `items.levels`."""
        return frozenset(_fields(self.text))


def _fields(text: type[BaseModel]) -> Iterator[str]:
    for name, field in text.model_fields.items():
        yield name
        for row in get_args(field.annotation):
            if isinstance(row, type) and issubclass(row, BaseModel):
                yield from (f"{name}.{inner}" for inner in _fields(row))


_KINDS = (
    LetterKind("correction", "补正通知书", "三（二）", CorrectionText),
    LetterKind("acceptance", "受理通知", "三（二）", AcceptanceText),
    LetterKind("result_return", "评估结果退回说明", "三（三）", ResultReturnText, "panel"),
    LetterKind("refusal", "不予备案通知书", "三（四）", RefusalText),
    LetterKind("filing", "备案通知", "三（四）", FilingText),
    LetterKind("expiry_reminder", "到期提醒", "三（四）", ExpiryReminderText),
    LetterKind("dormancy", "休眠提示", "三（一）", DormancyText),
    LetterKind("suspension", "暂停备案通知书", "四", AdjustmentText),
    LetterKind("reinstatement", "恢复备案通知书", "四", AdjustmentText),
    LetterKind("withdrawal", "注销备案通知书", "四", AdjustmentText),
    LetterKind("revocation", "撤销备案通知书", "四", AdjustmentText),
)
LETTER_KINDS: dict[str, LetterKind] = {kind.code: kind for kind in _KINDS}


def issuer(city: str) -> str:
    """The centre's name in a letter, from the policy's title (city)."""
    return f"{city}职业技能鉴定中心"


def item_lines(items: Iterable[tuple[str, str, str]], policy: Policy) -> list[ItemLine]:
    """One line an occupation from (occupation_code, occupation_name, level); by code, the lowest level first."""
    levels: dict[tuple[str, str], set[str]] = {}
    for code, name, level in items:
        levels.setdefault((code, name), set()).add(level)
    return [
        ItemLine(
            occupation_code=code,
            occupation_name=name,
            levels="、".join(map(policy.level_title, policy.in_level_order(held))),
        )
        for (code, name), held in sorted(levels.items())
    ]


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
    column = next((policy.column(each) for each in columns if each.name == field), None)
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
        return f"{policy.materials[material]}（{occupation}）" if occupation else policy.materials[material]
    return _titles(table).get(field, field)
