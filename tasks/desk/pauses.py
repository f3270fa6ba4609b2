"""Pausing (暂停自动办理): a person keeps a cycle, or a work that runs by itself, from going on, and lets it go on again."""

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from schemas.errors import RefusedError, WrongUseError
from schemas.history import facts_text
from schemas.law.cycle import cycle_id
from schemas.policy import for_cycle, last_cycle_on
from schemas.run import AUTOMATIC, Run
from schemas.settings import settings
from tasks.runs.today import today
from tasks.store import database, history, pauses, runs
from tasks.store.pauses import Pause

#: The kind of a pause's entries in the history.
KIND = "pause"
_WORK = "pause"
#: So far ahead runs are scheduled.
_AHEAD = timedelta(days=366)


class AlreadyPausedError(RefusedError):
    """Somebody paused it before."""


class NotPausedError(RefusedError):
    """It is not paused: it was lifted meanwhile, or never paused."""


class UnknownSubjectError(WrongUseError):
    """Neither a cycle nor a work that runs by itself."""


def pause(subject: str, by: str, reason: str, until: date | None = None, *, flow_run: str = "") -> Pause:
    """Keep a cycle or an automatic work from going on by itself through a day, or until somebody lifts it.

    What a person starts runs all the same. Raises UnknownSubjectError, AlreadyPausedError, and WrongUseError for a day
    that has passed.
    """
    title_of(subject)
    _assert_near(subject)
    if until is not None and until < today():
        raise WrongUseError(
            f"{until} has passed: give the last day of the pause, or none to pause until it is lifted",
            chinese=f"{until} 已过：请写暂停的最后一日，不写即至恢复为止",
        )
    new = Pause(subject, datetime.now(UTC), until, by, reason, flow_run)
    try:
        with database.begin() as db:
            _lift_over(db)
            if former := pauses.of(db, subject):
                raise AlreadyPausedError(
                    f"{subject} is paused since {former.paused_at:%Y-%m-%d} by {former.by} ({former.reason}): "
                    f"lift that first (`filing resume {subject}`)"
                )
            pauses.add(db, new)
            _note(db, subject, "paused", by, reason, until)
    except IntegrityError as quicker:
        raise AlreadyPausedError(f"{subject} was paused by somebody else at this moment") from quicker
    return new


def lift(subject: str, by: str, reason: str) -> None:
    """Let a cycle or an automatic work go on by itself again; raises UnknownSubjectError, NotPausedError."""
    title_of(subject)
    with database.begin() as db:
        _lift_over(db)
        if not pauses.lift(db, subject, by, reason):
            raise NotPausedError(f"{subject} is not paused: nothing to lift")
        _note(db, subject, "lifted", by, reason)


def pauses_on(day: date) -> list[Pause]:
    """Every pause that holds on a day, by subject."""
    with database.reading() as db:
        return pauses.standing(db, day)


def lift_over() -> list[Pause]:
    """Put on record that the pauses whose last day has passed are over; returns them."""
    with database.reading() as db:
        if not pauses.over(db, today()):
            return []
    with database.begin() as db:
        return _lift_over(db)


def title_of(subject: str) -> str:
    """What people call a subject; raises UnknownSubjectError for one that is neither a cycle nor an automatic work."""
    if subject in AUTOMATIC:
        return AUTOMATIC[subject]
    try:
        for_cycle(cycle_id(subject))
    except ValueError as wrong:
        names = ", ".join(AUTOMATIC)
        raise UnknownSubjectError(f"'{subject}' is no cycle and none of {names}: name what is paused") from wrong
    return f"{subject} 批次"


def _assert_near(subject: str) -> None:
    """Raise UnknownSubjectError for a cycle that nothing will begin by itself within the year."""
    if subject in AUTOMATIC:
        return
    opens, _ = for_cycle(cycle_id(subject)).window(cycle_id(subject))
    if opens.date() > today() + _AHEAD:
        raise UnknownSubjectError(
            f"cycle {subject} opens on {opens.date()}, more than a year ahead: nothing of it runs yet",
            chinese=f"{subject} 批次到 {opens.date()} 才开始，一年之内没有可暂停的：请核对批次",
        )


def _lift_over(db: Connection) -> list[Pause]:
    ended = pauses.over(db, today())
    for entry in ended:
        because = f"暂停至 {entry.until} 期满"
        if pauses.lift(db, entry.subject, "filing", because):
            _note(db, entry.subject, "lifted", "filing", because)
    return ended


def _note(db: Connection, subject: str, became: str, by: str, reason: str, until: date | None = None) -> None:
    """Tell it in the history, as an act of its own: a run that works on the cycle meanwhile is not disturbed."""
    day = today()
    cycle = last_cycle_on(day) if subject in AUTOMATIC else cycle_id(subject)
    policy, installation, run_id = for_cycle(cycle), settings(), str(uuid4())
    runs.begin(db, run_id, cycle, day, _WORK)
    # an act without a lease: it writes nothing of the cycle
    act = Run(run_id=run_id, cycle=cycle, policy=policy, day=day, token=0, inbox="", installation=installation)
    word = "暂停自动办理" if became == "paused" else "恢复自动办理"
    because = f"{title_of(subject)}{word}：{reason}" + (f"（至 {until}）" if until else "")
    history.add_one(db, KIND, subject, because, act, by, became=became, facts=facts_text(until=until))
