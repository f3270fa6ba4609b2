"""Bringing the database's schema up to date, and asking whether it is; the tables themselves are the model's."""

from importlib.resources import as_file, files

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from schemas.settings import settings
from tasks.store import database


def migrate() -> str:
    """Upgrade to the newest revision; returns its name. Doing it again changes nothing."""
    with as_file(files("deployments") / "migrations") as scripts:
        config = Config()
        config.set_main_option("script_location", str(scripts).replace("%", "%%"))
        with database.engine(settings().database).begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
        return str(ScriptDirectory.from_config(config).get_current_head())


def revisions() -> tuple[str | None, str | None]:
    """The database's revision and the newest one this release has."""
    with as_file(files("deployments") / "migrations") as scripts:
        config = Config()
        config.set_main_option("script_location", str(scripts).replace("%", "%%"))
        newest = ScriptDirectory.from_config(config).get_current_head()
    # only read: asking must not wait for a run that is writing
    with database.engine(settings().database).connect().execution_options(read_only=True) as connection:
        return MigrationContext.configure(connection).get_current_revision(), newest
