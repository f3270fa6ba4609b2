"""Runs: when they began, how they ended, and what they left undone; and the files set aside in them."""

from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime

from sqlalchemy import Connection, delete, func, insert, or_, select, update
from sqlalchemy.sql.elements import ColumnElement

from schemas.run import RunSummary
from schemas.tables import quarantined, run
from tasks.store.database import in_utc

#: Failures are reported of at most so many of the latest runs.
_RECENT, _MANY = 300, 12


#: The work of a run of the whole cycle; a person's acts beside it (an import, a ruling) belong to no run of it.
CYCLE, BESIDE = "cycle", ""
#: Works after which a waiting cycle need not go on: they record nothing for it to take up.
_QUIET = (CYCLE, "sweeps", "retention", "pause")


def begin(db: Connection, run_id: str, cycle: str, as_of: object, work: str = BESIDE) -> None:
    """Record that a run begins; `work`: CYCLE, another flow's name, or BESIDE for an act."""
    values = {"run_id": run_id, "cycle": cycle, "as_of": as_of, "started_at": datetime.now(UTC), "work": work}
    db.execute(insert(run).values(**values, entries=0))


def end(db: Connection, summary: RunSummary) -> None:
    db.execute(
        update(run)
        .where(run.c.run_id == summary.run_id)
        .values(
            ended_at=datetime.now(UTC),
            outcome=summary.outcome,
            summary=summary.model_dump(mode="json"),
            work=summary.work,
        )
    )


def summary(db: Connection, run_id: str | None = None) -> RunSummary | None:
    """A run's summary; without an id, that of the newest run of a whole cycle."""
    newest = (run.c.summary.is_not(None), run.c.work == CYCLE)
    statement = select(run.c.summary).where(*newest).order_by(run.c.started_at.desc()).limit(1)
    if run_id is not None:
        statement = select(run.c.summary).where(run.c.run_id == run_id)
    record = db.execute(statement).scalar()
    return RunSummary.model_validate(record) if record else None


def last_summary(db: Connection, cycle: str) -> RunSummary | None:
    """The summary of the newest run of a cycle that came to its end; None before the first."""
    summaries = select(run.c.summary).where(*_whole(cycle), run.c.summary.is_not(None))
    record = db.execute(summaries.order_by(run.c.started_at.desc()).limit(1)).scalar()
    return RunSummary.model_validate(record) if record else None


def newly_failed(db: Connection) -> list[RunSummary]:
    """Summaries of the runs that left something undone which the run of the cycle before them had not, oldest first.

    Fifty tries at a dead mail server are one thing to see to, not fifty.
    """
    ended = select(run.c.summary).where(run.c.summary.is_not(None), run.c.work == CYCLE)
    statement = ended.order_by(run.c.started_at.desc()).limit(_RECENT)
    before: dict[str, set[str]] = {}
    summaries = []
    for finished in map(RunSummary.model_validate, reversed(list(db.execute(statement).scalars()))):
        if set(finished.failed) - before.get(finished.cycle, set()):
            summaries.append(finished)
        before[finished.cycle] = set(finished.failed)
    return summaries


def undone(db: Connection, cycle: str) -> list[str]:
    """Keys that the cycle's newest run left undone, sorted."""
    newest = last_summary(db, cycle)
    return sorted(newest.failed) if newest else []


def failures_in_a_row(db: Connection, cycle: str) -> tuple[int, datetime | None]:
    """How many of the cycle's newest runs in a row left something undone, up to a limit; and when the newest ended."""
    outcomes = select(run.c.outcome, run.c.ended_at).where(*_whole(cycle), run.c.outcome.is_not(None))
    newest = list(db.execute(outcomes.order_by(run.c.started_at.desc()).limit(_MANY)))
    number = next((place for place, row in enumerate(newest) if row.outcome != "failed"), len(newest))
    return number, _in_utc(newest[0].ended_at) if newest else None


def broken_in_a_row(db: Connection, cycle: str) -> tuple[int, datetime | None]:
    """How many runs of the whole cycle have broken off since one came to its end; and when the newest of them began."""
    ended = select(func.max(run.c.started_at)).where(*_whole(cycle), run.c.outcome.is_not(None)).scalar_subquery()
    since = or_(ended.is_(None), run.c.started_at > ended)
    statement = select(func.count(), func.max(run.c.started_at)).where(*_whole(cycle), run.c.outcome.is_(None), since)
    number, newest = db.execute(statement).one()
    return int(number), _in_utc(newest)


def last_cycle_run_began(db: Connection, cycle: str) -> datetime | None:
    """When the newest run of the whole cycle that came to its end began; None when there was none."""
    statement = select(func.max(run.c.started_at)).where(*_whole(cycle), run.c.outcome.is_not(None))
    return _in_utc(db.execute(statement).scalar())


def last_began(db: Connection, cycle: str) -> datetime | None:
    """When the newest run of the whole cycle began, ended or not; None before the first."""
    return _in_utc(db.execute(select(func.max(run.c.started_at)).where(*_whole(cycle))).scalar())


