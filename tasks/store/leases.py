"""Leases, which let one run at a time write to a cycle: taking one, proving it, giving it back."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import psutil
from sqlalchemy import Connection, insert, select, update
from sqlalchemy.engine import Row
from sqlalchemy.exc import IntegrityError

from schemas.errors import RefusedError
from schemas.run import Run
from schemas.tables import lease
from tasks.store import database, seals

#: A holder on another machine counts as alive for so long after its last sign of life.
TERM = timedelta(minutes=10)

#: The same process may seem to have begun this much apart: the kernel tells the moment of the boot in whole seconds.
_SAME_SECONDS = 2.0


class LeaseTakenError(RefusedError):
    """Another run is working on this cycle; or this run's lease was taken over."""


def take(db: Connection, cycle: str) -> int:
    """Take the cycle's lease and return its token; raises LeaseTakenError while a living run holds it."""
    now = datetime.now(UTC)
    holding = {
        "holder": f"{socket.gethostname()}:{os.getpid()}",
        "host": socket.gethostname(),
        "process": os.getpid(),
        "process_started": _began(psutil.Process()),
        "expires_at": now + TERM,
    }
    row = _lease_of(db, cycle)
    if row is None:
        with suppress(IntegrityError), db.begin_nested():
            db.execute(insert(lease).values(cycle=cycle, token=1, **holding))
            return 1
        # another run took the cycle's first lease at the same moment
        row = _lease_of(db, cycle)
    if row is None or _is_alive(row, now):
        holder = f" ({row.holder})" if row else ""
        raise LeaseTakenError(f"another run{holder} is working on {cycle}: wait until it ends, then run again")
    db.execute(update(lease).where(lease.c.cycle == cycle).values(token=row.token + 1, **holding))
    return int(row.token) + 1


def _lease_of(db: Connection, cycle: str) -> "Row[Any] | None":
    return db.execute(select(lease).where(lease.c.cycle == cycle).with_for_update()).first()


def is_held(db: Connection, cycle: str) -> bool:
    """Whether a living run works on the cycle."""
    row = db.execute(select(lease).where(lease.c.cycle == cycle)).first()
    return row is not None and _is_alive(row, datetime.now(UTC))


def prove(db: Connection, cycle: str, token: int) -> None:
    """Prove and extend the lease by another term; raises LeaseTakenError if another run has taken over."""
    renewed = db.execute(
        update(lease).where(lease.c.cycle == cycle, lease.c.token == token).values(expires_at=datetime.now(UTC) + TERM)
    )
    if renewed.rowcount != 1:
        raise LeaseTakenError(f"this run's lease on {cycle} was taken over by another run: nothing was written")


def give_back(db: Connection, cycle: str, token: int) -> None:
    """Give the lease back, so that the next run need not wait for its term."""
    past = datetime.now(UTC) - timedelta(seconds=1)
    db.execute(update(lease).where(lease.c.cycle == cycle, lease.c.token == token).values(expires_at=past))


def _is_alive(row: "Row[Any]", now: datetime) -> bool:
    expires = database.in_utc(row.expires_at)
    if expires <= now:
        return False
    if row.host != socket.gethostname():
        # nobody takes more than one term: a later end was written before a clock was set back
        return bool(expires <= now + 2 * TERM)
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(row.process)
        same = abs(_began(process) - row.process_started) < _SAME_SECONDS
        return bool(same and process.status() != psutil.STATUS_ZOMBIE)
    return False


def _began(process: psutil.Process) -> float:
    """Seconds from the machine's start to the process's: unlike the hour of day, no clock that is set changes it."""
    return process.create_time() - psutil.boot_time()


@contextmanager
def writing(run: Run) -> Iterator[Connection]:
    """One transaction of a run that proves, before it writes, that the run still holds its cycle's lease.

    At its end, records that moves rest on and that it wrote are sealed in the history.
    """
    with database.begin() as db:
        prove(db, run.cycle, run.token)
        with seals.keeping(db, run):
            yield db
