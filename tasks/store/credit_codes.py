"""The credit codes that institutions have and had: which took the place of which."""

from collections.abc import Mapping

from sqlalchemy import Connection, select

from schemas import tables

_recoding = tables.recoding


def newest(db: Connection) -> dict[str, str]:
    """Every former credit code to the one its institution has now."""
    steps = steps_of(db)
    return {old: walk(old, steps) for old in steps}


def first(db: Connection) -> dict[str, str]:
    """Every present credit code that replaced others to the first one its institution had."""
    backwards = {new: old for old, new in steps_of(db, "recode").items()}
    return {new: walk(new, backwards) for new in backwards}


def merged_into(db: Connection) -> set[str]:
    """Present credit codes of the institutions that another one went into."""
    steps = steps_of(db)
    return {walk(into, steps) for into in steps_of(db, "merge").values()}


def family(db: Connection, code: str) -> list[str]:
    """All credit codes of an institution and of those that went into it, given any of them, the present one last."""
    steps = steps_of(db)
    present = walk(code, steps)
    return [*sorted(old for old in steps if walk(old, steps) == present), present]


def steps_of(db: Connection, kind: str = "") -> dict[str, str]:
    """Each former credit code to the one that took its place; `kind`: recode, merge, or both."""
    statement = select(_recoding.c.old_uscc, _recoding.c.new_uscc)
    if kind:
        statement = statement.where(_recoding.c.kind == kind)
    return {str(old): str(new) for old, new in db.execute(statement)}


def walk(code: str, steps: Mapping[str, str]) -> str:
    """The last of the codes that a code leads to, step by step."""
    while code in steps:
        code = steps[code]
    return code
