"""When the deployments run, by cron lines from the policy's calendar in its time zone, and what runs to come are called."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import datetime

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.schedules import Cron, Schedule

from schemas.law.cycle import CycleId
from schemas.policy import Policy
from schemas.run import AUTOMATIC
from tasks.runs import on_server
from tasks.runs.orchestration import CYCLE_DEPLOYMENT, WORKING, in_state, run_name
from tasks.runs.run import CURRENT, chosen_cycle
from tasks.runs.today import day_of

#: A year without a leap day: the calendar's days are the same in every year.
_YEAR = 2026


@dataclass(frozen=True)
class Moment:
    """One line of the calendar: `slug` names it, `description` says it in Chinese."""

    slug: str
    cron: str
    description: str
    #: Of the shipped notice; the policy says where its own has them.
    articles: tuple[str, ...] = ()


def cycle_moments(policy: Policy) -> list[Moment]:
    """The calendar of a cycle: its window each morning, the night of the deadline, and weekly while results come in."""
    return [*_window(policy), *_deadline_nights(policy), _weekly(policy)]


def _window(policy: Policy) -> list[Moment]:
    moments: list[Moment] = []
    for cycle in _cycles(policy):
        opens, last = policy.window(cycle)[0].date(), policy.deadline(cycle)
        end = monthrange(_YEAR, opens.month)[1]
        text = f"受理期内每天7:30收件、初审（{opens.month}月{opens.day}日至{last.month}月{last.day}日）"
        moments.append(
            Moment(f"window-{cycle[5:]}-opens", f"30 7 {opens.day}-{end} {opens.month} *", text, ("三（一）",))
        )
        moments.append(Moment(f"window-{cycle[5:]}-closes", f"30 7 1-{last.day} {last.month} *", text, ("三（一）",)))
    return moments


def _deadline_nights(policy: Policy) -> list[Moment]:
    months = ",".join(str(month) for month in policy.cycle.months)
    spoken = "、".join(f"{month}月{policy.cycle.deadline_day}日" for month in policy.cycle.months)
    text = f"截止夜：{spoken}24:00之后，次日0:30收齐、初审、送评"
    return [
        Moment("deadline-night", f"30 0 {policy.cycle.deadline_day + 1} {months} *", text, ("三（一）", "三（二）"))
    ]


def _weekly(policy: Policy) -> Moment:
    months = sorted({(month + later - 1) % 12 + 1 for month in policy.cycle.months for later in range(4)})
    text = "截止后每周一7:45汇集评估结果、决定、发布"
    return Moment("weekly", f"45 7 * {','.join(map(str, months))} 1", text, ("三（三）", "三（四）"))


def _cycles(policy: Policy) -> list[CycleId]:
    return [CycleId(f"{_YEAR}-{month:02d}") for month in policy.cycle.months]


NIGHTLY = Moment(
    "nightly",
    "15 1 * * *",
    "每天1:15备案公示期满的项目、清理到期资质、核定休眠，目录有变化即发布新版",
    ("三（一）", "三（四）"),
)
MONTHLY = Moment("monthly", "30 2 1 * *", "每月1日2:30清除保管期满的人员记录（个人信息保护法第四十七条）")
WEEKLY_PRUNING = Moment("weekly-pruning", "45 2 * * 0", "每周日2:45截短过长的日志文件")
HOURLY = Moment("hourly", "5 * * * *", "每小时查看一次；执行程序本身每20秒查看一次", ("三（三）",))
DAILY_WATCH = Moment("daily", "0 8 * * *", "每天8:00查看一次；执行程序本身每5分钟查看一次，同一情况只通知一次")


def scheduled(moments: list[Moment], policy: Policy) -> list[Schedule]:
    """The moments as Prefect's schedules; a cron line without its zone would be read as UTC."""
    return [Cron(moment.cron, timezone=policy.timezone, slug=moment.slug) for moment in moments]


def name_upcoming() -> int:
    """Give the next runs of our schedules the names they will have; returns how many were renamed."""
    ours = on_server.ours()
    renamed = 0
    with get_client(sync_client=True) as client:
        titles = {
            entry.id: on_server.entry(entry.name)
            for entry in client.read_deployments(deployment_filter=ours, limit=200)
        }
        soonest = client.read_flow_runs(
            flow_run_filter=in_state(StateType.SCHEDULED),
            deployment_filter=ours,
            sort=FlowRunSort.EXPECTED_START_TIME_ASC,
            limit=200,
        )
        for run in soonest:
            if not (run.auto_scheduled and run.deployment_id in titles and run.expected_start_time):
                continue
            name = upcoming_name(
                titles[run.deployment_id], run.expected_start_time, run.parameters.get("cycle", CURRENT)
            )
            if name != run.name:
                client.update_flow_run(run.id, name=name)
                renamed += 1
    return renamed


def upcoming_name(deployment: str, moment: datetime, cycle: str = CURRENT) -> str:
    """What a scheduled run of a deployment is called: its cycle and kind, or its title, and the day it comes on."""
    day = day_of(moment)
    if deployment == CYCLE_DEPLOYMENT:
        return run_name(chosen_cycle(cycle, day), WORKING, day)
    return run_name("", AUTOMATIC.get(deployment, deployment), day)
