"""Installations on SQLite brought to some point once a module and copied for each test; databases on PostgreSQL."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine
from sqlalchemy.engine import make_url

from schemas.settings import Settings, using
from tasks.store import database


@contextmanager
def new(root: Path, migrated: Path) -> Iterator[Path]:
    """A new installation in use; `migrated`: the file of an empty migrated database."""
    root.mkdir()
    shutil.copy(migrated, root / migrated.name)
    with using(Settings(home=root, database_url="")):
        yield root


@contextmanager
def begun(root: Path, migrated: Path) -> Iterator[Path]:
    """A new installation in use, which tests will have copies of."""
    with new(root, migrated) as home:
        yield home
    database.close_engines()


@contextmanager
def copied(start: Path, root: Path) -> Iterator[Path]:
    """A copy of an installation, in use."""
    database.close_engines()
    shutil.copytree(start, root, symlinks=True)
    with using(Settings(home=root, database_url="")):
        yield root


def create_databases(server: str, *names: str) -> None:
    """New databases of these names on a PostgreSQL server; `server`: the URL of a database that is there already."""
    url = make_url(server).set(drivername="postgresql+psycopg")
    administration = create_engine(url, isolation_level="AUTOCOMMIT")
    with administration.connect() as connection:
        for name in names:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
    administration.dispose()


#: For tests of what both databases do alike: PostgreSQL is tried with the slow ones.
SQLITE_FIRST = pytest.mark.parametrize(
    "installation", ["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)], indirect=True
)
