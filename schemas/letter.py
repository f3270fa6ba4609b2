"""Letters (文书) to institutions and panels: the kinds there are, and their lines in the words of the form."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, get_args

from pydantic import BaseModel

from schemas.letter_text import (
    AcceptanceText,
    AdjustmentText,
    AdverseAdjustmentText,
    ApplicationWithdrawalText,
    CorrectionText,
    DormancyText,
    EndingText,
    ExpiryReminderText,
    FilingText,
    FindingLine,
    InstitutionCodeText,
    ItemLine,
    LateVersionText,
    LetterText,
    NonAcceptanceText,
    PackageRecallText,
    RectificationText,
    RefusalText,
    RefusingLetter,
    ResultReturnText,
)
from schemas.policy import Policy
from schemas.submission import ROLES, TABLES

#: An item as letters name it: occupation code, occupation name, work type, level.
Named = tuple[str, str, str, str]


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
    LetterKind("reinstatement", "恢复备案通知书", "四", AdjustmentText),
    LetterKind("withdrawal", "注销备案通知书", "四", AdjustmentText),
    LetterKind("revocation", "撤销备案通知书", "四", AdverseAdjustmentText, signer="authority"),
)
LETTER_KINDS: dict[str, LetterKind] = {kind.code: kind for kind in _KINDS}


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
        return (
            f"{policy.materials[material]}（{occupation.replace(':', ' ')}）"
            if occupation
            else policy.materials[material]
        )
    return _titles(table).get(field, field)
