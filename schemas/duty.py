"""A duty (待办): one thing that waits for somebody, as the desk, the command and alerts tell it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

#: Kinds of duty in the order in which they are shown, with what people read for each.
KINDS: dict[str, str] = {
    "ruling": "例外审批",
    "approval": "批准发布",
    "correction": "申报补正",
    "panel": "评估结果",
    "cycle": "批次办理",
    "posting": "待寄出的文书",
    "delivery": "未送出的文书和材料",
    "aside": "搁置的文件",
    "complaint": "投诉与整改",
}


@dataclass(frozen=True)
class Duty:
    """One thing that waits: its kind, its subject (application, edition, complaint, file), who has to do which task by when.

    `region` is the code of the county, blank where there is none; `contact` whom to call; `facts` what the person who does
    it needs to know beside; `days` its age. `alert_from`: the day from which an alert tells of it, for what others do or a
    run may still do by itself; `mark` tells one occasion of the same thing from another.
    """

    kind: str
    subject: str
    who: str
    task: str
    cycle: str = ""
    institution: str = ""
    region: str = ""
    contact: str = ""
    facts: tuple[str, ...] = ()
    since: date | None = None
    due: date | None = None
    days: int = 0
    alert_from: date | None = None
    mark: str = ""

    @property
    def key(self) -> str:
        """What it is known by, so that people are notified of it once."""
        return "|".join((self.kind, self.subject, str(self.since or ""), self.mark))

    @property
    def title(self) -> str:
        """The kind as people read it."""
        return KINDS[self.kind]


def counted(waiting: Iterable[Duty]) -> dict[str, int]:
    """How many of each kind, in the order of KINDS; those there are none of are left out."""
    kinds = [duty.kind for duty in waiting]
    return {kind: kinds.count(kind) for kind in KINDS if kind in kinds}


@dataclass(frozen=True)
class Choice:
    """Which duties are looked at: of one county, of one kind, of one cycle; blank is all."""

    region: str = ""
    kind: str = ""
    cycle: str = ""

    def of(self, waiting: Iterable[Duty]) -> list[Duty]:
        """Those of the duties that are looked at, in their order."""
        tests: list[Callable[[Duty], bool]] = [
            lambda duty: self.region in ("", duty.region),
            lambda duty: self.kind in ("", duty.kind),
            lambda duty: self.cycle in ("", duty.cycle),
        ]
        return [duty for duty in waiting if all(test(duty) for test in tests)]
