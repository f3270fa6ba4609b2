"""Alembic's environment: migrations run on the connection that `deployments.schema` opens, or on the settings' URL."""

from alembic import context

from schemas.settings import settings
from schemas.tables import metadata
from tasks.store import database

connection = context.config.attributes.get("connection")
if connection is None:
    with database.engine(settings().owner).begin() as opened:
        context.configure(connection=opened, target_metadata=metadata)
        context.run_migrations()
else:
    context.configure(connection=connection, target_metadata=metadata)
    context.run_migrations()
