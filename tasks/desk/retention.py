"""What is not kept for ever: personal data, forgotten in time, given and put right for one person, and what processes log."""

from datetime import date
from pathlib import Path
from typing import Any

from schemas.errors import WrongUseError
from schemas.run import Counts, Run
from schemas.settings import Settings
from tasks.runs.run import begin, last_cycle, step
from tasks.store import personal
from tasks.store.database import reading
from tasks.store.leases import writing


@step("retention-{run.day}")
def forget_expired(run: Run) -> Counts:
    """Forget the staff whose time is over by the policy (`[retention]`); doing it again changes nothing."""
    with writing(run) as db:
        forgotten = personal.forget(db, run)
    return Counts.of(forgotten=forgotten)


def of_person(number: str) -> list[dict[str, Any]]:
    """Every row about a person; raises WrongUseError where there is none."""
    with reading() as db:
        rows = personal.of_person(db, number)
    if not rows:
        raise WrongUseError("nothing is kept under this number: read it again from the identity card")
    return rows


def correct(number: str, field: str, value: str, by: str, reason: str, day: date | None = None) -> int:
    """Put one field of a person right at their request; how many rows. Raises WrongUseError."""
    of_person(number)
    if field not in personal.CORRECTABLE:
        raise WrongUseError(f"'{field}' cannot be put right here: {', '.join(personal.CORRECTABLE)}")
    with begin(last_cycle(day), day) as run, writing(run) as db:
        return personal.correct(db, number, field, value, by, reason, run)


_MEGABYTE = 1_048_576


def trim_logs(installation: Settings) -> Counts:
    """Cut the older half off each log beyond its bound, in place: its process goes on writing at the end of the same file."""
    most = installation.keep_log_megabytes * _MEGABYTE
    failed: dict[str, str] = {}
    trimmed = 0
    for file in sorted((installation.root / "logs").glob("*.log")):
        try:
            if file.stat().st_size > most:
                _cut(file, most // 2)
                trimmed += 1
        except OSError as refused:
            failed[f"logs/{file.name}"] = f"{file} could not be trimmed: {refused.strerror}"
    return Counts(done={"trimmed_logs": trimmed} if trimmed else {}, failed=failed)


def _cut(file: Path, keep: int) -> None:
    """Leave the last whole lines of at most so many bytes."""
    with file.open("rb+") as handle:
        handle.seek(-keep, 2)
        handle.readline()
        rest = handle.read()
        handle.seek(0)
        handle.write(rest)
        handle.truncate()
