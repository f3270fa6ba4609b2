"""A cycle taken back to the day it was handed in, within a rehearsal: what was received, decided and returned stays."""

from sqlalchemy import Connection, Table, delete, or_, select, update

from schemas import tables
from tasks.store import database

#: An applicant's or a person's own ending of an item is no outcome of a policy.
_ENDED_BY_PEOPLE = ("withdrawn", "ended")
#: What the stages write again; a table before those it refers to.
_WRITTEN_ANEW: tuple[Table, ...] = (
    tables.finding,
    tables.hold,
    tables.dispatched_item,
    tables.dispatch,
    tables.item,
)


def rewind(db: Connection, cycle: str) -> None:
    """Undo what was made of a cycle's applications, and what it entered into the register; raises outside a rehearsal."""
    if not database.is_rehearsal():
        raise RuntimeError("a cycle is rewound in a rehearsal only: nothing would bring it back")
    ended = select(tables.item.c.application_no).where(tables.item.c.status.in_(_ENDED_BY_PEOPLE))
    application = tables.application
    mine = (application.c.cycle == cycle) & application.c.application_no.not_in(ended)
    numbers = list(db.execute(select(application.c.application_no).where(mine)).scalars())
    _forget_register(db, cycle)
    _forget_notices(db, cycle)
    for table in _WRITTEN_ANEW:
        db.execute(delete(table).where(table.c.cycle == cycle, table.c.application_no.in_(numbers)))
    result = tables.result
    judged = (result.c.cycle == cycle) & result.c.standing.in_(["accepted", "refused"])
    db.execute(update(result).where(judged).values(standing="received"))
    db.execute(update(application).where(mine).values(status="received", screened_at=None))


def _forget_register(db: Connection, cycle: str) -> None:
    """The register as it was before the cycle's own decisions."""
    entry = tables.qualification_item
    db.execute(delete(entry).where(entry.c.cycle == cycle))
    was = or_(entry.c.ended_by.is_(None), entry.c.known_to.is_not(None))
    db.execute(update(entry).where(entry.c.superseded_in == cycle, was).values(known_to=None, superseded_in=None))


def _forget_notices(db: Connection, cycle: str) -> None:
    notice, shown = tables.public_notice, tables.public_notice_item
    mine = select(notice.c.notice).where(notice.c.cycle == cycle)
    db.execute(delete(shown).where(shown.c.notice.in_(mine)))
    db.execute(delete(notice).where(notice.c.cycle == cycle))
