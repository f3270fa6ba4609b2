"""The register (备案名册): who holds what, when it holds and when we knew it; which items get filed is decided elsewhere."""

from datetime import date

import pandas as pd
from sqlalchemy import Connection, and_, func, or_, select, update
from sqlalchemy.sql.elements import ColumnElement

from schemas import tables
from schemas.run_summary import RunKey
from tasks.store import frames, history

_entry = tables.qualification_item
_institution = tables.institution
KEYS = ["uscc", "occupation_code", "level"]
DETAILS = ["institution_name", "institution_type", "region_code", "institution_code"]


def _known(table: "tables.Table", known_on: date | None) -> ColumnElement[bool]:
    if known_on is None:
        return table.c.known_to.is_(None)
    return and_(table.c.known_from <= known_on, or_(table.c.known_to.is_(None), table.c.known_to > known_on))


def on_file(db: Connection, day: date, *, known_on: date | None = None) -> pd.DataFrame:
    """What is on file on a day: uscc, institution details, occupation_code, level, filed_on, valid_until (ISO).

    As we know it now, or exactly as it was known on `known_on`.
    """
    return _standing(db, day, _known(_entry, known_on), known_on)


def before_cycle(db: Connection, day: date, cycle: str) -> pd.DataFrame:
    """What is on file on a day, without what the cycle's own decisions filed or superseded; the same columns."""
    untouched = and_(
        or_(_entry.c.known_to.is_(None), _entry.c.superseded_in == cycle),
        or_(_entry.c.cycle.is_(None), _entry.c.cycle != cycle),
    )
    return _standing(db, day, untouched, None)


def _standing(db: Connection, day: date, chosen: ColumnElement[bool], known_on: date | None) -> pd.DataFrame:
    statement = (
        select(
            *(_entry.c[key] for key in KEYS),
            *(_institution.c[name] for name in DETAILS),
            _entry.c.filed_on,
            _entry.c.valid_until,
            _entry.c.application_no,
        )
        .join(_institution, and_(_institution.c.uscc == _entry.c.uscc, _known(_institution, known_on)))
        .where(_entry.c.filed_on <= day, _entry.c.valid_until >= day, chosen)
    )
    return frames.read(db, statement).sort_values(KEYS, ignore_index=True)


def current_entries(db: Connection) -> pd.DataFrame:
    """Every entry as we know it now, expired ones included: keys, filed_on, valid_until, application_no."""
    statement = select(
        _entry.c.entry,
        *(_entry.c[key] for key in KEYS),
        _entry.c.filed_on,
        _entry.c.valid_until,
        _entry.c.application_no,
    ).where(_entry.c.known_to.is_(None))
    return frames.read(db, statement).sort_values([*KEYS, "entry"], ignore_index=True)


def filed_by(db: Connection, cycle: str) -> pd.DataFrame:
    """What the cycle's applications filed and still hold: application_no, filed_on, valid_until, institution_code."""
    statement = (
        select(_entry.c.application_no, _entry.c.filed_on, _entry.c.valid_until, _institution.c.institution_code)
        .join(_institution, and_(_institution.c.uscc == _entry.c.uscc, _known(_institution, None)))
        .where(_entry.c.known_to.is_(None), _entry.c.cycle == cycle)
    )
    return frames.read(db, statement)


def knowledge(db: Connection, cycle: str) -> int:
    """A count that grows whenever the register or the activities change otherwise than by the cycle's own decisions."""
    others = or_(_entry.c.cycle.is_(None), _entry.c.cycle != cycle)
    ended = and_(_entry.c.known_to.is_not(None), or_(_entry.c.superseded_in.is_(None), _entry.c.superseded_in != cycle))
    counted = (
        select(func.count()).select_from(_entry).where(others),
        select(func.count()).select_from(_entry).where(ended),
        select(func.coalesce(func.sum(tables.activity.c.candidates + 1), 0)),
        select(func.count()).select_from(tables.supplied),
    )
    return sum(int(db.execute(statement).scalar_one()) for statement in counted)


def write(db: Connection, entries: pd.DataFrame, run: RunKey, became: str) -> None:
    """Enter items: keys, filed_on, valid_until, application_no, cycle, because; a present entry is superseded."""
    if entries.empty:
        return
    close(db, entries, run, tell=None, superseded_in=entries["cycle"].iloc[0])
    first = _next(db, _entry)
    rows = entries[[*KEYS, "filed_on", "valid_until", "application_no", "cycle", "because"]].sort_values(KEYS)
    frames.append(db, _entry, rows.assign(entry=range(first, first + len(rows)), known_from=run.as_of.isoformat()))
    _tell(db, rows.assign(was="", became=became), run)


def close(
    db: Connection, entries: pd.DataFrame, run: RunKey, tell: str | None, superseded_in: str | None = None
) -> None:
    """End our knowledge of the present entries of these keys; `tell` is what became of them, if it is to be told."""
    work = frames.working(db, "closing", entries[KEYS].drop_duplicates())
    same = and_(*(_entry.c[key] == work.c[key] for key in KEYS))
    db.execute(
        update(_entry).where(same, _entry.c.known_to.is_(None)).values(known_to=run.as_of, superseded_in=superseded_in)
    )
    if tell is not None:
        _tell(db, entries.assign(was="filed", became=tell), run)


def institutions(db: Connection) -> pd.DataFrame:
    """Every institution as we know it now: entry, uscc and details."""
    statement = select(_institution.c.entry, _institution.c.uscc, *(_institution.c[name] for name in DETAILS))
    return frames.read(db, statement.where(_institution.c.known_to.is_(None)))


