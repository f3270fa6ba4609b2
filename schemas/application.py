"""An application (申报): its statuses, and who must act (待办) where it, or an item of it, is not final."""

from dataclasses import dataclass

#: Those of a version are set by what happens to it, the others follow from its items.
STATUSES: dict[str, str] = {
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
