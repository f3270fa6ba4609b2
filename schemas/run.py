"""One run of a cycle: the run as stages receive it, the work that runs by itself, and the summary a run leaves."""

from datetime import date
from typing import Literal

from pydantic import BaseModel, Field

from schemas.law.cycle import CycleId
from schemas.law.deciding import Wait
from schemas.policy import Policy
from schemas.settings import Settings


class Run(BaseModel):
    """The run a stage works for: whose cycle, under which policy, on which day, in which installation.

    `token` proves its lease on the cycle; `only`: application numbers, None for all; `inbox`: a folder.
    """

    run_id: str
    cycle: CycleId
    policy: Policy
    day: date
    token: int
    inbox: str
    only: list[str] | None = None
    installation: Settings = Field(repr=False)


#: Deployments that run by themselves, and so can be paused (暂停自动办理), with the title of their runs.
AUTOMATIC: dict[str, str] = {
    "cycle": "各批次的定时办理",
    "sweeps": "每日清理",
    "retention": "到期清除个人信息",
    "resume-waiting": "唤醒等待中的批次",
    "watch": "值守提醒",
    "pruning": "清理旧日志",
}


#: What the stages count.
COUNT_TITLES: dict[str, str] = {
    "new": "新申报",
    "corrected": "补正重报",
    "older": "旧版本",
    "withdrawn": "撤回申报",
    "late": "逾期未采纳的版本",
    "ended": "终止办理",
    "register": "备案名册",
    "activities": "认定活动",
    "decisions": "例外审批",
    "experts": "专家库",
    "results": "收到评估结果",
    "quarantined": "隔离",
    "screened": "已审申报",
    "returned": "退回补正",
    "held": "待例外审批",
    "accepted": "受理",
    "settled": "例外审批落实",
    "letters": "文书",
    "delivered": "发出",
    "packages": "评估材料包",
    "dispatched": "送评",
    "redrawn": "重抽专家组",
    "accepted_results": "采纳结果",
    "refused_results": "退回结果",
    "replaced_results": "替换结果的申报",
    "passed": "评估合格",
    "failed": "评估不合格",
    "filed": "备案",
    "refused": "不予备案",
    "public_notices": "公示",
    "editions": "目录版次",
    "rows": "目录行数",
    "lapsed": "失效",
    "reminders": "到期提醒",
    "active_occupations": "正常开展的职业",
    "dormant_occupations": "休眠的职业",
    "new_occupations": "新备案的职业",
    "forgotten": "清除的人员记录",
    "unknown_occupations": "情况不明的职业",
    "trimmed_logs": "截短的日志",
    "alerts": "提醒",
}

OUTCOME_TITLES: dict[str, str] = {
    "done": "本次已办完",
    "waiting": "等待评估结果",
    "nothing_to_do": "没有要办的",
    "failed": "有未办成的",
}

#: The key under which a run's failures name a source that could not be pulled.
SOURCE = "source"

Outcome = Literal["done", "waiting", "nothing_to_do", "failed"]


class Counts(BaseModel):
    """How many of each thing a stage handled; nothing counted means nothing was left to do."""

    done: dict[str, int] = Field(default_factory=dict)
    failed: dict[str, str] = Field(default_factory=dict)  # key -> one sentence
    advice: list[str] = Field(default_factory=list)  # sentences worth reading; nothing was left undone for them

    @property
    def total(self) -> int:
        return sum(self.done.values())

    @property
    def text(self) -> str:
        """What was done, as a command says it."""
        return ", ".join(f"{number} {name.replace('_', ' ')}" for name, number in self.done.items())

    @classmethod
    def of(cls, **numbers: int) -> "Counts":
        """So many of each thing; those of which there were none are left out."""
        return cls(done={name: number for name, number in numbers.items() if number})

    @classmethod
    def sum(cls, parts: "list[Counts]") -> "Counts":
        """All parts together."""
        done: dict[str, int] = {}
        failed: dict[str, str] = {}
        advice: list[str] = []
        for part in parts:
            failed |= part.failed
            advice += part.advice
            for name, number in part.done.items():
                done[name] = done.get(name, 0) + number
        return cls(done=done, failed=failed, advice=advice)


class Head(BaseModel):
    """The newest entry of the history: its number and the digest that every entry before it goes into."""

    entry: int = 0
    digest: str = ""


class RunSummary(BaseModel):
    """One run of one cycle."""

    run_id: str
    cycle: str
    as_of: date
    outcome: Outcome
    #: `cycle` for a run of the whole cycle, else the flow it is of.
    work: str = "cycle"
    #: Results are awaited; beside it something may have been left undone, which the outcome then says.
    awaits_results: bool = False
    #: What the cycle is waiting for before it is decided.
    wait: Wait = Field(default_factory=Wait)
    #: Results received for other cycles, which their own runs will judge: cycle -> how many.
    results_elsewhere: dict[str, int] = Field(default_factory=dict)
    #: Counts by stage, in the order of the work.
    stages: dict[str, Counts] = Field(default_factory=dict)
    #: The stages' Chinese titles.
    titles: dict[str, str] = Field(default_factory=dict)
    received_results: int = 0
    awaited_results: int = 0
    edition: str | None = None
    waiting_edition: str | None = None
    #: The waiting edition and why it waits, in one sentence.
    waits_for_approval: str | None = None
    history: Head = Field(default_factory=Head)

    def title_of(self, stage: str) -> str:
        """A stage's Chinese title; its name where the summary has none, as those of earlier releases."""
        return self.titles.get(stage, stage)

    @property
    def failed(self) -> dict[str, str]:
        """Why each application, letter or file failed; its keys can be the `only` of the next run."""
        return {key: why for counts in self.stages.values() for key, why in counts.failed.items()}

    @property
    def advice(self) -> list[str]:
        """What the stages advise, in their order."""
        return [sentence for counts in self.stages.values() for sentence in counts.advice]

    @property
    def title(self) -> str:
        """How the run ended, in the words people read."""
        waits = "，等待评估结果" if self.awaits_results and self.outcome == "failed" else ""
        return OUTCOME_TITLES[self.outcome] + waits

    @property
    def changed(self) -> bool:
        return any(counts.total for counts in self.stages.values())
