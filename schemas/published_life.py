"""The published life of the directory: every row that ever stood in an edition, from which one to which, and why it went."""

from datetime import date

import pandas as pd

from schemas.directory import CHANGE_KINDS, DIRECTORY_COLUMNS, DIRECTORY_KEY, in_order

#: A row as it stood (DIRECTORY_COLUMNS), the edition it came in and its day, the first one it was no more in and its day
#: (blank while it stands), and what became of it: a kind of change, with reason and document number.
LIFE_COLUMNS = [
    *DIRECTORY_COLUMNS,
    "came_in",
    "came_on",
    "gone_in",
    "gone_on",
    "became",
    "reason",
    "document_no",
]
_ENDING = LIFE_COLUMNS[LIFE_COLUMNS.index("gone_in") :]


def unborn() -> pd.DataFrame:
    """The life of a directory before its first edition."""
    return pd.DataFrame({column: pd.Series(dtype="str") for column in LIFE_COLUMNS})


def grown(life: pd.DataFrame, rows: pd.DataFrame, changed: pd.DataFrame, edition: str, as_of: date) -> pd.DataFrame:
    """The life continued by one edition: rows (DIRECTORY_COLUMNS) and changes (CHANGE_COLUMNS) are that edition's.

    LIFE_COLUMNS as text, by DIRECTORY_KEY, the spells of one key in the order of time.
    """
    rows = in_order(rows)
    standing = life["gone_in"] == ""
    stays = _among(life, rows) & standing
    gone = life[standing & ~stays].drop(columns=["became", "reason", "document_no"])
    ended = gone.merge(_endings(changed), on=DIRECTORY_KEY, how="left").assign(
        gone_in=edition, gone_on=as_of.isoformat()
    )
    # a row that nothing changed and that is another one all the same was altered behind the editions' back
    ended["became"] = ended["became"].fillna("details_changed")
    new = rows[~_among(rows, life[stays])].assign(
        came_in=edition, came_on=as_of.isoformat(), **dict.fromkeys(_ENDING, "")
    )
    whole = pd.concat([life[~standing], ended[LIFE_COLUMNS], life[stays], new[LIFE_COLUMNS]])
    return whole.fillna("").astype("str").sort_values([*DIRECTORY_KEY, "came_on"], kind="stable", ignore_index=True)


def _among(rows: pd.DataFrame, known: pd.DataFrame) -> "pd.Series[bool]":
    """Which rows stand, cell by cell, among the known ones."""
    if rows.empty or known.empty:
        return pd.Series(False, index=rows.index)
    keys = pd.MultiIndex.from_frame(rows[DIRECTORY_COLUMNS])
    return pd.Series(keys.isin(pd.MultiIndex.from_frame(known[DIRECTORY_COLUMNS])), index=rows.index)


def _endings(changed: pd.DataFrame) -> pd.DataFrame:
    """What became of each key that changed: of several kinds the one that stands first in CHANGE_KINDS."""
    order = {kind: place for place, kind in enumerate(CHANGE_KINDS)}
    first = changed.sort_values("change", key=lambda kinds: kinds.map(order), kind="stable").drop_duplicates(
        DIRECTORY_KEY
    )
    return first.rename(columns={"change": "became"})[[*DIRECTORY_KEY, "became", "reason", "document_no"]].fillna("")
