"""adjustments, changed credit codes and inspections."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("qualification_item", sa.Column("ended_by", sa.Text(), nullable=True))
    op.create_table(
        "suspension",
        sa.Column("entry", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("uscc", sa.Text(), nullable=False),
        sa.Column("occupation_code", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("known_from", sa.Date(), nullable=False),
        sa.Column("known_to", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("entry", name=op.f("pk_suspension")),
    )
    op.create_index("ix_suspension_uscc", "suspension", ["uscc"], unique=False)
    op.create_table(
        "adjustment",
        sa.Column("adjustment_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("uscc", sa.Text(), nullable=False),
        sa.Column("occupation_code", sa.Text(), nullable=False),
        sa.Column("ground", sa.Text(), nullable=False),
        sa.Column("document_no", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("recorded_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("adjustment_id", name=op.f("pk_adjustment")),
    )
    op.create_index("ix_adjustment_uscc", "adjustment", ["uscc"], unique=False)
    op.create_table(
        "recoding",
        sa.Column("old_uscc", sa.Text(), nullable=False),
        sa.Column("new_uscc", sa.Text(), nullable=False),
        sa.Column("ground", sa.Text(), nullable=False),
        sa.Column("document_no", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("recorded_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("old_uscc", name=op.f("pk_recoding")),
    )
    op.create_table(
        "inspector",
        sa.Column("inspector_no", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("active", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("inspector_no", name=op.f("pk_inspector")),
    )
    op.create_table(
        "inspection_draw",
        sa.Column("cycle", sa.Text(), nullable=False),
        sa.Column("seed", sa.Text(), nullable=False),
        sa.Column("drawn_on", sa.Date(), nullable=False),
        sa.Column("record", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("cycle", name=op.f("pk_inspection_draw")),
    )
    op.create_table(
        "inspection_outcome",
        sa.Column("cycle", sa.Text(), nullable=False),
        sa.Column("uscc", sa.Text(), nullable=False),
        sa.Column("inspected_on", sa.Date(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("remarks", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("cycle", "uscc", name=op.f("pk_inspection_outcome")),
    )


def downgrade() -> None:
    for name in ("inspection_outcome", "inspection_draw", "inspector", "recoding"):
        op.drop_table(name)
    op.drop_index("ix_adjustment_uscc", table_name="adjustment")
    op.drop_table("adjustment")
    op.drop_index("ix_suspension_uscc", table_name="suspension")
    op.drop_table("suspension")
    op.drop_column("qualification_item", "ended_by")
