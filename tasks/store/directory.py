"""The directory as rows, from the register; editions and their files are publication's."""

from collections.abc import Mapping
from datetime import date

import pandas as pd
from sqlalchemy import Connection

from schemas.directory import DIRECTORY_KEY, in_order
from tasks.store import register
from tasks.store.occupation_names import occupation_names


def directory_on(db: Connection, day: date, *, known_on: date | None = None) -> pd.DataFrame:
    """One row an institution and occupation in force on a day (DIRECTORY_COLUMNS, text), sorted (contract section 6).

    What is suspended is on file and not in the directory.
    """
    return directory_rows(register.in_force(db, day, known_on=known_on), occupation_names(db))


def directory_rows(held: pd.DataFrame, names: Mapping[str, str]) -> pd.DataFrame:
    """The directory's rows of what is held (keys, DETAILS, filed_on, valid_until), by the names of occupations.

    `filed_on` is the earliest and `valid_until` the latest of the occupation's levels.
    """
    rows = (
        held.sort_values("level", ascending=False)
        .groupby(DIRECTORY_KEY, as_index=False)
        .agg(
            {
                **dict.fromkeys(register.DETAILS, "first"),
                "level": ",".join,
                "filed_on": "min",
                "valid_until": "max",
            }
        )
        .rename(columns={"level": "levels"})
    )
    codes = rows["occupation_code"]
    return in_order(rows.assign(occupation_name=codes.map(names).fillna(codes)))
