"""A qualification (备案资质): its key, its standings on the register, the moves between them, and the decisions that make them.

Source: Notice, article 4. A suspended level stays on file: it keeps its term, its place under CAP-1 and CAP-2 and its
reminders, for it can be reinstated; it is not in the directory. Withdrawing and revoking end the term on the day before.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import date

from pydantic import BaseModel, ConfigDict, Field

from schemas.errors import FilingError
from schemas.item import UNIT, Move

#: The key of what is on file.
KEYS = ["uscc", *UNIT]

#: Where an occupation level of an institution stands on the register.
STANDINGS: dict[str, str] = {
    "filed": "在册",
    "suspended": "暂停",
    "lapsed": "到期失效",
    "withdrawn": "注销",
    "revoked": "撤销",
    "removed": "更正移出",
    "recoded": "改用新代码",
    "merged": "并入其他机构",
    "renumbered": "改用新职业编码",
}

#: Standings of what is on file; a suspended level keeps its term and its place, and is not in the directory.
ON_FILE = frozenset({"filed", "suspended"})


#: The allowed moves of an occupation level; from `""` nothing is on file before.
MOVES: tuple[Move, ...] = (
    Move("", "filed", "准予备案，或名册接收"),
    Move("filed", "filed", "换证延续、名册更正，或更正后恢复原备案"),
    Move("suspended", "suspended", "暂停期间换证延续"),
    Move("filed", "suspended", "决定暂停"),
    Move("suspended", "filed", "决定恢复"),
    Move("lapsed", "filed", "为误填的日期记作失效，予以恢复"),
    Move("lapsed", "suspended", "为误填的日期记作失效，予以恢复"),
    *(
        Move(was, became, because)
        for became, because in (
            ("lapsed", "有效期届满"),
            ("withdrawn", "机构申请注销"),
            ("revoked", "决定撤销"),
            ("removed", "更正后的评估结果为不合格"),
            ("recoded", "统一社会信用代码变更"),
            ("merged", "机构合并"),
            ("renumbered", "职业编码变更"),
        )
        for was in sorted(ON_FILE)
    ),
)

_ALLOWED = {(move.was, move.became) for move in MOVES}


class IllegalStandingError(FilingError, ValueError):
    """A move of a qualification that the table does not have."""


def assert_moves(moves: set[tuple[str, str]]) -> None:
    """Raise IllegalStandingError naming the first move that is not in the table."""
    for was, became in sorted(moves - _ALLOWED):
        raise IllegalStandingError(f"a qualification may not go from '{was}' to '{became}'")


@dataclass(frozen=True)
class AdjustmentKind:
    """One kind of decision: what it does to which standings, and the letter that tells it."""

    code: str
    title: str
    concerns: frozenset[str]
    became: str
    letter: str

    @property
    def ends_term(self) -> bool:
        return self.became not in ON_FILE


_KINDS = (
    AdjustmentKind("suspend", "暂停", frozenset({"filed"}), "suspended", "suspension"),
    AdjustmentKind("reinstate", "恢复", frozenset({"suspended"}), "filed", "reinstatement"),
    AdjustmentKind("withdraw", "注销", ON_FILE, "withdrawn", "withdrawal"),
    AdjustmentKind("revoke", "撤销", ON_FILE, "revoked", "revocation"),
)
ADJUSTMENTS: dict[str, AdjustmentKind] = {kind.code: kind for kind in _KINDS}


class _Decided(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    ground: str = Field(min_length=1, title="事由")
    document_no: str = Field(min_length=1, title="文号")
    decided_by: str = Field(min_length=1, title="决定人")
    effective_on: date = Field(title="生效日期")

    @property
    def because(self) -> str:
        return f"{self.ground}（{self.document_no}）"

    @property
    def identity(self) -> str:
        """SHA-256 of what was decided: recording it again changes nothing."""
        text = json.dumps(self.model_dump(mode="json"), ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


class Adjustment(_Decided):
    """Suspend, reinstate, withdraw or revoke one occupation of an institution, or all it has on file."""

    kind: str = Field(pattern=f"^({'|'.join(ADJUSTMENTS)})$", title="决定类型")
    uscc: str = Field(min_length=1, title="统一社会信用代码")
    occupation_code: str = Field(default="", title="职业编码", description="留空为该机构全部在册职业")


class Recoding(_Decided):
    """An institution has another unified social credit code."""

    old_uscc: str = Field(min_length=1, title="原统一社会信用代码")
    new_uscc: str = Field(min_length=1, title="新统一社会信用代码")


class Renaming(_Decided):
    """An institution is known to the register by other particulars; what is blank stays as it is."""

    uscc: str = Field(min_length=1, title="统一社会信用代码")
    institution_name: str = Field(default="", title="机构名称")
    institution_type: str = Field(default="", title="机构类型")
    region_code: str = Field(default="", title="所属区划")
    registered_address: str = Field(default="", title="注册地址")

    @property
    def particulars(self) -> dict[str, str]:
        """What changes: the register's column and what it is from now on."""
        changes = self.model_dump(exclude={"uscc", *_Decided.model_fields})
        return {name: text for name, text in changes.items() if text}


class Merger(_Decided):
    """An institution has gone into another, which goes on with all that is on file."""

    old_uscc: str = Field(min_length=1, title="被合并机构统一社会信用代码")
    into_uscc: str = Field(min_length=1, title="合并后机构统一社会信用代码")


class Renumbering(_Decided):
    """An occupation has another code in the Dictionary."""

    old_code: str = Field(min_length=1, title="原职业编码")
    new_code: str = Field(min_length=1, title="新职业编码")