def number_of(db: Connection, cycle: str) -> int:
    """How many runs of the whole cycle have begun."""
    return int(db.execute(select(func.count()).where(*_whole(cycle))).scalar_one())


def last_day(db: Connection, cycle: str) -> date | None:
    """The latest day that the whole cycle was run for; acts beside it and nightly sweeps have the day they happen on."""
    newest = select(func.max(run.c.as_of)).where(*_whole(cycle), run.c.outcome.is_not(None))
    return db.execute(newest).scalar()


def recorded_since(db: Connection, cycle: str, began: datetime | None) -> bool:
    """Whether anything was done to the cycle outside its own runs (an import, a decision) since one of them began."""
    beside = (run.c.cycle == cycle, run.c.work.not_in(_QUIET))
    statement = select(func.max(run.c.started_at)).where(*beside)
    last = _in_utc(db.execute(statement).scalar())
    return last is not None and (began is None or last > began)


def _whole(cycle: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return run.c.cycle == cycle, run.c.work == CYCLE


def _in_utc(moment: datetime | None) -> datetime | None:
    return in_utc(moment) if moment else None


SET_ASIDE = ["file", "sheet", "row", "application_no", "reason"]
"""What is kept of a file or of rows that were set aside; `row` as the sheet counts, several joined by commas."""


def note_quarantined(
    db: Connection, aside: list[dict[str, str]], cycle: str, day: object, came: Collection[str] = ()
) -> int:
    """Remember files (or rows of files) set aside with their reason; returns how many were new in the cycle.

    `aside`: SET_ASIDE and sha256. A settled one is not new while the same content lies there, unless its file `came`
    again.
    """
    place = [quarantined.c[name] for name in ("file", "reason", "sha256", "settled_by")]
    noted = list(db.execute(select(*place).where(quarantined.c.cycle == cycle)))
    waiting = {(row.file, row.reason) for row in noted if not row.settled_by}
    settled = {(row.file, row.reason, row.sha256) for row in noted if row.settled_by and row.file not in came}
    new = {
        key: row
        for row in aside
        if (key := (row["file"], row["reason"])) not in waiting and (*key, row["sha256"]) not in settled
    }
    if new:
        today = (quarantined.c.cycle == cycle, quarantined.c.first_on == day, quarantined.c.settled_by != "")
        for file, reason in new:
            db.execute(delete(quarantined).where(*today, quarantined.c.file == file, quarantined.c.reason == reason))
        shared = {"cycle": cycle, "first_on": day, "settled_by": ""}
        db.execute(insert(quarantined), [{**new[key], **shared} for key in sorted(new)])
    return len(new)


def settle_files(db: Connection, files: Mapping[str, str]) -> None:
    """Settle whole files set aside, by later files of the same name; `files`: name to the words on the later one."""
    waiting = tuple(quarantined.c[name] == "" for name in ("settled_by", "application_no", "sheet", "row"))
    for file in db.execute(select(quarantined.c.file).where(*waiting).distinct()).scalars().all():
        if file in files:
            of_file = (*waiting, quarantined.c.file == file)
            db.execute(update(quarantined).where(*of_file).values(settled_by=files[file]))


def settle_quarantined(db: Connection, files: Mapping[str, str]) -> None:
    """Settle whatever was set aside of these applications; `files`: number to the file and version taken since."""
    waiting = quarantined.c.settled_by == ""
    for number in db.execute(select(quarantined.c.application_no).where(waiting).distinct()).scalars().all():
        if number in files:
            of_application = (quarantined.c.application_no == number, waiting)
            db.execute(update(quarantined).where(*of_application).values(settled_by=files[number]))


def quarantine(db: Connection, cycle: str) -> list[tuple[str, str]]:
    """Files and rows set aside in a cycle: the application concerned, else the file, and the reason; sorted."""
    return sorted((row["application_no"] or row["file"], row["reason"]) for row in set_aside(db, cycle))


def set_aside(db: Connection, cycle: str | None = None) -> list[dict[str, str]]:
    """SET_ASIDE of everything set aside in a cycle, or ever, sorted; the reason also says what has settled it."""
    statement = select(*(quarantined.c[name] for name in SET_ASIDE), quarantined.c.settled_by)
    if cycle is not None:
        statement = statement.where(quarantined.c.cycle == cycle)
    rows = [
        {**row, "reason": row["reason"] + (f"（已由{row['settled_by']}解决）" if row["settled_by"] else "")}
        for row in db.execute(statement).mappings()
    ]
    return sorted(({name: row[name] for name in SET_ASIDE} for row in rows), key=lambda row: tuple(row.values()))


def unsettled(db: Connection, cycle: str) -> int:
    """How many files and rows set aside in a cycle are not settled yet."""
    waiting = (quarantined.c.cycle == cycle, quarantined.c.settled_by == "")
    return int(db.execute(select(func.count()).select_from(quarantined).where(*waiting)).scalar_one())
