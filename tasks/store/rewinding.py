"""A cycle taken back to the day it was handed in, within a rehearsal: what was received, decided and returned stays."""

from sqlalchemy import Connection, Table, delete, exists, or_, select, update

from schemas import tables
from schemas.item import ENDED_BY_PEOPLE
from tasks.store import database

#: What the stages write again; a table before those it refers to.
_WRITTEN_ANEW: tuple[Table, ...] = (
    tables.finding,
    tables.hold,
    tables.dispatched_item,
    tables.dispatch,
    tables.item,
)


def rewind(db: Connection, cycle: str) -> None:
    """Undo what was made of a cycle's applications, and what it entered into the register; raises outside a rehearsal.

    What people withdrew or ended as a whole stays so; of the other applications every item is judged anew.
    """
    if not database.is_rehearsal():
        raise RuntimeError("a cycle is rewound in a rehearsal only: nothing would bring it back")
    application, item = tables.application, tables.item
    others = exists().where(
        item.c.application_no == application.c.application_no, item.c.status.not_in(sorted(ENDED_BY_PEOPLE))
    )
    mine = (application.c.cycle == cycle) & or_(application.c.outcome.is_(None), others)
    numbers = list(db.execute(select(application.c.application_no).where(mine)).scalars())
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
    notice, shown = tables.public_notice, tables.public_notice_item
    mine = select(notice.c.notice).where(notice.c.cycle == cycle)
    db.execute(delete(shown).where(shown.c.notice.in_(mine)))
    db.execute(delete(notice).where(notice.c.cycle == cycle))
