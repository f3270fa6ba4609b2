"""Approval (批准发布): a person's word on an edition that waits, put on record."""

from datetime import date

from sqlalchemy import Connection
from sqlalchemy.engine import RowMapping

from schemas.directory import edition_name
from schemas.errors import RefusedError
from schemas.law.cycle import cycle_id
from schemas.run import Run
from tasks.runs.run import begin
from tasks.runs.today import today
from tasks.store import decisions, editions
from tasks.store.database import reading
from tasks.store.dossier import assert_unmoved
from tasks.store.leases import writing


class OwnDecisionError(RefusedError):
    """Whoever decided an exception does not release the edition that follows from it."""


class NothingToApproveError(RefusedError, LookupError):
    """The edition does not wait for approval: one sentence that says where it stands."""


def approve_edition(name: str, by: str, as_of: date | None = None, *, seen: int | None = None) -> tuple[str, date]:
    """Let an edition that waits be published; returns its cycle and the day to publish on.

    Repeated after a kill it goes on with what was approved. `seen`: the last history entry its page knew. Raises
    NothingToApproveError, OwnDecisionError, MovedError, and ValueError for what is no name of an edition or of a person.
    """
    if not by.strip():
        raise ValueError("an approval says who gave it: the name is empty")
    cycle = cycle_id(edition_name(name).partition(".")[0])
    with reading() as db:
        edition = editions.get(db, name)
    if edition is None:
        raise NothingToApproveError(_why_not(name, edition))
    day = max(as_of or today(), edition["as_of"])
    with begin(cycle, day) as run, writing(run) as db:
        edition = editions.get(db, name)
        if edition is not None and edition["standing"] == "waiting":
            assert_unmoved(db, name, seen)
            _assert_of_another(db, run, by.strip())
            editions.approve(db, name, run, by.strip())
        elif edition is None or edition["standing"] != "building" or not edition["approved_by"]:
            raise NothingToApproveError(_why_not(name, edition))
    return cycle, day


def _assert_of_another(db: Connection, run: Run, by: str) -> None:
    """Raises OwnDecisionError where every edition is released by a person, and this one decided an exception of the cycle."""
    if run.policy.publication.release != "approved":
        return
    decided = decisions.of_cycle(db, run.cycle)
    permitted = sorted(
        set(decided.loc[(decided["decided_by"] == by) & (decided["verdict"] == "permit"), "application_no"])
    )
    if permitted:
        raise OwnDecisionError(
            f"{by} permitted an exception for {'、'.join(permitted)}, and does not release the edition that follows from it: "
            "another person approves"
        )


def _why_not(name: str, edition: RowMapping | None) -> str:
    with reading() as db:
        waiting = editions.newest(db, "waiting")
    stands = {
        "published": "it is published",
        "discarded": "it was replaced when the directory changed again",
        "building": "it needs none, and the next run publishes it",
    }
    why = stands[edition["standing"]] if edition is not None else "there is no such edition"
    other = f"{waiting['edition']} does" if waiting is not None else "no edition does"
    return f"edition {name} does not wait for approval: {why}; {other}"
