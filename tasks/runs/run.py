"""A run of a cycle: beginning it under the cycle's lease, and ending it with its summary; the work is the stages'."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4
from zoneinfo import ZoneInfo

from prefect import runtime
from pydantic import SecretStr
from sqlalchemy import Connection

from schemas.law.cycle import cycle_id
from schemas.policy import cycle_on, for_cycle, last_cycle_on, shipped
from schemas.run import Run
from schemas.run_summary import SOURCE, RunSummary
from schemas.settings import Settings, settings, using
from tasks.gateways.disk import files as post
from tasks.gateways.evaluators.dispatch_tokens import known_key
from tasks.store import applications, database, leases, letters, runs
from tasks.store.database import reading

#: The name by which schedules ask for the cycle in progress.
CURRENT = "current"

#: The lease of whoever writes editions.
PUBLICATION = "publication"

#: How `only` names the applications that a run left undone.
_FAILED = "failed:"

#: So long a deployed run waits for a cycle that is busy, and so often it asks.
_PATIENCE_SECONDS = 900.0
_ASK_SECONDS = 5.0

_open: dict[str, Run] = {}
_publishing: list[int] = []


class CycleBusyError(RuntimeError):
    """Another run holds the cycle."""


class UnknownRunError(LookupError):
    """No such run came to its end."""


class NothingFailedError(LookupError):
    """A run left nothing undone."""


def chosen_cycle(cycle: str, as_of: date | None) -> str:
    """The cycle that is meant: itself, or for `current` the one whose window opened last on or before the day."""
    return cycle_on(as_of or today()) if cycle == CURRENT else cycle_id(cycle)


def last_cycle(as_of: date | None) -> str:
    """The cycle a sweep on the day belongs to: the last one whose deadline has passed."""
    return last_cycle_on(as_of or today())


def today() -> date:
    """This day where the policy is in force."""
    return datetime.now(ZoneInfo(shipped()[-1].timezone)).date()


def failed_of(run_id: str) -> list[str] | None:
    """Numbers of the applications that a run left undone, sorted; its letters are tried again by every run.

    None is all of them, for a run that could not pull its source.

    Raises UnknownRunError for a run that never ended or has no such number, NothingFailedError when nothing failed.
    """
    with reading() as db:
        summary = runs.summary(db, run_id)
        if summary is None:
            raise UnknownRunError(f"there is no ended run {run_id}: the folder `runs` of the home names them")
        numbers = applications.known(db, sorted(summary.failed))
        numbers |= letters.subjects(db, sorted(summary.failed))
    if not summary.failed:
        raise NothingFailedError(f"nothing failed in run {run_id}: run the cycle without it")
    return None if SOURCE in summary.failed else sorted(numbers)


def _meant(only: list[str] | None) -> list[str] | None:
    """The numbers that are meant: themselves, or for `failed:RUN` those that the run left undone."""
    if only is None:
        return None
    asked = [failed_of(each.removeprefix(_FAILED)) if each.startswith(_FAILED) else [each] for each in only]
    return None if None in asked else sorted({number for numbers in asked for number in numbers or ()})


@contextmanager
def run_of(
    cycle: str, as_of: date | None = None, only: list[str] | None = None, inbox: str | None = None
) -> Iterator[Run]:
    """The run a stage works for: the one already open on the cycle in this process, or a new one with its own lease.

    Raises CycleBusyError while another living run holds the cycle.
    """
    if cycle in _open:
        yield _open[cycle]
        return
    run = _begin(cycle, as_of, only, inbox)
    _open[cycle] = run
    try:
        yield run
    finally:
        del _open[cycle]
        with database.begin() as db:
            leases.give_back(db, cycle, run.token)


@contextmanager
def publishing() -> Iterator[None]:
    """Nobody else publishes meanwhile: the shelf is one, whichever cycle a run works on.

    Raises CycleBusyError while another living run publishes.
    """
    with database.begin() as db:
        token = _take(db, PUBLICATION)
    _publishing.append(token)
    try:
        yield
    finally:
        _publishing.remove(token)
        with database.begin() as db:
            leases.give_back(db, PUBLICATION, token)


@contextmanager
def moving_latest(run: Run) -> Iterator[Connection]:
    """One transaction in which nobody can take over the cycle or, where this run publishes, the shelf.

    A run that slept past its lease would otherwise wake and turn `latest` back to an older edition.
    """
    with leases.writing(run) as db:
        for token in _publishing:
            leases.prove(db, PUBLICATION, token)
        yield db


def _take(db: Connection, lease: str) -> int:
    try:
        return leases.take(db, lease)
    except leases.LeaseTakenError as taken:
        raise CycleBusyError(str(taken)) from taken


def _take_patiently(run_id: str, cycle: str, day: date) -> int:
    """Begin under the cycle's lease; a run that nobody watches waits for it, for a failed one would not be repeated."""
    until = time.monotonic() + (_PATIENCE_SECONDS if runtime.deployment.id else 0)
    while True:
        try:
            with database.begin() as db:
                token = _take(db, cycle)
                runs.begin(db, run_id, cycle, day)
                return token
        except CycleBusyError:
            if time.monotonic() >= until:
                raise
        time.sleep(_ASK_SECONDS)


def _begin(cycle: str, as_of: date | None, only: list[str] | None, inbox: str | None) -> Run:
    policy = for_cycle(cycle_id(cycle))
    day = as_of or datetime.now(ZoneInfo(policy.timezone)).date()
    chosen, run_id = _meant(only), str(uuid4())
    token = _take_patiently(run_id, cycle, day)
    return Run(
        run_id=run_id,
        cycle=cycle_id(cycle),
        policy=policy,
        day=day,
        token=token,
        only=chosen,
        inbox=inbox or str(settings().inbox),
    )


def end(summary: RunSummary) -> RunSummary:
    """Keep the summary in the database and as a file a re-run can start from."""
    with database.begin() as db:
        runs.end(db, summary)
    post.put(settings().root, f"runs/{summary.run_id}.json", summary.model_dump_json(indent=2).encode())
    return summary


@contextmanager
def rehearsed(rehearse: bool) -> Iterator[None]:
    """In a dry run: what is written to the database is undone, what would be sent or published goes to a spare home."""
    if not rehearse:
        yield
        return
    with (
        TemporaryDirectory(prefix="filing-rehearsal-") as spare,
        using(_rehearsing(Path(spare))),
        database.rehearsal(),
    ):
        yield


def _rehearsing(spare: Path) -> Settings:
    """This installation, but with a home of no consequence, and nothing leaves it."""
    said = {"database_url": settings().database, "inbox_folder": settings().inbox}
    ways = {"evaluation_channel": "folder", "letter_channel": "folder"}
    # results that lie in the inbox were signed with the key of the real home; where it has none, the spare one makes its own
    key = {"result_key": SecretStr(known_key(settings()))}
    return settings().model_copy(update={"home": spare, **said, **ways, **key})
