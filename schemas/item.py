"""An item (申报职业等级): its key, its statuses and the moves between them, as data."""

from dataclasses import dataclass

from schemas.errors import FilingError

#: What is certified, at whatever level: an occupation as a whole (blank work type) or one work type (工种) of it.
TRADE = ["occupation_code", "work_type"]

#: What is evaluated and filed, within an application or of an institution.
UNIT = [*TRADE, "level"]

#: What goes along with an item from the form to the register: whom it is for, and the enterprise's own name of it.
ALONG = ["audiences", "own_name"]

#: The key of a version of an application.
VERSION = ["application_no", "version"]

#: The key of an item.
KEYS = ["application_no", *UNIT]

STATUSES: dict[str, str] = {
    "returned": "退回补正",
    "screened": "初审通过",
    "held": "待例外审批",
    "accepted": "受理",
    "dispatched": "已送评",
    "passed": "评估合格",
    "failed": "评估不合格",
    "filed": "已备案",
    "refused": "不予备案",
    "withdrawn": "已撤回",
    "ended": "已终止办理",
    "lapsed": "已失效",
}

#: Statuses after which nothing more is awaited.
FINAL = frozenset({"failed", "filed", "refused", "withdrawn", "ended", "lapsed"})

#: Final statuses somebody other than the applicant decided on: a further version of the application comes too late.
DECIDED = FINAL - {"withdrawn"}

#: An applicant's or a person's ending of an item: no outcome of a policy.
ENDED_BY_PEOPLE = frozenset({"withdrawn", "ended"})

#: Statuses of an item that is on its way: the institution may not ask for it again (OCC-14), and CAP-1 counts it.
UNDER_WAY = ("held", "accepted", "dispatched", "passed")

#: Statuses in which somebody has still to act.
OPEN = ("returned", *UNDER_WAY)


@dataclass(frozen=True)
class Move:
    """One allowed move; `because` says in Chinese what causes it. `""` is the outside: not there before, or not after."""

    was: str
    became: str
    because: str


MOVES: tuple[Move, ...] = (
    Move("", "returned", "初审有须补正的意见"),
    Move("", "screened", "初审无须补正的意见"),
    Move("returned", "", "申报人补正后重新提交"),
    Move("held", "", "申报人重新提交"),
    Move("accepted", "", "申报人重新提交"),
    Move("dispatched", "", "申报人重新提交，送评材料撤回"),
    Move("passed", "", "申报人重新提交，送评材料撤回"),
    Move("withdrawn", "", "申报人撤回后重新提交"),
    Move("", "withdrawn", "申报人提交撤回申报的版本"),
    *(Move(status, "withdrawn", "申报人撤回申报") for status in OPEN),
    Move("returned", "ended", "终止办理：逾期未补正"),
    Move("held", "ended", "终止办理：例外审批未获准"),
    Move("accepted", "ended", "终止办理：未完成评估"),
    Move("dispatched", "ended", "终止办理：未完成评估"),
    Move("passed", "ended", "终止办理：有据终止"),
    Move("screened", "held", "有原则性例外意见"),
    Move("screened", "accepted", "无原则性例外意见"),
    Move("held", "accepted", "例外审批准予"),
    Move("held", "refused", "例外审批不予"),
    Move("accepted", "refused", "例外审批改为不予"),
    Move("dispatched", "refused", "例外审批改为不予，送评材料撤回"),
    Move("refused", "held", "例外审批不予后重新核定"),
    Move("refused", "returned", "例外审批不予后重新核定，整份申报须补正"),
    Move("refused", "passed", "公示异议经重新核定驳回"),
    Move("accepted", "dispatched", "送交评估"),
    Move("dispatched", "passed", "评估合格"),
    Move("dispatched", "failed", "评估不合格或承诺材料未提供"),
    Move("passed", "filed", "准予备案"),
    Move("passed", "held", "备案时该职业已饱和"),
    Move("passed", "refused", "例外审批改为不予，送评材料撤回；公示异议成立；所换证的备案在审核期间注销、撤销"),
    Move("passed", "failed", "更正后的评估结果为不合格"),
    Move("filed", "lapsed", "有效期届满，或备案注销、撤销"),
    Move("lapsed", "filed", "为误填的日期记作失效，予以恢复"),
    Move("filed", "refused", "更正后的评估结果为不合格，经审批撤销备案"),
    Move("failed", "passed", "更正后的评估结果为合格"),
    Move("held", "failed", "更正后的评估结果为不合格"),
    Move("held", "passed", "饱和例外审批准予，或评估结果更正后重新核定"),
)

_ALLOWED = {(move.was, move.became) for move in MOVES}


class IllegalMoveError(FilingError, ValueError):
    """A move that the table does not have."""


def assert_moves(moves: set[tuple[str, str]]) -> None:
    """Raise IllegalMoveError naming the first move that is not in the table."""
    for was, became in sorted(moves - _ALLOWED):
        raise IllegalMoveError(f"an item may not go from '{was}' to '{became}'")


def trade_title(occupation_name: str, work_type: str) -> str:
    """An occupation and its work type in one: `焊工（电焊工）`."""
    return f"{occupation_name}（{work_type}）" if work_type else occupation_name


def occupation_title(name: str, own_name: str) -> str:
    """An occupation as people read it; an unlisted one, which goes by its neighbour's code, with its enterprise's name."""
    return f"{name}（{own_name}）" if own_name else name


def own_name_in(title: str, name: str) -> str:
    """The enterprise's name in an occupation's title as `occupation_title` makes it; blank where there is none."""
    return title[len(name) + 1 : -1] if title.startswith(f"{name}（") and title.endswith("）") else ""
