"""The rows of the directory, made from the register, and the names of its occupations."""

from collections.abc import Mapping
from datetime import date

import pandas as pd
import polars as pl
from sqlalchemy import Connection, select

from schemas.directory import DIRECTORY_KEY, INSTITUTION_DETAILS, audiences_of
from schemas.directory_changes import in_order
from schemas.item import occupation_title
from schemas.policy import level_order
from schemas.reference_data import reference
from schemas.tables import requested_occupation
from tasks.store import register


def directory_on(db: Connection, day: date, *, known_on: date | None = None) -> pd.DataFrame:
    """One row an institution, occupation and work type in force on a day (DIRECTORY_COLUMNS, text), sorted (contract section 6).

    A suspended level is on file but not in the directory.
    """
    return directory_rows(register.in_force(db, day, known_on=known_on), occupation_names(db))


def directory_rows(held: pd.DataFrame, names: Mapping[str, str]) -> pd.DataFrame:
    """Directory rows of levels on file (keys, DETAILS, ALONG, filed_on, valid_until), with the names of occupations.

    `filed_on` and `valid_until` are the latest of its levels; its audiences are those of any.
    """
    place = pl.col("level").replace_strict(level_order(), default=None, return_dtype=pl.Int64)
    rows = (
        pl.from_pandas(held)
        .sort(place, nulls_last=True, maintain_order=True)
        .group_by(DIRECTORY_KEY)
        .agg(
            pl.col(INSTITUTION_DETAILS).drop_nulls().first(),
            pl.col("level").str.join(",").alias("levels"),
            pl.col("audiences").unique().sort().str.join(";"),
            pl.col("own_name", "filed_on", "valid_until").max(),
        )
    )
    audiences = {joined: audiences_of([joined]) for joined in rows["audiences"].unique()}
    titles = [
        occupation_title(names.get(code, code), own_name)
        for code, own_name in rows.select("occupation_code", "own_name").iter_rows()
    ]
    with_names = rows.with_columns(
        pl.Series("audiences", [audiences[joined] for joined in rows["audiences"]], pl.String),
        pl.Series("occupation_name", titles, pl.String),
    )
    return in_order(with_names.to_pandas())


def occupation_names(db: Connection) -> dict[str, str]:
    """Code to name, for every code of the Dictionary and every code that applications give for an occupation later than it.

    Of two names given for one code the one of the first application counts (contract section 5).
    """
    facts, requested = reference(), requested_occupation
    later = facts.later[facts.later["code_2022"].isna()]["name"].tolist()
    on_forms = select(requested.c.application_no, requested.c.occupation_code, requested.c.occupation_name).where(
        requested.c.occupation_name.in_(later), requested.c.occupation_code.is_not(None)
    )
    # sorted here: databases do not agree on the order of texts
    names = {code: name for _, code, name in sorted(map(tuple, db.execute(on_forms)), reverse=True)}
    return names | facts.occupation_names()
