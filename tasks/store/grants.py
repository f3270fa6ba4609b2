"""What the role that works may do in a PostgreSQL database whose tables another role owns."""

from sqlalchemy import Connection, text

from schemas.errors import RefusedError


class NoSuchRoleError(RefusedError):
    """The role that is to work is not known to the server."""


def give(db: Connection, role: str) -> None:
    """Let a role read and write every table, only add to the history, and alter nothing; done by the tables' owner.

    Raises NoSuchRoleError.
    """
    if db.execute(text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": role}).first() is None:
        raise NoSuchRoleError(
            f"the server has no role {role}, which FILING_DATABASE_URL names: create it (CREATE ROLE … LOGIN), then run "
            "`filing migrate` again"
        )
    name = db.dialect.identifier_preparer.quote(role)
    for statement in (
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
        f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {name}",
        f"GRANT USAGE ON SCHEMA public TO {name}",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {name}",
        f"REVOKE UPDATE, DELETE, TRUNCATE ON history FROM {name}",
        f"REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM {name}",
    ):
        db.exec_driver_sql(statement)


def may_rewrite(db: Connection) -> bool:
    """Whether the role that asks could change the history, as its owner can."""
    asked = "has_table_privilege(current_user, 'history', 'UPDATE') OR has_table_privilege(current_user, 'history', 'DELETE')"
    return bool(db.execute(text(f"SELECT {asked}")).scalar())
