"""public notices of what is to be filed."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "public_notice",
        sa.Column("notice", sa.Text(), nullable=False),
        sa.Column("cycle", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("standing", sa.Text(), nullable=False),
        sa.Column("published_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("manifest_sha256", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("notice", name=op.f("pk_public_notice")),
        sa.UniqueConstraint("cycle", "number", name=op.f("uq_public_notice_cycle")),
    )
    op.create_table(
        "public_notice_item",
        sa.Column("application_no", sa.Text(), nullable=False),
        sa.Column("occupation_code", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("notice", sa.Text(), nullable=False),
        sa.Column("institution_name", sa.Text(), nullable=True),
        sa.Column("institution_type", sa.Text(), nullable=True),
        sa.Column("uscc", sa.Text(), nullable=True),
        sa.Column("region_code", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["notice"], ["public_notice.notice"], name=op.f("fk_public_notice_item_public_notice")),
        sa.PrimaryKeyConstraint("application_no", "occupation_code", "level", name=op.f("pk_public_notice_item")),
    )
    op.create_index("ix_public_notice_item_notice", "public_notice_item", ["notice"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_public_notice_item_notice", table_name="public_notice_item")
    op.drop_table("public_notice_item")
    op.drop_table("public_notice")
