"""A run of a cycle: its steps, beginning it under the cycle's lease, publishing under the shelf's, ending with its summary.

The one place where Prefect's tasks are made.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from functools import wraps
from typing import ParamSpec, TypeVar
from uuid import uuid4

from prefect import Task, runtime, task
from prefect.cache_policies import NO_CACHE
from prefect.context import FlowRunContext
from sqlalchemy import Connection

from schemas.errors import RefusedError, WrongUseError
from schemas.finding import hidden
from schemas.law.cycle import CycleId, cycle_id
from schemas.policy import cycle_on, for_cycle, last_cycle_on
from schemas.reference_data import reference
from schemas.run import SOURCE, Run, RunSummary
from schemas.settings import Settings, settings
from tasks.gateways.disk import files as post
from tasks.runs.garbage import collect_seldom
from tasks.runs.orchestration import SIGNED_BY, is_deployed
from tasks.runs.today import today
from tasks.store import applications, database, grounds, history, leases, letters, runs
from tasks.store.database import reading

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")


def tracked(run_name: str, function: Callable[_Arguments, _Result], *, retries: int = 0) -> Task[_Arguments, _Result]:
    """A function as a Prefect task, never cached, for the database is the memory."""
    return task(task_run_name=run_name, retries=retries, cache_policy=NO_CACHE)(function)


def step(
    run_name: str, *, retries: int = 0
) -> Callable[[Callable[_Arguments, _Result]], Callable[_Arguments, _Result]]:
    """Make a function a task run of the flow run around it; the task run's name may contain the function's arguments.

    Outside a flow run (in the simulation, in tests) it is called as a plain function, without retries.
    """

    def decorate(function: Callable[_Arguments, _Result]) -> Callable[_Arguments, _Result]:
        made = tracked(run_name, function, retries=retries)

        @wraps(function)
        def call(*args: _Arguments.args, **kwargs: _Arguments.kwargs) -> _Result:
            return function(*args, **kwargs) if FlowRunContext.get() is None else made(*args, **kwargs)

        return call

    return decorate


#: The name by which schedules ask for the cycle in progress.
CURRENT = "current"

#: Prefix by which `only` names all applications that a run left undone: `failed:RUN`.
_FAILED = "failed:"

#: How long a deployed run waits for a busy cycle, and how often it tries.
_PATIENCE_SECONDS = 900.0
_ASK_SECONDS = 5.0


class CycleBusyError(RefusedError):
    """Another run holds the cycle."""


class DayToComeError(RefusedError):
    """A run for a future day, which would mark terms as over that are not."""


class UnknownRunError(WrongUseError, LookupError):
    """No run of this number has ended."""


class NothingFailedError(WrongUseError, LookupError):
    """A run left nothing undone."""


def chosen_cycle(cycle: str, as_of: date | None) -> CycleId:
    """The cycle named, or for `current` the one whose window opened last on or before the day."""
    return cycle_on(as_of or today()) if cycle == CURRENT else cycle_id(cycle)


def last_cycle(as_of: date | None = None) -> CycleId:
    """The last cycle whose deadline has passed by the day: the one sweeps and adjustments belong to."""
    return last_cycle_on(as_of or today())


@contextmanager
def begin(
    cycle: str,
    as_of: date | None = None,
    only: list[str] | None = None,
    inbox: str | None = None,
    *,
    work: str = runs.BESIDE,
) -> Iterator[Run]:
    """Hold a run with a lease on its cycle for as long as the block lasts; without a day, the run is for today.

    `only`: application numbers, or `failed:RUN` for those that a run left undone; `work`: the kind of work, where it is
    not an act beside the cycle's own runs. Raises CycleBusyError while another living run holds the cycle, DayToComeError
    for a future day unless the home is for practice, and, before anything is written, UnusablePolicyError or
    UnusableReferenceError for a policy or reference file that cannot be read.
    """
    collect_seldom()
    policy = for_cycle(cycle_id(cycle))
    reference()
    installation, run_id, day = settings(), str(uuid4()), as_of or today()
    _assert_has_come(day, installation)
    numbers = _numbers(only)
    run = Run(
        run_id=run_id,
        cycle=cycle_id(cycle),
        policy=policy,
        day=day,
        token=_take_patiently(run_id, cycle, day, work),
        only=numbers,
        inbox=inbox or str(installation.inbox),
        installation=installation,
    )
    try:
        with leases.writing(run) as db:
            grounds.note(db, run)
            if by := started_by():
                history.note_starter(db, run, by)
        yield run
    finally:
        with database.begin() as db:
            leases.give_back(db, cycle, run.token)


def _assert_has_come(day: date, installation: Settings) -> None:
    if day > today() and not installation.is_for_practice:
        raise DayToComeError(
            f"{day} is still to come: give a day up to {today()}, or practise in a home of its own (FILING_PRACTICE=yes)"
        )


def started_by() -> str:
    """Who started this run from the web pages, as the gate signed it; blank for runs of a schedule or a command."""
    context = FlowRunContext.get()
    run = context.flow_run if context and is_deployed() else None
    return str(run.labels.get(SIGNED_BY, "")) if run else ""


def take_lease(db: Connection, lease: str) -> int:
    """Take a lease and return its token; raises CycleBusyError while another living run holds it."""
    try:
        return leases.take(db, lease)
    except leases.LeaseTakenError as taken:
        raise CycleBusyError(str(taken)) from taken


def _take_patiently(run_id: str, cycle: str, day: date, work: str) -> int:
    """Take the cycle's lease and begin; a deployed run waits for it, because nobody would repeat a run that failed."""
    until = time.monotonic() + (_PATIENCE_SECONDS if runtime.deployment.id else 0)
    while True:
        try:
            with database.begin() as db:
                token = take_lease(db, cycle)
                runs.begin(db, run_id, cycle, day, work)
                return token
        except CycleBusyError:
            if time.monotonic() >= until:
                raise
        time.sleep(_ASK_SECONDS)


