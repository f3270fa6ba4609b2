"""Bringing the database's schema up to date, and asking whether it is."""

from importlib.resources import as_file, files
from pathlib import Path

from sqlalchemy.engine import make_url

from schemas.settings import settings
from tasks.store import database, snapshot


def migrate() -> str:
    """Upgrade to the newest revision, as the owner of the tables; returns its name. Doing it again changes nothing.

    An embedded database that holds something is copied beside itself first; where another role works with a server's, it
    gets the rights that it needs and no others.
    """
    from alembic import command  # noqa: PLC0415  half a second, and every command only asks whether there is anything to do
    from alembic.config import Config  # noqa: PLC0415

    if settings().database.startswith("sqlite"):
        _copy_before_upgrade()
    with as_file(files("deployments") / "migrations") as scripts:
        config = Config()
        config.set_main_option("script_location", str(scripts).replace("%", "%%"))
        with database.engine(settings().owner).begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            worker = make_url(settings().database).username
            if worker and worker != make_url(settings().owner).username:
                database.grant(connection, worker)
        return newest()


def _copy_before_upgrade() -> None:
    """Copy an embedded database that an upgrade would change beside itself."""
    present, newest = revisions()
    if present not in (None, newest):
        file = Path(str(database.engine(settings().database).url.database))
        snapshot.snapshot_sqlite(file, file.with_name(f"{file.stem}-before-{newest}.db"))


def known_revisions() -> list[str]:
    """The revisions of this release, oldest first: a script is named after its revision, `0001_first_release.py`."""
    scripts = files("deployments") / "migrations" / "versions"
    return sorted(script.name.partition("_")[0] for script in scripts.iterdir() if script.name[:1].isdecimal())


def newest() -> str:
    """The newest revision that this release has."""
    return known_revisions()[-1]


def revisions() -> tuple[str | None, str | None]:
    """The database's revision and the newest one this release has."""
    # only read: asking must not wait for a run that is writing
    with database.engine(settings().database).connect().execution_options(read_only=True) as connection:
        return database.revision(connection), newest()
