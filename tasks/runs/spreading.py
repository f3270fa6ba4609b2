"""Letters and packages in portions, spread over threads, processes or machines by Prefect's task runners.

A portion is a task run of some hundreds of entries: it proves the run's lease, puts its files in their places and notes
its receipts in one short transaction, and carried out again it does nothing. What a killed worker left is delivered by
its repetition or by the next run. Nothing but keys travels: a worker reads what it makes from the database.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from datetime import date
from typing import Any, Final, TypeVar, cast

from prefect import flow
from prefect.context import FlowRunContext, SettingsContext, serialize_context
from prefect.task_runners import ProcessPoolTaskRunner, TaskRunner, ThreadPoolTaskRunner
from pydantic import BaseModel

from schemas.errors import RefusedError
from schemas.law.cycle import CycleId
from schemas.policy import for_cycle
from schemas.run import Run
from schemas.settings import Settings, UnusableSettingsError, keep_to, settings
from tasks.runs.rubbish import look_seldom
from tasks.runs.run import tracked
from tasks.store.database import is_rehearsal
from tasks.store.outbox import Delivery

#: Entries of one task run at most: a task run in another process costs a tenth of a second, some hundred letters' worth.
PORTION: Final = 500
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
    by, here = run.installation.task_runner, FlowRunContext.get() is None or is_rehearsal()
    if not by or here or len(due) <= PORTION:
        return work(run, list(due))
    ticket = Ticket(run_id=run.run_id, cycle=run.cycle, day=run.day, token=run.token, home=str(run.installation.root))
    portion = tracked(f"{noun}-{{ticket.cycle}}", carry_out)
    with ExitStack() as end:
        runner = (_kept.get(None) or _Kept(end)).runner(by, run.installation)
        futures = [
            runner.submit(portion, {"ticket": ticket, "work": work, "due": share})
            for share in _shares(due, runner.hands if isinstance(runner, _Processes) else 1)
        ]
        for future in futures:
            future.wait()  # one that breaks stops no other
        delivered = [future.result() for future in futures]
    return Delivery(
        sum(portion_done.done for portion_done in delivered),
        {key: why for portion_done in delivered for key, why in portion_done.failed.items()},
    )


def _shares(due: Sequence[str], hands: int) -> list[list[str]]:
    """Portions of like size, as many as there are hands or a multiple: nobody waits for the last one alone."""
    number = -(-len(due) // PORTION)
    if number > hands:
        number = -(-number // hands) * hands
    return [list(due[len(due) * part // number : len(due) * (part + 1) // number]) for part in range(number)]


def carry_out(ticket: Ticket, work: Work, due: list[str]) -> Delivery:
    """One portion, wherever it is carried out; raises OtherHomeError."""
    look_seldom()
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
    if by == "processes":
        return _Processes(initializer=keep_to, initargs=(installation,))
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


class _Processes(ProcessPoolTaskRunner):
    """Prefect's processes, which several flow runs in turn may hand their portions to."""

    @property
    def hands(self) -> int:
        """How many there are at most."""
        return self._max_workers

    def submit(self, *args: Any, **kwargs: Any) -> Any:
        """As Prefect's, for the flow run that is around; Prefect's own keeps to the first one there was."""
        around = SettingsContext.get()
        # taken apart, settings would be built anew from their sources by every portion, which costs more than all else of it
        whole = {"settings_context": {"profile": around.profile, "settings": around.settings}} if around else {}
        self._cached_context = serialize_context() | whole
        return super().submit(*args, **kwargs)


class _Kept:
    """The task runner of a run, from its first delivery that is spread to the end of the run."""

    def __init__(self, end: ExitStack) -> None:
        self._end = end
        self._runner: TaskRunner[Any] | None = None

    def runner(self, by: str, installation: Settings) -> TaskRunner[Any]:
        if self._runner is None:
            self._runner = self._end.enter_context(task_runner(by, installation))
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