def name_institutions(db: Connection, named: pd.DataFrame, run: RunKey) -> int:
    """Bring institutions' details up to date (uscc and DETAILS; a blank institution_code keeps the present one)."""
    present = institutions(db).set_index("uscc")
    rows = named.drop_duplicates("uscc", keep="last").set_index("uscc")[DETAILS].fillna("")
    known = present.reindex(rows.index)[DETAILS].fillna("")
    rows["institution_code"] = rows["institution_code"].where(rows["institution_code"] != "", known["institution_code"])
    changed = rows[(rows != known).any(axis=1)].reset_index().sort_values("uscc")
    if changed.empty:
        return 0
    work = frames.working(db, "renaming", changed[["uscc"]])
    db.execute(
        update(_institution)
        .where(_institution.c.uscc == work.c.uscc, _institution.c.known_to.is_(None))
        .values(known_to=run.as_of)
    )
    first = _next(db, _institution)
    frames.append(
        db,
        _institution,
        changed.assign(entry=range(first, first + len(changed)), known_from=run.as_of.isoformat()),
    )
    before = changed["uscc"].map(known.apply("｜".join, axis=1).where(known["institution_name"] != "", ""))
    told = changed.assign(kind="institution", subject=changed["uscc"], occupation_code="", level="", was=before)
    told["became"] = changed[DETAILS].apply("｜".join, axis=1)
    wanted = ["kind", "subject", "occupation_code", "level", "was", "became", "because"]
    history.add(db, told.assign(because="机构信息")[wanted], run, "filing")
    return len(changed)


def _next(db: Connection, table: "tables.Table") -> int:
    return int(db.execute(select(func.coalesce(func.max(table.c.entry), 0))).scalar_one()) + 1


def _tell(db: Connection, told: pd.DataFrame, run: RunKey) -> None:
    entries = told.sort_values(KEYS).assign(kind="qualification", subject=lambda frame: frame["uscc"])
    wanted = ["kind", "subject", "occupation_code", "level", "was", "became", "because"]
    history.add(db, entries[wanted], run, "filing")


def note_supplied(db: Connection, names: set[str], run: RunKey) -> None:
    """Remember that a side table was supplied, even an empty one."""
    known = set(db.execute(select(tables.supplied.c.name)).scalars())
    new = sorted(names - known)
    frames.append(db, tables.supplied, pd.DataFrame({"name": new, "first_on": [run.as_of.isoformat()] * len(new)}))


def activities(db: Connection) -> pd.DataFrame | None:
    """Every recorded activity, or None when no activity table was ever supplied."""
    ever = select(tables.supplied.c.name).where(tables.supplied.c.name == "activities")
    if db.execute(ever).first() is None:
        return None
    frame = frames.read(db, select(tables.activity))
    return frame.assign(candidates=frame["candidates"].astype("str"))


def add_activities(db: Connection, rows: pd.DataFrame) -> int:
    """Record activities (typed: ISO date, whole numbers); one of the same day and item takes the place of the former."""
    keys = [*KEYS, "held_on"]
    rows = rows.drop_duplicates(keys, keep="last")
    known = frames.read(db, select(tables.activity))
    new = rows.merge(known, on=[*keys, "candidates", "passed"], how="left", indicator=True)
    new = new[new["_merge"] == "left_only"].drop(columns="_merge")
    _drop_activities(db, new[keys].merge(known[keys], on=keys))
    frames.append(db, tables.activity, new[[*keys, "candidates", "passed"]])
    return len(new)


def _drop_activities(db: Connection, replaced: pd.DataFrame) -> None:
    table = tables.activity
    for row in replaced.itertuples(index=False):
        db.execute(
            table.delete().where(
                table.c.uscc == row.uscc,
                table.c.occupation_code == row.occupation_code,
                table.c.level == row.level,
                table.c.held_on == date.fromisoformat(str(row.held_on)),
            )
        )


def take_over(db: Connection, rows: pd.DataFrame, run: RunKey) -> int:
    """Enter what was on file before the first run (REGISTER columns, ISO dates); returns how many entries were new.

    An entry this program made itself is not touched; an entry taken over earlier is superseded where it differs.
    """
    rows = rows.drop_duplicates(KEYS, keep="last")
    present = current_entries(db)
    both = rows.merge(present, on=KEYS, how="left", suffixes=("", "_present"), indicator=True)
    ours = both["application_no"].notna()
    same = (both["filed_on"] == both["filed_on_present"]) & (both["valid_until"] == both["valid_until_present"])
    new = both[~ours & ~same]
    name_institutions(db, new[["uscc", *DETAILS]], run)
    write(db, new.assign(application_no=None, cycle=None, because="名册接收"), run, "filed")
    return len(new)


def explained(db: Connection) -> set[tuple[str, str]]:
    """(uscc, occupation_code) of which some entry was ended by a recorded move."""
    table = tables.history
    statement = select(table.c.subject, table.c.occupation_code).where(
        table.c.kind == "qualification", table.c.was == "filed"
    )
    return {(uscc, code) for uscc, code in db.execute(statement.distinct())}


def tell_lapsed(db: Connection, over: pd.DataFrame, run: RunKey) -> int:
    """Tell the history once of entries whose term has run out (keys, valid_until); returns how many were new."""
    table = tables.history
    statement = select(table.c.subject, table.c.occupation_code, table.c.level, table.c.because).where(
        table.c.kind == "qualification", table.c.became == "lapsed"
    )
    told = {tuple(row) for row in db.execute(statement)}
    over = over.assign(because="有效期至" + over["valid_until"])
    keys = zip(over["uscc"], over["occupation_code"], over["level"], over["because"], strict=True)
    new = over[[key not in told for key in keys]]
    _tell(db, new.assign(was="filed", became="lapsed"), run)
    return len(new)
