"""Institutions: their details on the register (name, type, region, code), and their changes of credit code."""

from datetime import date

import pandas as pd
from sqlalchemy import Connection, and_, insert, select, update

from schemas import tables
from schemas.directory import INSTITUTION_DETAILS as DETAILS
from schemas.directory import OPTIONAL
from schemas.qualification import Merger, Recoding
from schemas.rows import tuples
from schemas.run import Run
from tasks.store import frames, history, seals
from tasks.store.code_changes import credit_code_steps, family, last_of, present_credit_codes
from tasks.store.database import highest

_recoding = tables.recoding
_institution = tables.institution


def current(db: Connection) -> pd.DataFrame:
    """Every institution as we know it now: entry, uscc and details."""
    statement = select(_institution.c.entry, _institution.c.uscc, *(_institution.c[name] for name in DETAILS))
    return frames.read(db, statement.where(_institution.c.known_to.is_(None)))


def on(db: Connection, day: date) -> pd.DataFrame:
    """uscc and details of every institution on a day, as known now; of one entered later, its first details."""
    columns = [_institution.c[column] for column in ("entry", "uscc", "since", *DETAILS)]
    entries = frames.read(db, select(*columns)).sort_values("entry")
    begun = entries["since"] <= day.isoformat()
    then = pd.concat([entries[~begun].drop_duplicates("uscc"), entries[begun].drop_duplicates("uscc", keep="last")])
    return then.drop_duplicates("uscc", keep="last").sort_values("uscc", ignore_index=True)[["uscc", *DETAILS]]


def name(
    db: Connection,
    named: pd.DataFrame,
    run: Run,
    *,
    since: date | None = None,
    because: str = "机构信息",
    by: str = "filing",
    **facts: str,
) -> int:
    """Bring institutions' details up to date (uscc and DETAILS); a blank optional detail leaves the present one.

    `since`: the day from which the details hold, the run's if not given; `facts`: further facts for the history.
    """
    before, changed = _changed(db, named)
    if changed.empty:
        return 0
    _replace(db, changed, run, since or run.day)
    former = before.reindex(changed["uscc"])
    was = _in_a_line(former).where(former["institution_name"] != "", "").to_numpy()
    became, stated = _in_a_line(changed[DETAILS]), history.facts(changed[DETAILS], **facts)
    entries = changed.assign(subject=changed["uscc"], was=was, became=became, because=because, facts=stated)
    history.add(db, "institution", entries, run, by)
    return len(changed)


def _changed(db: Connection, named: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The present details of these institutions, by uscc, and the rows (uscc, DETAILS) that differ from them."""
    present = current(db).set_index("uscc")
    last = named.drop_duplicates("uscc", keep="last").set_index("uscc")
    rows = last.reindex(columns=DETAILS).astype(frames.TEXT).fillna("")
    before = present.reindex(rows.index)[DETAILS].fillna("")
    for optional in set(DETAILS).intersection(OPTIONAL):
        rows[optional] = rows[optional].where(rows[optional] != "", before[optional])
    return before, rows[(rows != before).any(axis=1)].reset_index().sort_values("uscc")


def _replace(db: Connection, changed: pd.DataFrame, run: Run, since: date) -> None:
    """Replace the current details (uscc, DETAILS) from a day on."""
    work = frames.working(db, "renaming", changed[["uscc"]])
    former = (_institution.c.uscc.in_(select(work.c.uscc)), _institution.c.known_to.is_(None))
    seals.touch_where(db, seals.INSTITUTION, *former)
    db.execute(update(_institution).where(*former).values(known_to=run.day))
    first = highest(db, _institution.c.entry) + 1
    entered = changed.assign(
        entry=range(first, first + len(changed)),
        since=since.isoformat(),
        known_from=run.day.isoformat(),
    )
    seals.touch(db, seals.INSTITUTION, entered)
    frames.append(db, _institution, entered)


def _in_a_line(details: pd.DataFrame) -> "pd.Series[str]":
    """Institutions' details as the history has them, a line each."""
    return pd.Series(map("｜".join, tuples(details)), index=details.index, dtype=frames.TEXT)


def move(db: Connection, old: str, new: str, run: Run) -> None:
    """Register an institution under another credit code from now on."""
    present = current(db)
    name(db, present[present["uscc"] == old].assign(uscc=new), run)
    leave(db, old, run)


def leave(db: Connection, code: str, run: Run) -> None:
    """Register no institution under a credit code from now on: it has another code, or merged into another."""
    current = and_(_institution.c.uscc == code, _institution.c.known_to.is_(None))
    seals.touch_where(db, seals.INSTITUTION, current)
    db.execute(update(_institution).where(current).values(known_to=run.day))


def followed(db: Connection, codes: "pd.Series[str]") -> "pd.Series[str]":
    """Each credit code as it is now; codes that never changed stay as they are."""
    present = present_credit_codes(db)
    return codes.replace(present) if present else codes


def recoded(db: Connection, codes: "pd.Series[str]") -> "pd.Series[str]":
    """Each credit code as its own institution has it now, even if that has merged into another."""
    steps = credit_code_steps(db, "recode")
    return codes.map(lambda code: last_of(code, steps)).astype(frames.TEXT)


def record(db: Connection, decided: Recoding | Merger, run: Run) -> None:
    """Note that an institution has another credit code, or has gone into another institution."""
    stated = decided.model_dump()
    if isinstance(decided, Merger):
        stated = {"kind": "merge", "new_uscc": stated.pop("into_uscc"), **stated}
    seals.touch_one(db, seals.RECODING, decided.old_uscc)
    db.execute(insert(_recoding).values(**{"kind": "recode", **stated}, recorded_on=run.day))


def life(db: Connection, subject: str) -> pd.DataFrame:
    """Every history entry of an application, or of an institution under all its codes and all its applications, in order."""
    table = tables.application
    codes = family(db, subject)
    numbers = list(db.execute(select(table.c.application_no).where(table.c.uscc.in_(codes))).scalars())
    entries = history.of(db, [*codes, *numbers])
    return entries.drop(columns=["run_id", "digest"])
