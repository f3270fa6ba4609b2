"""One publisher at a time: the shelf is one, whichever cycle a run works on."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

from schemas.run import Run
from tasks.runs.run import take_lease
from tasks.store import database, leases

#: The lease of whoever writes editions.
PUBLICATION = "publication"


@contextmanager
def publishing() -> Iterator[int]:
    """Nobody else publishes meanwhile; yields the token that proves it.

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

    A run that slept past its lease would otherwise wake and turn `latest` back to an older edition.
    """
    with leases.writing(run) as db:
        leases.prove(db, PUBLICATION, publisher)
        yield db
