"""Alembic's environment: migrations run on the connection that `deployments.schema` opens."""

from alembic import context

from schemas.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
