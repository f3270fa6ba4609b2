"""Approval (批准发布): a person's word on an edition that waits, put on record."""

from datetime import date

from sqlalchemy.engine import RowMapping

from schemas.directory import edition_name
from schemas.errors import RefusedError
from schemas.law.cycle import cycle_id
from tasks.desk.moved import assert_unmoved
from tasks.runs.run import begin
from tasks.runs.today import today
from tasks.store import editions
from tasks.store.database import reading
from tasks.store.leases import writing


class NothingToApproveError(RefusedError, LookupError):
    """The edition does not wait for approval: one sentence that says where it stands."""


def approve_edition(name: str, by: str, as_of: date | None = None, *, seen: int | None = None) -> tuple[str, date]:
    """Let an edition that waits be published; returns its cycle and the day to publish on.

    Repeated after a kill it goes on with what was approved. `seen`: the last history entry its page knew. Raises
    NothingToApproveError, MovedError, and ValueError for what is no name of an edition or of a person.
    """
    if not by.strip():
        raise ValueError("an approval says who gave it: the name is empty")
    cycle = cycle_id(edition_name(name).partition(".")[0])
    with reading() as db:
        own = editions.get(db, name)
    if own is None:
        raise NothingToApproveError(_why_not(name, own))
    day = max(as_of or today(), own["as_of"])
    with begin(cycle, day) as run, writing(run) as db:
        own = editions.get(db, name)
        if own is not None and own["standing"] == "waiting":
            assert_unmoved(db, name, seen)
            editions.approve(db, name, run, by.strip())
        elif own is None or own["standing"] != "building" or not own["approved_by"]:
            raise NothingToApproveError(_why_not(name, own))
    return cycle, day


def _why_not(name: str, own: RowMapping | None) -> str:
    with reading() as db:
        waiting = editions.newest(db, "waiting")
    stands = {
        "published": "it is published",
        "discarded": "it was replaced when the directory changed again",
        "building": "it needs none, and the next run publishes it",
    }
    why = stands[own["standing"]] if own is not None else "there is no such edition"
    other = f"{waiting['edition']} does" if waiting is not None else "no edition does"
    return f"edition {name} does not wait for approval: {why}; {other}"
