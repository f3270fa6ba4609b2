"""The register (备案名册): the levels that institutions hold, the time for which they hold them, and since when we knew."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import pandas as pd
from sqlalchemy import Connection, Table, and_, func, or_, select, update
from sqlalchemy.sql.elements import ColumnElement

from schemas import qualification, tables
from schemas.directory import INSTITUTION_DETAILS as DETAILS
from schemas.directory import audiences_of
from schemas.item import ALONG, TRADE, VERSION
from schemas.qualification import assert_moves
from schemas.run import Run
from tasks.store import conditions, frames, history, seals, suspensions
from tasks.store.database import highest

KEYS = qualification.KEYS
_entry = tables.qualification_item
_institution = tables.institution


@dataclass(frozen=True)
class EntriesOf:
    """The entries of some institutions, and those of some occupations."""

    institutions: Iterable[str]
    occupations: Iterable[str] = ()


#: The entries to look among: those that meet a condition (`ending`, `over`), those of EntriesOf, or all.
Among = ColumnElement[bool] | EntriesOf | None


def _only(db: Connection, among: Among) -> tuple[ColumnElement[bool], ...]:
    """The condition of one statement, to be executed before the next is made: all share the tables that hold the codes."""
    if not isinstance(among, EntriesOf):
        return () if among is None else (among,)
    # in tables: a statement holds only so many values
    institutions, occupations = (
        frames.working(db, name, pd.DataFrame({"code": sorted(set(codes))}, dtype=frames.TEXT))
        for name, codes in (("of_institutions", among.institutions), ("of_occupations", among.occupations))
    )
    of_institutions = _entry.c.uscc.in_(select(institutions.c.code))
    return (or_(of_institutions, _entry.c.occupation_code.in_(select(occupations.c.code))),)


def _as_known(table: Table, known_on: date | None) -> ColumnElement[bool]:
    open_still: ColumnElement[bool] = table.c.known_to.is_(None)
    if known_on is None:
        return open_still
    return and_(table.c.known_from <= known_on, or_(open_still, table.c.known_to > known_on))


def on_file(db: Connection, day: date, *, known_on: date | None = None, among: Among = None) -> pd.DataFrame:
    """What is on file on a day: uscc, institution details, UNIT, ALONG, filed_on, valid_until (ISO).

    As known now, or as it was known on `known_on`. Suspended levels are on file.
    """
    return _standing(db, day, and_(_as_known(_entry, known_on), *_only(db, among)), known_on)


def ending(until: date) -> ColumnElement[bool]:
    """The condition that an entry ends by a day."""
    return _entry.c.valid_until <= until


def over(day: date) -> ColumnElement[bool]:
    """The condition that an entry's term is over on a day and that no decision ended it."""
    return and_(_entry.c.valid_until < day, _entry.c.ended_by.is_(None))


def in_force(db: Connection, day: date, *, known_on: date | None = None) -> pd.DataFrame:
    """Levels that may be certified on a day, on file and not suspended: the columns of `on_file`."""
    held = on_file(db, day, known_on=known_on)
    suspended = suspensions.concerning(suspensions.every(db, known_on), held, day.isoformat())
    return held[~suspended].reset_index(drop=True)


def standings(db: Connection, day: date) -> pd.DataFrame:
    """Levels on file on a day, as `on_file` gives them, each with its `standing`: filed or suspended."""
    held = on_file(db, day)
    suspended = suspensions.concerning(suspensions.every(db), held, day.isoformat())
    return held.assign(standing=suspended.map({True: "suspended", False: "filed"}))


def before_cycle(db: Connection, day: date, cycle: str) -> pd.DataFrame:
    """Levels on file on a day without the effects of the cycle's own decisions: the columns of `on_file`.

    A term that was renewed or ended since is given as it was on the day; corrections of a register taken over count.
    """
    held = held_before_cycle(db, day, cycle)
    stood = held.join(_stood_until(db, day), on=KEYS)["stood"].astype(frames.TEXT)
    return held.assign(valid_until=stood.fillna(held["valid_until"]))


