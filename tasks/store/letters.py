"""Letters in the outbox: numbering and writing them with their history entry, and listing them."""

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime

import pandas as pd
from sqlalchemy import Connection, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from schemas import office, tables
from schemas.letter_text import LETTER_KINDS
from schemas.run import Run
from schemas.tables import numbering, outbox
from tasks.store import frames, history, seals
from tasks.store.outbox import DOCUMENTS, LETTERS, Entry, entry_of, put, unwritten

_LETTERS = outbox.c.box == LETTERS.code
_DOCUMENTS = outbox.c.box == DOCUMENTS.code
_REGISTER = ["number", "kind", "subject", "addressee", "cycle", "written_on", "file", "printed_at"]


def write(db: Connection, letters: Sequence[Entry], run: Run) -> int:
    """Put letters into the outbox whose occasion has had none yet, signed and numbered; returns how many.

    Raises `schemas.office.UnusableOfficeError`.
    """
    new = unwritten(db, LETTERS, letters)
    if new:
        put(db, LETTERS, _signed(db, new, run), run.day)
        lines = [{"subject": entry.subject, "became": entry.kind, "because": entry.occasion} for entry in new]
        history.add(db, "notice", pd.DataFrame(lines), run, "filing")
    return len(new)


def _signed(db: Connection, new: Sequence[Entry], run: Run) -> list[Entry]:
    """Letters with the lines of the office that writes them, and the next numbers of their series."""
    writer = office.read(run.installation.root)
    series = [writer.series(entry.kind, run.day) for entry in new]
    signed = []
    for entry, one, serial in zip(new, series, next_serials(db, series), strict=True):
        number = office.number(one, serial)
        content = {**entry.content, **writer.lines(LETTER_KINDS[entry.kind]), "letter_no": number}
        signed.append(replace(entry, content=content, cycle=run.cycle, number=number, series=one, serial=serial))
    return signed


def write_document(db: Connection, kind: str, subject: str, addressee: str, run: Run) -> None:
    """Enter a document to be drafted (`schemas.office.DOCUMENTS`), with its number, once for each subject."""
    drafted = Entry(f"{kind}:{subject}", kind, subject, {"institution_name": addressee}, run.cycle)
    new = unwritten(db, DOCUMENTS, [drafted])
    series = office.read(run.installation.root).series(kind, run.day)
    for entry, serial in zip(new, next_serials(db, [series] * len(new)), strict=True):
        numbered = replace(entry, number=office.number(series, serial), series=series, serial=serial)
        put(db, DOCUMENTS, [numbered], run.day)


def register(db: Connection, cycle: str | None = None) -> pd.DataFrame:
    """The register of documents, as text: number, kind, subject, addressee, cycle, written_on, file, printed_at.

    Every letter and every document that was drafted, of one cycle or of all; by day, series and serial.
    """
    order = (outbox.c.written_on, func.coalesce(outbox.c.series, ""), outbox.c.serial, outbox.c.occasion)
    every = _LETTERS | _DOCUMENTS
    chosen = every if cycle is None else every & (outbox.c.cycle == cycle)
    rows = [
        {
            "number": row.number or "",
            "kind": row.kind,
            "subject": row.subject,
            "addressee": str(row.content.get("institution_name", "")),
            "cycle": row.cycle,
            "written_on": row.written_on.isoformat(),
            "file": row.receipt or "",
            "printed_at": row.printed_at.isoformat(timespec="minutes") if row.printed_at else "",
        }
        for row in db.execute(select(outbox).where(chosen).order_by(*order))
    ]
    return pd.DataFrame(rows, columns=_REGISTER, dtype=frames.TEXT)


def series_of(db: Connection, year: int) -> dict[str, dict[str, int]]:
    """Kind to the series its letters and documents of a year have, each with its last number."""
    statement = (
        select(outbox.c.kind, outbox.c.series, func.max(outbox.c.serial))
        .where(_LETTERS | _DOCUMENTS, outbox.c.series.is_not(None))
        .where(outbox.c.written_on.between(date(year, 1, 1), date(year, 12, 31)))
        .group_by(outbox.c.kind, outbox.c.series)
    )
    used: dict[str, dict[str, int]] = {}
    for kind, series, last in db.execute(statement):
        used.setdefault(kind, {})[series] = last
    return used


