"""On PostgreSQL the role that works changes no history and alters no table; another one owns them."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ProgrammingError

from deployments import schema
from deployments.examination import examine
from schemas.settings import Settings, using
from tasks.store import database, history, seals
from tasks.store.database import begin, reading
from tests.registers import COOK, ONE, decide, passed

FORBIDDEN = [
    "UPDATE history SET because = 'nothing'",
    "DELETE FROM history",
    "TRUNCATE history",
    "ALTER TABLE history DISABLE TRIGGER ALL",
    "DROP TRIGGER history_no_change ON history",
    "ALTER TABLE history ADD COLUMN more text",
    "ALTER TABLE result DROP COLUMN score",
    "DROP TABLE result",
    "TRUNCATE result",
    "CREATE TABLE more (x text)",
    "CREATE OR REPLACE FUNCTION history_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$",
    "UPDATE alembic_version SET version_num = 'x'",
]


@pytest.fixture(scope="module")
def two_roles(postgresql_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A migrated installation whose tables one role owns and another one works with."""
    server = make_url(postgresql_server).set(drivername="postgresql+psycopg")
    name = f"filing_{uuid4().hex[:12]}"
    administration = create_engine(server, isolation_level="AUTOCOMMIT")
    with administration.connect() as connection:
        for role in ("owner", "worker"):
            connection.exec_driver_sql(f"CREATE ROLE {name}_{role} LOGIN NOSUPERUSER")
        connection.exec_driver_sql(f"CREATE DATABASE {name} OWNER {name}_owner")
    owner, worker = (
        server.set(database=name, username=f"{name}_{role}").render_as_string(hide_password=False)
        for role in ("owner", "worker")
    )
    installation = Settings(home=tmp_path_factory.mktemp("roles") / "home", database_url=worker, owner_url=owner)
    with using(installation):
        schema.migrate()
    yield installation
    database.close_engines()
    with administration.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
        for role in ("owner", "worker"):
            connection.exec_driver_sql(f"DROP ROLE {name}_{role}")
    administration.dispose()


def test_the_role_that_works_can_work(two_roles: Settings) -> None:
    with using(two_roles):
        passed("A1", "initial", [(ONE, COOK, "4")], cycle="2023-04")
        decide("2023-04", date(2023, 5, 25))
        with reading() as db:
            assert history.count(db) > 0
            assert list(history.broken_links(db)) == []
            assert not database.may_rewrite(db)
        assert [observation.sentence for observation in examine() if observation.name == "database"] == [
            f"schema {schema.revisions()[1]}"
        ]


@pytest.mark.parametrize("statement", FORBIDDEN)
def test_it_changes_no_history_and_alters_nothing(two_roles: Settings, statement: str) -> None:
    refused = "permission denied|must be owner"
    with using(two_roles), pytest.raises(ProgrammingError, match=refused), begin() as db:
        db.execute(text(statement))


def test_migrating_again_changes_nothing(two_roles: Settings) -> None:
    with using(two_roles):
        assert schema.migrate() == schema.revisions()[0]


def test_a_role_nobody_made_is_named(two_roles: Settings) -> None:
    url = make_url(two_roles.database_url).set(username="nobody_made").render_as_string(hide_password=False)
    with using(two_roles.model_copy(update={"database_url": url})), pytest.raises(database.NoSuchRoleError):
        schema.migrate()


def test_one_role_for_both_is_named_by_the_doctor(postgresql: str, tmp_path: Path) -> None:
    with using(Settings(home=tmp_path / "home", database_url=postgresql)):
        schema.migrate()
        sentences = [observation.sentence for observation in examine() if observation.name == "database"]
    assert any("FILING_OWNER_URL" in sentence for sentence in sentences)


def test_every_sealed_table_can_be_read_by_the_role(two_roles: Settings) -> None:
    with using(two_roles), reading() as db:
        assert isinstance(seals.differences(db), list)
