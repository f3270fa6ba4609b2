"""Engines and transactions for SQLite and PostgreSQL, and the rights of the role that runs use."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Connection,
    Engine,
    ExceptionContext,
    column,
    create_engine,
    event,
    func,
    inspect,
    select,
    table,
    text,
)
from sqlalchemy.engine import make_url
from sqlalchemy.sql.elements import ColumnElement

from schemas.errors import RefusedError
from schemas.settings import settings

#: SQLite waits this long for another writer before it gives up.
BUSY_SECONDS = 60

#: So long PostgreSQL lets a client sleep inside a transaction: a lease's term, after which others may take over.
IDLE_SECONDS = 600

#: By URL.
_engines: dict[str, Engine] = {}


class DatabaseNotReadyError(RefusedError):
    """The database cannot be reached, or has not been migrated."""


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # The driver's own transaction control begins late and commits before DDL: SQLAlchemy's begin event says BEGIN.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")
    cursor.close()


def _begin_immediate(connection: Connection) -> None:
    # A writer that starts as a reader cannot wait for the lock: it is refused at its first write.
    if not connection.get_execution_options().get("read_only"):
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        connection.exec_driver_sql("BEGIN")


def _without_rows(context: ExceptionContext) -> None:
    """PostgreSQL's detail of an error is the row itself: only its first line is reported."""
    for error in (context.original_exception, context.sqlalchemy_exception):
        if error is not None and error.args:
            error.args = (str(error.args[0]).splitlines()[0], *error.args[1:])


def _make_private(file: Path) -> None:
    """Make a new database readable for its owner alone: it holds identity numbers."""
    file.parent.mkdir(parents=True, exist_ok=True)
    if not file.exists():
        file.touch(mode=0o600)


def engine(url: str) -> Engine:
    """The engine of a URL, one a process."""
    return _engines.get(url) or _engines.setdefault(url, _new_engine(url))


def in_utc(moment: datetime) -> datetime:
    """A moment read from the database, with its time zone, which SQLite does not return."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def close_engines() -> None:
    """Close this process's connections to databases; the next query opens a new one."""
    while _engines:
        _engines.popitem()[1].dispose()


def _new_engine(url: str) -> Engine:
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        if parsed.database and not parsed.database.startswith((":", "file:")):
            _make_private(Path(parsed.database))
        waiting = {"timeout": BUSY_SECONDS, "check_same_thread": False}
        # error messages reach the log and the run's page, so they must not contain the values of the statement
        made = create_engine(parsed, connect_args=waiting, hide_parameters=True)
        event.listen(made, "connect", _prepare_sqlite)
        event.listen(made, "begin", _begin_immediate)
        return made
    limit = {"options": f"-c idle_in_transaction_session_timeout={IDLE_SECONDS * 1000}"}
    # options of the URL are the operator's own
    options = {} if "options" in parsed.query else limit
    made = create_engine(parsed, pool_pre_ping=True, hide_parameters=True, connect_args=options)
    event.listen(made, "handle_error", _without_rows)
    return made


class _Rehearsal:
    """The one connection whose work is undone at the end of a dry run."""

    connection: Connection | None = None


@contextmanager
def begin() -> Iterator[Connection]:
    """One transaction that may write; in a rehearsal, a savepoint of the transaction that will be undone."""
    if _Rehearsal.connection is not None:
        with _Rehearsal.connection.begin_nested():
            yield _Rehearsal.connection
        return
    with engine(settings().database).begin() as connection:
        yield connection


@contextmanager
def reading() -> Iterator[Connection]:
    """One transaction that only reads, and so never waits for another."""
    if _Rehearsal.connection is not None:
        yield _Rehearsal.connection
        return
    with engine(settings().database).connect().execution_options(read_only=True) as connection:
        yield connection
        connection.rollback()


@contextmanager
def rehearsal() -> Iterator[None]:
    """Undo, at the end of the block, everything written in it; inside, it can be read."""
    with engine(settings().database).connect() as connection:
        transaction = connection.begin()
        _Rehearsal.connection = connection
        try:
            yield
        finally:
            _Rehearsal.connection = None
            transaction.rollback()


def is_rehearsal() -> bool:
    """Whether what is written now will be undone."""
    return _Rehearsal.connection is not None


def revision(db: Connection) -> str | None:
    """The revision of the schema, as Alembic notes it; None before the first."""
    noted = table("alembic_version", column("version_num"))
    return db.execute(select(noted.c.version_num)).scalar() if inspect(db).has_table(noted.name) else None


def highest(db: Connection, number: ColumnElement[int], *where: ColumnElement[bool]) -> int:
    """The highest number in a column, 0 where there is none."""
    return int(db.execute(select(func.coalesce(func.max(number), 0)).where(*where)).scalar_one())


def is_sqlite(db: Connection) -> bool:
    return db.dialect.name == "sqlite"


class NoSuchRoleError(RefusedError):
    """The server has no role of this name."""


def grant(db: Connection, role: str) -> None:
    """Let a role read and write every table, add to the history only, and alter no table; done by the tables' owner.

    Raises NoSuchRoleError.
    """
    if db.execute(text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": role}).first() is None:
        raise NoSuchRoleError(
            f"the server has no role {role}, which FILING_DATABASE_URL names: create it (CREATE ROLE … LOGIN), then run "
            "`filing migrate` again"
        )
    name = db.dialect.identifier_preparer.quote(role)
    for statement in (
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
        f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {name}",
        f"GRANT USAGE ON SCHEMA public TO {name}",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {name}",
        f"REVOKE UPDATE, DELETE, TRUNCATE ON history FROM {name}",
        f"REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM {name}",
    ):
        db.exec_driver_sql(statement)


def may_rewrite(db: Connection) -> bool:
    """Whether the present role could change the history, as its owner can."""
    privilege = "has_table_privilege(current_user, 'history', 'UPDATE') OR has_table_privilege(current_user, 'history', 'DELETE')"
    return bool(db.execute(text(f"SELECT {privilege}")).scalar())