def held_before_cycle(db: Connection, day: date, cycle: str, among: Among = None) -> pd.DataFrame:
    """As `before_cycle`, but with the terms as they are now, for callers that do not look at them."""
    as_then = or_(_entry.c.known_to.is_(None), _entry.c.superseded_in == cycle)
    untouched = and_(as_then, or_(_entry.c.cycle.is_(None), _entry.c.cycle != cycle))
    return _standing(db, day, and_(untouched, *_only(db, among)), None)


def _stood_until(db: Connection, day: date) -> "pd.Series[str]":
    """The ends, as they were on a day, of terms that were renewed or ended since, by KEYS."""
    keys = [_entry.c[key] for key in KEYS]
    taken_over = and_(_entry.c.application_no.is_(None), _entry.c.ended_by.is_(None))
    since = frames.read(db, select(*keys).where(_entry.c.known_to.is_(None), _entry.c.known_from > day, ~taken_over))
    then = select(*keys, _entry.c.valid_until.label("stood")).where(
        _entry.c.known_to > day, or_(_entry.c.known_from <= day, taken_over), _entry.c.valid_until >= day
    )
    former = frames.read(db, then.order_by(_entry.c.entry)).drop_duplicates(KEYS, keep="last")
    return former.merge(since.drop_duplicates(), on=KEYS).set_index(KEYS)["stood"]


def _standing(db: Connection, day: date, chosen: ColumnElement[bool], known_on: date | None) -> pd.DataFrame:
    columns = [*KEYS, *ALONG, "filed_on", "valid_until", "application_no"]
    runs = (_entry.c.filed_on <= day, _entry.c.valid_until >= day)
    entries = frames.read_polars(db, select(*(_entry.c[name] for name in columns)).where(*runs, chosen))
    details = select(*(_institution.c[name] for name in ("uscc", *DETAILS))).where(_as_known(_institution, known_on))
    # joined here, for the database would transfer an institution's details once for each of its levels
    rows = entries.join(frames.read_polars(db, details), on="uscc").select(*KEYS, *DETAILS, *columns[len(KEYS) :])
    return rows.sort(KEYS, nulls_last=True, maintain_order=True).to_pandas()


def current_entries(db: Connection, among: Among = None) -> pd.DataFrame:
    """Every entry as known now, expired ones included: keys, ALONG, filed_on, valid_until, application_no."""
    columns = ("entry", *KEYS, *ALONG, "filed_on", "valid_until", "application_no", "cycle", "because", "ended_by")
    current = select(*(_entry.c[name] for name in columns)).where(_entry.c.known_to.is_(None), *_only(db, among))
    return frames.read(db, current, [*KEYS, "entry"])


def filed_by(db: Connection, cycle: str) -> pd.DataFrame:
    """Levels that the cycle's applications filed and still hold, in the order of their entry.

    Columns: application_no, keys, filed_on, valid_until, institution_code, and former_until, the end of the term that a
    renewal replaced, or that was over when it was filed, "" where there was none.
    """
    statement = (
        select(
            _entry.c.application_no,
            *(_entry.c[key] for key in KEYS),
            _entry.c.filed_on,
            _entry.c.valid_until,
            _institution.c.institution_code,
        )
        .join(_institution, and_(_institution.c.uscc == _entry.c.uscc, _as_known(_institution, None)))
        .where(_entry.c.known_to.is_(None), _entry.c.cycle == cycle)
    )
    replaced = select(*(_entry.c[key] for key in KEYS), _entry.c.valid_until.label("former_until")).where(
        _entry.c.superseded_in == cycle, _entry.c.ended_by.is_(None), _entry.c.cycle.is_distinct_from(cycle)
    )
    ends = pd.concat([frames.read(db, replaced), _over_before(db, cycle)])
    former = ends.groupby(KEYS, as_index=False)["former_until"].max()
    filed = frames.read(db, statement.order_by(_entry.c.entry)).merge(former, on=KEYS, how="left")
    return filed.assign(former_until=filed["former_until"].fillna(""))


