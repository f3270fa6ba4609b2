"""Runs that ended badly: what failed or crashed lately, as Prefect knows it, and is not taken up again."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterName,
    DeploymentFilterTags,
    FlowRunFilterEndTime,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.types import DateTime

from tasks.runs.orchestration import CYCLE_DEPLOYMENT, NOT_TAKEN, RECENT, TAG, UNDONE, has_server, in_state

#: What these leave undone stands in our own database: runs of a cycle, and alerts.
_TELL_THEMSELVES = (CYCLE_DEPLOYMENT, "watch")
#: Workers look every 20 seconds.
_TAKEN_UP_WITHIN = timedelta(minutes=2)


@dataclass(frozen=True)
class BrokenRun:
    """A run that failed or crashed and is not taken up again; `cycle` is empty for one that belongs to none.

    `undone`: what it left undone, in a sentence; empty for one that did not come to its end.
    """

    flow_run_id: UUID
    flow: str
    name: str
    cycle: str
    state: str
    undone: str


def broken_runs() -> list[BrokenRun]:
    """Our deployments' runs that ended badly within the last days, in order; none without a server."""
    if not has_server():
        return []
    bad = in_state(StateType.FAILED, StateType.CRASHED).model_copy(
        update={"end_time": FlowRunFilterEndTime(after_=DateTime.now("UTC") - RECENT)}
    )
    ours = DeploymentFilter(tags=DeploymentFilterTags(all_=[TAG]))
    quiet = DeploymentFilter(name=DeploymentFilterName(any_=list(_TELL_THEMSELVES)))
    with get_client(sync_client=True) as client:
        flow_runs = client.read_flow_runs(flow_run_filter=bad, deployment_filter=ours, limit=200)
        tell_themselves = {deployment.id for deployment in client.read_deployments(deployment_filter=quiet)}
    broken = [
        _broken(run)
        for run in flow_runs
        if run.state_name != NOT_TAKEN
        and (run.state_name != UNDONE or run.deployment_id not in tell_themselves)
        and not _may_be_taken_up(run)
    ]
    return sorted(broken, key=lambda run: str(run.flow_run_id))


def _may_be_taken_up(run: FlowRun) -> bool:
    """Whether a run crashed so lately that a worker may be about to take it up."""
    return bool(run.state and run.state.is_crashed() and run.state.timestamp > DateTime.now("UTC") - _TAKEN_UP_WITHIN)


def _broken(run: FlowRun) -> BrokenRun:
    undone = run.state.message if run.state and run.state_name == UNDONE else None
    cycle = str(run.parameters.get("cycle", ""))
    return BrokenRun(run.id, str(run.flow_id), run.name, cycle, run.state_name or "", undone or "")
