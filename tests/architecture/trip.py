"""Counts the modules and functions that one cycle of six institutions executes; `python -m tests.architecture.trip`."""

import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

ROOT = Path(__file__).parents[2]
PACKAGES = tuple(f"{ROOT / package}/" for package in ("flows", "tasks", "schemas", "expectations", "deployments"))
#: Makes the applications or the empty database: no part of an application's way.
BESIDE = (f"{ROOT / 'deployments'}/sample/", f"{ROOT / 'deployments'}/migrations/", f"{ROOT / 'deployments'}/schema.py")


@dataclass(frozen=True)
class Trip:
    """What was executed: modules by path from the root, functions by module and qualified name."""

    modules: frozenset[str]
    functions: frozenset[tuple[str, str]]


def executed(work: Callable[[], object]) -> Trip:
    """The modules and functions of the five packages that some work calls, imports left out."""
    functions: set[tuple[str, str]] = set()

    def note(frame: FrameType, event: str, _argument: Any) -> None:
        code = frame.f_code
        if event == "call" and code.co_filename.startswith(PACKAGES) and not code.co_filename.startswith(BESIDE):
            functions.add((code.co_filename.removeprefix(f"{ROOT}/"), code.co_qualname))

    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
    called = frozenset(function for function in functions if not function[1].startswith("<"))
    return Trip(frozenset(module for module, _ in called), called)


def one_cycle(folder: Path) -> None:
    """Run a cycle of six institutions with every outcome through its three acts, into a home that is empty."""
    from flows.filing_cycle import filing_cycle
    from tests.faults import small_cycle

    for act in small_cycle.write_acts(folder):
        filing_cycle.fn(small_cycle.CYCLE, act.day, inbox=str(act.inbox))


def main() -> None:
    """Print the counts and the modules."""
    from deployments import schema
    from schemas.settings import Settings, using

    with tempfile.TemporaryDirectory() as folder, using(Settings(home=Path(folder) / "home", database_url="")):
        (Path(folder) / "home").mkdir()
        schema.migrate()
        trip = executed(lambda: one_cycle(Path(folder)))
    print("\n".join(sorted(trip.modules)))
    print(f"{len(trip.modules)} modules, {len(trip.functions)} functions")


if __name__ == "__main__":
    main()
