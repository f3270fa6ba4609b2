"""What happens to a made city, as plain calls of the flows' own work: runs of a cycle, sweeps, decisions, a draw."""

from datetime import date
from pathlib import Path

from flows.approval import approval
from flows.filing_cycle import go_through
from flows.sweeps import sweep as sweep_night
from schemas.adjustment import Adjustment
from schemas.run_summary import Counts
from tasks import adjustment, inspection
from tasks.desk import succession
from tasks.runs.run import begin
from tasks.store import editions
from tasks.store.database import reading

OPERATOR = "周明（市职业技能鉴定指导中心）"


def run_cycle(cycle: str, day: date, inbox: Path) -> None:
    """One run of a cycle, as far as it can go."""
    with begin(cycle, day, inbox=str(inbox)) as run:
        summary = go_through(run)
    _assert_whole(summary.failed)
    _approve(day)


def sweep(cycle: str, day: date) -> None:
    """What a night does: what public notices showed is filed, both sweeps, and an edition if the directory changed."""
    with begin(cycle, day) as run:
        _assert_whole(sweep_night(run).failed)
    _approve(day)


def adjust(cycle: str, decided: Adjustment | succession.Change, day: date) -> None:
    """An operator's decision about what is on file; the next sweep's edition shows it."""
    with begin(cycle, day) as run:
        match decided:
            case Adjustment():
                counts = adjustment.adjustment(run, decided)
            case _:
                counts = succession.carry_on(run, decided)
    _assert_whole(counts.failed)


def draw(cycle: str, seed: str, day: date) -> None:
    """The cycle's inspection, drawn and published."""
    with begin(cycle, day) as run:
        inspection.inspection(run, seed)


def _approve(day: date) -> None:
    """Approve an edition that waits, as an operator who has looked at it would."""
    with reading() as db:
        waiting = editions.newest(db, "waiting")
    if waiting is not None:
        published: Counts = approval.fn(waiting["edition"], OPERATOR, day)
        _assert_whole(published.failed)


def _assert_whole(failed: dict[str, str]) -> None:
    if failed:
        raise RuntimeError("; ".join(failed.values()))
