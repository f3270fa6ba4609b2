"""The whole database as files and back, while others work on it."""

import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, func, select, text
from sqlalchemy.engine import make_url

from schemas.tables import metadata
from tasks.store import database


def snapshot_sqlite(source: Path, target: Path) -> None:
    """Copy a SQLite database as it stands at one moment, by its online backup, whoever is writing; for its owner alone."""
    target.touch(0o600)
    with sqlite3.connect(f"file:{source}?mode=ro", uri=True, timeout=database.BUSY_SECONDS) as live:
        with sqlite3.connect(target) as copy:
            live.backup(copy)
        copy.close()
    live.close()


def export_postgresql(url: str, folder: Path) -> dict[str, int]:
    """Write every table as a COPY file into the folder, all at one moment; rows by table."""
    engine = create_engine(make_url(url), isolation_level="REPEATABLE READ", hide_parameters=True)
    with engine.connect() as connection:
        rows = {table.name: _count(connection, table) for table in metadata.sorted_tables}
        cursor = _driver(connection).cursor()
        for name in rows:
            with (folder / f"{name}.copy").open("wb") as sink, cursor.copy(f'COPY "{name}" TO STDOUT') as copied:
                for part in copied:
                    sink.write(part)
    engine.dispose()
    return rows


def import_postgresql(url: str, folder: Path) -> dict[str, int]:
    """Fill the empty tables of a migrated database from COPY files, all or nothing; rows by table.

    Raises DatabaseNotReadyError when a table holds rows already.
    """
    with database.engine(url).begin() as connection:
        tables = metadata.sorted_tables
        for table in tables:
            if _count(connection, table):
                raise database.DatabaseNotReadyError(
                    f"table {table.name} of the database holds rows: restore into an empty database"
                )
        cursor = _driver(connection).cursor()
        for table in tables:
            with (
                (folder / f"{table.name}.copy").open("rb") as source,
                cursor.copy(f'COPY "{table.name}" FROM STDIN') as to,
            ):
                while part := source.read(1 << 20):
                    to.write(part)
        return {table.name: _count(connection, table) for table in tables}


def revision(url: str) -> str | None:
    """The schema revision of a database."""
    with database.engine(url).connect() as connection:
        number = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        return str(number) if number else None


def _count(connection: Any, table: Any) -> int:
    return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def _driver(connection: Any) -> Any:
    """psycopg's own connection: COPY is beyond SQLAlchemy."""
    return connection.connection.driver_connection
