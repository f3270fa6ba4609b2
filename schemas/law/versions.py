"""Which version of an application counts: taken, older than the present one, late, or another institution's.

Source: contract section 3, "Versions" and "Withdrawing".
"""

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Literal
from zoneinfo import ZoneInfo

from schemas.law.cycle import CycleId
from schemas.policy import Policy

Standing = Literal["current", "superseded", "late", "aside"]


@dataclass(frozen=True)
class PresentState:
    """What is known of a number when another version of it comes.

    `moment`: that of the current version, and as `stated` by itself; `correct_by`: the last day of its correction period,
    None where it has none; `is_decided`: an item is failed, filed, refused, ended or lapsed, or all of it is ended;
    `is_filed`: one is or was on file; `uscc`: the valid credit code it has, empty while it has none.
    """

    cycle: CycleId
    is_closed: bool
    is_returned: bool
    is_decided: bool
    is_filed: bool
    uscc: str
    moment: datetime
    correct_by: date | None = None
    stated: datetime | None = None


@dataclass(frozen=True)
class Version:
    """What a version states; its credit code where that is valid, else empty.

    `moment`: when it counts as handed in; `stated`: when it says it was.
    """

    cycle: CycleId
    uscc: str
    moment: datetime
    is_withdrawal: bool = False
    stated: datetime | None = None


@dataclass(frozen=True)
class Ruled:
    """How a version stands and, in Chinese, why it is not taken.

    `in_time_until`: the day it is taken after, on which it would have been in time; WINDOW-2 stands on it.
    `is_open`: whether a decision under WINDOW-2 may take it all the same.
    """

    standing: Standing
    reason: str = ""
    in_time_until: date | None = None
    is_open: bool = False


def moment_of(submitted: datetime | None, first_seen: date, policy: Policy) -> datetime:
    """When a version counts as handed in: as it states, or not before it was seen where the policy asks for that."""
    received = datetime.combine(first_seen, time(12), ZoneInfo(policy.timezone))
    if submitted is None:
        return received
    return max(submitted, received) if policy.cycle.moment == "received" else submitted


def first_version(version: Version, policy: Policy, day: date, *, is_closed: bool) -> Ruled:
    """A first version is taken whenever it comes, unless its cycle has not begun or is closed."""
    opens = policy.window(version.cycle)[0].date()
    if is_closed:
        return Ruled("aside", f"{version.cycle}批次已终止办理，不再收件；请在以后的批次申报")
    if opens > day:
        return Ruled("aside", f"{version.cycle}批次的申报期自{opens}起，尚未开始；请核对“申报批次”")
    return Ruled("current")


def later_version(version: Version, present: PresentState, policy: Policy) -> Ruled:
    """How a further version of a number stands; `policy`: that of the number's cycle."""
    if present.uscc and version.uscc and version.uscc != present.uscc:
        return Ruled("aside", "该申报编号属于另一机构（统一社会信用代码不同），请使用本机构自己的申报编号")
    if present.is_closed:
        return Ruled("late", f"{present.cycle}批次已终止办理")
    if present.is_filed if version.is_withdrawal else present.is_decided:
        return Ruled("late", "该申报已有作出决定的职业等级")
    if _is_older(version, present):
        return Ruled("superseded", "已有提交时间更晚的版本")
    return _in_turn(version, present, policy)


def _is_older(version: Version, present: PresentState) -> bool:
    """Whether the current version was submitted later, by what both say.

    The day one was seen puts them in no order: of two of which one says nothing that can be read, the later to come counts.
    """
    return bool(version.stated and present.stated and version.stated < present.stated)


def _in_turn(version: Version, present: PresentState, policy: Policy) -> Ruled:
    """How a version stands that is newer than the current one, of an application of which nothing is decided."""
    if version.is_withdrawal or version.moment <= policy.window(present.cycle)[1]:
        return Ruled("current")
    if present.is_returned:
        submitted_on = version.moment.astimezone(ZoneInfo(policy.timezone)).date()
        last = present.correct_by or policy.deadline(present.cycle)
        return Ruled("current", in_time_until=last if submitted_on > last else None)
    return Ruled("late", "申报截止后提交且未经要求，须经例外审批准予后方可采纳", is_open=True)


def may_be_permitted(present: PresentState, moment: datetime) -> bool:
    """Whether a decision under WINDOW-2 may take a late version now: nothing is decided, and it is the newest."""
    return not present.is_closed and not present.is_decided and moment >= present.moment
