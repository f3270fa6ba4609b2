"""What every command needs before it works: a migrated database, readable words."""

import getpass
import unicodedata
from collections.abc import Mapping
from datetime import date
from typing import Annotated

import typer

from deployments import soundness
from deployments.gate import access_log
from schemas.errors import RefusedError, WrongUseError
from schemas.law.cycle import CycleId, cycle_id
from schemas.policy import for_cycle
from schemas.settings import settings
from schemas.submission import APPLICATIONS, OCCUPATIONS, Column
from tasks.gateways.disk import files

#: The option of commands that may be taken back or forward in time.
AsOf = Annotated[str | None, typer.Option(help="The day it is taken to be. [default: today]")]
#: Longer than any ground a decision states; a mistaken paste is longer still.
_MOST_WORDS = 1000


def read_cycle(text: str) -> CycleId:
    """A cycle from the command line."""
    try:
        cycle = cycle_id(text)
        for_cycle(cycle)
    except RefusedError:  # a policy that cannot be read
        raise
    except ValueError as wrong:
        raise WrongUseError(str(wrong)) from wrong
    return cycle


def read_day(text: str | None) -> date | None:
    """A day from the command line, `YYYY-MM-DD` and nothing else that ISO 8601 calls a day."""
    if text is None:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day.isoformat() != text:
        raise WrongUseError(f"'{text}' is not a day: write YYYY-MM-DD, for example 2026-09-10")
    return day


def read_number(text: str) -> str:
    """An application number from the command line, as it is kept: whatever its case."""
    return text.strip().upper()


def read_code(text: str) -> str:
    """A credit code from the command line, as the register keeps it."""
    return _spelled(text, APPLICATIONS.column("uscc"))


def read_occupation(text: str) -> str:
    """An occupation code from the command line, as the register keeps it."""
    return _spelled(text, OCCUPATIONS.column("occupation_code"))


def _spelled(text: str, column: Column) -> str:
    from tasks.gateways.sources import spelled

    return spelled(text, column) if text.strip() else ""


def read_words(option: str, text: str, says: str) -> str:
    """What a person states on the command line, which stays in history and letters; `says`: what it is asked for."""
    if not (words := text.strip()):
        raise WrongUseError(f"{option} is empty: {says}")
    if len(words) > _MOST_WORDS:
        raise WrongUseError(f"{option} has {len(words):,} characters: state it in at most {_MOST_WORDS:,}")
    if unseen := [sign for sign in words if unicodedata.category(sign) in ("Cc", "Cf", "Cs")]:
        raise WrongUseError(f"{option} holds an unseen character (U+{ord(unseen[0]):04X}): type it anew")
    return words


def read_person(by: str | None, says: str) -> str:
    """Who does it: as stated with --by, else the operator that is set or the user name of the account."""
    return settings().operator if by is None else read_words("--by", by, says)


def read_edition(text: str) -> str:
    """An edition's name from the command line."""
    from schemas.directory import edition_name

    try:
        return edition_name(text)
    except ValueError as wrong:
        raise WrongUseError(str(wrong)) from wrong


def ready() -> None:
    """Have the embedded database's schema up to date; ask for `filing migrate` where the database is a server's."""
    for sentence in soundness.unknown_settings():
        typer.echo(f"filing: {sentence}", err=True)
    _assert_address()
    home, database = settings().root, settings().database
    soundness.assert_writable(home)
    soundness.assert_inbox(settings().inbox)
    from deployments import schema

    present, newest = _revisions()
    if present == newest:
        return
    if present is None:
        soundness.assert_not_lost(home, database)
    elif present not in schema.known_revisions():
        raise RefusedError(
            f"the database is of a newer release (schema {present}, this one knows {newest}): install that release, or "
            "restore a backup made before it"
        )
    if not database.startswith("sqlite"):
        raise RefusedError(
            f"the database's schema is at {present or 'nothing'}, this release needs {newest}: run `filing migrate`"
        )
    schema.migrate()
    if present is None:
        lay_out_office()


def _revisions() -> tuple[str | None, str | None]:
    """The database's revision and this release's newest."""
    from sqlalchemy.exc import DatabaseError, OperationalError

    from deployments import schema

    try:
        return schema.revisions()
    except OperationalError as unreachable:
        raise RefusedError(
            "the database cannot be reached: check FILING_DATABASE_URL and that its server runs"
        ) from unreachable
    except DatabaseError as damaged:
        raise RefusedError(
            "the database is damaged: keep its file aside and restore the last backup into an empty home (`filing restore`)"
        ) from damaged


def noted(command: str, *words: object) -> None:
    """Note in the access log that a command showed what concerns people; identity numbers in it are masked."""
    who = getpass.getuser()
    access_log.note(settings().root, who, " ".join(["filing", command, *(str(word) for word in words if word)]))


def lay_out_office() -> None:
    """Put the shipped office file into a home that has none, for somebody to fill in."""
    from schemas import office

    files.put_once(settings().root, office.FILE, office.shipped().encode())


def _assert_address() -> None:
    """Raises WrongUseError where the database's address cannot be used; it is not repeated, for it may hold a password."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    address = settings().database
    try:
        make_url(address).get_dialect().import_dbapi()
    except (ArgumentError, ValueError, ImportError) as wrong:
        raise WrongUseError(
            "FILING_DATABASE_URL is no address of a database that can be used here: write postgresql://user@host/name, "
            "or leave it out for the embedded one"
        ) from wrong


def tell_failures(failed: Mapping[str, str]) -> None:
    """Print what could not be done, each with its sentence."""
    for key, why in sorted(failed.items()):
        typer.echo(f"failed {key}: {why}", err=True)
