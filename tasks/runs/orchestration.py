"""What Prefect knows of the runs of our deployments: which are suspended, and waking them."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NoReturn, TypeVar, cast
from uuid import UUID, uuid4

from prefect import runtime
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterName,
    FlowRunFilter,
    FlowRunFilterEndTime,
    FlowRunFilterExpectedStartTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
    FlowRunFilterTags,
)
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.context import FlowRunContext
from prefect.exceptions import NotPausedError, ObjectNotFound, Pause
from prefect.flow_runs import resume_flow_run
from prefect.settings import get_current_settings
from prefect.states import Cancelled, Completed, Failed, Scheduled, Suspended
from prefect.types import DateTime
from prefect.utilities.engine import propose_state_sync

from schemas.run import Counts, RunSummary
from tasks.runs import on_server
from tasks.runs.today import today

#: Name of the deployment whose runs wait for results.
CYCLE_DEPLOYMENT = "cycle"
CYCLE_FLOW = "filing-cycle"
#: Kinds of runs of a cycle, as their names tell them.
WORKING, TRIAL = "办理", "试运行"
#: What a run is tagged with that did nothing: a caretaker deletes it once it has ended.
IDLE = "无事"
#: Name of the Completed state of a scheduled run whose cycle a person paused.
HELD_BACK = "暂停中"
#: Name of the Failed state of a run that was asked for what cannot be done: whoever asked reads why.
NOT_TAKEN = "未受理"
#: What the deployments are tagged with whose runs release an edition: approvers alone start them.
APPROVAL_TAG = "审批"
#: Label of a run with the name of the person who started it, as the gate writes it.
SIGNED_BY = "filing.by"
#: Label of a run with the name of the person who cancelled it, as the gate writes it.
CANCELLED_BY = "filing.cancelled_by"
#: Name of the Failed state of a run that came to its end and left something undone.
UNDONE = "有未办成的"
_NAMED = 10
RECENT = timedelta(days=7)
#: A run that is scheduled within so long is about to begin.
_SOON = timedelta(minutes=2)
_CLEARED_AWAY = timedelta(minutes=1)

_Ended = TypeVar("_Ended", Counts, RunSummary)


@dataclass(frozen=True)
class CycleRun:
    """A run of a cycle with the parameters it was started with, and when it first began.

    `name`, `state` and `since` are Prefect's; `cancelled_by`: who asked for its end, blank where the gate saw nobody.
    """

    flow_run_id: UUID
    cycle: str
    as_of: date | None
    only: list[str] | None
    inbox: str | None
    began: datetime | None
    is_trial: bool = False
    name: str = ""
    state: str = ""
    since: datetime | None = None
    cancelled_by: str = ""

    @property
    def is_suspended(self) -> bool:
        """Whether it holds no process until it is resumed."""
        return self.state == StateType.PAUSED.value

    @property
    def is_whole(self) -> bool:
        """Whether it works on all of its cycle and in earnest."""
        return not (self.only or self.is_trial)


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
    """What the run of a cycle that begins now is called, from its parameters: its cycle, kind and day."""
    return _cycle_run_name(runtime.flow_run.parameters or {})


def _cycle_run_name(parameters: dict[str, Any]) -> str:
    kind = TRIAL if parameters.get("dry_run") else WORKING
    return run_name(str(parameters.get("cycle", "")), kind, str(parameters.get("as_of") or today())[:10])


def run_name(cycle: str, kind: str, day: object = "") -> str:
    """What a run of a cycle is called: the cycle, what kind of run it is, and the day it works for."""
    return " · ".join(part for part in (cycle, kind, str(day)) if part)


def named(title: str) -> Callable[[], str]:
    """What a run of a flow other than the cycle's is called: its cycle, where it has one, its title and its day."""

    def name() -> str:
        parameters = runtime.flow_run.parameters or {}
        return run_name(str(parameters.get("cycle", "")), title, str(parameters.get("as_of") or today())[:10])

    return name


def name_cycle(cycle: str) -> None:
    """Write the cycle that is meant into the run itself: resumed months later it must not mean another."""
    if not runtime.flow_run.id or runtime.flow_run.parameters.get("cycle") == cycle:
        return
    parameters = {**runtime.flow_run.parameters, "cycle": cycle}
    with get_client(sync_client=True) as client:
        stored = json.loads(json.dumps(parameters, default=str))
        client.update_flow_run(UUID(runtime.flow_run.id), parameters=stored, name=_cycle_run_name(parameters))


def starts_by_itself() -> bool:
    """Whether this run was made by a schedule, and not asked for by a person or by what wakes cycles."""
    context = FlowRunContext.get()
    return bool(context and context.flow_run and context.flow_run.auto_scheduled and is_deployed())


def leave_no_row() -> None:
    """Have this run, which did nothing, be gone from the pages once it has ended."""
    if is_deployed():
        run = UUID(str(runtime.flow_run.id))
        with get_client(sync_client=True) as client:
            client.update_flow_run(run, tags=[*runtime.flow_run.tags, IDLE])


def forget_idle() -> int:
    """Delete the ended runs that did nothing; returns how many."""
    # a worker may still be clearing away the process of one that ended this moment
    ended = FlowRunFilterEndTime(before_=DateTime.now("UTC") - _CLEARED_AWAY)
    chosen = {"tags": FlowRunFilterTags(all_=[on_server.tag(), IDLE]), "end_time": ended}
    idle = in_state(StateType.COMPLETED).model_copy(update=chosen)
    with get_client(sync_client=True) as client:
        flow_runs = client.read_flow_runs(flow_run_filter=idle, limit=200)
        for run in flow_runs:
            client.delete_flow_run(run.id)
    return len(flow_runs)


