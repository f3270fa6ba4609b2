"""The tables of the first release."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "activity",
        sa.Column("uscc", sa.Text(), nullable=False),
        sa.Column("occupation_code", sa.Text(), nullable=False),
        sa.Column("work_type", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("candidates", sa.Integer(), nullable=False),
        sa.Column("passed", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("uscc", "occupation_code", "work_type", "level", "held_on", name=op.f("pk_activity")),
    )
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
        "application",
        sa.Column("application_no", sa.Text(), nullable=False),
        sa.Column("cycle", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("uscc", sa.Text(), nullable=True),
        sa.Column("first_submitted_at", sa.Text(), nullable=True),
        sa.Column("first_seen_on", sa.Date(), nullable=True),
        sa.Column("screened_at", sa.BigInteger(), nullable=True),
        sa.Column("judged_among", sa.Text(), nullable=True),
        sa.Column("correct_by", sa.Date(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("application_no", name=op.f("pk_application")),
    )
    op.create_index("ix_application_cycle_status", "application", ["cycle", "status"], unique=False)
    op.create_index("ix_application_uscc", "application", ["uscc"], unique=False)
    op.create_table(
        "application_version",
        sa.Column("application_no", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("standing", sa.Text(), nullable=False),
        sa.Column("submitted_utc", sa.BigInteger(), nullable=True),
        sa.Column("in_time_until", sa.Date(), nullable=True),
        sa.Column("cycle", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("institution_name", sa.Text(), nullable=True),
        sa.Column("uscc", sa.Text(), nullable=True),
        sa.Column("institution_type", sa.Text(), nullable=True),
        sa.Column("affiliation", sa.Text(), nullable=True),
        sa.Column("region_code", sa.Text(), nullable=True),
        sa.Column("registered_address", sa.Text(), nullable=True),
        sa.Column("legal_representative", sa.Text(), nullable=True),
        sa.Column("contact_name", sa.Text(), nullable=True),
        sa.Column("contact_phone", sa.Text(), nullable=True),
        sa.Column("contact_email", sa.Text(), nullable=True),
        sa.Column("submitted_at", sa.Text(), nullable=True),
        sa.Column("social_insurance", sa.Text(), nullable=True),
        sa.Column("no_violations", sa.Text(), nullable=True),
        sa.Column("withdrawn", sa.Text(), nullable=True),
        sa.Column("written", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("application_no", "version", name=op.f("pk_application_version")),
        sa.UniqueConstraint("application_no", "content_hash", name=op.f("uq_application_version_application_no")),
    )
    op.create_table(
        "cycle",
        sa.Column("cycle", sa.Text(), nullable=False),
        sa.Column("decides_since", sa.Date(), nullable=True),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("closed_by", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("document_no", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("cycle", name=op.f("pk_cycle")),
    )
    op.create_table(
        "decision",
        sa.Column("decision_id", sa.Text(), nullable=False),
        sa.Column("application_no", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("occupation_code", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.Text(), nullable=False),
        sa.Column("document_no", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("recorded_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("decision_id", name=op.f("pk_decision")),
    )
    op.create_index("ix_decision_application", "decision", ["application_no"], unique=False)
    op.create_table(
        "dispatch",
        sa.Column("application_no", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("cycle", sa.Text(), nullable=False),
        sa.Column("sent_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("application_no", "revision", name=op.f("pk_dispatch")),
    )
    op.create_index("ix_dispatch_cycle", "dispatch", ["cycle"], unique=False)
    op.create_table(
        "dispatched_item",
        sa.Column("application_no", sa.Text(), nullable=False),
        sa.Column("occupation_code", sa.Text(), nullable=False),
        sa.Column("work_type", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("cycle", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint(
            "application_no", "occupation_code", "work_type", "level", name=op.f("pk_dispatched_item")
        ),
    )
    op.create_index("ix_dispatched_item_cycle", "dispatched_item", ["cycle"], unique=False)
    op.create_table(
        "dormancy_mark",
        sa.Column("uscc", sa.Text(), nullable=False),
        sa.Column("occupation_code", sa.Text(), nullable=False),
        sa.Column("work_type", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("uscc", "occupation_code", "work_type", name=op.f("pk_dormancy_mark")),
    )
    op.create_table(
        "edition",
        sa.Column("edition", sa.Text(), nullable=False),
        sa.Column("cycle", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("standing", sa.Text(), nullable=False),
        sa.Column("waits_because", sa.Text(), nullable=False),
        sa.Column("approved_by", sa.Text(), nullable=True),
        sa.Column("manifest_sha256", sa.Text(), nullable=True),
        sa.Column("previous", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("edition", name=op.f("pk_edition")),
        sa.UniqueConstraint("cycle", "number", name=op.f("uq_edition_cycle")),
    )
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
        "finding",
        sa.Column("application_no", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("table", sa.Text(), nullable=False),
        sa.Column("row", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("cycle", sa.Text(), nullable=False),
        sa.Column("nature", sa.Text(), nullable=False),
        sa.Column("article", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("application_no", "version", "rule", "table", "row", "field", name=op.f("pk_finding")),
    )
    op.create_index("ix_finding_cycle", "finding", ["cycle"], unique=False)
    op.create_table(
        "history",
        sa.Column("entry", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("occupation_code", sa.Text(), nullable=False),
        sa.Column("work_type", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("was", sa.Text(), nullable=False),
        sa.Column("became", sa.Text(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("entry", name=op.f("pk_history")),
    )
    op.create_index("ix_history_subject", "history", ["subject"], unique=False)
    op.create_table(
        "hold",
        sa.Column("application_no", sa.Text(), nullable=False),
        sa.Column("occupation_code", sa.Text(), nullable=False),
        sa.Column("work_type", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("cycle", sa.Text(), nullable=False),
        sa.Column("fallen_on", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint(
            "application_no", "occupation_code", "work_type", "level", "rule", name=op.f("pk_hold")
        ),
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
    op.create_table(
        "inspector",
        sa.Column("inspector_no", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("active", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("inspector_no", name=op.f("pk_inspector")),
    )
    op.create_table(
        "institution",
        sa.Column("entry", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("uscc", sa.Text(), nullable=False),
        sa.Column("institution_name", sa.Text(), nullable=False),
        sa.Column("institution_type", sa.Text(), nullable=False),
        sa.Column("region_code", sa.Text(), nullable=False),
        sa.Column("institution_code", sa.Text(), nullable=False),
        sa.Column("registered_address", sa.Text(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("known_from", sa.Date(), nullable=False),
        sa.Column("known_to", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("entry", name=op.f("pk_institution")),
    )
    op.create_index("ix_institution_uscc", "institution", ["uscc"], unique=False)
    op.create_table(
        "item",
        sa.Column("application_no", sa.Text(), nullable=False),
        sa.Column("occupation_code", sa.Text(), nullable=False),
        sa.Column("work_type", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("cycle", sa.Text(), nullable=False),
        sa.Column("uscc", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=True),
        sa.Column("score", sa.Float(), nullable=True),
        sa.Column("failed_by", sa.Text(), nullable=True),
        sa.Column("audiences", sa.Text(), nullable=False),
        sa.Column("own_name", sa.Text(), nullable=False),
        sa.Column("decided_result", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("application_no", "occupation_code", "work_type", "level", name=op.f("pk_item")),
    )
    op.create_index("ix_item_cycle_status", "item", ["cycle", "status"], unique=False)
    op.create_index("ix_item_uscc", "item", ["uscc"], unique=False)
    op.create_table(
        "lease",
        sa.Column("cycle", sa.Text(), nullable=False),
        sa.Column("token", sa.BigInteger(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("process", sa.Integer(), nullable=False),
        sa.Column("process_started", sa.Float(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("cycle", name=op.f("pk_lease")),
    )
    op.create_table(
        "numbering",
        sa.Column("series", sa.Text(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("series", name=op.f("pk_numbering")),
    )
    op.create_table(
        "outbox",
        sa.Column("box", sa.Text(), nullable=False),
        sa.Column("occasion", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("cycle", sa.Text(), nullable=False),
        sa.Column("written_on", sa.Date(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("receipt", sa.Text(), nullable=True),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("series", sa.Text(), nullable=True),
        sa.Column("serial", sa.Integer(), nullable=True),
        sa.Column("printed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("posted_on", sa.Date(), nullable=True),
        sa.Column("served_on", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("box", "occasion", name=op.f("pk_outbox")),
        sa.UniqueConstraint("series", "serial", name=op.f("uq_outbox_series")),
    )
    op.create_index("ix_outbox_cycle", "outbox", ["box", "cycle"], unique=False)
    op.create_index("ix_outbox_subject", "outbox", ["subject"], unique=False)
    op.create_index("ix_outbox_undelivered", "outbox", ["box", "delivered_at"], unique=False)
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
    op.create_table(
        "pause",
        sa.Column("pause_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("flow_run", sa.Text(), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lifted_by", sa.Text(), nullable=True),
        sa.Column("lifted_because", sa.Text(), nullable=True),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("pause_id", name=op.f("pk_pause")),
    )
    op.create_index("ix_pause_flow_run", "pause", ["flow_run"], unique=False)
    op.create_index(
        "ix_pause_standing",
        "pause",
        ["subject"],
        unique=True,
        sqlite_where=sa.text("lifted_at IS NULL"),
        postgresql_where=sa.text("lifted_at IS NULL"),
    )
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
        "qualification_item",
        sa.Column("entry", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("uscc", sa.Text(), nullable=False),
        sa.Column("occupation_code", sa.Text(), nullable=False),
        sa.Column("work_type", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("filed_on", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False),
        sa.Column("audiences", sa.Text(), nullable=False),
        sa.Column("own_name", sa.Text(), nullable=False),
        sa.Column("application_no", sa.Text(), nullable=True),
        sa.Column("cycle", sa.Text(), nullable=True),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("known_from", sa.Date(), nullable=False),
        sa.Column("known_to", sa.Date(), nullable=True),
        sa.Column("superseded_in", sa.Text(), nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("entry", name=op.f("pk_qualification_item")),
    )
    op.create_index("ix_qualification_item_known", "qualification_item", ["known_to", "valid_until"], unique=False)
    op.create_index("ix_qualification_item_uscc", "qualification_item", ["uscc"], unique=False)
    op.create_table(
        "quarantined",
        sa.Column("cycle", sa.Text(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("sheet", sa.Text(), nullable=False),
        sa.Column("row", sa.Text(), nullable=False),
        sa.Column("application_no", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("settled_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("cycle", "file", "reason", "first_on", name=op.f("pk_quarantined")),
    )
    op.create_table(
        "reading",
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("modified", sa.BigInteger(), nullable=False),
        sa.Column("altered", sa.BigInteger(), nullable=False),
        sa.Column("inode", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("read_at", sa.BigInteger(), nullable=False),
        sa.Column("settled", sa.Integer(), nullable=False),
        sa.Column("contents", sa.Text(), nullable=False),
        sa.Column("context", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("place", "file", name=op.f("pk_reading")),
    )
    op.create_table(
        "recoding",
        sa.Column("old_uscc", sa.Text(), nullable=False),
        sa.Column("new_uscc", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("ground", sa.Text(), nullable=False),
        sa.Column("document_no", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("recorded_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("old_uscc", name=op.f("pk_recoding")),
    )
    op.create_table(
        "renumbering",
        sa.Column("old_code", sa.Text(), nullable=False),
        sa.Column("new_code", sa.Text(), nullable=False),
        sa.Column("ground", sa.Text(), nullable=False),
        sa.Column("document_no", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("recorded_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("old_code", name=op.f("pk_renumbering")),
    )
    op.create_table(
        "complaint",
        sa.Column("complaint_no", sa.Text(), nullable=False),
        sa.Column("uscc", sa.Text(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("handled_by", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("document_no", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("complaint_no", name=op.f("pk_complaint")),
    )
    op.create_index("ix_complaint_uscc", "complaint", ["uscc"], unique=False)
    op.create_table(
        "result",
        sa.Column("result_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("batch", sa.Text(), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("cycle", sa.Text(), nullable=False),
        sa.Column("standing", sa.Text(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("application_no", sa.Text(), nullable=True),
        sa.Column("occupation_code", sa.Text(), nullable=True),
        sa.Column("work_type", sa.Text(), nullable=True),
        sa.Column("level", sa.Text(), nullable=True),
        sa.Column("verdict", sa.Text(), nullable=True),
        sa.Column("score", sa.Text(), nullable=True),
        sa.Column("evaluated_on", sa.Text(), nullable=True),
        sa.Column("panel_lead", sa.Text(), nullable=True),
        sa.Column("panel_size", sa.Text(), nullable=True),
        sa.Column("commitments_shown", sa.Text(), nullable=True),
        sa.Column("remarks", sa.Text(), nullable=True),
        sa.Column("written", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("result_id", name=op.f("pk_result")),
        sa.UniqueConstraint("content_hash", name=op.f("uq_result_content_hash")),
    )
    op.create_index("ix_result_cycle", "result", ["cycle"], unique=False)
    op.create_index("ix_result_application_no", "result", ["application_no"], unique=False)
    op.create_table(
        "run",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("cycle", sa.Text(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("summary", sa.JSON(), nullable=True),
        sa.Column("work", sa.Text(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_run")),
    )
    op.create_table(
        "supplied",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_supplied")),
    )
    op.create_table(
        "suspension",
        sa.Column("entry", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("uscc", sa.Text(), nullable=False),
        sa.Column("occupation_code", sa.Text(), nullable=False),
        sa.Column("work_type", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("known_from", sa.Date(), nullable=False),
        sa.Column("known_to", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("entry", name=op.f("pk_suspension")),
    )
    op.create_index("ix_suspension_uscc", "suspension", ["uscc"], unique=False)
    op.create_table(
        "edition_row",
        sa.Column("edition", sa.Text(), nullable=False),
        sa.Column("uscc", sa.Text(), nullable=False),
        sa.Column("occupation_code", sa.Text(), nullable=False),
        sa.Column("work_type", sa.Text(), nullable=False),
        sa.Column("institution_name", sa.Text(), nullable=True),
        sa.Column("institution_type", sa.Text(), nullable=True),
        sa.Column("institution_code", sa.Text(), nullable=True),
        sa.Column("region_code", sa.Text(), nullable=True),
        sa.Column("registered_address", sa.Text(), nullable=True),
        sa.Column("occupation_name", sa.Text(), nullable=True),
        sa.Column("levels", sa.Text(), nullable=True),
        sa.Column("audiences", sa.Text(), nullable=True),
        sa.Column("filed_on", sa.Text(), nullable=True),
        sa.Column("valid_until", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["edition"], ["edition.edition"], name=op.f("fk_edition_row_edition")),
        sa.PrimaryKeyConstraint("edition", "uscc", "occupation_code", "work_type", name=op.f("pk_edition_row")),
    )
    op.create_table(
        "material",
        sa.Column("application_no", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("row", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("material", sa.Text(), nullable=True),
        sa.Column("occupation_code", sa.Text(), nullable=True),
        sa.Column("work_type", sa.Text(), nullable=True),
        sa.Column("form", sa.Text(), nullable=True),
        sa.Column("file_name", sa.Text(), nullable=True),
        sa.Column("size_bytes", sa.Text(), nullable=True),
        sa.Column("sha256", sa.Text(), nullable=True),
        sa.Column("written", sa.Text(), nullable=True),
        sa.Column("attachment_sha256", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["application_no", "version"],
            ["application_version.application_no", "application_version.version"],
            name=op.f("fk_material_application_version"),
        ),
        sa.PrimaryKeyConstraint("application_no", "version", "row", name=op.f("pk_material")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "programme",
        sa.Column("application_no", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("row", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("programme_code", sa.Text(), nullable=True),
        sa.Column("programme_name", sa.Text(), nullable=True),
        sa.Column("occupation_code", sa.Text(), nullable=True),
        sa.Column("highest_level", sa.Text(), nullable=True),
        sa.Column("written", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["application_no", "version"],
            ["application_version.application_no", "application_version.version"],
            name=op.f("fk_programme_application_version"),
        ),
        sa.PrimaryKeyConstraint("application_no", "version", "row", name=op.f("pk_programme")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "public_notice_item",
        sa.Column("application_no", sa.Text(), nullable=False),
        sa.Column("occupation_code", sa.Text(), nullable=False),
        sa.Column("work_type", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("notice", sa.Text(), nullable=False),
        sa.Column("institution_name", sa.Text(), nullable=True),
        sa.Column("institution_type", sa.Text(), nullable=True),
        sa.Column("uscc", sa.Text(), nullable=True),
        sa.Column("region_code", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("own_name", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["notice"], ["public_notice.notice"], name=op.f("fk_public_notice_item_public_notice")),
        sa.PrimaryKeyConstraint(
            "application_no", "occupation_code", "work_type", "level", name=op.f("pk_public_notice_item")
        ),
    )
    op.create_index("ix_public_notice_item_notice", "public_notice_item", ["notice"], unique=False)
    op.create_table(
        "requested_occupation",
        sa.Column("application_no", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("row", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("occupation_code", sa.Text(), nullable=True),
        sa.Column("occupation_name", sa.Text(), nullable=True),
        sa.Column("work_type", sa.Text(), nullable=True),
        sa.Column("levels", sa.Text(), nullable=True),
        sa.Column("audience", sa.Text(), nullable=True),
        sa.Column("neighbour_code", sa.Text(), nullable=True),
        sa.Column("written", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["application_no", "version"],
            ["application_version.application_no", "application_version.version"],
            name=op.f("fk_requested_occupation_application_version"),
        ),
        sa.PrimaryKeyConstraint("application_no", "version", "row", name=op.f("pk_requested_occupation")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "staff_member",
        sa.Column("application_no", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("row", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("role", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("id_type", sa.Text(), nullable=True),
        sa.Column("id_number", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("certificate_no", sa.Text(), nullable=True),
        sa.Column("written", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["application_no", "version"],
            ["application_version.application_no", "application_version.version"],
            name=op.f("fk_staff_member_application_version"),
        ),
        sa.PrimaryKeyConstraint("application_no", "version", "row", name=op.f("pk_staff_member")),
        sqlite_with_rowid=False,
    )
    _keep_history()


def _keep_history() -> None:
    """History is appended to and never changed: both databases refuse it."""
    if op.get_bind().dialect.name == "sqlite":
        for action in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER history_no_{action.lower()} BEFORE {action} ON history "
                "BEGIN SELECT RAISE(ABORT, 'history is append-only'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION history_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'history is append-only'; END $$"
    )
    op.execute(
        "CREATE TRIGGER history_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON history "
        "FOR EACH STATEMENT EXECUTE FUNCTION history_is_append_only()"
    )
