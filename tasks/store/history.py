"""The append-only history: adding entries, reading them, and checking their chain."""

from collections.abc import Iterator
from datetime import date

import pandas as pd
from sqlalchemy import Connection, Select, Text, and_, cast, func, or_, select, update

from schemas import tables
from schemas.history import CHAINED, GENESIS, digest, facts_of, facts_text
from schemas.item import TRADE, UNIT
from schemas.rows import tuples
from schemas.run import Head, Run
from tasks.store import frames
from tasks.store.database import highest, is_sqlite, reading

#: The kind of an entry that says who started a run.
STARTED = "run"
_history = tables.history
_PLAIN = [*CHAINED[: CHAINED.index("facts")], *CHAINED[CHAINED.index("facts") + 1 :]]
_FACTS = cast(_history.c.facts, Text).label("facts")
#: The facts that name the code something on the register came from.
_FORMER = ("old_uscc", "old_occupation_code")
#: The columns of an entry its writer gives; the number, who, when and in which run are added here.
_GIVEN = ["kind", "subject", *UNIT, "was", "became", "because", "facts"]
#: The defaults of an entry that concerns no occupation, has no former standing, or no facts.
_BLANK = {**dict.fromkeys(UNIT, ""), "was": "", "facts": facts_text()}
_CHAIN_LOCK = 0x66696C69  # any fixed number: PostgreSQL writers of history take turns


def add(db: Connection, kind: str, entries: pd.DataFrame, run: Run, by: str) -> None:
    """Append entries of a kind, chained to the last one.

    `entries`: subject, became, because; where they apply UNIT, was, and facts (of `facts_text`). Other columns are
    ignored.
    """
    if entries.empty:
        return
    if not is_sqlite(db):
        db.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_CHAIN_LOCK})")
    last = head(db)
    before, previous = last.entry, last.digest
    blanks = {name: value for name, value in _BLANK.items() if name not in entries.columns}
    rows = []
    for number, values in enumerate(frames.rows_of(entries.assign(kind=kind, **blanks)[_GIVEN]), before + 1):
        entry = (number, *values, by, run.day.isoformat(), run.run_id)
        previous = digest(previous, entry)
        rows.append((*entry, previous))
    frames.append_rows(db, _history, [*CHAINED, "digest"], rows)
    counted = tables.run.c.entries + len(rows)
    db.execute(update(tables.run).where(tables.run.c.run_id == run.run_id).values(entries=counted))


def add_one(db: Connection, kind: str, subject: str, because: str, run: Run, by: str, **entry: str) -> None:
    """Append one entry that concerns no single occupation; `entry`: became, and where they apply was and facts."""
    add(db, kind, pd.DataFrame([{"subject": subject, "because": because, **entry}]), run, by)


def facts(rows: pd.DataFrame, **shared: object) -> list[str]:
    """The facts of an entry for each row: its columns by name, and what all rows share."""
    names = [str(name) for name in rows.columns]
    return [facts_text(**dict(zip(names, row, strict=True)), **shared) for row in tuples(rows)]


def note_starter(db: Connection, run: Run, by: str) -> None:
    """Record who started a run from the web pages, and so answers for what the product does in it."""
    add_one(db, STARTED, run.cycle, "由登录人员启动本次运行", run, by, became="started")


def of(db: Connection, subjects: list[str]) -> pd.DataFrame:
    """Every entry about these application numbers or credit codes, in order, without its facts.

    `started_by`: who started the run that wrote it, blank where nobody signed in did.
    """
    columns = [*(_history.c[name] for name in _PLAIN), _history.c.digest]
    entries = frames.read(db, select(*columns).where(_history.c.subject.in_(subjects)).order_by(_history.c.entry))
    runs = select(_history.c.run_id, _history.c.by).where(_history.c.kind == STARTED)
    started = dict(db.execute(runs).tuples().all())
    return entries.assign(started_by=entries["run_id"].map(started).astype(frames.TEXT).fillna(""))


def all_entries(db: Connection) -> pd.DataFrame:
    """The whole history, in order; facts as JSON text."""
    columns = [_FACTS if name == "facts" else _history.c[name] for name in CHAINED]
    return frames.read(db, select(*columns, _history.c.digest).order_by(_history.c.entry))


def entries_of_kind(db: Connection, kind: str) -> Iterator[tuple[int, str, dict[str, str]]]:
    """Number, subject and facts of every entry of a kind, in order."""
    statement = select(_history.c.entry, _history.c.subject, _FACTS).where(_history.c.kind == kind)
    for entry, subject, facts in db.execute(statement.order_by(_history.c.entry)):
        yield entry, subject, facts_of(facts)


def head(db: Connection) -> Head:
    """The newest entry; a copy of it shows later whether the chain was rewritten."""
    newest = select(_history.c.entry, _history.c.digest).order_by(_history.c.entry.desc()).limit(1)
    last = db.execute(newest).first()
    return Head(entry=last.entry, digest=last.digest) if last else Head(digest=GENESIS)


