"""Changed credit codes: which code an institution has now and had before; deciding on a change is the operator's."""

import pandas as pd
from sqlalchemy import Connection, insert, select

from schemas import tables
from schemas.adjustment import Recoding
from schemas.run import Run

_recoding = tables.recoding


def followed(db: Connection, codes: "pd.Series[str]") -> "pd.Series[str]":
    """Each credit code as it is now; codes that never changed stay as they are."""
    present = newest(db)
    return codes.replace(present) if present else codes


def newest(db: Connection) -> dict[str, str]:
    """Every former credit code to the one its institution has now."""
    steps = _steps(db)
    return {old: _walk(old, steps) for old in steps}


def first(db: Connection) -> dict[str, str]:
    """Every present credit code that replaced others to the first one its institution had."""
    backwards = {new: old for old, new in _steps(db).items()}
    return {new: _walk(new, backwards) for new in backwards}


def family(db: Connection, code: str) -> list[str]:
    """All credit codes of an institution, given any of them, the first one first."""
    steps = _steps(db)
    chain = [_walk(code, {new: old for old, new in steps.items()})]
    while chain[-1] in steps:
        chain.append(steps[chain[-1]])
    return chain


def record(db: Connection, recoding: Recoding, run: Run) -> None:
    """Note that an institution has another credit code."""
    db.execute(insert(_recoding).values(recorded_on=run.day, **recoding.model_dump()))


def _steps(db: Connection) -> dict[str, str]:
    return {str(old): str(new) for old, new in db.execute(select(_recoding.c.old_uscc, _recoding.c.new_uscc))}


def _walk(code: str, steps: dict[str, str]) -> str:
    while code in steps:
        code = steps[code]
    return code
