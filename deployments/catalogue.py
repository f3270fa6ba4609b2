"""Every deployment: which flow, when, in which words, and the form a person fills in to start a run of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from importlib.metadata import version
from typing import Any

from prefect import Flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import WorkPoolCreate, WorkPoolUpdate
from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy
from prefect.deployments.runner import RunnerDeployment
from prefect.exceptions import ObjectAlreadyExists
from prefect.types.entrypoint import EntrypointType

from deployments import registering, schedules
from deployments.gate.secrets_of_home import present
from deployments.schedules import Moment
from flows.decided import approval
from flows.filing_cycle import filing_cycle, resume_waiting
from flows.stages import ALONE, STAGES, inspection
from flows.sweeps import pruning, retention, sweeps, watch
from schemas import office
from schemas.policy import Policy, in_force, shipped
from schemas.settings import PAGES, settings
from tasks.runs import on_server
from tasks.runs.orchestration import APPROVAL_TAG, CYCLE_DEPLOYMENT
from tasks.runs.run import CURRENT
from tasks.runs.today import today

_OWNER = "负责：{office}"
_ENQUEUE = ConcurrencyLimitConfig(limit=1, collision_strategy=ConcurrencyLimitStrategy.ENQUEUE)
_SKIP = ConcurrencyLimitConfig(limit=1, collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW)
#: What every run of the pool is: the engine's own command in the worker's environment, with nothing a run may say of it.
#: A worker that is killed must not take its flows with it at their next line of output.
JOB_TEMPLATE = {
    "job_configuration": {"stream_output": False},
    "variables": {"type": "object", "properties": {}, "additionalProperties": False},
}


@dataclass(frozen=True)
class Entry:
    """One deployment: its name, flow, Chinese description, moments, and the articles it serves."""

    name: str
    flow: Flow[..., Any]
    description: str
    tags: tuple[str, ...]
    moments: Callable[[Policy], list[Moment]] = field(default=lambda _policy: [])
    collision: ConcurrencyLimitConfig = field(default_factory=lambda: _ENQUEUE)
    #: Of the shipped notice, as a moment's; "" is the notice as a whole.
    articles: tuple[str, ...] = ()


ENTRIES = (
    Entry(
        CYCLE_DEPLOYMENT,
        filing_cycle,
        "办理一个申报批次：收件、初审、送评、决定、发布、清理。能办到哪一步就办到哪一步，可以反复运行；"
        "评估结果未齐时暂停等待，收齐、期满或有新文件时自动继续",
        ("批次",),
        schedules.cycle_moments,
        articles=("",),
    ),
    *(
        Entry(stage.name, alone, f"{stage.title}：{stage.description}", ("环节",), articles=(stage.article,))
        for stage, alone in zip(STAGES, ALONE, strict=True)
    ),
    Entry(
        "inspection",
        inspection,
        "双随机抽查：由公开的种子抽取机构和检查人员，一个批次抽一次",
        ("环节",),
        articles=("四（三）",),
    ),
    Entry(
        "approve",
        approval,
        "批准发布：新版目录减少过多，或有移出没有记录原因时，先等待；核对后填写版次和批准人，即予发布",
        (APPROVAL_TAG,),
        articles=("三（四）",),
    ),
    Entry(
        "sweeps",
        sweeps,
        "每日清理：公示期满的备案，到期、休眠，目录有变化即发布",
        ("清理",),
        lambda _: [schedules.NIGHTLY],
    ),
    Entry(
        "retention",
        retention,
        "到期清除：办结已久的申报、被替换已久的版本，其人员名单按保管期限清除；记录清除了多少，不记录是谁（个人信息保护法第四十七条）",
        ("清理",),
        lambda _: [schedules.MONTHLY],
    ),
    Entry(
        "pruning",
        pruning,
        "清理旧日志：logs 文件夹中过长的日志截去较旧的一半；已结束已久的运行及其日志、附件由服务器按保留天数自动清除",
        ("清理",),
        lambda _: [schedules.WEEKLY_PRUNING],
    ),
    Entry(
        "resume-waiting",
        resume_waiting,
        "唤醒等待评估结果的批次：结果收齐、等待期满、收件箱有新文件或有新的例外审批时继续办理",
        ("值守",),
        lambda _: [schedules.HOURLY],
        _SKIP,
        articles=("三（三）",),
    ),
    Entry(
        "watch",
        watch,
        "值守：有未办成的、运行中断、评估结果逾期、目录等待批准、临近截止尚无申报，各以邮件和网络钩子通知一次",
        ("值守",),
        lambda _: [schedules.DAILY_WATCH],
        _SKIP,
    ),
)


def _cited(policy: Policy, articles: Sequence[str]) -> str:
    """The city's notice and its articles that say what these of the shipped one do, in brackets; nothing without any."""
    return f"（{policy.document}{'、'.join(dict.fromkeys(map(policy.article, articles)))}）" if articles else ""


