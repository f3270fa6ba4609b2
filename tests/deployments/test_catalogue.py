"""Every deployment can be started from anywhere by its module path, at the times and with the forms it promises."""

import asyncio
from datetime import date, datetime
from importlib import import_module
from zoneinfo import ZoneInfo

import pytest
from prefect.client.schemas.schedules import CronSchedule

from deployments import catalogue, schedules
from schemas.law.cycle import cycle_id
from schemas.policy import for_cycle, in_force
from schemas.run import AUTOMATIC

POLICY = in_force(date(2026, 9, 1))
ZONE = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize("entry", catalogue.ENTRIES, ids=lambda entry: entry.name)
def test_a_deployment_is_complete(entry: catalogue.Entry) -> None:
    built = catalogue.build(entry, POLICY)
    assert built.entrypoint is not None
    module, _, name = built.entrypoint.rpartition(".")
    assert getattr(import_module(module), name) is entry.flow
    assert built.work_pool_name == "filing"
    assert built.job_variables == {}, "what a run is stands in the pool's template alone"
    assert built.version
    assert "负责" in (built.description or "")
    assert built.concurrency_limit == 1
    for schedule in built.schedules or []:
        assert isinstance(schedule.schedule, CronSchedule)
        assert schedule.schedule.timezone == "Asia/Shanghai"


def test_every_stage_can_be_run_alone() -> None:
    stages = {"intake", "screening", "evaluation", "decision", "publication", "expiry", "dormancy", "inspection"}
    assert stages <= {entry.name for entry in catalogue.ENTRIES}


def test_what_has_a_schedule_may_be_paused_and_nothing_else() -> None:
    assert set(AUTOMATIC) == {entry.name for entry in catalogue.ENTRIES if entry.moments(POLICY)}


def test_names_are_unique() -> None:
    names = [entry.name for entry in catalogue.ENTRIES]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("entry", catalogue.ENTRIES, ids=lambda entry: entry.name)
def test_forms_are_said_in_chinese(entry: catalogue.Entry) -> None:
    for name, schema in catalogue.build(entry, POLICY)._parameter_openapi_schema.properties.items():
        assert any("\u4e00" <= sign <= "\u9fff" for sign in schema["title"]), name
        assert schema["description"], name


def test_cycles_are_a_list_to_choose_from() -> None:
    offered = catalogue.cycles(date(2026, 11, 23))
    assert offered[:4] == ["2027-09", "2027-04", "2026-09", "2026-04"]
    assert offered[-1] == "2021-04"
    form = {
        entry.name: catalogue.build(entry, POLICY)._parameter_openapi_schema.properties for entry in catalogue.ENTRIES
    }
    assert form["cycle"]["cycle"]["enum"][0] == "current"
    assert "current" not in form["screening"]["cycle"]["enum"]


def days(moments: list[schedules.Moment], year: int) -> list[datetime]:
    """Every time of the moments within a year."""
    start, end = datetime(year, 1, 1, tzinfo=ZONE), datetime(year + 1, 1, 1, tzinfo=ZONE)
    dates: set[datetime] = set()
    for moment in moments:
        schedule = CronSchedule(cron=moment.cron, timezone="Asia/Shanghai")
        from prefect.server.schemas.schedules import CronSchedule as Times

        dates |= set(asyncio.run(Times(**schedule.model_dump()).get_dates(n=400, start=start, end=end)))
    return sorted(dates)


@pytest.mark.parametrize("cycle", ["2026-04", "2026-09", "2028-04"])
def test_each_day_of_a_window_is_pulled_once_and_its_night_is_worked(cycle: str) -> None:
    policy = for_cycle(cycle_id(cycle))
    opens, closes = policy.window(cycle_id(cycle))
    times = [moment.astimezone(ZONE) for moment in days(schedules.cycle_moments(policy), opens.year)]
    within = [
        moment.date() for moment in times if opens <= moment < closes and moment.hour == 7 and moment.minute == 30
    ]
    span = (closes.date() - opens.date()).days
    assert len(within) == len(set(within)) == span
    night = [moment for moment in times if moment.date() == closes.date() and moment.hour == 0]
    assert len(night) == 1


def test_the_weekly_run_comes_while_results_may_still_come_in() -> None:
    policy = for_cycle(cycle_id("2026-09"))
    weekly = next(moment for moment in schedules.cycle_moments(policy) if moment.slug == "weekly")
    months = {int(month) for month in weekly.cron.split()[3].split(",")}
    assert {4, 5, 9, 10} <= months
