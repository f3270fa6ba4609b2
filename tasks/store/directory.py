"""The directory as rows, from the register, and what its occupations are called."""

from collections.abc import Mapping
from datetime import date

import pandas as pd
from sqlalchemy import Connection, select

from schemas.directory import DIRECTORY_KEY, INSTITUTION_DETAILS, audiences_of, in_order
from schemas.item import occupation_title
from schemas.policy import level_order
from schemas.reference_data import reference
from schemas.tables import requested_occupation
from tasks.store import register


def directory_on(db: Connection, day: date, *, known_on: date | None = None) -> pd.DataFrame:
    """One row an institution, occupation and work type in force on a day (DIRECTORY_COLUMNS, text), sorted (contract section 6).

    What is suspended is on file and not in the directory.
    """
    return directory_rows(register.in_force(db, day, known_on=known_on), occupation_names(db))


def directory_rows(held: pd.DataFrame, names: Mapping[str, str]) -> pd.DataFrame:
    """The directory's rows of what is held (keys, DETAILS, ALONG, filed_on, valid_until), by the names of occupations.

    `filed_on` and `valid_until` are the latest of its levels; its audiences are those of any.
    """
    rows = (
        held.sort_values("level", key=lambda levels: levels.map(level_order()))
        .groupby(DIRECTORY_KEY, as_index=False)
        .agg(
            {
                **dict.fromkeys(INSTITUTION_DETAILS, "first"),
                "level": ",".join,
                "audiences": audiences_of,
                "own_name": "max",
                "filed_on": "max",
                "valid_until": "max",
            }
        )
        .rename(columns={"level": "levels"})
    )
    titles = [
        occupation_title(names.get(code, code), own_name)
        for code, own_name in zip(rows["occupation_code"], rows["own_name"], strict=True)
    ]
    return in_order(rows.assign(occupation_name=pd.Series(titles, index=rows.index, dtype="str")))


def occupation_names(db: Connection) -> dict[str, str]:
    """Code to name, for every code of the Dictionary and every code given for a later occupation that has none there.

    Of two names given for one code the one of the first application counts (contract section 5).
    """
    facts, asked = reference(), requested_occupation
    later = facts.later[facts.later["code_2022"].isna()]["name"].tolist()
    given = select(asked.c.application_no, asked.c.occupation_code, asked.c.occupation_name).where(
        asked.c.occupation_name.in_(later), asked.c.occupation_code.is_not(None)
    )
    # sorted here: databases do not agree on the order of texts
    named = {code: name for _, code, name in sorted(map(tuple, db.execute(given)), reverse=True)}
    return named | facts.occupation_names()
