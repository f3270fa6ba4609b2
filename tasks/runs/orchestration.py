"""What Prefect knows of the runs of our deployments: which are suspended, and waking them."""

import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TypeVar, cast
from uuid import UUID, uuid4

from prefect import runtime
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterName,
    DeploymentFilterTags,
    FlowRunFilter,
    FlowRunFilterEndTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.context import FlowRunContext
from prefect.exceptions import NotPausedError
from prefect.flow_runs import resume_flow_run, suspend_flow_run
from prefect.settings import get_current_settings
from prefect.states import Failed
from prefect.types import DateTime

from schemas.run_summary import Counts, RunSummary

#: Name of the deployment whose runs wait for results.
CYCLE_DEPLOYMENT = "cycle"
#: What every deployment of ours, and each of its runs, is tagged with.
TAG = "备案"
#: What the deployments are tagged with whose runs release an edition: approvers alone start them.
APPROVAL_TAG = "审批"
#: Label of a run with the name of the person who started it, as the gate writes it.
SIGNED_BY = "filing.by"
#: Name of the Failed state of a run that came to its end and left something undone.
UNDONE = "有未办成的"
_NAMED = 10
#: What these leave undone stands in our own database: runs of a cycle, and alerts.
_TELL_THEMSELVES = (CYCLE_DEPLOYMENT, "watch")
_RECENT = timedelta(days=7)
#: Workers look every 20 seconds.
_TAKEN_UP_WITHIN = timedelta(minutes=2)

_Ended = TypeVar("_Ended", Counts, RunSummary)


@dataclass(frozen=True)
class SuspendedRun:
    """A run of a cycle that holds no process; with the parameters it was started with, and when it first began."""

    flow_run_id: UUID
    cycle: str
    as_of: date | None
    only: list[str] | None
    inbox: str | None
    began: datetime | None


def began_before() -> datetime | None:
    """When this run of a deployment first began, where it goes on after a wait or a death; None at its first beginning."""
    context = FlowRunContext.get()
    run = context.flow_run if context and is_deployed() else None
    # a resumed run is not counted again, but keeps the key of its wait; one taken up after a death is counted
    goes_on = run is not None and (run.run_count > 1 or bool(run.empirical_policy.pause_keys))
    return run.start_time if run and goes_on else None


def is_deployed() -> bool:
    """Whether this is a top-level run of a deployment: only those can be suspended and started again by a worker."""
    return bool(runtime.deployment.id) and not runtime.flow_run.parent_flow_run_id


def ended(result: _Ended) -> _Ended:
    """The result of a flow; a deployment's run that left something undone ends Failed with the keys, never green."""
    if not result.failed or not is_deployed():
        return result
    keys = "、".join(sorted(result.failed)[:_NAMED])
    undone: State[object] = Failed(name=UNDONE, message=f"{len(result.failed)} 项未办成：{keys}")
    # Prefect takes a state that a flow returns for the state of its run
    return cast(_Ended, undone)


def cycle_run_name() -> str:
    """What the run of a cycle that begins now is called, from its parameters; a trial says that it is one."""
    parameters = runtime.flow_run.parameters or {}
    return _cycle_run_name(str(parameters.get("cycle", "")), is_trial=bool(parameters.get("dry_run")))


def _cycle_run_name(cycle: str, *, is_trial: bool) -> str:
    return f"{cycle} 批次 · 试运行" if is_trial else f"{cycle} 批次"


def name_cycle(cycle: str) -> None:
    """Write the cycle that is meant into the run itself: resumed months later it must not mean another."""
    if not runtime.flow_run.id or runtime.flow_run.parameters.get("cycle") == cycle:
        return
    parameters = {**runtime.flow_run.parameters, "cycle": cycle}
    with get_client(sync_client=True) as client:
        stored = json.loads(json.dumps(parameters, default=str))
        name = _cycle_run_name(cycle, is_trial=bool(parameters.get("dry_run")))
        client.update_flow_run(UUID(runtime.flow_run.id), parameters=stored, name=name)


def suspended_runs() -> list[SuspendedRun]:
    """Every suspended run of the cycle's deployment, oldest first."""
    paused = FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.PAUSED])))
    ours = DeploymentFilter(name=DeploymentFilterName(any_=[CYCLE_DEPLOYMENT]))
    with get_client(sync_client=True) as client:
        found = client.read_flow_runs(flow_run_filter=paused, deployment_filter=ours, limit=200)
    ordered = sorted(found, key=lambda run: (run.expected_start_time is None, run.expected_start_time, run.id))
    return [_suspended(run) for run in ordered if run.parent_task_run_id is None]


def _suspended(run: FlowRun) -> SuspendedRun:
    parameters = run.parameters
    day = parameters.get("as_of")
    return SuspendedRun(
        flow_run_id=run.id,
        cycle=str(parameters.get("cycle", "")),
        as_of=date.fromisoformat(str(day)[:10]) if day else None,
        only=parameters.get("only") or None,
        inbox=parameters.get("inbox") or None,
        began=run.start_time,
    )


@dataclass(frozen=True)
class BrokenRun:
    """A run that failed or crashed and is not taken up again; `cycle` is empty for one that belongs to none.

    `undone`: what it left undone, in a sentence; empty for one that did not come to its end.
    """

    flow_run_id: UUID
    name: str
    cycle: str
    state: str
    undone: str


def broken_runs() -> list[BrokenRun]:
    """Our deployments' runs that ended badly within the last days, in order; none without a server."""
    if not get_current_settings().api.url:
        return []
    bad = FlowRunFilter(
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.FAILED, StateType.CRASHED])),
        end_time=FlowRunFilterEndTime(after_=DateTime.now("UTC") - _RECENT),
    )
    ours = DeploymentFilter(tags=DeploymentFilterTags(all_=[TAG]))
    quiet = DeploymentFilter(name=DeploymentFilterName(any_=list(_TELL_THEMSELVES)))
    with get_client(sync_client=True) as client:
        found = client.read_flow_runs(flow_run_filter=bad, deployment_filter=ours, limit=200)
        tell_themselves = {each.id for each in client.read_deployments(deployment_filter=quiet)}
    broken = [
        _broken(run)
        for run in found
        if (run.state_name != UNDONE or run.deployment_id not in tell_themselves) and not _may_be_taken_up(run)
    ]
    return sorted(broken, key=lambda run: str(run.flow_run_id))


def _may_be_taken_up(run: FlowRun) -> bool:
    """Whether a run crashed so lately that a worker may be about to take it up."""
    return bool(run.state and run.state.is_crashed() and run.state.timestamp > DateTime.now("UTC") - _TAKEN_UP_WITHIN)


def _broken(run: FlowRun) -> BrokenRun:
    undone = run.state.message if run.state and run.state_name == UNDONE else None
    cycle = str(run.parameters.get("cycle", ""))
    return BrokenRun(run.id, run.name, cycle, run.state_name or "", undone or "")


def suspend(timeout_seconds: int) -> None:
    """Give up this process until somebody resumes the run, which then begins at its first line."""
    # a key of its own each time: Prefect takes a known key for a wait that is over
    suspend_flow_run(timeout=timeout_seconds, key=str(uuid4()))


def resume(flow_run_id: UUID) -> bool:
    """Have a suspended run go on; False when it was resumed or ended meanwhile."""
    try:
        resume_flow_run(flow_run_id)
    except NotPausedError:
        return False
    return True
