"""SQL conditions that several queries share: which version counts, which finding stands, which edition is the newest."""

from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import ColumnElement, FromClause, Select, Table, Text, and_, case, cast, exists, or_, select, tuple_

from schemas import tables
from schemas.item import KEYS, NOT_TAKEN_UP, VERSION

_application = tables.application
#: The code of letters in the outbox.
LETTER: Final = "letter"


def same(one: FromClause, other: FromClause, keys: Iterable[str]) -> ColumnElement[bool]:
    """Whether rows of two tables have the same key."""
    return and_(*(one.c[key] == other.c[key] for key in keys))


def among(rows: FromClause, work: FromClause, keys: Iterable[str]) -> ColumnElement[bool]:
    """Whether a row is about the same as one of a working table: found in a list, which is not gone through for each row."""
    keys = list(keys)
    return tuple_(*(rows.c[key] for key in keys)).in_(select(*(work.c[key] for key in keys)))


def is_current() -> ColumnElement[bool]:
    """The version of an application that counts."""
    return same(tables.application_version, _application, VERSION)


def not_taken_up() -> ColumnElement[bool]:
    """Whether an application was returned with the letter that it will not be accepted (不予受理通知书)."""
    letter = tables.outbox
    occasion = "non_acceptance:" + _application.c.application_no + ":v" + cast(_application.c.version, Text)
    return and_(
        _application.c.status == "returned", exists().where(letter.c.box == LETTER, letter.c.occasion == occasion)
    )


def standing() -> ColumnElement[str]:
    """An application's status as people read it, NOT_TAKEN_UP apart from what awaits a correction."""
    return case((not_taken_up(), NOT_TAKEN_UP), else_=_application.c.status).label("status")


def finding_stands() -> ColumnElement[bool]:
    """Whether a finding is on a current version, or on a result that still stands."""
    finding, result = tables.finding, tables.result
    current = select(_application.c.application_no).where(same(_application, finding, VERSION))
    standing = select(result.c.result_id).where(
        result.c.result_id == finding.c.version, result.c.standing.in_(["accepted", "refused"])
    )
    of_results = finding.c.table == "results"
    return or_(~of_results & current.exists(), of_results & standing.exists())


def is_answered(keyed: Table) -> ColumnElement[bool]:
    """Whether a row with the keys of an item has an accepted result."""
    result = tables.result
    return exists().where(same(result, keyed, KEYS), result.c.standing == "accepted")


def newest_edition(*standings: str) -> "Select[Any]":
    """The newest edition in one of these standings: the one no other of them follows.

    Late results of an old cycle make an edition of that cycle after those of later ones: names tell no order.
    """
    edition = tables.edition
    later = edition.alias("later")
    followed = exists().where(later.c.previous == edition.c.edition, later.c.standing.in_(standings))
    statement = select(edition).where(edition.c.standing.in_(standings), ~followed)
    return statement.order_by(edition.c.cycle.desc(), edition.c.number.desc()).limit(1)
