"""An application (申报) and its items: their statuses, the moves between them, and who must act (待办) where one is not final."""

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


#: Those of a version are set by what happens to it, the others follow from its items.
APPLICATION_STATUSES: dict[str, str] = {
    "received": "已收件",
    "returned": "退回补正",
    "superseded": "已被新版本替代",
    "late": "逾期未采纳的版本",
    "in_progress": "办理中",
    "closed": "已办结",
}


@dataclass(frozen=True)
class Awaited:
    """A standing in Chinese, and who has to do what, in English for commands and in Chinese for pages and alerts."""

    title: str
    who: str
    who_zh: str


#: An application returned with the letter that it is not taken up (不予受理): no correction mends it, and nobody waits.
NOT_TAKEN_UP = "not_taken_up"

#: What passed and stands in a public notice that is not over: it is filed by the first run after it.
ON_NOTICE = "on_notice"
#: What passed in a cycle that is not decided yet: others have to act first.
WITH_ITS_CYCLE = "with_its_cycle"

#: By status of an item or an application; `questioned` is a filed item that a corrected result fails (EVAL-5).
AWAITED: dict[str, Awaited] = {
    "received": Awaited("待初审", "centre: run the cycle (filing run)", "中心运行批次"),
    "returned": Awaited("退回补正", "applicant: correct it", "申报机构补正"),
    NOT_TAKEN_UP: Awaited("不予受理", "nobody: not taken up, ends with the cycle", "无人须办，随批次终止"),
    "screened": Awaited("初审通过", "centre: run the cycle (filing run)", "中心运行批次"),
    "held": Awaited("待例外审批", "centre: decide (filing decide)", "中心作出例外审批"),
    "accepted": Awaited("受理", "centre: run the cycle (filing run)", "中心运行批次"),
    "dispatched": Awaited("已送评", "panel: send its results", "专家组交回评估结果"),
    "passed": Awaited("评估合格", "centre: run the cycle (filing run)", "中心运行批次"),
    WITH_ITS_CYCLE: Awaited("评估合格，待批次决定", "nobody: decided with its cycle", "无人须办，随批次一并决定"),
    ON_NOTICE: Awaited("公示中", "nobody: filed when its public notice is over", "无人须办，公示期满后备案"),
    "late": Awaited("逾期版本", "centre: decide under WINDOW-2, or leave it", "中心决定是否采纳逾期版本"),
    "questioned": Awaited(
        "已备案，更正结果待审批", "centre: decide under EVAL-5 (filing decide)", "中心就更正的结果作出例外审批"
    ),
}
