"""Codes that took another's place: the credit codes of an institution, the codes of an occupation."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from sqlalchemy import Connection, select

from schemas import tables

if TYPE_CHECKING:  # `filing status` asks for codes, and does without pandas
    import pandas as pd

_recoding = tables.recoding
_renumbering = tables.renumbering


def present_credit_codes(db: Connection) -> dict[str, str]:
    """Every former credit code to the one its institution has now."""
    return _ends_of(credit_code_steps(db))


def first_credit_codes(db: Connection) -> dict[str, str]:
    """Every present credit code that replaced others to the first one its institution had."""
    return _ends_of({new: old for old, new in credit_code_steps(db, "recode").items()})


def merged_into(db: Connection) -> set[str]:
    """Present credit codes of the institutions that another one went into."""
    steps = credit_code_steps(db)
    return {last_of(into, steps) for into in credit_code_steps(db, "merge").values()}


def family(db: Connection, code: str) -> list[str]:
    """All credit codes of an institution and of those that went into it, given any of them; the present one last."""
    steps = credit_code_steps(db)
    present = last_of(code, steps)
    return [*sorted(old for old in steps if last_of(old, steps) == present), present]


def credit_code_steps(db: Connection, kind: str = "") -> dict[str, str]:
    """Each former credit code to the one that took its place; `kind`: recode, merge, or both."""
    statement = select(_recoding.c.old_uscc, _recoding.c.new_uscc)
    if kind:
        statement = statement.where(_recoding.c.kind == kind)
    return {str(old): str(new) for old, new in db.execute(statement)}


def present_occupation_codes(db: Connection) -> dict[str, str]:
    """Every former occupation code to the one the register goes by now."""
    steps = select(_renumbering.c.old_code, _renumbering.c.new_code)
    return _ends_of({str(old): str(new) for old, new in db.execute(steps)})


def follow_occupations(db: Connection, codes: "pd.Series[str]") -> "pd.Series[str]":
    """Each occupation code as it is now; codes that never changed stay as they are."""
    present = present_occupation_codes(db)
    return codes.replace(present) if present else codes


def last_of(code: str, steps: Mapping[str, str]) -> str:
    """The last of the codes that a code leads to, step by step."""
    while code in steps:
        code = steps[code]
    return code


def _ends_of(steps: Mapping[str, str]) -> dict[str, str]:
    return {code: last_of(code, steps) for code in steps}
