"""Which rows of the directory may be published: a faulty one stays as it was published last, and stops no other."""

from dataclasses import dataclass
from datetime import date

import pandas as pd
from sqlalchemy import Connection

from expectations.directory_edition import unfit
from schemas.directory import DIRECTORY_KEY, in_order
from schemas.policy import known
from schemas.rows import tuples
from tasks.store import editions, history


@dataclass(frozen=True, eq=False)
class Publishable:
    """The rows to publish (DIRECTORY_COLUMNS), and a Chinese sentence for each kind of fault that keeps others back."""

    rows: pd.DataFrame
    faults: list[str]


def publishable(db: Connection, rows: pd.DataFrame, day: date) -> Publishable:
    """The rows of a day's directory without the faulty ones, in whose place stand those published last, where these are sound."""
    traces = history.filings(db)
    faults = unfit(rows, day, known(), traces)
    if not faults:
        return Publishable(rows, [])
    faulty = {key for fault in faults for key in fault.keys}
    newest = editions.newest(db, "published")
    former = editions.rows_of(db, newest["edition"]) if newest is not None else rows.iloc[:0]
    former = former[_is_one_of(former, faulty) & (former["valid_until"] >= day.isoformat())]
    spoilt = {key for fault in unfit(former, day, known(), traces) for key in fault.keys}
    kept = pd.concat([rows[~_is_one_of(rows, faulty)], former[~_is_one_of(former, spoilt)]])
    return Publishable(in_order(kept), [fault.sentence for fault in faults])


def _is_one_of(rows: pd.DataFrame, keys: set[tuple[str, ...]]) -> "pd.Series[bool]":
    """Which rows have one of these keys (DIRECTORY_KEY)."""
    mine = tuples(rows[DIRECTORY_KEY].fillna(""))
    return pd.Series([key in keys for key in mine], index=rows.index, dtype="bool")