def free_after(db: Connection, kinds: Sequence[str], day: date, run: Run) -> int:
    """Let letters of these kinds written for a day after a day be written again on their own day; returns how many.

    They keep their numbers and stay in the register; letters not delivered yet are left alone.
    """
    of_kinds = (_LETTERS, outbox.c.kind.in_(kinds), outbox.c.written_on > day, outbox.c.occasion.not_like("%|void:%"))
    freed = list(db.execute(select(outbox.c.occasion).where(*of_kinds)).scalars())
    for occasion in freed:
        void = f"{occasion}|void:{run.day}:{history.head(db).entry}"
        for name in (occasion, void):
            seals.touch_one(db, seals.LETTER, LETTERS.code, name)
            seals.touch_one(db, seals.LETTER_SERVICE, LETTERS.code, name)
        stopped = func.coalesce(outbox.c.delivered_at, datetime.now(UTC))
        db.execute(
            update(outbox).where(_LETTERS, outbox.c.occasion == occasion).values(occasion=void, delivered_at=stopped)
        )
    return len(freed)


def beside_renewals(db: Connection, day: date) -> list[Entry]:
    """The last filing letter of a day to each application that renews nothing, of institutions renewed on that day too."""
    filings_of_day = (_LETTERS, outbox.c.kind == "filing", outbox.c.written_on == day)
    renewed, uscc = outbox.c.content["renewed"].as_boolean(), outbox.c.content["uscc"].as_string()
    holders = set(db.execute(select(uscc).where(*filings_of_day, renewed)).scalars())
    if not holders:
        return []
    rows = db.execute(select(outbox).where(*filings_of_day, ~renewed, uscc.in_(holders)).order_by(outbox.c.serial))
    last = {row.subject: entry_of(row) for row in rows}
    return [entry for _, entry in sorted(last.items())]


def unprinted(db: Connection, cycle: str | None) -> list[tuple[str, str]]:
    """Letters delivered and not printed yet, in the order of the register: occasion, and file below the home."""
    statement = select(outbox.c.occasion, outbox.c.receipt).where(
        _LETTERS, outbox.c.printed_at.is_(None), outbox.c.receipt.is_not(None)
    )
    chosen = statement if cycle is None else statement.where(outbox.c.cycle == cycle)
    ordered = chosen.order_by(outbox.c.written_on, outbox.c.series, outbox.c.serial)
    return [(occasion, receipt) for occasion, receipt in db.execute(ordered)]


def printed(db: Connection, occasions: Sequence[str]) -> None:
    """Note that letters were printed, so that they are not printed again."""
    for occasion in occasions:
        is_letter = _LETTERS & (outbox.c.occasion == occasion)
        db.execute(update(outbox).where(is_letter).values(printed_at=datetime.now(UTC)))


def subjects(db: Connection, occasions: Sequence[str]) -> set[str]:
    """Application numbers the letters of these occasions are about."""
    about = outbox.c.subject.in_(select(tables.application.c.application_no))
    return set(db.execute(select(outbox.c.subject).where(_LETTERS, outbox.c.occasion.in_(occasions), about)).scalars())


def occasions(db: Connection, kind: str) -> set[str]:
    """Every occasion a kind of letter was written for."""
    return set(db.execute(select(outbox.c.occasion).where(_LETTERS, outbox.c.kind == kind)).scalars())


def next_serials(db: Connection, series: Sequence[str]) -> list[int]:
    """The next serial of the series each letter belongs to, in their order; 0 where a letter has none ("").

    A failed transaction gives its serials back, and of two transactions the later one waits: a series has no gaps.
    """
    # always in the same order, or two transactions could wait for each other's series and both fail
    last = {one: _count_on(db, one, count) - count for one, count in sorted(Counter(filter(None, series)).items())}
    serials = []
    for one in series:
        if one:
            last[one] += 1
        serials.append(last[one] if one else 0)
    return serials


def _count_on(db: Connection, series: str, count: int) -> int:
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
