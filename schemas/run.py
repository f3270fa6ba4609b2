"""One run of a cycle, what every stage of it is handed; and which work runs by itself."""

from datetime import date

from pydantic import BaseModel, Field

from schemas.law.cycle import CycleId
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


#: Deployments that run by themselves, and so may be paused (暂停自动办理), with the name of their work, which is their runs'.
AUTOMATIC: dict[str, str] = {
    "cycle": "各批次的定时办理",
    "sweeps": "每日清理",
    "retention": "到期清除个人信息",
    "resume-waiting": "唤醒等待中的批次",
    "watch": "值守提醒",
    "pruning": "清理旧日志",
}