def draft_of(db: Connection, edition: str) -> Head:
    """The entry of an edition's draft, which is the head of the chain published with the edition."""
    number = _draft(db, edition, None)
    known_digest = db.execute(select(_history.c.digest).where(_history.c.entry == number)).scalar()
    return Head(entry=number, digest=known_digest) if number is not None and known_digest else Head(digest=GENESIS)


def unlike(db: Connection, heads: dict[str, Head]) -> list[str]:
    """Sentences naming the copies of the chain's head (by the place of each) that are no longer part of the chain."""
    numbers = sorted({head.entry for head in heads.values()})
    statement = select(_history.c.entry, _history.c.digest).where(_history.c.entry.in_(numbers))
    now = dict(db.execute(statement).tuples().all())
    return [
        f"{place} goes with another history: its entry {head.entry} "
        + ("was rewritten with all that follows" if head.entry in now else "is not there any more")
        for place, head in sorted(heads.items())
        if head.entry and now.get(head.entry) != head.digest
    ]


def strays(db: Connection) -> list[str]:
    """Sentences naming entries whose run is not on record, or was not for their day."""
    run = tables.run
    statement = (
        select(_history.c.entry)
        .join(run, run.c.run_id == _history.c.run_id, isouter=True)
        .where(or_(run.c.run_id.is_(None), run.c.as_of != _history.c.on))
    )
    return [f"history entry {entry} names no run of its day" for entry in sorted(db.execute(statement).scalars())]


def uncounted(db: Connection) -> list[str]:
    """Sentences naming the runs whose number of entries is not the number they wrote."""
    run, entry_count = tables.run, func.count(_history.c.entry)
    statement = (
        select(run.c.run_id, run.c.entries, entry_count, func.max(_history.c.entry))
        .join(_history, _history.c.run_id == run.c.run_id, isouter=True)
        .group_by(run.c.run_id, run.c.entries)
        .having(entry_count != run.c.entries)
    )
    return [
        f"run {run_id} wrote {wrote} entries of the history and {count} are there, the last of them {last}: "
        "entries were put in beside it or taken out"
        for run_id, wrote, count, last in sorted(db.execute(statement).tuples())
    ]


def last_moves(db: Connection) -> pd.DataFrame:
    """The last move of every level that was ever on the register: uscc, UNIT, became."""
    unit = [_history.c[name] for name in UNIT]
    statement = select(_history.c.subject.label("uscc"), *unit, _history.c.entry, _history.c.became)
    moves = frames.read(db, statement.where(_history.c.kind == "qualification")).sort_values("entry")
    return moves.drop_duplicates(["uscc", *UNIT], keep="last").drop(columns="entry")


def causes(db: Connection, since: str | None, edition: str | None) -> pd.DataFrame:
    """Why rows of the directory were added, changed and removed between two editions: the columns `directory.changes` takes.

    Of the moves after the draft of the edition `since` and before that of `edition` (to the present where it is not
    drafted yet) the last of each occupation and work type counts; of an institution's particulars those an operator
    changed.
    """
    first, last = _draft(db, since, 0), _draft(db, edition, None)
    by_people = and_(_history.c.kind == "institution", _history.c.by != "filing")
    between = [_history.c.entry > first, or_(_history.c.kind == "qualification", by_people)]
    if last is not None:
        between.append(_history.c.entry < last)
    trade = [_history.c[name] for name in ("subject", *TRADE)]
    # ten years of moves lie before a first edition: the database picks the last of each
    newest = select(func.max(_history.c.entry)).where(*between).group_by(*trade)
    columns = (_history.c[name] for name in ("entry", "subject", *TRADE, "was", "became", "because"))
    rows = frames.read(db, select(*columns, _FACTS).where(_history.c.entry.in_(newest))).sort_values("entry")
    facts = [facts_of(text) for text in rows["facts"]]
    return rows.rename(columns={"subject": "uscc"}).assign(
        became=rows["became"].mask(
            rows["was"].isin(["suspended", "lapsed"]) & (rows["became"] == "filed"), "reinstated"
        ),
        reason=pd.Series(
            [fact.get("ground", text) for fact, text in zip(facts, rows["because"], strict=True)],
            index=rows.index,
            dtype=frames.TEXT,
        ),
        document_no=pd.Series([fact.get("document_no", "") for fact in facts], index=rows.index, dtype=frames.TEXT),
    )[["uscc", *TRADE, "became", "reason", "document_no"]]


def _draft(db: Connection, edition: str | None, otherwise: int | None) -> int | None:
    """The number of the entry of an edition's draft."""
    statement = select(_history.c.entry).where(_history.c.kind == "edition", _history.c.subject == edition)
    return db.execute(statement.where(_history.c.was == "").order_by(_history.c.entry)).scalar() or otherwise


