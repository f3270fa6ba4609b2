"""What runs that are still to come are called: Prefect names a scheduled run at random until it begins."""

from datetime import datetime

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterTags
from prefect.client.schemas.objects import StateType
from prefect.client.schemas.sorting import FlowRunSort

from schemas.pauses import AUTOMATIC
from tasks.runs.orchestration import CYCLE_DEPLOYMENT, TAG, WORKING, in_state, run_name
from tasks.runs.run import CURRENT, chosen_cycle
from tasks.runs.today import day_of


def name_upcoming() -> int:
    """Give the next runs of our schedules the names they will have; returns how many were renamed."""
    ours = DeploymentFilter(tags=DeploymentFilterTags(all_=[TAG]))
    renamed = 0
    with get_client(sync_client=True) as client:
        titles = {found.id: found.name for found in client.read_deployments(deployment_filter=ours, limit=200)}
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