def _over_before(db: Connection, cycle: str) -> pd.DataFrame:
    """The ends of terms that were over when a renewal of the cycle filed them anew: keys and former_until."""
    old, version, application = _entry.alias("old"), tables.application_version, tables.application
    same = and_(conditions.same(old, _entry, KEYS), old.c.valid_until < _entry.c.filed_on)
    renews = and_(version.c.application_no == _entry.c.application_no, version.c.kind == "renewal")
    counts = conditions.same(application, version, VERSION)
    statement = (
        select(*(_entry.c[key] for key in KEYS), old.c.valid_until.label("former_until"))
        .join(old, same)
        .join(version, renews)
        .join(application, counts)
    )
    renewing = (
        _entry.c.known_to.is_(None),
        _entry.c.cycle == cycle,
        old.c.known_to.is_(None),
        old.c.ended_by.is_(None),
    )
    return frames.read(db, statement.where(*renewing))


def knowledge(db: Connection, cycle: str) -> int:
    """A count that grows with every change of the register or the activities but those by the cycle's own decisions."""
    others = or_(_entry.c.cycle.is_(None), _entry.c.cycle != cycle)
    ended = and_(_entry.c.known_to.is_not(None), or_(_entry.c.superseded_in.is_(None), _entry.c.superseded_in != cycle))
    counted = (
        select(func.count()).select_from(_entry).where(others),
        select(func.count()).select_from(_entry).where(ended),
        select(func.coalesce(func.sum(tables.activity.c.candidates + 1), 0)),
        select(func.count()).select_from(tables.supplied),
        select(func.count()).select_from(tables.suspension),
        history.counted_beside_the_register(),
    )
    return sum(int(db.execute(statement).scalar_one()) for statement in counted)


def write(db: Connection, entries: pd.DataFrame, run: Run) -> None:
    """Enter items: keys, ALONG, filed_on, valid_until, application_no, cycle, because.

    A present entry whose term has not ended before the new one begins is superseded; one that has stays what it was,
    except that a register taken over again replaces the former whatever its terms.
    """
    if entries.empty:
        return
    standing = standings(db, run.day).set_index(KEYS)["standing"]
    was = entries[KEYS].join(standing, on=KEYS)["standing"].fillna("")
    present = current_entries(db).merge(entries[[*KEYS, "filed_on", "application_no"]], on=KEYS, suffixes=("", "_new"))
    corrected = as_taken_over(present) & present["application_no_new"].isna()
    superseded = corrected | (present["valid_until"] >= present["filed_on_new"])
    _forget(db, present[superseded], run, entries["cycle"].iloc[0])
    enter(db, entries, run)
    tell(db, with_terms(entries.assign(was=was, became=was.where(was != "", "filed"))), run, "filing")


def with_terms(filed: pd.DataFrame, **shared: str) -> pd.DataFrame:
    """Moves that file (ALONG, filed_on, valid_until, because), their terms in the because for people and all in facts."""
    because = filed["because"] + "（备案" + filed["filed_on"] + "，有效期至" + filed["valid_until"] + "）"
    return filed.assign(because=because, facts=history.facts(filed[["filed_on", "valid_until", *ALONG]], **shared))


def as_taken_over(entries: pd.DataFrame) -> "pd.Series[bool]":
    """Which of `current_entries` were on file before the first run and are still as they were taken over."""
    return entries["application_no"].isna() & entries["ended_by"].isna()


def enter(db: Connection, entries: pd.DataFrame, run: Run) -> None:
    """Append entries, known from now on; the caller records their meaning in the history."""
    first = highest(db, _entry.c.entry) + 1
    columns = [*KEYS, *ALONG, "filed_on", "valid_until", "application_no", "cycle", "because"]
    rows = entries[[*columns, *entries.columns.intersection(["ended_by"])]].sort_values(KEYS)
    entered = rows.assign(entry=range(first, first + len(rows)), known_from=run.day.isoformat())
    seals.touch(db, seals.REGISTER_ENTRY, entered)
    frames.append(db, _entry, entered)


