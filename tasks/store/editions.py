"""Editions in the database: their rows, their standing, and the rows that may be published next."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd
from sqlalchemy import Connection, insert, select, update
from sqlalchemy.engine import RowMapping

from expectations.directory_edition import unfit
from schemas import tables
from schemas.directory import DIRECTORY_COLUMNS, DIRECTORY_KEY
from schemas.directory_changes import in_order
from schemas.history import facts_text
from schemas.item import TRADE, VERSION
from schemas.policy import all_policies
from schemas.rows import tuples
from schemas.run import Run
from tasks.store import conditions, decisions, frames, history, register, seals
from tasks.store.database import highest

_edition = tables.edition
_row = tables.edition_row
_ORDER = (_edition.c.cycle, _edition.c.number)


#: The standings of an edition; a discarded one keeps its name, so that no name ever means two contents.
STANDINGS = ("building", "waiting", "published", "discarded")


def newest(db: Connection, *standings: str) -> RowMapping | None:
    """The newest edition in one of these standings, or in any but discarded."""
    statement = conditions.newest_edition(*(standings or ("building", "waiting", "published")))
    return db.execute(statement).mappings().first()


def get(db: Connection, name: str) -> RowMapping | None:
    return db.execute(select(_edition).where(_edition.c.edition == name)).mappings().first()


def published(db: Connection) -> list[RowMapping]:
    """Published editions, oldest first."""
    statement = select(_edition).where(_edition.c.standing == "published").order_by(*_ORDER)
    return list(db.execute(statement).mappings())


def before(db: Connection, name: str) -> list[tuple[str, date]]:
    """Every edition that one follows, directly or not, with its day, the oldest first."""
    named = {row["edition"]: row for row in db.execute(select(_edition)).mappings()}
    chain: list[tuple[str, date]] = []
    while (previous := named[name]["previous"]) is not None:
        chain.append((previous, named[previous]["as_of"]))
        name = previous
    return chain[::-1]


def rows_of(db: Connection, name: str) -> pd.DataFrame:
    """The directory rows of an edition (DIRECTORY_COLUMNS, text), sorted."""
    statement = select(*(_row.c[column] for column in DIRECTORY_COLUMNS)).where(_row.c.edition == name)
    return frames.read(db, statement).fillna("").sort_values(DIRECTORY_KEY, ignore_index=True)


def draft(db: Connection, rows: pd.DataFrame, day: date, run: Run, *, previous: str | None, waits_because: str) -> str:
    """Draft an edition of the run's cycle with a day's directory rows; it waits if `waits_because` says why. Its name."""
    number = highest(db, _edition.c.number, _edition.c.cycle == run.cycle) + 1
    name = f"{run.cycle}.{number}"
    values: dict[str, Any] = {"edition": name, "cycle": run.cycle, "number": number, "as_of": day}
    standing = "waiting" if waits_because else "building"
    seals.touch_one(db, seals.EDITION, name)
    seals.touch_one(db, seals.EDITION_ROWS, name)
    db.execute(insert(_edition).values(**values, standing=standing, waits_because=waits_because, previous=previous))
    frames.append(db, _row, rows[DIRECTORY_COLUMNS].assign(edition=name))
    history.add_one(db, "edition", name, waits_because or "目录有变化", run, "filing", became=standing)
    return name


def discard(db: Connection, name: str, run: Run, because: str) -> None:
    """Take back a drafted edition that was never published; its name is not given again."""
    _move(db, name, "discarded", because, run, "filing")
    seals.touch_one(db, seals.EDITION_ROWS, name)
    db.execute(_row.delete().where(_row.c.edition == name))


def wait_because(db: Connection, name: str, because: str) -> None:
    """Bring up to date why a waiting edition waits."""
    seals.touch_one(db, seals.EDITION, name)
    db.execute(update(_edition).where(_edition.c.edition == name).values(waits_because=because))


def release(db: Connection, name: str, run: Run, because: str) -> None:
    """Release a waiting edition for publication, because its reasons to wait have gone."""
    _move(db, name, "building", because, run, "filing")


def approve(db: Connection, name: str, run: Run, by: str) -> None:
    """Release a waiting edition for publication, because a person approved it."""
    _move(db, name, "building", "批准发布", run, by, approved_by=by)


def placed(db: Connection, name: str, manifest_sha256: str, run: Run) -> None:
    """Note that the edition's folder is in its place."""
    _move(db, name, "published", manifest_sha256, run, "filing", manifest_sha256=manifest_sha256)


