"""Installations on SQLite brought to some point once a module, and copied for each test that goes on from there."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

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


#: For tests of what both databases do alike: PostgreSQL is tried with the slow ones.
SQLITE_FIRST = pytest.mark.parametrize(
    "installation", ["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)], indirect=True
)
