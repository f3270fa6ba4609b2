"""`filing simulate`: years of cycles on made data, with what must be true checked after each."""

import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from deployments import orchestrator
from deployments.commands import EXIT_FAILED
from deployments.commands.readiness import read_cycle, ready
from schemas.errors import RefusedError, WrongUseError
from schemas.law.cycle import CycleId
from schemas.policy import for_cycle
from schemas.settings import SIMULATION_MARK, Settings, settings, using

_FEWEST = 12


def simulate(
    cycles: Annotated[str, typer.Option(help="First and last cycle, A..B.")] = "2021-04..2031-09",
    institutions: Annotated[int, typer.Option(help="How many institutions the made city has.")] = 60,
    seed: Annotated[int, typer.Option(help="Another seed makes another city.")] = 1,
) -> int:
    """Live through years of cycles on made data, checking after each what must always be true.

    Works in a home of its own that is thrown away, or in the one given with --home, which must hold no installation.
    """
    first, last = _read_span(cycles)
    if institutions < _FEWEST:
        raise WrongUseError(f"--institutions {institutions} is too few to live through a cycle: give {_FEWEST} or more")
    with temporary_home(), policy_change(first, last):
        ready()
        orchestrator.prepare()
        return EXIT_FAILED if _live(first, last, institutions, seed) else 0


def _read_span(text: str) -> tuple[CycleId, CycleId]:
    first, parted, last = text.partition("..")
    if not parted:
        raise WrongUseError(f"'{text}' is no span of cycles: write A..B, for example 2021-04..2031-09")
    span = read_cycle(first), read_cycle(last)
    if span[0] > span[1]:
        raise WrongUseError(f"'{text}' ends before it begins: write the earlier cycle first")
    return span


@contextmanager
def temporary_home() -> Iterator[None]:
    """A spare home, or the given one if nothing but a former simulation is in it."""
    database_url = settings().database_url
    if "FILING_HOME" not in os.environ:
        with (
            TemporaryDirectory(prefix="filing-simulation-") as spare,
            using(Settings(home=Path(spare), database_url=database_url)),
        ):
            _claim()
            yield
        return
    _claim()
    yield


#: Numbers of the policy that a life changes to.
_CHANGED = {"pass_mark": "65", "wait_days": "40", "workdays": "7"}


@contextmanager
def policy_change(first: CycleId, last: CycleId) -> Iterator[None]:
    """Other numbers hold from the middle of a life on; an installation with policies of its own keeps those."""
    from deployments.simulation import cycles_between

    lived = cycles_between(first, last)
    if settings().policies is not None or len(lived) == 1:
        yield
        return
    newest = max((files("schemas") / "policies").iterdir(), key=lambda entry: entry.name)
    text = newest.read_text("utf-8")
    for name, value in {**_CHANGED, "in_force_from": f"{lived[len(lived) // 2]}-01"}.items():
        text, replaced = re.subn(rf"(?m)^{name} = \S+", f"{name} = {value}", text)
        if replaced != 1:
            raise RuntimeError(f"the shipped policy has {replaced} lines of {name}")
    folder = settings().root / "policies"
    folder.mkdir(exist_ok=True)
    (folder / "changed.toml").write_text(text, "utf-8")
    with using(settings().model_copy(update={"policies": folder})):
        yield


def _claim() -> None:
    from deployments import schema

    root, mark = settings().root, settings().root / SIMULATION_MARK
    if settings().database_url:
        if schema.revisions()[0] is not None:
            raise RefusedError("the database of FILING_DATABASE_URL is in use: give a simulation an empty one")
        schema.migrate()  # a server's database is nobody's yet, so nobody is asked
    elif mark.exists():
        shutil.rmtree(root)
    if root.exists() and any(root.iterdir()) and not mark.exists():
        raise RefusedError(f"{root} is in use: give a simulation an empty home with --home DIR, or none at all")
    root.mkdir(parents=True, exist_ok=True)
    mark.write_text("made by filing simulate", "utf-8")


def _live(first: CycleId, last: CycleId, institutions: int, seed: int) -> int:
    """Live through every cycle; how many untruths were found."""
    from deployments.simulation import City, cycles_between, live_cycle, untruths
    from tasks.store import overview
    from tasks.store.database import reading

    city, rebuilt, wrong = City.make(seed, institutions, for_cycle(first)), set[str](), 0
    for number, cycle in enumerate(cycles_between(first, last)):
        begun = time.monotonic()
        day = list(live_cycle(city, cycle, is_first=number == 0))[-1]
        lived = time.monotonic()
        sentences = untruths(day, rebuilt)
        with reading() as db:
            counted = overview.of_cycle(db, cycle)
        items = ", ".join(f"{count} {status}" for status, count in counted["items"].items())
        seconds = f"{lived - begun:.1f} s, checked in {time.monotonic() - lived:.1f} s"
        typer.echo(f"{cycle}: {sum(counted['applications'].values())} applications; {items}; {seconds}")
        for sentence in sentences:
            typer.echo(f"{cycle}: {sentence}", err=True)
        wrong += len(sentences)
    typer.echo(f"{len(rebuilt)} editions; " + (f"{wrong} untruths" if wrong else "everything held"))
    return wrong
