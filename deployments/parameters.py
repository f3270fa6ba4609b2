"""The form a person fills in to start a run: titles, hints, examples and choices in Chinese; what they do is the flows'."""

from datetime import date
from typing import Any

from schemas.policy import in_force, shipped
from tasks.runs.run import CURRENT
from tasks.runs.today import today

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