def build(entry: Entry, policy: Policy) -> RunnerDeployment:
    """The deployment as Prefect takes it; its entrypoint is a module path, valid wherever the package is installed."""
    moments = entry.moments(policy)
    lines = dict.fromkeys(moment.description + _cited(policy, moment.articles) for moment in moments)
    calendar = "".join(f"\n- {line}" for line in lines)
    text = f"{entry.description}{_cited(policy, entry.articles)}。\n\n"
    text += f"定时（{policy.timezone}）：{calendar}\n\n" if moments else ""
    text += f"谁须办什么，见[备案工作台]({PAGES}/)。\n\n"
    text += _OWNER.format(office=office.read(settings().root).name)
    deployment = RunnerDeployment.from_flow(
        entry.flow,
        name=on_server.deployment(entry.name),
        description=text,
        tags=[on_server.tag(), *entry.tags],
        version=version("filing-cycles"),
        schedules=schedules.scheduled(moments, policy),
        concurrency_limit=entry.collision,
        work_pool_name=on_server.pool(),
        entrypoint_type=EntrypointType.MODULE_PATH,
    )
    # Prefect titles the fields by their names in the code
    schema = deployment._parameter_openapi_schema
    schema.properties = described(schema.properties)
    return deployment


#: Cycles offered beyond the present one.
_AHEAD_YEARS = 1

Property = dict[str, Any]


_FORM: dict[str, Property] = {
    "cycle": {
        "title": "申报批次",
        "description": "年份-截止月份。current 为当前批次：受理期最近一次开始的那一批",
        "examples": ["2026-09"],
    },
    "as_of": {
        "title": "办理日期",
        "description": (
            "日常请留空，即办理当天。补办、演练时才填："
            "等待评估结果后从该日起按实际过去的天数顺延，且不早于该批次上次办理的日期"
        ),
        "examples": ["2026-09-11"],
    },
    "only": {
        "title": "只办理这些申报编号",
        "description": "不填为全部。也可填“failed:运行号”，只重办该次运行中未办成的",
        "examples": [["HS202609-0003", "HS202609-0017"]],
    },
    "inbox": {
        "title": "收件箱",
        "description": "不填为所设的来源（FILING_SOURCE），未设则为本系统的 inbox 文件夹；填写则须为服务器上的文件夹",
        "examples": ["/srv/filing/inbox"],
    },
    "dry_run": {"title": "试运行", "description": "只显示会发生什么：不写入、不发文、不备案、不发布"},
    "seed": {
        "title": "抽签种子",
        "description": "事先公开、事后任何人可以核对的文字，例如某日开奖号码",
        "examples": ["2026-11-23 双色球 03 07 11 19 24 30 + 08"],
    },
    "edition": {
        "title": "目录版次",
        "description": "等待批准的那一版：见批次总览的“在等谁”或提醒；先核对 edition- 页列出的变化",
        "examples": ["2026-09.2"],
    },
    "by": {"title": "批准人", "description": "谁批准的，记入历史，不公开", "examples": ["王处长"]},
}


def cycles(on: date | None = None) -> list[str]:
    """Every cycle since the notice came into force and through the coming year, newest first."""
    day = on or today()
    first, last = shipped()[0].in_force_from, day.year + _AHEAD_YEARS
    months = in_force(day).cycle.months
    every = [(year, month) for year in range(first.year, last + 1) for month in months]
    return [f"{year:04d}-{month:02d}" for year, month in sorted(every, reverse=True) if date(year, month, 1) >= first]


def described(properties: dict[str, Property]) -> dict[str, Property]:
    """The form's fields as Prefect found them in the flow's signature, in Chinese; the cycles to choose from are today's."""
    fields = {name: {**schema, **_FORM.get(name, {})} for name, schema in properties.items()}
    if "cycle" in fields:
        must_be_named = properties["cycle"].get("default") is None
        fields["cycle"]["enum"] = cycles() if must_be_named else [CURRENT, *cycles()]
        if must_be_named:
            fields["cycle"]["description"] = "年份-截止月份"
    return fields


@dataclass(frozen=True)
class Registered:
    """The full names of the deployments, and a sentence for each change of a person's that was kept."""

    names: list[str]
    kept_changes: list[str]


def register() -> Registered:
    """Make the pool and every deployment on the server; again brings them up to date, but for what a person changed."""
    _make_pool()
    policy = in_force(today())
    built = [build(entry, policy) for entry in ENTRIES]
    moments = registering.moments(built)
    with get_client(sync_client=True) as client:
        changes = registering.keep_changes(client, built)
    for deployment in built:
        deployment.apply()
    with get_client(sync_client=True) as client:
        registering.remember(client, moments)
    return Registered([deployment.full_name for deployment in built], changes)


def register_missing() -> list[str]:
    """Make deployments anew that are gone from the server; returns what was done, a line each."""
    with get_client(sync_client=True) as client:
        present = {entry.name for entry in client.read_deployments(deployment_filter=on_server.ours(), limit=200)}
    missing = [name for entry in ENTRIES if (name := on_server.deployment(entry.name)) not in present]
    if missing:
        register()
    return [f"the deployment {name} was gone and is registered anew" for name in missing]


def _make_pool() -> None:
    pool = WorkPoolCreate(
        name=on_server.pool(), type="process", base_job_template=JOB_TEMPLATE, description="备案批次的执行"
    )
    with get_client(sync_client=True) as client:
        try:
            client.create_work_pool(pool)
        except ObjectAlreadyExists:
            client.update_work_pool(on_server.pool(), WorkPoolUpdate(base_job_template=JOB_TEMPLATE))


def main() -> None:
    """Register with the server that PREFECT_API_URL names, once it answers."""
    present(settings().root)
    registered = register()
    for line in [*registered.names, *registered.kept_changes]:
        print(line)  # noqa: T201


if __name__ == "__main__":
    main()
