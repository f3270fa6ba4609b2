"""Two runs that ask for the same lease at the same moment: one gets it, the other is told who has it."""

from pathlib import Path
from threading import Event, Thread

import pytest

from tasks.store import leases
from tasks.store.database import begin


def test_of_two_that_take_a_cycle_s_first_lease_one_is_refused(installation: Path) -> None:
    taken, over = Event(), Event()

    def first() -> None:
        with begin() as db:
            leases.take(db, "2026-09")
            taken.set()
            over.wait(1)  # the second one asks before this is committed

    holder = Thread(target=first)
    holder.start()
    taken.wait(10)
    with begin() as db, pytest.raises(leases.LeaseTakenError, match=r"another run .* is working on 2026-09"):
        leases.take(db, "2026-09")
    holder.join()
