"""Letters and packages in portions, spread over threads, processes or machines by Prefect's task runners.

A portion is a task run of some hundreds of entries: it proves the run's lease, puts its files in their places and notes
its receipts in one short transaction, and carried out again it does nothing. What a killed worker left is delivered by
its repetition or by the next run. Nothing but keys travels: a worker reads what it makes from the database.

Processes are helpers of the run's own, which makes letters as they do: it begins while they still start, and whoever is
done takes of what is left.
"""

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from datetime import date
from functools import partial
from typing import Any, Final, TypeVar, cast

from prefect import flow
from prefect.context import FlowRunContext, SettingsContext, serialize_context
from prefect.futures import PrefectConcurrentFuture
from prefect.settings import get_current_settings
from prefect.task_runners import ProcessPoolTaskRunner, TaskRunner, ThreadPoolTaskRunner
from pydantic import BaseModel

from schemas.errors import RefusedError
from schemas.law.cycle import CycleId
from schemas.policy import for_cycle
from schemas.run import Run
from schemas.settings import Settings, UnusableSettingsError, keep_to, settings
from tasks.runs.garbage import collect_seldom
from tasks.runs.run import tracked
from tasks.store.database import is_rehearsal
from tasks.store.outbox import Delivery

#: So many entries the run's process makes alone, and one task run of a thread or a cluster has at most so many.
PORTION: Final = 500
#: Helpers are started for more than so many: as many letters as the run's process makes until one is ready.
WORTH_A_START: Final = 2_000
#: A helper's task run has so many at least, for it costs about a tenth of a second, and so many at most, to be seen moving.
SMALLEST, LARGEST = 50, 2_000
#: The run's process looks after so many of its own whether a helper is free: those that are noted at once.
BETWEEN_LOOKS: Final = 50
_PROCESSES: Final = "processes"
_CLUSTERS: Final = ("tcp://", "tls://", "ws://", "wss://")

#: Delivers entries of these occasions for a run; a function of a module, for its name is what travels.
Work = Callable[[Run, list[str]], Delivery]

_Result = TypeVar("_Result")
_sub_run: ContextVar[Callable[[], object]] = ContextVar("the work of the sub-run")


class OtherHomeError(RefusedError):
    """A worker that would put its files where the run does not look for them."""


class Ticket(BaseModel):
    """What a worker is handed of a run: nothing secret, for it may travel between machines."""

    run_id: str
    cycle: CycleId
    day: date
    token: int
    home: str


def spread(run: Run, noun: str, work: Work, due: Sequence[str]) -> Delivery:
    """Deliver what is due, in portions where FILING_TASK_RUNNER says by whom; here where it does not, or for one portion.

    `noun`: what a portion's task run is called by. Raises UnusableSettingsError.
    """
    by, kept = run.installation.task_runner, _kept.get(None)
    must_start = by == _PROCESSES and not (kept and kept.is_started)
    if not by or not _may_spread() or len(due) <= (WORTH_A_START if must_start else PORTION):
        return work(run, list(due))
    with ExitStack() as end:
        runner = (kept or _Kept(end)).runner(run, work)
        hand_out = partial(_submit, runner, noun, run, work)
        if isinstance(runner, _Processes):
            delivered = _beside_helpers(runner, hand_out, partial(work, run), list(due))
        else:
            delivered = _results([hand_out(share) for share in _shares(due)])
    failed = {key: why for portion in delivered for key, why in portion.failed.items()}
    return Delivery(sum(portion.done for portion in delivered), {key: failed[key] for key in due if key in failed})


def expect(run: Run, work: Work, number: int) -> None:
    """Have helpers start while the run still decides what its letters say, where it will have as many as are worth it."""
    kept = _kept.get(None)
    if kept and _may_spread() and run.installation.task_runner == _PROCESSES and number > WORTH_A_START:
        kept.runner(run, work)


def _may_spread() -> bool:
    """Whether others than the run's process may deliver for it."""
    return FlowRunContext.get() is not None and not is_rehearsal()


def _submit(runner: TaskRunner[Any], noun: str, run: Run, work: Work, due: list[str]) -> Any:
    """Have a portion be carried out as a task run; its future."""
    ticket = Ticket(run_id=run.run_id, cycle=run.cycle, day=run.day, token=run.token, home=str(run.installation.root))
    portion = tracked(f"{noun}-{{ticket.cycle}}", carry_out)
    return runner.submit(portion, {"ticket": ticket, "work": work, "due": due})


def _results(futures: Sequence[Any]) -> list[Delivery]:
    for future in futures:
        future.wait()  # one that breaks stops no other
    return [future.result() for future in futures]


