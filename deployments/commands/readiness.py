"""What every command needs before it works: a migrated database, readable words."""

from datetime import date

from sqlalchemy.exc import OperationalError

from deployments.commands import Refused, WrongUse
from schemas.cycle import CycleId, cycle_id
from schemas.settings import settings


def read_cycle(text: str) -> CycleId:
    """A cycle from the command line."""
    try:
        return cycle_id(text)
    except ValueError as wrong:
        raise WrongUse(str(wrong)) from wrong


def read_day(text: str | None) -> date | None:
    """A day from the command line, `YYYY-MM-DD`."""
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as wrong:
        raise WrongUse(f"'{text}' is not a day: write YYYY-MM-DD, for example 2026-09-10") from wrong


def ready() -> None:
    """Have the embedded database's schema up to date; ask for `filing migrate` where the database is a server's."""
    from deployments import schema  # noqa: PLC0415  Alembic is slow to import and not every command needs it

    try:
        present, newest = schema.revisions()
    except OperationalError as unreachable:
        raise Refused(
            "the database cannot be reached: check FILING_DATABASE_URL and that its server runs"
        ) from unreachable
    if present == newest:
        return
    if settings().database.startswith("sqlite"):
        schema.migrate()
        return
    raise Refused(
        f"the database's schema is at {present or 'nothing'}, this release needs {newest}: run `filing migrate`"
    )
