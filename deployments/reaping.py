"""Runs whose process is gone: seen by the worker that started them, reported as Crashed, and taken up again."""

import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID

import psutil
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterEndTime,
    FlowRunFilterParentFlowRunId,
    FlowRunFilterState,
    FlowRunFilterStateType,
    FlowRunFilterTags,
    WorkPoolFilter,
    WorkPoolFilterName,
)
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.states import AwaitingRetry, Cancelled, Crashed
from prefect.types import DateTime

from tasks.runs import on_server

#: A process needs so long from being asked for to being seen; an import of Prefect takes seconds on a busy machine.
STARTING = timedelta(minutes=3)
SEEN = timedelta(seconds=20)
#: Prefect's worker tells of a dead process a second time, ten seconds later: a run taken up before would be struck by it.
SETTLED = timedelta(seconds=30)
#: A worker silent for so long is taken for lost with its machine: as long as a cycle's lease lives without a sign.
SILENT = timedelta(minutes=10)
#: A run that crashed longer ago is a person's to start again.
LATELY = timedelta(hours=1)
#: After so many deaths a run stays Crashed, for a person to look at.
ATTEMPTS = 3
_LABEL = "prefect.worker.name"
_ALIVE = [StateType.RUNNING, StateType.PENDING, StateType.CANCELLING]


def worker_name(number: int) -> str:
    """The fixed name of this machine's n-th worker: a worker that comes back finds its own runs by it."""
    return f"{socket.gethostname()}-{number}"


def reap() -> list[str]:
    """Look after the runs of this machine's workers and of workers that are lost; returns what was done, a line each."""
    with get_client(sync_client=True) as client:
        alive = FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=_ALIVE)))
        ours = WorkPoolFilter(name=WorkPoolFilterName(any_=[on_server.pool()]))
        lost = _lost_workers(client)
        living = _living_runs()
        runs = [
            run
            for run in client.read_flow_runs(flow_run_filter=alive, work_pool_filter=ours, limit=200)
            if _is_dead(run, _is_here, living) or _is_dead(run, lost.__contains__, set())
        ]
        # another worker looks as well: what it has taken up since is not dead any more
        dead = [run for run in runs if client.read_flow_run(run.id).state_id == run.state_id]
        for run in dead:
            _tell_death(client, run)
        again = [run for run in _crashed(client, living) if _deaths(client, run) < ATTEMPTS and _take_up(client, run)]
    sentences = [f"run {run.name} lost its process and is Crashed" for run in dead]
    return sentences + [f"run {run.name} is taken up again" for run in again]


def _crashed(client: SyncPrefectClient, living: set[str]) -> list[FlowRun]:
    """Runs of our deployments that crashed lately and are gone, reported by us or by the worker that saw the process end."""
    crashed = FlowRunFilter(
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.CRASHED])),
        end_time=FlowRunFilterEndTime(after_=DateTime.now("UTC") - LATELY),
        tags=FlowRunFilterTags(all_=[on_server.tag()]),
    )
    runs = client.read_flow_runs(flow_run_filter=crashed, limit=200)
    latest = datetime.now(UTC) - SETTLED
    return [
        run
        for run in runs
        if run.deployment_id and run.state and run.state.timestamp <= latest and str(run.id) not in living
    ]


def _deaths(client: SyncPrefectClient, run: FlowRun) -> int:
    """How often it crashed at work; a second word about the same death is none."""
    states = sorted(client.read_flow_run_states(run.id), key=lambda state: state.timestamp)
    return sum(1 for before, state in pairwise(states) if state.is_crashed() and before.type in _ALIVE)


def _lost_workers(client: SyncPrefectClient) -> set[str]:
    silent = datetime.now(UTC) - SILENT
    workers = client.read_workers_for_work_pool(on_server.pool())
    return {worker.name for worker in workers if worker.last_heartbeat_time and worker.last_heartbeat_time < silent}


def _living_runs() -> set[str]:
    """Ids of the flow runs that have a process on this machine: each process carries its run's id."""
    ids: set[str] = set()
    for process in psutil.process_iter():
        try:
            if process.status() != psutil.STATUS_ZOMBIE:
                ids.add(process.environ().get("PREFECT__FLOW_RUN_ID", ""))
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue  # ended meanwhile, or another user's: not a run of ours
    return ids


def _is_here(worker: str) -> bool:
    """Whether a worker is of this machine: what the processes of its runs are doing can be seen."""
    return worker.rpartition("-")[0] == socket.gethostname()


def _is_dead(run: FlowRun, is_theirs: Callable[[str], bool], living: set[str]) -> bool:
    if run.state is None or run.parent_task_run_id is not None or not is_theirs(str(run.labels.get(_LABEL, ""))):
        return False
    grace = STARTING if run.state.is_pending() else SEEN
    return str(run.id) not in living and run.state.timestamp < datetime.now(UTC) - grace


def _tell_death(client: SyncPrefectClient, run: FlowRun) -> None:
    """Tell the death of a run and of the subflows it was in; one that was asked to stop has stopped."""
    _end_parts(client, run.id)
    asked_to_stop = run.state is not None and run.state.is_cancelling()
    end: State[object] = Cancelled() if asked_to_stop else Crashed(message="the process of this run is gone")
    client.set_flow_run_state(run.id, end)


def _take_up(client: SyncPrefectClient, run: FlowRun) -> bool:
    """Have a run begin anew, unless another worker did: it does only what is left."""
    if client.read_flow_run(run.id).state_id != run.state_id:
        return False
    _end_parts(client, run.id)
    again: State[object] = AwaitingRetry(
        scheduled_time=datetime.now(UTC), message="taken up again after its process was lost"
    )
    client.set_flow_run_state(run.id, again)
    return True


def _end_parts(client: SyncPrefectClient, parent: UUID) -> None:
    running = FlowRunFilter(
        parent_flow_run_id=FlowRunFilterParentFlowRunId(any_=[parent]),
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=_ALIVE)),
    )
    for part in client.read_flow_runs(flow_run_filter=running, limit=200):
        client.set_flow_run_state(part.id, Crashed(message="its parent's process is gone"))
