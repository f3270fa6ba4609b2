"""A cycle as a whole: since when it is decided, whether a person closed it, and its rewinding in a dry run."""

from dataclasses import dataclass
from datetime import date

import pandas as pd
from sqlalchemy import Connection, Table, and_, delete, exists, func, insert, or_, select, update

from schemas import tables
from schemas.history import facts_text
from schemas.item import ENDED_BY_PEOPLE, UNIT, VERSION
from schemas.run import Run
from tasks.store import conditions, database, frames, history, seals, unfinished

_cycle = tables.cycle


@dataclass(frozen=True)
class Closing:
    """Who closed a cycle on which day, why, and by which document."""

    day: date
    by: str
    reason: str
    document_no: str


def closed(db: Connection) -> set[str]:
    """Every closed cycle."""
    return set(db.execute(select(_cycle.c.cycle).where(_cycle.c.closed_on.is_not(None))).scalars())


def closing(db: Connection, cycle: str) -> Closing | None:
    """How a cycle was closed; None while it is open."""
    row = db.execute(select(_cycle).where(_cycle.c.cycle == cycle, _cycle.c.closed_on.is_not(None))).first()
    return Closing(row.closed_on, row.closed_by, row.reason, row.document_no) if row else None


def close(db: Connection, cycle: str, by: str, reason: str, document_no: str, run: Run) -> None:
    """Put on record that a cycle is closed."""
    _have(db, cycle)
    values = {"closed_on": run.day, "closed_by": by, "reason": reason, "document_no": document_no}
    db.execute(update(_cycle).where(_cycle.c.cycle == cycle).values(**values))
    because = f"终止办理：{reason}" + (f"（{document_no}）" if document_no else "")
    facts = facts_text(reason=reason, document_no=document_no)
    history.add_one(db, "cycle", cycle, because, run, by, became="closed", facts=facts)


def decides(db: Connection, cycle: str, run: Run) -> None:
    """Note once that the cycle's decisions have begun: whatever comes later is decided as soon as a run finds it."""
    if unfinished.has_decided(db, cycle):
        return
    _have(db, cycle)
    db.execute(update(_cycle).where(_cycle.c.cycle == cycle).values(decides_since=run.day))


def undecide_after(db: Connection, day: date) -> int:
    """Undo, for cycles whose decisions began after a day, that they have begun; returns how many."""
    later = (_cycle.c.decides_since > day, _cycle.c.closed_on.is_(None))
    seals.touch_where(db, seals.CYCLE, *later)
    return db.execute(update(_cycle).where(*later).values(decides_since=None)).rowcount


def _have(db: Connection, cycle: str) -> None:
    seals.touch_one(db, seals.CYCLE, cycle)
    if db.execute(select(_cycle.c.cycle).where(_cycle.c.cycle == cycle)).first() is None:
        db.execute(insert(_cycle).values(cycle=cycle))


#: What the stages write again; a table before those it refers to.
_WRITTEN_ANEW: tuple[Table, ...] = (
    tables.finding,
    tables.hold,
    tables.dispatched_item,
    tables.dispatch,
    tables.item,
)


def rewind(db: Connection, cycle: str) -> None:
    """Undo all work on a cycle's applications and its entries in the register; raises outside a dry run.

    Applications that were withdrawn or ended as a whole stay so; every item of the others is judged anew.
    """
    if not database.is_rehearsal():
        raise RuntimeError("a cycle is rewound in a rehearsal only: nothing would bring it back")
    application, item = tables.application, tables.item
    others = exists().where(
        item.c.application_no == application.c.application_no, item.c.status.not_in(sorted(ENDED_BY_PEOPLE))
    )
    reopened = (application.c.cycle == cycle) & or_(application.c.outcome.is_(None), others)
    numbers = list(db.execute(select(application.c.application_no).where(reopened)).scalars())
    _forget_register(db, cycle)
    _forget_notices(db, cycle)
    for table in _WRITTEN_ANEW:
        db.execute(delete(table).where(table.c.cycle == cycle, table.c.application_no.in_(numbers)))
    result = tables.result
    judged = (result.c.cycle == cycle) & result.c.standing.in_(["accepted", "refused"])
    db.execute(update(result).where(judged).values(standing="received"))
    anew = {"status": "received", "screened_at": None, "outcome": None}
    db.execute(update(application).where(application.c.application_no.in_(numbers)).values(**anew))


def _forget_register(db: Connection, cycle: str) -> None:
    """The register as it was before the cycle's own decisions."""
    entry = tables.qualification_item
    db.execute(delete(entry).where(entry.c.cycle == cycle))
    was = or_(entry.c.ended_by.is_(None), entry.c.known_to.is_not(None))
    db.execute(update(entry).where(entry.c.superseded_in == cycle, was).values(known_to=None, superseded_in=None))


def _forget_notices(db: Connection, cycle: str) -> None:
    notice, notice_item = tables.public_notice, tables.public_notice_item
    of_cycle = select(notice.c.notice).where(notice.c.cycle == cycle)
    db.execute(delete(notice_item).where(notice_item.c.notice.in_(of_cycle)))
    db.execute(delete(notice).where(notice.c.cycle == cycle))


def reported(db: Connection, cycle: str) -> pd.DataFrame:
    """Items of a cycle counted by institution type, region, outcome and the rules behind it; sorted."""
    application, version, item = tables.application, tables.application_version, tables.item
    current = conditions.same(version, application, VERSION)
    keys = [version.c.institution_type, version.c.region_code, item.c.status, item.c.reason]
    statement = (
        select(*keys, func.count().label("items"))
        .join(application, application.c.application_no == item.c.application_no)
        .join(version, current)
        .where(item.c.cycle == cycle)
        .group_by(*keys)
    )
    rows = frames.read(db, statement).fillna("")
    return rows.sort_values([key.name for key in keys], ignore_index=True)


def endings(db: Connection, cycle: str) -> pd.DataFrame:
    """The applications and items of a cycle that were ended: application_no, UNIT, on, by, because; sorted.

    UNIT is blank where an application had no items.
    """
    entry, application, item = tables.history, tables.application, tables.item
    of_cycle = select(application.c.application_no).where(application.c.cycle == cycle)
    without = of_cycle.where(
        application.c.outcome == "ended", ~exists().where(item.c.application_no == application.c.application_no)
    )
    columns = [entry.c[name] for name in (*UNIT, "on", "by", "because")]
    of_items = and_(entry.c.kind == "item", entry.c.became == "ended", entry.c.subject.in_(of_cycle))
    of_whole = and_(entry.c.kind == "application", entry.c.became == "closed", entry.c.subject.in_(without))
    statement = select(entry.c.subject.label("application_no"), *columns).where(or_(of_items, of_whole))
    return frames.read(db, statement).sort_values(["application_no", *UNIT], ignore_index=True)