def _numbers(only: list[str] | None) -> list[str] | None:
    """Application numbers, with `failed:RUN` replaced by those that the run left undone; None for all."""
    if only is None:
        return None
    chosen = [failed_of(number.removeprefix(_FAILED)) if number.startswith(_FAILED) else [number] for number in only]
    return None if None in chosen else sorted({number for numbers in chosen for number in numbers or ()})


def failed_of(run_id: str) -> list[str] | None:
    """Numbers of the applications that a run left undone, sorted; None, meaning all, if it could not pull its source.

    Its letters need no number: every run tries them again. Raises UnknownRunError for a run that does not exist or has
    not ended, NothingFailedError if nothing failed.
    """
    with reading() as db:
        summary = runs.summary(db, run_id)
        if summary is None:
            raise UnknownRunError(f"there is no ended run {run_id}: the folder `runs` of the home names them")
        numbers = applications.existing(db, sorted(summary.failed))
        numbers |= letters.subjects(db, sorted(summary.failed))
    if not summary.failed:
        raise NothingFailedError(f"nothing failed in run {run_id}: run the cycle without it")
    return None if SOURCE in summary.failed else sorted(numbers)


def end(run: Run, summary: RunSummary) -> RunSummary:
    """Store the summary, with the head of the history, in the database and as a file."""
    with database.begin() as db:
        summary = summary.model_copy(update={"history": history.head(db)})
        runs.end(db, summary)
    post.put(run.installation.root, f"runs/{summary.run_id}.json", hidden(summary.model_dump_json(indent=2)).encode())
    return summary


#: The lease that a run holds while it writes editions.
PUBLICATION = "publication"


@contextmanager
def publishing() -> Iterator[int]:
    """Hold the lease on publishing for as long as the block lasts; yields its token.

    Raises CycleBusyError while another living run publishes.
    """
    with database.begin() as db:
        token = take_lease(db, PUBLICATION)
    try:
        yield token
    finally:
        with database.begin() as db:
            leases.give_back(db, PUBLICATION, token)


@contextmanager
def moving_latest(run: Run, publisher: int) -> Iterator[Connection]:
    """One transaction in which nobody can take over the cycle or the shelf; `publisher`: the token of `publishing`.

    Otherwise a run that was suspended past its lease could wake and turn `latest` back to an older edition.
    """
    with leases.writing(run) as db:
        leases.prove(db, PUBLICATION, publisher)
        yield db
