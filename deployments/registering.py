"""Registering again keeps what a person changed: crons they edited, schedules they added or deleted, pauses, parameters."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import DeploymentScheduleCreate, VariableCreate, VariableUpdate
from prefect.client.schemas.objects import DeploymentSchedule
from prefect.deployments.runner import RunnerDeployment
from prefect.exceptions import ObjectNotFound

from tasks.desk.pauses import pauses_on
from tasks.runs import on_server
from tasks.runs.today import today

#: Variable of the server, one a city, that holds what was registered last: deployment -> slug -> when it runs.
_REMEMBERED = "filing_registered"
_MOMENT = ("cron", "timezone", "interval", "rrule")

#: When a schedule runs, as text, by its slug.
Moments = dict[str, str]


@dataclass
class MergedSchedules:
    """The schedules to register, the program's former ones `to_delete`, and a sentence for each of a person's changes kept."""

    schedules: list[DeploymentScheduleCreate] = field(default_factory=list)
    to_delete: list[DeploymentSchedule] = field(default_factory=list)
    kept_changes: list[str] = field(default_factory=list)


def moment_of(schedule: DeploymentScheduleCreate | DeploymentSchedule) -> str:
    """When a schedule runs, as text: what two schedules are compared by."""
    parts = schedule.schedule.model_dump(mode="json")
    return " ".join(f"{parts[name]}" for name in _MOMENT if parts.get(name))


def moments(built: Iterable[RunnerDeployment]) -> dict[str, Moments]:
    """When the program's schedules run, by deployment and slug."""
    return {
        on_server.entry(str(deployment.name)): {
            str(schedule.slug): moment_of(schedule) for schedule in _schedules_of(deployment)
        }
        for deployment in built
    }


def _schedules_of(deployment: RunnerDeployment) -> list[DeploymentScheduleCreate]:
    return [schedule for schedule in deployment.schedules or [] if isinstance(schedule, DeploymentScheduleCreate)]


def merge(
    stated: Sequence[DeploymentScheduleCreate], present: Sequence[DeploymentSchedule], before: Mapping[str, str]
) -> MergedSchedules:
    """The program's schedules beside those on the server; `before`: the program's when they were registered last.

    What differs on the server from what was registered is a person's; on or off is always theirs.
    """
    result = MergedSchedules()
    present_by_slug = {str(schedule.slug): schedule for schedule in present if schedule.slug}
    for entry in stated:
        slug = str(entry.slug)
        registered = present_by_slug.pop(slug, None)
        if registered is None:
            if slug in before:
                result.kept_changes.append(f"the schedule {slug} stays deleted")
            else:
                result.schedules.append(entry)
        elif moment_of(registered) in (before.get(slug), moment_of(entry)):
            result.schedules.append(entry.model_copy(update={"active": registered.active}))
        else:
            result.schedules.append(_as_given(registered))
            result.kept_changes.append(
                f"the schedule {slug} stays at {moment_of(registered)} instead of {moment_of(entry)}"
            )
        if registered is not None and not registered.active:
            result.kept_changes.append(f"the schedule {slug} stays off")
    for other in present:
        if other.slug and other.slug not in present_by_slug:
            continue
        if other.slug and before.get(other.slug) == moment_of(other):
            result.to_delete.append(other)  # the program's own, which it has no more
        else:
            result.schedules.append(_as_given(other))
            result.kept_changes.append(f"the added schedule {moment_of(other)} stays")
    return result


def _as_given(schedule: DeploymentSchedule) -> DeploymentScheduleCreate:
    return DeploymentScheduleCreate(
        schedule=schedule.schedule, active=schedule.active, slug=schedule.slug, parameters=schedule.parameters
    )


def keep_changes(client: SyncPrefectClient, built: Iterable[RunnerDeployment]) -> list[str]:
    """Put what a person changed on the server into what is about to be registered; a sentence for each change."""
    paused = {pause.subject for pause in pauses_on(today())}
    before = _remembered(client)
    sentences: list[str] = []
    for deployment in built:
        name = on_server.entry(str(deployment.name))
        try:
            present = client.read_deployment_by_name(deployment.full_name)
        except ObjectNotFound:
            present = None
        if name in paused or (present and present.paused):
            deployment.paused = True
            sentences.append(f"kept: {name}: it stays paused")
        if present is None:
            continue
        result = merge(_schedules_of(deployment), present.schedules, before.get(name, {}))
        for schedule in result.to_delete:
            client.delete_deployment_schedule(present.id, schedule.id)
        deployment.schedules = [*result.schedules]
        sentences += [f"kept: {name}: {sentence}" for sentence in result.kept_changes]
        if present.parameters:
            deployment.parameters = present.parameters
            sentences.append(f"kept: {name}: its parameters stay {json.dumps(present.parameters, ensure_ascii=False)}")
    return sentences


def remember(client: SyncPrefectClient, stated: Mapping[str, Moments]) -> None:
    """Keep on the server when the program's schedules run, by deployment: what differs next time is a person's."""
    text = json.dumps(stated, ensure_ascii=False, sort_keys=True)
    name = on_server.key(_REMEMBERED)
    if client.read_variable_by_name(name) is None:
        client.create_variable(VariableCreate(name=name, value=text))
    else:
        client.update_variable(VariableUpdate(name=name, value=text))


def _remembered(client: SyncPrefectClient) -> dict[str, Moments]:
    variable = client.read_variable_by_name(on_server.key(_REMEMBERED))
    moments: Any = json.loads(str(variable.value)) if variable else {}
    return moments if isinstance(moments, dict) else {}