def not_taken(why: str) -> Counts:
    """The result of a flow that was asked for what cannot be done: its run says why in a sentence, without a traceback."""
    state: State[object] = Failed(name=NOT_TAKEN, message=why)
    return cast(Counts, state)


def held_back(why: str) -> RunSummary:
    """The result of a flow that does nothing because a person paused it; its run says why."""
    state: State[object] = Completed(name=HELD_BACK, message=why)
    return cast(RunSummary, state)


def suspended_runs() -> list[CycleRun]:
    """Every suspended run of the cycle's deployment, oldest first."""
    return _cycle_runs(in_state(StateType.PAUSED))


def living_runs() -> list[CycleRun]:
    """Runs of the cycle's deployment that work, wait, or are about to begin, oldest first."""
    alive = in_state(StateType.RUNNING, StateType.PENDING, StateType.PAUSED, StateType.CANCELLING)
    soon = FlowRunFilterExpectedStartTime(before_=DateTime.now("UTC") + _SOON)
    about_to_begin = in_state(StateType.SCHEDULED).model_copy(update={"expected_start_time": soon})
    return [*_cycle_runs(alive), *_cycle_runs(about_to_begin)]


def cancelled_runs() -> list[CycleRun]:
    """Runs of the cycle's deployment that somebody cancelled within the last days, oldest first."""
    lately = FlowRunFilterEndTime(after_=DateTime.now("UTC") - RECENT)
    return _cycle_runs(in_state(StateType.CANCELLED).model_copy(update={"end_time": lately}))


def in_state(*types: StateType) -> FlowRunFilter:
    return FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=list(types))))


def _cycle_runs(chosen: FlowRunFilter) -> list[CycleRun]:
    """Runs of the cycle's deployment; those of a deployment that was deleted are nobody's."""
    ours = DeploymentFilter(name=DeploymentFilterName(any_=[on_server.deployment(CYCLE_DEPLOYMENT)]))
    with get_client(sync_client=True) as client:
        flow_runs = client.read_flow_runs(flow_run_filter=chosen, deployment_filter=ours, limit=200)
    ordered = sorted(flow_runs, key=lambda run: (run.expected_start_time is None, run.expected_start_time, run.id))
    return [_cycle_run(run) for run in ordered if run.parent_task_run_id is None]


def _cycle_run(run: FlowRun) -> CycleRun:
    parameters = run.parameters
    day = parameters.get("as_of")
    return CycleRun(
        run.id,
        str(parameters.get("cycle", "")),
        date.fromisoformat(str(day)[:10]) if day else None,
        parameters.get("only") or None,
        parameters.get("inbox") or None,
        run.start_time,
        is_trial=bool(parameters.get("dry_run")),
        name=run.name,
        state=run.state_type.value if run.state_type else "",
        since=run.state.timestamp if run.state else None,
        cancelled_by=str(run.labels.get(CANCELLED_BY, "")),
    )


def start_cycle(cycle: str, as_of: date | None, because: str, key: str) -> UUID | None:
    """Ask for a run of a cycle; the same key again asks for the same run. None where the deployment is gone."""
    parameters = {"cycle": cycle, "as_of": as_of.isoformat() if as_of else None}
    with get_client(sync_client=True) as client:
        try:
            deployment = client.read_deployment_by_name(f"{CYCLE_FLOW}/{on_server.deployment(CYCLE_DEPLOYMENT)}")
        except ObjectNotFound:
            return None
        state: State[object] = Scheduled(message=because)
        name = run_name(cycle, WORKING, as_of or today())
        return client.create_flow_run_from_deployment(
            deployment.id, parameters=parameters, state=state, name=name, idempotency_key=key
        ).id


def end_abandoned(cycle: str) -> int:
    """Cancel suspended runs of a cycle whose deployment was deleted: nothing can resume them; returns how many."""
    ended = 0
    with get_client(sync_client=True) as client:
        paused = in_state(StateType.PAUSED).model_copy(update={"tags": FlowRunFilterTags(all_=[on_server.tag()])})
        ours = client.read_deployments(deployment_filter=on_server.ours(), limit=200)
        deployments = {deployment.id for deployment in ours}
        for run in client.read_flow_runs(flow_run_filter=paused, limit=200):
            is_of_cycle = run.parameters.get("cycle") == cycle and run.parent_task_run_id is None
            if is_of_cycle and run.deployment_id not in deployments:
                cancelled: State[object] = Cancelled(message="它的部署已被删除；该批次由另一次运行继续办理")
                client.set_flow_run_state(run.id, cancelled, force=True)
                ended += 1
    return ended


def has_server() -> bool:
    """Whether there is a server whose runs can be asked for."""
    return bool(get_current_settings().api.url)


def suspend(timeout_seconds: int, name: str, message: str) -> NoReturn:
    """Give up this process until somebody resumes the run, which then begins at its first line.

    `name`, `message`: what the run is called meanwhile, and what its state says it waits for.
    """
    run = UUID(str(runtime.flow_run.id))
    # a key of its own each time: Prefect takes a known key for a wait that is over
    suspended: State[object] = Suspended(timeout_seconds=timeout_seconds, pause_key=str(uuid4()), message=message)
    with get_client(sync_client=True) as client:
        client.update_flow_run(run, name=name)
        # what suspend_flow_run does, which has no word for why
        state = propose_state_sync(client, suspended, flow_run_id=run)
    if not state.is_paused():
        raise RuntimeError(f"the run cannot wait: the server answered {state.name}")
    raise Pause(state=state)


def resume(flow_run_id: UUID) -> bool:
    """Have a suspended run go on; False when it was resumed or ended meanwhile."""
    try:
        resume_flow_run(flow_run_id)
    except NotPausedError:
        return False
    return True
