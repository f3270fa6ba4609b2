"""The migrations make exactly the tables of the model, on both databases."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from deployments import schema
from schemas.settings import settings
from schemas.tables import metadata
from tasks.store import database


def test_migrated_tables_are_those_of_the_model(installation: Path) -> None:
    with database.engine(settings().database).connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_migrating_again_changes_nothing(installation: Path) -> None:
    before = schema.revisions()
    assert schema.migrate() == before[1]
    assert schema.revisions() == before


def test_an_upgrade_leaves_a_copy(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, newest = schema.revisions()
    monkeypatch.setattr(schema, "revisions", lambda: ("0000", newest))
    schema.migrate()
    copy = home / f"filing-before-{newest}.db"
    assert copy.read_bytes().startswith(b"SQLite format 3")
    assert copy.stat().st_mode & 0o077 == 0
