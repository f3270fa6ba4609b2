"""Numbers of letters: the next ones of a series, given in the transaction that writes the letter."""

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress

from sqlalchemy import Connection, insert, update
from sqlalchemy.exc import IntegrityError

from schemas.tables import numbering
from tasks.store import seals


def give(db: Connection, series: Sequence[str]) -> list[int]:
    """The next serial of the series each letter belongs to, in their order; 0 where a letter has none ("").

    What a transaction that fails had taken is given again, and of two at once the later waits: a series has no gaps.
    """
    # always in the same order: two transactions that wait for each other's series would both fail
    last = {one: _raise(db, one, count) - count for one, count in sorted(Counter(filter(None, series)).items())}
    serials = []
    for one in series:
        if one:
            last[one] += 1
        serials.append(last[one] if one else 0)
    return serials


def _raise(db: Connection, series: str, count: int) -> int:
    """Count a series on, and return how far it has been counted."""
    seals.touch_one(db, seals.NUMBERING, series)
    counted = (
        update(numbering)
        .where(numbering.c.series == series)
        .values(last=numbering.c.last + count)
        .returning(numbering.c.last)
    )
    present = db.execute(counted).scalar()
    if present is None:
        with suppress(IntegrityError), db.begin_nested():
            db.execute(insert(numbering).values(series=series, last=count))
            return count
        # another transaction began the series at the same moment
        present = db.execute(counted).scalar_one()
    return int(present)
