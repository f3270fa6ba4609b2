"""Seals: a digest of every row that moves rest on, in the chained history; a row changed from outside no longer fits.

Whoever writes such rows names them first (`touch`). At the end of the transaction `keep` puts one entry a kind of record
into the history: of each record its digest before and after. A record that was changed between two transactions does not
begin as the one before left it, so that a later move hides nothing.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pandas as pd
import polars as pl
from sqlalchemy import JSON, Connection, Table, Text, and_, cast, select
from sqlalchemy.sql.elements import ColumnElement

from schemas import item, qualification, submission, tables
from schemas.history import facts_text
from schemas.run import Run
from tasks.store import frames, history

KIND = "record"
_PENDING = "records touched in this transaction"
#: Between the digest before and the one after; between the parts of a record's name.
_THEN, _PART = ">", "|"
#: So many records are named in one sentence.
_NAMED = 5
_LONG = 64  # a name of this length is a digest


@dataclass(frozen=True, eq=False)
class Record:
    """Rows of a table that are sealed together: those that share `key`; `covers` are the columns the digest looks at."""

    name: str
    table: Table
    key: tuple[str, ...]
    covers: tuple[str, ...]
    where: "ColumnElement[bool] | None" = field(default=None, repr=False)


#: Every record there is, by its name.
RECORDS: dict[str, Record] = {}


def _record(
    table: Table, *key: str, but: str = "", of: str = "", name: str = "", where: "ColumnElement[bool] | None" = None
) -> Record:
    """A record of all columns of a table, without those in `but`, or of those in `of` alone (names between blanks)."""
    others = [column.name for column in table.columns if column.name not in key and column.name not in but.split()]
    record = Record(name or table.name, table, key, tuple(n for n in others if not of or n in of.split()), where)
    assert record.name not in RECORDS, f"two records named {record.name}"
    RECORDS[record.name] = record
    return record


_JUDGED = "standing received_on occupation_code work_type level"  # a result's level is respelt as its item's when it is judged
_TAKEN = "standing in_time_until"
_VERSION = ("application_no", "version")

RESULT = _record(tables.result, "result_id", but=f"batch {_JUDGED}")
RESULT_STANDING = _record(tables.result, "result_id", of=_JUDGED, name="result_standing")
DECISION = _record(tables.decision, "decision_id")
VERSION = _record(tables.application_version, *_VERSION, but=_TAKEN)
VERSION_STANDING = _record(tables.application_version, *_VERSION, of=_TAKEN, name="version_standing")
PARTS = {name: _record(table, *_VERSION) for name, table in tables.FORM_PARTS.items()}
STAFF = PARTS[submission.STAFF.name]
APPLICATION = _record(tables.application, "application_no", but="screened_at judged_among")
CYCLE = _record(tables.cycle, "cycle")
FINDINGS = _record(tables.finding, "application_no")
ITEMS = _record(tables.item, "application_no")
HOLDS = _record(tables.hold, "application_no")
EXPERT = _record(tables.expert, "expert_no")
PANEL_DRAWS = _record(tables.panel_draw, "application_no")
DISPATCHES = _record(tables.dispatch, "application_no")
DISPATCHED_ITEMS = _record(tables.dispatched_item, "application_no")
INSTITUTION = _record(tables.institution, "entry")
REGISTER_ENTRY = _record(tables.qualification_item, "entry")
SUSPENSIONS = _record(tables.suspension, "uscc")
ADJUSTMENT = _record(tables.adjustment, "adjustment_id")
RECODING = _record(tables.recoding, "old_uscc")
RENUMBERING = _record(tables.renumbering, "old_code")
COMPLAINT = _record(tables.complaint, "complaint_no")
ACTIVITIES = _record(tables.activity, *qualification.KEYS)
SUPPLIED = _record(tables.supplied, "name")
DORMANCY_MARK = _record(tables.dormancy_mark, "uscc", *item.TRADE)
INSPECTOR = _record(tables.inspector, "inspector_no")
INSPECTION_DRAW = _record(tables.inspection_draw, "cycle")
INSPECTION_OUTCOME = _record(tables.inspection_outcome, "cycle", "uscc")
EDITION = _record(tables.edition, "edition")
EDITION_ROWS = _record(tables.edition_row, "edition")
PUBLIC_NOTICE = _record(tables.public_notice, "notice")
PUBLIC_NOTICE_ITEMS = _record(tables.public_notice_item, "notice")
#: What leaves in the centre's name; when and how it was delivered is no fact a move rests on, and alerts are hints.
_SENT = tables.outbox.c.box.not_in(["alert_mail", "alert_webhook"])
_BY_PEOPLE = "posted_on served_on"
LETTER = _record(tables.outbox, "box", "occasion", but=f"delivered_at receipt printed_at {_BY_PEOPLE}", where=_SENT)
LETTER_SERVICE = _record(tables.outbox, "box", "occasion", of=_BY_PEOPLE, name="letter_service", where=_SENT)
NUMBERING = _record(tables.numbering, "series")

#: Tables whose rows no move rests on.
UNSEALED = {"history", "lease", "pause", "quarantined", "reading", "run"}

Key = tuple[str | int, ...]


@contextmanager
def keeping(db: Connection, run: Run) -> Iterator[None]:
    """Seal whatever is touched in a transaction of a run, at its end."""
    touched: dict[str, dict[Key, str]] = {}
    db.info[_PENDING] = touched
    try:
        yield
        for name, before in sorted(touched.items()):
            _seal(db, RECORDS[name], before, run)
    finally:
        db.info.pop(_PENDING, None)


def touch(db: Connection, record: Record, keys: pd.DataFrame) -> None:
    """Note that rows with these keys (columns of the record's) are about to be written; called before they are."""
    touched: dict[str, dict[Key, str]] | None = db.info.get(_PENDING)
    if touched is None or keys.empty:
        return
    pending = touched.setdefault(record.name, {})
    new = [key for key in dict.fromkeys(frames.rows_of(keys[list(record.key)])) if key not in pending]
    if new:
        before = _digests(db, record, new)
        pending.update({key: before.get(_name(key), "") for key in new})


def touch_one(db: Connection, record: Record, *key: str) -> None:
    """Note that the rows of one key are about to be written."""
    touch(db, record, pd.DataFrame([key], columns=list(record.key), dtype=frames.TEXT))


def touch_where(db: Connection, record: Record, *chosen: ColumnElement[bool]) -> None:
    """Note that the records with such rows are about to be written."""
    if _PENDING in db.info:
        touch(db, record, frames.read(db, select(*(record.table.c[name] for name in record.key)).where(*chosen)))


def _seal(db: Connection, record: Record, before: dict[Key, str], run: Run) -> None:
    now = _digests(db, record, list(before))
    seals = {_name(key): (was, now.get(_name(key), "")) for key, was in before.items()}
    changed = {name: was + _THEN + became for name, (was, became) in seals.items() if was != became}
    if changed:
        stated = {"became": str(len(changed)), "facts": facts_text(**changed)}
        history.add_one(db, KIND, record.name, f"{len(changed)}条记录的校验值", run, "filing", **stated)


def _name(key: Key) -> str:
    return _PART.join(map(str, key))


def _digests(db: Connection, record: Record, keys: list[Key] | None = None) -> dict[str, str]:
    """The digest of each record that is there, by its name; of all, or of those with these keys."""
    table = record.table
    columns = [table.c[name] for name in (*record.key, *record.covers)]
    # as it is stored: the text of JSON, which the drivers would read
    statement = select(
        *(cast(column, Text).label(column.name) if isinstance(column.type, JSON) else column for column in columns)
    )
    if record.where is not None:
        statement = statement.where(record.where)
    if keys is not None:
        work = frames.working(db, "touched", pd.DataFrame(keys, columns=list(record.key)))
        statement = statement.join(work, and_(*(table.c[name] == work.c[name] for name in record.key)))
    rows = frames.read_polars(db, statement)
    name = pl.concat_str([pl.col(column).cast(pl.String) for column in record.key], separator=_PART).alias("name")
    lines = rows.select(name, pl.concat_str([_exact(column) for column in rows.columns]).alias("line"))
    records = lines.group_by("name").agg(pl.col("line").sort().str.join("\n"))
    return {name: hashlib.sha256(content.encode()).hexdigest() for name, content in records.iter_rows()}


def _exact(name: str) -> pl.Expr:
    """A column's values so that no two rows read alike: the length before the text, and a sign where there is none."""
    text = pl.col(name).cast(pl.String)
    return pl.concat_str([text.str.len_bytes().cast(pl.String), pl.lit(":"), text]).fill_null("-")


def differences(db: Connection) -> list[str]:
    """Sentences naming the records that are not as the history sealed them, by kind of record."""
    sealed, sentences = _sealed(db)
    for name, record in RECORDS.items():
        now, then = _digests(db, record), sealed.get(name, {})
        sides = {
            "changed in the database since the history sealed it": [
                key for key in now if key in then and now[key] != then[key]
            ],
            "in the database and not in the history": [key for key in now if key not in then],
            "in the history and not in the database any more": [key for key in then if key not in now],
        }
        sentences += [f"{_listed(name, keys)} {difference}" for difference, keys in sides.items() if keys]
    return sentences


def _sealed(db: Connection) -> tuple[dict[str, dict[str, str]], list[str]]:
    """The last digest of each record by kind and name, and sentences naming those that were changed between two seals."""
    sealed: dict[str, dict[str, str]] = {}
    sentences = []
    for entry, kind, facts in history.entries_of_kind(db, KIND):
        last, broken = sealed.setdefault(kind, {}), []
        for name, seal in facts.items():
            was, _, became = seal.partition(_THEN)
            if last.pop(name, "") != was:
                broken.append(name)
            if became:
                last[name] = became
        if broken:
            sentences.append(
                f"{_listed(kind, broken)} changed in the database before history entry {entry} moved on from it"
            )
    return sealed, sentences


def _listed(name: str, keys: list[str]) -> str:
    more = f" and {len(keys) - _NAMED} more" if len(keys) > _NAMED else ""
    names = (key if len(key) < _LONG else f"{key[:12]}…" for key in sorted(keys)[:_NAMED])
    return f"{name} {', '.join(names)}{more}:"
