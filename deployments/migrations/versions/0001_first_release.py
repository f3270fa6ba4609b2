"""The tables of the first release."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def _required(kind: sa.types.TypeEngine[Any], *names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, kind, nullable=False) for name in names]


def _optional(kind: sa.types.TypeEngine[Any], *names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, kind, nullable=True) for name in names]


def upgrade() -> None:
    op.create_table(
        "activity",
        *_required(sa.Text(), "uscc", "occupation_code", "work_type", "level"),
        sa.Column("held_on", sa.Date(), nullable=False),
        *_required(sa.Integer(), "candidates", "passed"),
        sa.PrimaryKeyConstraint("uscc", "occupation_code", "work_type", "level", "held_on", name=op.f("pk_activity")),
    )
    op.create_table(
        "adjustment",
        *_required(
            sa.Text(), "adjustment_id", "kind", "uscc", "occupation_code", "ground", "document_no", "decided_by"
        ),
        *_required(sa.Date(), "effective_on", "recorded_on"),
        sa.PrimaryKeyConstraint("adjustment_id", name=op.f("pk_adjustment")),
    )
    op.create_index("ix_adjustment_uscc", "adjustment", ["uscc"], unique=False)
    op.create_table(
        "application",
        *_required(sa.Text(), "application_no", "cycle"),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        *_optional(sa.Text(), "uscc", "first_submitted_at"),
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
        *_optional(
            sa.Text(),
            "cycle",
            "kind",
            "institution_name",
            "uscc",
            "institution_type",
            "affiliation",
            "region_code",
            "registered_address",
            "legal_representative",
            "contact_name",
            "contact_phone",
            "contact_email",
            "submitted_at",
            "social_insurance",
            "no_violations",
            "withdrawn",
            "written",
        ),
        sa.PrimaryKeyConstraint("application_no", "version", name=op.f("pk_application_version")),
        sa.UniqueConstraint("application_no", "content_hash", name=op.f("uq_application_version_application_no")),
    )
    op.create_table(
        "cycle",
        sa.Column("cycle", sa.Text(), nullable=False),
        *_optional(sa.Date(), "decides_since", "closed_on"),
        *_optional(sa.Text(), "closed_by", "reason", "document_no"),
        sa.PrimaryKeyConstraint("cycle", name=op.f("pk_cycle")),
    )
    op.create_table(
        "decision",
        *_required(
            sa.Text(),
            "decision_id",
            "application_no",
            "rule",
            "occupation_code",
            "verdict",
            "decided_by",
            "decided_at",
            "document_no",
            "reason",
        ),
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
        *_required(sa.Text(), "application_no", "occupation_code", "work_type", "level"),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("cycle", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint(
            "application_no", "occupation_code", "work_type", "level", name=op.f("pk_dispatched_item")
        ),
    )
    op.create_index("ix_dispatched_item_cycle", "dispatched_item", ["cycle"], unique=False)
    op.create_table(
        "dormancy_mark",
        *_required(sa.Text(), "uscc", "occupation_code", "work_type", "state"),
        sa.Column("since", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("uscc", "occupation_code", "work_type", name=op.f("pk_dormancy_mark")),
    )
    op.create_table(
        "edition",
        *_required(sa.Text(), "edition", "cycle"),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        *_required(sa.Text(), "standing", "waits_because"),
        *_optional(sa.Text(), "approved_by", "manifest_sha256", "previous"),
        sa.PrimaryKeyConstraint("edition", name=op.f("pk_edition")),
        sa.UniqueConstraint("cycle", "number", name=op.f("uq_edition_cycle")),
    )
    op.create_table(
        "expert",
        *_required(sa.Text(), "expert_no", "name", "employer_uscc", "occupation_prefixes", "active", "email"),
        sa.PrimaryKeyConstraint("expert_no", name=op.f("pk_expert")),
    )
    op.create_table(
        "finding",
        sa.Column("application_no", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        *_required(sa.Text(), "rule", "table"),
        sa.Column("row", sa.Integer(), autoincrement=False, nullable=False),
        *_required(sa.Text(), "field", "cycle", "nature", "article", "value", "message"),
        sa.PrimaryKeyConstraint("application_no", "version", "rule", "table", "row", "field", name=op.f("pk_finding")),
    )
    op.create_index("ix_finding_cycle", "finding", ["cycle"], unique=False)
    op.create_table(
        "history",
        sa.Column("entry", sa.BigInteger(), autoincrement=False, nullable=False),
        *_required(sa.Text(), "kind", "subject", "occupation_code", "work_type", "level", "was", "became", "because"),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        *_required(sa.Text(), "run_id", "digest"),
        sa.PrimaryKeyConstraint("entry", name=op.f("pk_history")),
    )
    op.create_index("ix_history_subject", "history", ["subject", "kind", "became"], unique=False)
    op.create_index("ix_history_kind", "history", ["kind", "became"], unique=False)
    op.create_table(
        "hold",
        *_required(sa.Text(), "application_no", "occupation_code", "work_type", "level", "rule", "cycle"),
        sa.Column("fallen_on", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint(
            "application_no", "occupation_code", "work_type", "level", "rule", name=op.f("pk_hold")
        ),
    )
    op.create_table(
        "inspection_draw",
        *_required(sa.Text(), "cycle", "seed"),
        sa.Column("drawn_on", sa.Date(), nullable=False),
        sa.Column("record", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("cycle", name=op.f("pk_inspection_draw")),
    )
    op.create_table(
        "inspection_outcome",
        *_required(sa.Text(), "cycle", "uscc"),
        sa.Column("inspected_on", sa.Date(), nullable=False),
        *_required(sa.Text(), "outcome", "remarks"),
        sa.PrimaryKeyConstraint("cycle", "uscc", name=op.f("pk_inspection_outcome")),
    )
    op.create_table(
        "inspector",
        *_required(sa.Text(), "inspector_no", "name", "unit", "active"),
        sa.PrimaryKeyConstraint("inspector_no", name=op.f("pk_inspector")),
    )
    op.create_table(
        "institution",
        sa.Column("entry", sa.BigInteger(), autoincrement=False, nullable=False),
        *_required(
            sa.Text(),
            "uscc",
            "institution_name",
            "institution_type",
            "region_code",
            "institution_code",
            "registered_address",
        ),
        *_required(sa.Date(), "since", "known_from"),
        sa.Column("known_to", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("entry", name=op.f("pk_institution")),
    )
    op.create_index("ix_institution_uscc", "institution", ["uscc"], unique=False)
    op.create_table(
        "item",
        *_required(
            sa.Text(), "application_no", "occupation_code", "work_type", "level", "cycle", "uscc", "status", "reason"
        ),
        sa.Column("verdict", sa.Text(), nullable=True),
        sa.Column("score", sa.Float(), nullable=True),
        sa.Column("failed_by", sa.Text(), nullable=True),
        *_required(sa.Text(), "audiences", "own_name"),
        sa.Column("decided_result", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("application_no", "occupation_code", "work_type", "level", name=op.f("pk_item")),
    )
    op.create_index("ix_item_cycle_status", "item", ["cycle", "status"], unique=False)
    op.create_index("ix_item_uscc", "item", ["uscc"], unique=False)
    op.create_table(
        "lease",
        sa.Column("cycle", sa.Text(), nullable=False),
        sa.Column("token", sa.BigInteger(), nullable=False),
        *_required(sa.Text(), "holder", "host"),
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
        *_required(sa.Text(), "box", "occasion", "kind", "subject", "cycle"),
        sa.Column("written_on", sa.Date(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        *_optional(sa.Text(), "receipt", "number", "series"),
        sa.Column("serial", sa.Integer(), nullable=True),
        sa.Column("printed_at", sa.DateTime(timezone=True), nullable=True),
        *_optional(sa.Date(), "posted_on", "served_on"),
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
        *_required(sa.Text(), "by", "reason", "flow_run"),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        *_optional(sa.Text(), "lifted_by", "lifted_because"),
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
        *_required(sa.Text(), "notice", "cycle"),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("standing", sa.Text(), nullable=False),
        *_required(sa.Date(), "published_on", "ends_on"),
        sa.Column("manifest_sha256", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("notice", name=op.f("pk_public_notice")),
        sa.UniqueConstraint("cycle", "number", name=op.f("uq_public_notice_cycle")),
    )
    op.create_table(
        "qualification_item",
        sa.Column("entry", sa.BigInteger(), autoincrement=False, nullable=False),
        *_required(sa.Text(), "uscc", "occupation_code", "work_type", "level"),
        *_required(sa.Date(), "filed_on", "valid_until"),
        *_required(sa.Text(), "audiences", "own_name"),
        *_optional(sa.Text(), "application_no", "cycle"),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("known_from", sa.Date(), nullable=False),
        sa.Column("known_to", sa.Date(), nullable=True),
        *_optional(sa.Text(), "superseded_in", "ended_by"),
        sa.PrimaryKeyConstraint("entry", name=op.f("pk_qualification_item")),
    )
    op.create_index("ix_qualification_item_known", "qualification_item", ["known_to", "valid_until"], unique=False)
    op.create_index("ix_qualification_item_uscc", "qualification_item", ["uscc"], unique=False)
    op.create_table(
        "quarantined",
        *_required(sa.Text(), "cycle", "file", "reason"),
        sa.Column("first_on", sa.Date(), nullable=False),
        *_required(sa.Text(), "sheet", "row", "application_no", "sha256", "settled_by"),
        sa.PrimaryKeyConstraint("cycle", "file", "reason", "first_on", name=op.f("pk_quarantined")),
    )
    op.create_table(
        "reading",
        *_required(sa.Text(), "place", "file"),
        *_required(sa.BigInteger(), "size", "modified", "altered", "inode"),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("read_at", sa.BigInteger(), nullable=False),
        sa.Column("settled", sa.Integer(), nullable=False),
        *_required(sa.Text(), "contents", "context"),
        sa.PrimaryKeyConstraint("place", "file", name=op.f("pk_reading")),
    )
    op.create_table(
        "recoding",
        *_required(sa.Text(), "old_uscc", "new_uscc", "kind", "ground", "document_no", "decided_by"),
        *_required(sa.Date(), "effective_on", "recorded_on"),
        sa.PrimaryKeyConstraint("old_uscc", name=op.f("pk_recoding")),
    )
    op.create_table(
        "renumbering",
        *_required(sa.Text(), "old_code", "new_code", "ground", "document_no", "decided_by"),
        *_required(sa.Date(), "effective_on", "recorded_on"),
        sa.PrimaryKeyConstraint("old_code", name=op.f("pk_renumbering")),
    )
    op.create_table(
        "complaint",
        *_required(sa.Text(), "complaint_no", "uscc"),
        sa.Column("received_on", sa.Date(), nullable=False),
        *_required(sa.Text(), "summary", "handled_by", "outcome"),
        *_optional(sa.Date(), "due_on", "closed_on"),
        sa.Column("document_no", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("complaint_no", name=op.f("pk_complaint")),
    )
    op.create_index("ix_complaint_uscc", "complaint", ["uscc"], unique=False)
    op.create_table(
        "result",
        sa.Column("result_id", sa.BigInteger(), autoincrement=False, nullable=False),
        *_required(sa.Text(), "content_hash", "batch"),
        sa.Column("row", sa.Integer(), nullable=False),
        *_required(sa.Text(), "cycle", "standing"),
        sa.Column("received_on", sa.Date(), nullable=False),
        *_optional(
            sa.Text(),
            "application_no",
            "occupation_code",
            "work_type",
            "level",
            "verdict",
            "score",
            "evaluated_on",
            "panel_lead",
            "panel_size",
            "commitments_shown",
            "remarks",
            "written",
        ),
        sa.PrimaryKeyConstraint("result_id", name=op.f("pk_result")),
        sa.UniqueConstraint("content_hash", name=op.f("uq_result_content_hash")),
    )
    op.create_index("ix_result_cycle", "result", ["cycle"], unique=False)
    op.create_index("ix_result_application_no", "result", ["application_no"], unique=False)
    op.create_table(
        "run",
        *_required(sa.Text(), "run_id", "cycle"),
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
        *_required(sa.Text(), "uscc", "occupation_code", "work_type", "level"),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("known_from", sa.Date(), nullable=False),
        sa.Column("known_to", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("entry", name=op.f("pk_suspension")),
    )
    op.create_index("ix_suspension_uscc", "suspension", ["uscc"], unique=False)
    op.create_table(
        "edition_row",
        *_required(sa.Text(), "edition", "uscc", "occupation_code", "work_type"),
        *_optional(
            sa.Text(),
            "institution_name",
            "institution_type",
            "institution_code",
            "region_code",
            "registered_address",
            "occupation_name",
            "levels",
            "audiences",
            "filed_on",
            "valid_until",
        ),
        sa.ForeignKeyConstraint(["edition"], ["edition.edition"], name=op.f("fk_edition_row_edition")),
        sa.PrimaryKeyConstraint("edition", "uscc", "occupation_code", "work_type", name=op.f("pk_edition_row")),
    )
    op.create_table(
        "material",
        sa.Column("application_no", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("row", sa.Integer(), autoincrement=False, nullable=False),
        *_optional(
            sa.Text(),
            "material",
            "occupation_code",
            "work_type",
            "form",
            "file_name",
            "size_bytes",
            "sha256",
            "written",
            "attachment_sha256",
        ),
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
        *_optional(sa.Text(), "programme_code", "programme_name", "occupation_code", "highest_level", "written"),
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
        *_required(sa.Text(), "application_no", "occupation_code", "work_type", "level", "notice"),
        *_optional(sa.Text(), "institution_name", "institution_type", "uscc", "region_code", "kind", "own_name"),
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
        *_optional(
            sa.Text(),
            "occupation_code",
            "occupation_name",
            "work_type",
            "levels",
            "audience",
            "neighbour_code",
            "written",
        ),
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
        *_optional(sa.Text(), "role", "name", "id_type", "id_number", "title", "certificate_no", "written"),
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
