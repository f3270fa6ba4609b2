"""Letters (文书) to institutions and panels: the kinds there are, and what each says.

The texts are JSON-serialisable (`model_dump(mode="json")`): the database keeps what a letter said when it was sent.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal, Self, get_args

from pydantic import BaseModel, Field, model_validator

from schemas.letter_lines import (
    DormantLine,
    EarlierLetter,
    FiledLine,
    FindingLine,
    ItemLine,
    MendingLine,
    ReasonedLine,
    ReturnedResultLine,
    UnderWayLine,
    Wording,
)


class LetterText(Wording):
    """What every letter says; the office's own lines and the number are added when it is written (`signed`)."""

    institution_name: str = Field(description="机构名称")
    uscc: str = Field(description="统一社会信用代码")
    document: str = Field(description="依据文件文号")
    issued_on: date = Field(description="发文日期")
    voids: list[EarlierLetter] = Field(default_factory=list, description="因本文书作废的文书")

    issuer: str = Field(default="", description="署名单位")
    letter_no: str = Field(default="", description="文书编号（空白由经办人填写）")
    contact: str = Field(default="", description="联系人")
    phone: str = Field(default="", description="联系电话")
    address: str = Field(default="", description="地址")
    postcode: str = Field(default="", description="邮编")
    email: str = Field(default="", description="邮箱")


class FormalLetter(LetterText):
    """What a letter that carries a decision says besides: who gets a copy, and who printed it."""

    copy_to: list[str] = Field(default_factory=list, description="抄送单位")
    printed_by: str = Field(default="", description="印发单位")


class RefusingLetter(FormalLetter):
    """What a letter that refuses, suspends, ends or takes away says besides."""

    remedies: str = Field(default="", description="救济途径（空白由经办人填写）")


class ApplicationLetter(LetterText):
    """What every letter on one application says."""

    application_no: str = Field(description="申报编号")
    cycle: str = Field(description="申报批次")
    kind: str = Field(default="", description="申报类型（中文）")
    submitted_on: date = Field(description="提交日期")


class CorrectionText(ApplicationLetter):
    """All hard findings of an application, and how to file again."""

    findings: list[MendingLine] = Field(default_factory=list, description="须补正的全部问题")
    not_accepted: list[FindingLine] = Field(default_factory=list, description="无法补正、不予受理的内容")
    workdays: int = Field(gt=0, description="补正期限（工作日）")
    due_on: date | None = Field(default=None, description="补正截止日期（该年放假安排未公布时为空）")

    @model_validator(mode="after")
    def _finds_something(self) -> Self:
        if not self.findings and not self.not_accepted:
            raise ValueError("neither findings nor not_accepted names a problem")
        return self


class NonAcceptanceText(ApplicationLetter, RefusingLetter):
    """What no correction can mend, so that the application is not taken up."""

    findings: list[FindingLine] = Field(min_length=1, description="不予受理的原因")


class AcceptanceText(ApplicationLetter):
    """What goes on to evaluation, what waits for a decision, what must be produced."""

    items: list[ItemLine] = Field(default_factory=list, description="转入评估的职业等级")
    held: list[ReasonedLine] = Field(default_factory=list, description="待例外审批的职业等级")
    commitments: list[str] = Field(default_factory=list, description="评估时须提供的承诺材料")
    decided_by: date | None = Field(default=None, description="本批次等待评估结果的最后一天")

    @model_validator(mode="after")
    def _names_something(self) -> Self:
        if not self.items and not self.held:
            raise ValueError("neither items nor held names an occupation")
        return self


class RefusalText(ApplicationLetter, RefusingLetter):
    """What is not filed, and why."""

    items: list[ReasonedLine] = Field(min_length=1, description="不予备案的职业等级及原因")


class FilingText(ApplicationLetter, FormalLetter):
    """What is filed on one day, each from when to when."""

    items: list[FiledLine] = Field(min_length=1, description="准予备案的职业等级")
    renewed: bool = Field(default=False, description="是否换证")
    institution_code: str = Field(default="", description="机构编码（省级赋码后填写）")


class ApplicationWithdrawalText(ApplicationLetter):
    """What of an application is no longer worked on, because the applicant took it back; no items where it had none."""

    items: list[ItemLine] = Field(default_factory=list, description="撤回的职业等级（空白为整份申报）")
    asked_on: date = Field(description="申请撤回日期")
    way: str = Field(default="申请", description="以何种方式提出")
    ground: str = Field(default="", description="撤回理由")
    open_until: date | None = Field(default=None, description="本批次仍可另行申报的最后一天")


class LateVersionText(ApplicationLetter):
    """Which version of an application came too late, why it is not taken, and which one counts."""

    version: int = Field(gt=0, description="第几次提交")
    received_on: date = Field(description="收到日期")
    reason: str = Field(description="不予采纳的原因")
    basis: str = Field(default="", description="依据（通知条款）")
    current_on: date | None = Field(default=None, description="继续办理的版本的提交日期")
    open_for_decision: bool = Field(default=False, description="是否可经例外审批采纳")


class EndingText(ApplicationLetter, RefusingLetter):
    """What of an application is ended without an outcome, and on which ground; no items where it had none."""

    items: list[ReasonedLine] = Field(default_factory=list, description="终止办理的职业等级及原因（空白为整份申报）")
    ground: str = Field(default="", description="整份申报终止办理的原因")
    decided_on: date = Field(description="决定日期")
    decision_no: str = Field(default="", description="决定文号")


class ResultReturnText(LetterText):
    """Which results of an application are not accepted, to the panel that sent them."""

    applicant: str = Field(default="", description="被评估机构（编号未登记时为空）")
    application_no: str = Field(description="申报编号")
    cycle: str = Field(description="申报批次")
    results: list[ReturnedResultLine] = Field(min_length=1, description="退回的评估结果及原因")


