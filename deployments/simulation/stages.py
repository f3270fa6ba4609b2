"""The stages of a cycle as plain calls of their tasks, in the order of the flows, without Prefect; nothing is made up here."""

from datetime import date
from pathlib import Path

from schemas.adjustment import Adjustment, Recoding
from schemas.run import Run
from tasks import (
    adjustment,
    decision,
    dormancy,
    evaluation,
    expiry,
    inspection,
    intake,
    public_notice,
    publication,
    screening,
)
from tasks import rulings as exceptions
from tasks.desk.approval import approve_edition
from tasks.letters import delivery as notices
from tasks.runs.progress import Progress
from tasks.runs.run import run_of
from tasks.store import editions
from tasks.store.database import reading

OPERATOR = "周明（市职业技能鉴定指导中心）"


def run_cycle(cycle: str, day: date, inbox: Path) -> bool:
    """One run of a cycle, as far as it can go; whether it reached its end."""
    with run_of(cycle, day, inbox=str(inbox)) as run:
        intake.pull.fn(run)
        for number, numbers in enumerate(screening.find_unscreened.fn(run), start=1):
            screening.screen.fn(run, numbers, number)
        exceptions.settle_holds.fn(run)
        evaluation.send_out.fn(run)
        evaluation.deliver_packages.fn(run)
        evaluation.collect.fn(run)
        done = not Progress(run).is_waiting()
        if done:
            _decide(run)
            _publish(run)
            _sweep(run)
        notices.deliver_letters.fn(run)
    return done


def sweep(cycle: str, day: date) -> None:
    """What a night does: what public notices showed is filed, both sweeps, and an edition if the directory changed."""
    for due in public_notice.cycles_due(day):
        with run_of(due, day) as run:
            _decide(run)
            notices.deliver_letters.fn(run)
    with run_of(cycle, day) as run:
        _sweep(run)
        _publish(run)
        notices.deliver_letters.fn(run)


def adjust(cycle: str, decided: Adjustment | Recoding, day: date) -> None:
    """An operator's decision about what is on file; the next sweep's edition shows it."""
    with run_of(cycle, day) as run:
        if isinstance(decided, Recoding):
            adjustment.change_code(run, decided)
        else:
            adjustment.carry_out(run, decided)
        notices.deliver_letters.fn(run)


def draw(cycle: str, seed: str, day: date) -> None:
    """The cycle's inspection, drawn and published."""
    with run_of(cycle, day) as run:
        inspection.make_draw.fn(run, seed)
        inspection.publish_inspection.fn(run)


def _decide(run: Run) -> None:
    public_notice.settle_objections.fn(run)
    decision.decide.fn(run)
    public_notice.publish_notices.fn(run)
    exceptions.settle_holds.fn(run)
    decision.write_outcomes.fn(run)


def _sweep(run: Run) -> None:
    expiry.sweep_expiry.fn(run)
    dormancy.sweep_dormancy.fn(run)


def _publish(run: Run) -> None:
    """Publish what is due; an edition that waits is approved, as an operator who has looked at it would."""
    _place(run)
    with reading() as db:
        waiting = editions.newest(db, "waiting")
    if waiting is not None:
        approve_edition(waiting["edition"], OPERATOR)
        _place(run)


def _place(run: Run) -> None:
    while (edition := publication.draft.fn(run)) is not None:
        published = publication.publish.fn(run, edition)
        if published.failed:
            raise RuntimeError("; ".join(published.failed.values()))
    publication.point_latest.fn(run)