def _beside_helpers(
    runner: "_Processes", hand_out: Callable[[list[str]], Any], here: Callable[[list[str]], Delivery], left: list[str]
) -> list[Delivery]:
    """What is left to deliver, delivered here while every helper that is free is handed a part of it.

    A part is three quarters of what would be everybody's share, so that all are done together even if one is slower.
    Nothing more is handed out once a part broke.
    """
    handed: list[Any] = []
    delivered: list[Delivery] = []
    while left:
        free = 0 if any(map(_broke, handed)) else runner.free()
        size = min(LARGEST, len(left) * 3 // (4 * (runner.helpers + 1)))
        for _ in range(free if size >= SMALLEST else 0):
            handed.append(hand_out(left[-size:]))
            del left[-size:]
        delivered.append(here(left[:BETWEEN_LOOKS]))
        del left[:BETWEEN_LOOKS]
    return [*delivered, *_results(handed)]


def _broke(future: PrefectConcurrentFuture[Any]) -> bool:
    """Whether a task run ended otherwise than well; False while it has not ended."""
    ended = future.wrapped_future
    return ended.done() and (ended.exception() is not None or not ended.result().is_completed())


def _shares(due: Sequence[str]) -> list[list[str]]:
    """Portions of like size: nobody waits for the last one alone."""
    number = -(-len(due) // PORTION)
    return [list(due[len(due) * part // number : len(due) * (part + 1) // number]) for part in range(number)]


def carry_out(ticket: Ticket, work: Work, due: list[str]) -> Delivery:
    """One portion, wherever it is carried out; raises OtherHomeError."""
    collect_seldom()
    installation = settings()
    if str(installation.root) != ticket.home:
        raise OtherHomeError(
            f"this worker's home is {installation.root} and the run's is {ticket.home}: give both the same FILING_HOME"
        )
    run = Run(
        run_id=ticket.run_id,
        cycle=ticket.cycle,
        policy=for_cycle(ticket.cycle),
        day=ticket.day,
        token=ticket.token,
        inbox=str(installation.inbox),
        installation=installation,
    )
    return work(run, due)


def task_runner(by: str, installation: Settings) -> TaskRunner[Any]:
    """The task runner that FILING_TASK_RUNNER names; raises UnusableSettingsError."""
    if by == "threads":
        return ThreadPoolTaskRunner()
    if by == _PROCESSES:
        helpers = get_current_settings().tasks.runner.process_pool_max_workers or multiprocessing.cpu_count() - 1
        return _Processes(max_workers=max(helpers, 1), initializer=_begin_to_help, initargs=(installation,))
    if not by.startswith(_CLUSTERS):
        raise UnusableSettingsError(
            f"FILING_TASK_RUNNER is '{by}': write threads, processes, or the address of a Dask scheduler (tls://host:8786)"
        )
    try:
        from prefect_dask.task_runners import DaskTaskRunner  # noqa: PLC0415  an extra
    except ModuleNotFoundError as missing:
        raise UnusableSettingsError(
            f"FILING_TASK_RUNNER names a Dask cluster, but {missing.name} is not installed: install filing-cycles[dask]"
        ) from missing
    return DaskTaskRunner(address=by)


def _begin_to_help(installation: Settings) -> None:
    """A helper keeps to the run's settings, and ends with the run's process however that ends: a pool's would wait for ever."""
    keep_to(installation)
    if run_process := multiprocessing.parent_process():

        def end_with_it() -> None:
            run_process.join()
            os._exit(1)

        threading.Thread(target=end_with_it, daemon=True).start()


class _Processes(ProcessPoolTaskRunner):
    """Prefect's processes, which several flow runs in turn may hand their portions to."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._at_work: list[PrefectConcurrentFuture[Any]] = []

    @property
    def helpers(self) -> int:
        """How many there are at most."""
        return self._max_workers

    def free(self) -> int:
        """How many have started and have nothing to do."""
        self._at_work = [future for future in self._at_work if not future.wrapped_future.done()]
        return self.helpers - len(self._at_work)

    def submit(self, *args: Any, **kwargs: Any) -> Any:
        """As Prefect's, for the flow run that is around; Prefect's own keeps to the first one there was."""
        around = SettingsContext.get()
        # taken apart, settings would be built anew from their sources by every portion, which costs more than all else of it
        whole = {"settings_context": {"profile": around.profile, "settings": around.settings}} if around else {}
        self._cached_context = serialize_context() | whole
        future = super().submit(*args, **kwargs)
        self._at_work.append(future)
        return future


class _Kept:
    """The task runner of a run, from its first delivery that is spread to the end of the run."""

    def __init__(self, end: ExitStack) -> None:
        self._end = end
        self._runner: TaskRunner[Any] | None = None

    @property
    def is_started(self) -> bool:
        return self._runner is not None

    def runner(self, run: Run, work: Work) -> TaskRunner[Any]:
        """The runner; the first time it is entered, and its processes begin to start."""
        if self._runner is None:
            self._runner = self._end.enter_context(task_runner(run.installation.task_runner, run.installation))
            if isinstance(self._runner, _Processes):
                for _ in range(self._runner.helpers):
                    _submit(self._runner, "helper", run, work, [])  # of nothing: ready is who has delivered it
        return self._runner


_kept: ContextVar[_Kept] = ContextVar("the task runner of the run")


@contextmanager
def workers() -> Iterator[None]:
    """Deliveries inside share one task runner: a process that starts costs as much as a thousand letters."""
    with ExitStack() as end:
        before = _kept.set(_Kept(end))
        try:
            yield
        finally:
            _kept.reset(before)


def sub_run(name: str, run_name: str, cycle: str, work: Callable[[], _Result]) -> _Result:
    """Have work be a run with a page of its own inside the flow run around it.

    `cycle`: what operators see of it. The work is no part of the flow: Prefect sends that to whoever carries out one of its
    tasks, with all that its function closes over (a run with the passwords of its installation), and imports it there.
    """
    before = _sub_run.set(work)
    try:
        return cast("_Result", flow(name=name, flow_run_name=run_name)(_carry_out_sub_run)(cycle))
    finally:
        _sub_run.reset(before)


def _carry_out_sub_run(cycle: str) -> object:
    return _sub_run.get()()