def _move(db: Connection, name: str, became: str, because: str, run: Run, by: str, **values: str) -> None:
    is_named = _edition.c.edition == name
    was = db.execute(select(_edition.c.standing).where(is_named)).scalar_one()
    seals.touch_one(db, seals.EDITION, name)
    db.execute(update(_edition).where(is_named).values(standing=became, **values))
    facts = facts_text(**values)
    history.add_one(db, "edition", name, because, run, by, was=was, became=became, facts=facts)


@dataclass(frozen=True, eq=False)
class Publishable:
    """The rows to publish (DIRECTORY_COLUMNS), and a Chinese sentence for each kind of fault for which rows are kept back."""

    rows: pd.DataFrame
    faults: list[str]


def publishable(db: Connection, rows: pd.DataFrame, day: date) -> Publishable:
    """A day's directory with its faulty rows replaced by those published last, or left out where these are faulty too."""
    traces = history.filings(db)
    faults = unfit(rows, day, all_policies(), traces)
    if not faults:
        return Publishable(rows, [])
    faulty = {key for fault in faults for key in fault.keys}
    last = newest(db, "published")
    former = rows_of(db, last["edition"]) if last is not None else rows.iloc[:0]
    former = former[_is_one_of(former, faulty) & (former["valid_until"] >= day.isoformat())]
    spoilt = {key for fault in unfit(former, day, all_policies(), traces) for key in fault.keys}
    sound = pd.concat([rows[~_is_one_of(rows, faulty)], former[~_is_one_of(former, spoilt)]])
    return Publishable(in_order(sound), [fault.sentence for fault in faults])


def _is_one_of(rows: pd.DataFrame, keys: set[tuple[str, ...]]) -> "pd.Series[bool]":
    """Which rows have one of these keys (DIRECTORY_KEY)."""
    row_keys = tuples(rows[DIRECTORY_KEY].fillna(""))
    return pd.Series([key in keys for key in row_keys], index=rows.index, dtype="bool")


#: Particulars that an institution's newest application states and the register does not keep.
PARTICULARS = ["affiliation", "legal_representative", "contact_name", "contact_phone"]
#: One permission behind what was filed.
EXCEPTIONS = [
    *("uscc", "application_no", "occupation_code", "rule"),
    *("document_no", "decided_by", "decided_at", "reason"),
]


def particulars(db: Connection) -> pd.DataFrame:
    """uscc and PARTICULARS of every institution that ever applied, as its newest current version states them."""
    application, version = tables.application, tables.application_version
    current = conditions.same(version, application, VERSION)
    columns = (application.c.uscc, *(version.c[name] for name in PARTICULARS))
    order = (application.c.cycle, version.c.submitted_utc, application.c.application_no)
    statement = select(*columns).join(version, current).where(application.c.uscc.is_not(None)).order_by(*order)
    return frames.read(db, statement).fillna("").drop_duplicates("uscc", keep="last", ignore_index=True)


def exceptions(db: Connection, changed: pd.DataFrame) -> pd.DataFrame:
    """The permissions behind these rows of the directory (uscc, TRADE): EXCEPTIONS, sorted by them.

    A permission counts where it concerns an application that filed one of the rows, and its occupation or all of it;
    of several under a rule the latest.
    """
    entries = register.current_entries(db).dropna(subset=["application_no"])
    filed = entries.merge(changed[["uscc", *TRADE]].drop_duplicates())[["uscc", "application_no", "occupation_code"]]
    rulings = [decisions.of_cycle(db, cycle) for cycle in sorted(set(entries["cycle"].dropna()))]
    if filed.empty or not rulings:
        return pd.DataFrame(columns=EXCEPTIONS, dtype=frames.TEXT)
    latest = pd.concat(rulings).drop_duplicates(["application_no", "rule", "occupation_code"], keep="last")
    granted = latest[latest["verdict"] == "permit"].rename(columns={"occupation_code": "concerns"})
    pairs = filed.drop_duplicates().merge(granted, on="application_no")
    used = pairs[(pairs["concerns"] == "") | (pairs["concerns"] == pairs["occupation_code"])]
    return used[EXCEPTIONS].drop_duplicates().sort_values(EXCEPTIONS, ignore_index=True)
