"""The outbox: letters, packages and alerts in one table, written once for an occasion and delivered by one loop.

An entry is written in the transaction that decides it, and delivered later: killed anywhere, a run delivers again only
what it had not noted yet, with the same key and the same bytes.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import pandas as pd
from sqlalchemy import Connection, bindparam, insert, select, update
from sqlalchemy.engine import Row, RowMapping

from schemas.tables import outbox
from tasks.gateways.wire.retry import DeliveryFailed, Patience
from tasks.store import conditions, frames, seals
from tasks.store.database import reading


@dataclass(frozen=True)
class Box:
    """Entries that leave by one way: its code in the table, the English noun for an entry.

    `portion` entries are handed over between two notes in the database: a kill repeats at most so many.
    """

    code: str
    noun: str
    portion: int = 1


LETTERS = Box(conditions.LETTER, "letter", portion=50)
DOCUMENTS = Box("document", "document")
PACKAGES = Box("package", "package")
ALERT_MAILS = Box("alert_mail", "alert")
ALERT_CALLS = Box("alert_webhook", "alert")


@dataclass(frozen=True)
class Entry:
    """One thing that is to leave: its occasion is its key in its box, `content` is JSON-serialisable."""

    occasion: str
    kind: str
    subject: str
    content: dict[str, Any]
    cycle: str = ""
    number: str = ""
    series: str = ""
    serial: int = 0


@dataclass(frozen=True)
class Delivery:
    """How many entries were delivered, and of the others the occasion and why not."""

    done: int
    failed: dict[str, str]


def unwritten(db: Connection, box: Box, entries: Sequence[Entry]) -> list[Entry]:
    """Those of these entries whose occasion has none in the box yet, by occasion."""
    if not entries:
        return []
    occasions = pd.DataFrame({"occasion": [entry.occasion for entry in entries]}, dtype=frames.TEXT)
    work = frames.working(db, "occasions", occasions)
    same = (work.c.occasion == outbox.c.occasion) & (outbox.c.box == box.code)
    occasions_written = set(db.execute(select(outbox.c.occasion).join(work, same)).scalars())
    new = {entry.occasion: entry for entry in entries if entry.occasion not in occasions_written}
    return [entry for _, entry in sorted(new.items())]


def write(db: Connection, box: Box, entries: Sequence[Entry], day: date) -> list[Entry]:
    """Put entries into a box whose occasion has had none yet; returns these, by occasion."""
    new = unwritten(db, box, entries)
    put(db, box, new, day)
    return new


def put(db: Connection, box: Box, new: Sequence[Entry], day: date) -> None:
    """Put entries into a box that are not in it (`unwritten`)."""
    rows = [
        {
            "box": box.code,
            "occasion": entry.occasion,
            "kind": entry.kind,
            "subject": entry.subject,
            "cycle": entry.cycle,
            "written_on": day,
            "content": entry.content,
            "number": entry.number or None,
            "series": entry.series or None,
            "serial": entry.serial or None,
        }
        for entry in new
    ]
    if rows:
        keys = pd.DataFrame(rows, columns=["box", "occasion"], dtype=frames.TEXT)
        seals.touch(db, seals.LETTER, keys)
        seals.touch(db, seals.LETTER_SERVICE, keys)
        db.execute(insert(outbox), rows)


def undelivered(db: Connection, box: Box) -> list[str]:
    """Occasions whose entry has not been delivered, in order."""
    statement = select(outbox.c.occasion).where(outbox.c.box == box.code, outbox.c.delivered_at.is_(None))
    return sorted(db.execute(statement).scalars())


def written(db: Connection, box: Box) -> list[RowMapping]:
    """Every entry ever put into a box, by occasion."""
    return list(db.execute(select(outbox).where(outbox.c.box == box.code).order_by(outbox.c.occasion)).mappings())


def newest_of_kind(db: Connection, box: Box, kind: str) -> Entry | None:
    """The entry of a kind that was put into a box last; None before the first."""
    is_of_kind = (outbox.c.box == box.code, outbox.c.kind == kind)
    row = db.execute(select(outbox.c.occasion).where(*is_of_kind).order_by(outbox.c.written_on.desc()).limit(1)).first()
    return read(db, box, row.occasion) if row else None


def read(db: Connection, box: Box, occasion: str) -> Entry:
    """The entry as it was written."""
    is_entry = (outbox.c.box == box.code) & (outbox.c.occasion == occasion)
    return entry_of(db.execute(select(outbox).where(is_entry)).one())


def entry_of(row: "Row[Any]") -> Entry:
    """The entry that a row of the table holds."""
    return Entry(row.occasion, row.kind, row.subject, row.content, row.cycle, row.number or "")


def _read(db: Connection, box: Box, occasions: Sequence[str]) -> list[Entry]:
    """Entries as they were written, by occasion."""
    is_chosen = (outbox.c.box == box.code) & outbox.c.occasion.in_(occasions)
    rows = db.execute(select(outbox).where(is_chosen).order_by(outbox.c.occasion))
    return [entry_of(row) for row in rows]


def deliver(
    box: Box,
    due: Sequence[str],
    post: Callable[[Entry], str],
    noting: Callable[[], AbstractContextManager[Connection]],
    settle: Callable[[], None] = lambda: None,
) -> Delivery:
    """Deliver entries of a box; one that cannot be delivered stays in the outbox and stops no other.

    `due`: occasions; `post` hands an entry over and returns its receipt, or raises DeliveryFailed, OSError, ValueError
    or LookupError; `settle` makes what was handed over be kept for good; `noting` opens the transaction in which receipts
    are noted.
    """
    failed: dict[str, str] = {}
    patience = Patience()
    for start in range(0, len(due), box.portion):
        with reading() as db:
            entries = _read(db, box, due[start : start + box.portion])
        receipts, refused = _hand_over(box, entries, post, patience)
        failed |= refused
        try:
            settle()
        except OSError as unsettled:
            failed |= {occasion: _unmade(box, occasion, unsettled) for occasion in receipts}
            continue
        if receipts:
            with noting() as db:
                note(db, box, receipts)
    return Delivery(len(due) - len(failed), failed)


def _hand_over(
    box: Box, entries: Sequence[Entry], post: Callable[[Entry], str], patience: Patience
) -> tuple[dict[str, str], dict[str, str]]:
    """Receipts of the entries that were handed over, and why the others were not, each by occasion."""
    receipts: dict[str, str] = {}
    failed: dict[str, str] = {}
    for entry in entries:
        try:
            patience.assert_left()
            receipts[entry.occasion] = post(entry)
            patience.renew()
        except DeliveryFailed as refused:
            patience.note(refused)
            failed[entry.occasion] = f"{box.noun} {entry.occasion} could not be delivered: {refused}"
        except (OSError, ValueError, LookupError) as broken:
            failed[entry.occasion] = _unmade(box, entry.occasion, broken)
    return receipts, failed


def _unmade(box: Box, occasion: str, broken: Exception) -> str:
    return f"{box.noun} {occasion} could not be made: {type(broken).__name__}: {broken}"


def note(db: Connection, box: Box, receipts: Mapping[str, str]) -> None:
    """Note that entries have been handed over; `receipts`: occasion to receipt."""
    is_entry = (outbox.c.box == box.code) & (outbox.c.occasion == bindparam("of"))
    noted = update(outbox).where(is_entry).values(delivered_at=datetime.now(UTC), receipt=bindparam("noted_receipt"))
    db.execute(noted, [{"of": occasion, "noted_receipt": receipt} for occasion, receipt in receipts.items()])


def receipts(db: Connection, box: Box, cycle: str) -> dict[str, str]:
    """Occasion to receipt of every delivered entry of a cycle, by occasion."""
    delivered = (outbox.c.box == box.code, outbox.c.cycle == cycle, outbox.c.receipt.is_not(None))
    rows = db.execute(select(outbox.c.occasion, outbox.c.receipt).where(*delivered).order_by(outbox.c.occasion))
    return {str(row.occasion): str(row.receipt) for row in rows}