def filings(db: Connection) -> pd.DataFrame:
    """uscc and UNIT of everything that was ever filed."""
    columns = (_history.c.subject.label("uscc"), *(_history.c[name] for name in UNIT))
    filed = (_history.c.kind == "qualification", _history.c.became == "filed")
    return frames.read(db, select(*columns).where(*filed).distinct())


def carried_over(db: Connection) -> set[tuple[str, ...]]:
    """uscc and TRADE of entries that a decision brought from another credit code, institution or occupation code."""
    columns = (_history.c.subject, *(_history.c[name] for name in TRADE), _FACTS)
    named = or_(*(_FACTS.contains(f'"{name}"') for name in _FORMER))
    rows = db.execute(select(*columns).where(_history.c.kind == "qualification", named))
    return {tuple(key) for *key, facts in rows if not facts_of(facts).keys().isdisjoint(_FORMER)}


def lapsed_terms(db: Connection, recorded_after: date | None = None) -> set[tuple[str, ...]]:
    """uscc, UNIT and last day (ISO) of every term recorded as over, unless it was restored since.

    A key may have had several terms, one after the other; `mistaken_lapses` looks only at the last move of each key.
    `recorded_after`: only terms whose end a run for a later day recorded.
    """
    columns = (_history.c.became, _history.c.subject, *(_history.c[name] for name in UNIT), _FACTS)
    later = () if recorded_after is None else (_history.c.on > recorded_after,)
    either = or_(and_(_history.c.became == "lapsed", *later), _history.c.was == "lapsed")
    statement = select(*columns).where(_history.c.kind == "qualification", either).order_by(_history.c.entry)
    over: set[tuple[str, ...]] = set()
    for became, *key, facts in db.execute(statement):
        term = (*key, facts_of(facts)["valid_until"])
        if became == "lapsed":
            over.add(term)
        else:
            over.discard(term)
    return over


def mistaken_lapses(db: Connection, day: date, kind: str) -> pd.DataFrame:
    """Lapses that a run for a day after `day` recorded and that were each one's last move: what a restoration takes back.

    Columns: subject, UNIT, was, facts; `kind`: item or qualification.
    """
    names = ("entry", "subject", *UNIT, "was", "became", "on")
    rows = frames.read(db, select(*(_history.c[name] for name in names), _FACTS).where(_history.c.kind == kind))
    last = rows.sort_values("entry").drop_duplicates(["subject", *UNIT], keep="last")
    mistaken = (last["became"] == "lapsed") & (last["on"] > day.isoformat())
    return last.loc[mistaken, ["subject", *UNIT, "was", "facts"]].reset_index(drop=True)


def marks_after(db: Connection, day: date) -> int:
    """How many marks of dormancy were made for a day after a day."""
    made = (_history.c.kind == "dormancy", _history.c.on > day)
    return int(db.execute(select(func.count()).select_from(_history).where(*made)).scalar_one())


def is_restored_since(db: Connection, edition: str) -> bool:
    """Whether a restoration has taken back the marks of a mistaken day since an edition was drafted."""
    statement = select(_history.c.entry).where(
        _history.c.kind == "restoration", _history.c.entry > _draft(db, edition, 0)
    )
    return db.execute(statement.limit(1)).first() is not None


def revocations(db: Connection) -> pd.DataFrame:
    """uscc and revoked_on (ISO) of every level that was revoked, each with the day on which that took effect."""
    columns = (_history.c.subject, _history.c.on, _FACTS)
    statement = select(*columns).where(_history.c.kind == "qualification", _history.c.became == "revoked")
    days = [(subject, facts_of(facts).get("effective_on", str(on))) for subject, on, facts in db.execute(statement)]
    return pd.DataFrame(days, columns=["uscc", "revoked_on"], dtype=frames.TEXT)


def broken_links(db: Connection) -> Iterator[str]:
    """Sentences naming the first entry whose digest does not fit; nothing when the chain holds."""
    previous, expected = GENESIS, 1
    for row in all_entries(db).to_dict("records"):
        if row["entry"] != expected:
            yield f"history entry {expected} is missing"
            return
        previous = digest(previous, [row[name] for name in CHAINED])
        if previous != row["digest"]:
            yield f"history entry {row['entry']} ({row['kind']} {row['subject']}) was changed after it was written"
            return
        expected += 1


def counted_beside_the_register() -> "Select[tuple[int]]":
    """How many entries are about a complaint, the outcome of an inspection or an institution's change of name."""
    about = or_(
        _history.c.kind == "complaint",
        and_(_history.c.kind == "inspection", _history.c.was != ""),
        and_(_history.c.kind == "institution", _history.c.by != "filing"),
    )
    return select(func.count()).select_from(_history).where(about)


def last(db: Connection) -> int:
    """The number of the newest entry, 0 before the first."""
    return highest(db, _history.c.entry)


def read_last() -> int:
    """The number of the newest entry now, to find out later whether anything moved since."""
    with reading() as db:
        return last(db)


def count(db: Connection) -> int:
    return db.execute(select(func.count()).select_from(_history)).scalar_one()
