"""Registering again keeps what a person changed on the server, and says so."""

from uuid import uuid4

import pytest
from prefect.client.schemas.actions import DeploymentScheduleCreate
from prefect.client.schemas.objects import DeploymentSchedule
from prefect.client.schemas.schedules import CronSchedule

from deployments.registering import MergedSchedules, merge, moment_of

ZONE = "Asia/Shanghai"
OWN = {"nightly": "15 1 * * *", "weekly": "45 7 * * 1"}


def mine(slug: str, cron: str) -> DeploymentScheduleCreate:
    return DeploymentScheduleCreate(schedule=CronSchedule(cron=cron, timezone=ZONE), slug=slug)


def there(slug: str | None, cron: str, *, active: bool = True) -> DeploymentSchedule:
    schedule = CronSchedule(cron=cron, timezone=ZONE)
    return DeploymentSchedule(id=uuid4(), deployment_id=uuid4(), schedule=schedule, active=active, slug=slug)


def again(*present: DeploymentSchedule, before: dict[str, str] | None = None, **changed: str) -> MergedSchedules:
    """Registering OWN, or `changed`, over what is present, after OWN was registered once, or `before`."""
    remembered = OWN if before is None else before
    schedules = [mine(slug, cron) for slug, cron in (changed or OWN).items()]
    return merge(schedules, present, {slug: f"{cron} {ZONE}" for slug, cron in remembered.items()})


def lines(result: MergedSchedules) -> dict[str | None, tuple[str, bool]]:
    return {schedule.slug: (moment_of(schedule).rpartition(" ")[0], schedule.active) for schedule in result.schedules}


def test_what_nobody_changed_follows_the_program_and_says_nothing() -> None:
    present = [there(slug, cron) for slug, cron in OWN.items()]
    assert again(*present).kept_changes == []
    newer = again(*present, nightly="30 2 * * *", monthly="0 3 1 * *")
    assert lines(newer) == {"nightly": ("30 2 * * *", True), "monthly": ("0 3 1 * *", True)}
    assert [schedule.slug for schedule in newer.to_delete] == ["weekly"], "the program has it no more"
    assert newer.kept_changes == []


@pytest.mark.parametrize("before", [None, {}], ids=["registered before", "by a release that kept no note"])
def test_an_edited_cron_stays(before: dict[str, str] | None) -> None:
    result = again(there("nightly", "0 5 * * *"), there("weekly", OWN["weekly"]), before=before)
    assert lines(result)["nightly"] == ("0 5 * * *", True)
    assert result.kept_changes == [f"the schedule nightly stays at 0 5 * * * {ZONE} instead of 15 1 * * * {ZONE}"]


def test_a_deleted_schedule_stays_deleted_and_one_switched_off_stays_off() -> None:
    result = again(there("weekly", OWN["weekly"], active=False))
    assert lines(result) == {"weekly": (OWN["weekly"], False)}
    assert result.kept_changes == ["the schedule nightly stays deleted", "the schedule weekly stays off"]


@pytest.mark.parametrize("slug", [None, "mine"])
def test_an_added_schedule_stays(slug: str | None) -> None:
    present = [there(name, cron) for name, cron in OWN.items()]
    result = again(*present, there(slug, "0 12 * * *"))
    assert lines(result)[slug] == ("0 12 * * *", True)
    assert set(lines(result)) == {"nightly", "weekly", slug}
    assert result.kept_changes == [f"the added schedule 0 12 * * * {ZONE} stays"]
    assert result.to_delete == []


def test_a_new_server_has_all_of_the_program() -> None:
    assert lines(again(before={})) == {slug: (cron, True) for slug, cron in OWN.items()}
