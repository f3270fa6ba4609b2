"""Occupations that got another code: what their code is now, and putting a change on record."""

import pandas as pd
from sqlalchemy import Connection, insert, select

from schemas import tables
from schemas.qualification import Renumbering
from schemas.run import Run
from tasks.store import seals
from tasks.store.credit_codes import walk

_renumbering = tables.renumbering


def newest(db: Connection) -> dict[str, str]:
    """Every former occupation code to the one the register goes by now."""
    steps = {str(old): str(new) for old, new in db.execute(select(_renumbering.c.old_code, _renumbering.c.new_code))}
    return {old: walk(old, steps) for old in steps}


def followed(db: Connection, codes: "pd.Series[str]") -> "pd.Series[str]":
    """Each occupation code as it is now; codes that never changed stay as they are."""
    present = newest(db)
    return codes.replace(present) if present else codes


def record(db: Connection, renumbering: Renumbering, run: Run) -> None:
    """Note that an occupation has another code."""
    seals.touch_one(db, seals.RENUMBERING, renumbering.old_code)
    db.execute(insert(_renumbering).values(recorded_on=run.day, **renumbering.model_dump()))