class PackageRecallText(LetterText):
    """Which package is taken back from a panel, and why."""

    applicant: str = Field(description="被评估机构")
    application_no: str = Field(description="申报编号")
    cycle: str = Field(description="申报批次")
    dispatched_on: date = Field(description="送评日期")
    items: list[ItemLine] = Field(min_length=1, description="撤回送评的职业等级")
    reason: str = Field(description="撤回原因")


class InstitutionCodeText(LetterText):
    """Which code the province gave."""

    institution_code: str = Field(min_length=1, description="机构编码")
    former_code: str = Field(default="", description="被替换的机构编码")


class RectificationText(RefusingLetter):
    """What an institution has to mend until when, and what follows."""

    occasion: str = Field(description="发现问题的场合（双随机抽查、举报投诉办理）")
    occasion_no: str = Field(default="", description="抽查或举报投诉的编号")
    problem: str = Field(min_length=1, description="存在的问题")
    items: list[ItemLine] = Field(default_factory=list, description="涉及的备案职业等级")
    due_on: date = Field(description="整改截止日期")
    decision_no: str = Field(default="", description="决定文号")


class ExpiryReminderText(LetterText):
    """What ends when, what of it is being renewed, and when to apply for the rest."""

    items: list[ItemLine] = Field(min_length=1, description="即将到期的职业等级")
    under_way: list[UnderWayLine] = Field(default_factory=list, description="正在办理的换证")
    to_file: bool = Field(default=True, description="是否还有未申报换证的职业等级")
    valid_until: date = Field(description="有效期至")
    days_left: int = Field(ge=0, description="剩余天数")
    renewal_cycle: str = Field(default="", description="到期前最后一个申报批次")
    renewal_deadline: date | None = Field(default=None, description="该批次申报截止日期")


class DormancyText(LetterText):
    """Which occupations on file had no activity in time."""

    as_of: date = Field(description="核定日期")
    basis: str = Field(default="", description="依据（通知条款）")
    occupations: list[DormantLine] = Field(min_length=1, description="未开展认定的职业")


class AdjustmentText(FormalLetter):
    """What a letter on an operator's decision about a qualification says; no items means all of it."""

    items: list[ItemLine] = Field(default_factory=list, description="涉及的职业等级（空白为全部）")
    ground: str = Field(min_length=1, description="事由")
    decision_no: str = Field(default="", description="决定文号")
    decided_on: date = Field(description="决定日期")
    effective_on: date = Field(description="生效日期")


class ReinstatementText(AdjustmentText):
    """The same where a suspension is lifted, also of what is not on file any more."""

    is_over: bool = Field(default=False, description="所涉备案已不在册，仅解除暂停")


class AdverseAdjustmentText(AdjustmentText, RefusingLetter):
    """The same where the decision suspends or takes away."""


@dataclass(frozen=True)
class LetterKind:
    """One kind of letter: its code, title, the article it serves, the model of what it says, who signs and reads it."""

    code: str
    title: str
    article: str
    text: type[LetterText]
    signer: Literal["name", "authority"] = "name"
    reader: Literal["institution", "panel"] = "institution"

    @property
    def template(self) -> str:
        """File name of the Word template."""
        return f"{self.code}.docx"

    @property
    def fields(self) -> frozenset[str]:
        """What a template of the kind may ask for; fields of a list's rows with the list in front, `items.levels`."""
        return frozenset(_fields(self.text))

    @property
    def refuses(self) -> bool:
        """Whether the letter refuses, suspends, ends or takes away, so that it names the remedies."""
        return issubclass(self.text, RefusingLetter)


def _fields(text: type[BaseModel]) -> Iterator[str]:
    for name, field in text.model_fields.items():
        yield name
        for row in get_args(field.annotation):
            if isinstance(row, type) and issubclass(row, BaseModel):
                yield from (f"{name}.{inner}" for inner in _fields(row))


_KINDS = (
    LetterKind("correction", "补正通知书", "三（二）", CorrectionText),
    LetterKind("non_acceptance", "不予受理通知书", "三（二）", NonAcceptanceText),
    LetterKind("acceptance", "受理通知书", "三（二）", AcceptanceText),
    LetterKind("application_withdrawal", "撤回确认书", "三（一）", ApplicationWithdrawalText),
    LetterKind("late_version", "逾期材料告知书", "三（一）", LateVersionText),
    LetterKind("result_return", "评估结果退回说明", "三（三）", ResultReturnText, reader="panel"),
    LetterKind("package_recall", "评估材料撤回通知", "三（三）", PackageRecallText, reader="panel"),
    LetterKind("ending", "终止办理告知书", "三（二）", EndingText),
    LetterKind("refusal", "不予备案通知书", "三（四）", RefusalText, signer="authority"),
    LetterKind("filing", "备案通知书", "三（四）", FilingText, signer="authority"),
    LetterKind("institution_code", "机构编码告知书", "三（四）", InstitutionCodeText),
    LetterKind("expiry_reminder", "到期提醒", "三（四）", ExpiryReminderText),
    LetterKind("dormancy", "休眠提示", "三（一）", DormancyText),
    LetterKind("rectification", "限期整改通知书", "四（三）", RectificationText),
    LetterKind("suspension", "暂停备案通知书", "四", AdverseAdjustmentText),
    LetterKind("reinstatement", "恢复备案通知书", "四", ReinstatementText),
    LetterKind("withdrawal", "注销备案通知书", "四", AdjustmentText),
    LetterKind("revocation", "撤销备案通知书", "四", AdverseAdjustmentText, signer="authority"),
)
LETTER_KINDS: dict[str, LetterKind] = {kind.code: kind for kind in _KINDS}