def shorten(db: Connection, entries: pd.DataFrame, last_day: date, became: str, run: Run) -> None:
    """Let entries (of `current_entries`) end on a day; the caller records it in the history."""
    _forget(db, entries, run)
    enter(db, entries.assign(valid_until=last_day.isoformat(), ended_by=became), run)


def _forget(db: Connection, entries: pd.DataFrame, run: Run, superseded_in: str | None = None) -> None:
    """End our knowledge of these entries, by their numbers."""
    work = frames.working(db, "forgetting", entries[["entry"]].astype("int64"))
    chosen = _entry.c.entry.in_(select(work.c.entry))
    seals.touch_where(db, seals.REGISTER_ENTRY, chosen)
    db.execute(update(_entry).where(chosen).values(known_to=run.day, superseded_in=superseded_in))


def rekey(db: Connection, run: Run, column: str, old: str, new: str) -> pd.DataFrame:
    """Move all entries of one credit code or occupation code to another; the caller records it in the history.

    An item that the other code holds too keeps the later term and the audiences of both; returns the keys of those.
    """
    every = current_entries(db)
    of_old_code = every[every[column] == old]
    moved, others = of_old_code.assign(**{column: new}), every[every[column] != old]
    still = others[_is_held(others, run.day)].drop_duplicates(KEYS, keep="last")
    both = moved[_is_held(moved, run.day)].merge(still, on=KEYS, suffixes=("_moved", ""))
    _forget(db, pd.concat([of_old_code, both[["entry"]]]), run)
    both["valid_until"] = both[["valid_until", "valid_until_moved"]].max(axis=1)
    both["audiences"] = [audiences_of(pair) for pair in zip(both["audiences"], both["audiences_moved"], strict=True)]
    alone = moved[~moved["entry"].isin(both["entry_moved"])]
    enter(db, pd.concat([alone, both[list(every.columns)]]), run)
    return both[KEYS]


def _is_held(entries: pd.DataFrame, day: date) -> "pd.Series[bool]":
    """Which of `current_entries` are neither over on a day nor ended by a decision."""
    return (entries["valid_until"] >= day.isoformat()) & entries["ended_by"].isna()


def tell(db: Connection, moves: pd.DataFrame, run: Run, by: str) -> None:
    """Record moves in the history: keys, was, became, because, facts; raises IllegalStandingError for one not allowed."""
    assert_moves(set(zip(moves["was"], moves["became"], strict=True)))
    history.add(db, "qualification", moves.sort_values(KEYS).assign(subject=lambda frame: frame["uscc"]), run, by)


def renewed_late(db: Connection) -> set[tuple[str, str]]:
    """uscc and occupation_code of entries whose term was over when they were renewed (contract section 5: not new then)."""
    version = tables.application_version
    statement = (
        select(_entry.c.uscc, _entry.c.occupation_code)
        .join(version, version.c.application_no == _entry.c.application_no)
        .where(version.c.kind == "renewal", _entry.c.filed_on == _entry.c.known_from)
    )
    return {(uscc, code) for uscc, code in db.execute(statement)}


def explained(db: Connection, rows: pd.DataFrame) -> "pd.Series[bool]":
    """Which rows (uscc, TRADE) have left the register by a recorded move, with their index.

    Each level's last move counts: one that was filed anew after a lapse and then vanished is not explained by the lapse.
    """
    rank = ["uscc", *TRADE]
    last = history.last_moves(db).merge(rows[rank], on=rank)
    ended = (last["became"] != "filed").groupby([last[name] for name in rank]).all()
    return pd.Series(pd.MultiIndex.from_frame(rows[rank]).isin(ended[ended].index), index=rows.index)
