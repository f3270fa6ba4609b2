"""the pool of experts and the panels drawn from it."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "expert",
        sa.Column("expert_no", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("employer_uscc", sa.Text(), nullable=False),
        sa.Column("occupation_prefixes", sa.Text(), nullable=False),
        sa.Column("active", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("expert_no", name=op.f("pk_expert")),
    )
    op.create_table(
        "panel_draw",
        sa.Column("application_no", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("cycle", sa.Text(), nullable=False),
        sa.Column("drawn_on", sa.Date(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("record", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("application_no", "number", name=op.f("pk_panel_draw")),
    )
    op.create_index("ix_panel_draw_cycle", "panel_draw", ["cycle"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_panel_draw_cycle", table_name="panel_draw")
    op.drop_table("panel_draw")
    op.drop_table("expert")
