"""The database: every table with its keys.

Submissions are kept as the values read when they came in, and beside them the text where a cell could not be read, so that
checking again is judging the same again.
Facts about the register carry two times: when they hold (`filed_on`..`valid_until`) and when we knew them
(`known_from`..`known_to`, open while it is what we know now).
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Date,
    DateTime,
    Float,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from schemas import directory, qualification, submission
from schemas import item as item_model

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _texts(names: Sequence[str], **options: Any) -> list[Column[str]]:
    return [Column(name, Text, **options) for name in names]


def _form_table(name: str, source: submission.Table) -> Table:
    """Rows of one table of the form, of one version of an application, as canonical text."""
    columns = [column for column in source.names if column != "application_no"]
    return Table(
        name,
        metadata,
        Column("application_no", Text, primary_key=True),
        Column("version", Integer, primary_key=True, autoincrement=False),
        Column("row", Integer, primary_key=True, autoincrement=False),
        *_texts(columns),
        Column(submission.WRITTEN, Text),
        ForeignKeyConstraint(
            ["application_no", "version"], ["application_version.application_no", "application_version.version"]
        ),
        sqlite_with_rowid=False,  # stored in the order of the key, as it is read
    )


run = Table(
    "run",
    metadata,
    Column("run_id", Text, primary_key=True),
    Column("cycle", Text, nullable=False),
    Column("as_of", Date, nullable=False),
    Column("started_at", DateTime(timezone=True), nullable=False),
    Column("ended_at", DateTime(timezone=True)),
    Column("outcome", Text),
    Column("summary", JSON),
    Column(
        "work", Text, nullable=False
    ),  # cycle: of the whole cycle; another flow's name; blank: what a person did beside it
    Column("entries", Integer, nullable=False),  # of the history, by this run: one put in beside it does not fit
)

lease = Table(
    "lease",
    metadata,
    Column("cycle", Text, primary_key=True),
    Column("token", BigInteger, nullable=False),
    *_texts(["holder", "host"], nullable=False),
    Column("process", Integer, nullable=False),
    Column("process_started", Float, nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
)

application_version = Table(
    "application_version",
    metadata,
    Column("application_no", Text, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("content_hash", Text, nullable=False),
    Column("received_on", Date, nullable=False),
    Column("standing", Text, nullable=False),  # current, superseded, late
    Column("submitted_utc", BigInteger),  # microseconds since 1970, null when `submitted_at` cannot be read
    Column("in_time_until", Date),  # taken after this day, on which it would have been in time: WINDOW-2 stands on it
    *_texts([name for name in submission.APPLICATIONS.names if name != "application_no"]),
    Column(submission.WRITTEN, Text),
    UniqueConstraint("application_no", "content_hash"),
)

requested_occupation = _form_table("requested_occupation", submission.OCCUPATIONS)
staff_member = _form_table("staff_member", submission.STAFF)
material = _form_table("material", submission.MATERIALS_TABLE)
material.append_column(Column("attachment_sha256", Text))
programme = _form_table("programme", submission.PROGRAMMES)

#: Input table name to database table, of the form's tables beside `applications`.
FORM_PARTS: dict[str, Table] = {
    "occupations": requested_occupation,
    "staff": staff_member,
    "materials": material,
    "programmes": programme,
}

application = Table(
    "application",
    metadata,
    Column("application_no", Text, primary_key=True),
    Column("cycle", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("status", Text, nullable=False),
    *_texts(["uscc", "first_submitted_at"]),
    Column("first_seen_on", Date),
    Column("screened_at", BigInteger),  # the register's knowledge count when it was screened; null: to be screened
    Column("judged_among", Text),  # the institution's other applications when it was screened
    Column("correct_by", Date),  # the last day of the correction period; null: none runs
    Column("outcome", Text),  # withdrawn or ended as a whole; null: neither
    Index("ix_application_cycle_status", "cycle", "status"),
    Index("ix_application_uscc", "uscc"),
)

#: What is on record of a cycle as a whole.
cycle = Table(
    "cycle",
    metadata,
    Column("cycle", Text, primary_key=True),
    Column("decides_since", Date),  # the day it was first decided; null: not yet
    Column("closed_on", Date),
    *_texts(["closed_by", "reason", "document_no"]),
)

#: What does not run by itself, because a person said so: a cycle, or one of schemas.run.AUTOMATIC.
pause = Table(
    "pause",
    metadata,
    Column("pause_id", Integer, primary_key=True, autoincrement=False),
    Column("subject", Text, nullable=False),
    Column("paused_at", DateTime(timezone=True), nullable=False),
    Column("until", Date),  # its last day; null: until it is lifted
    *_texts(["by", "reason"], nullable=False),
    Column("flow_run", Text, nullable=False),  # the run in Prefect whose cancelling meant the pause, else blank
    Column("lifted_at", DateTime(timezone=True)),
    *_texts(["lifted_by", "lifted_because"]),
    Column("released_at", DateTime(timezone=True)),  # when Prefect's deployment was let go as well; null: not yet
    Index(
        "ix_pause_standing",
        "subject",
        unique=True,
        sqlite_where=text("lifted_at IS NULL"),
        postgresql_where=text("lifted_at IS NULL"),
    ),
    Index("ix_pause_flow_run", "flow_run"),
)

finding = Table(
    "finding",
    metadata,
    Column("application_no", Text, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    *_texts(["rule", "table"], primary_key=True),
    Column("row", Integer, primary_key=True, autoincrement=False),
    Column("field", Text, primary_key=True),
    *_texts(["cycle", "nature", "article", "value", "message"], nullable=False),
    Index("ix_finding_cycle", "cycle"),
)

item = Table(
    "item",
    metadata,
    *_texts(item_model.KEYS, primary_key=True),
    *_texts(["cycle", "uscc", "status"], nullable=False),
    Column("reason", Text, nullable=False, default=""),
    Column("verdict", Text),
    Column("score", Float),
    Column("failed_by", Text),  # the rule that made a pass a failure
    *_texts(item_model.ALONG, nullable=False, default=""),
    Column("decided_result", BigInteger),  # the result the present status rests on
    Index("ix_item_cycle_status", "cycle", "status"),
    Index("ix_item_uscc", "uscc"),
)

hold = Table(
    "hold",
    metadata,
    *_texts(item_model.KEYS, primary_key=True),
    Column("rule", Text, primary_key=True),
    Column("cycle", Text, nullable=False),
    Column("fallen_on", Date),  # the last day on which it was found not to hold any more, for its place was free
)

decision = Table(
    "decision",
    metadata,
    Column("decision_id", Text, primary_key=True),  # hash of what was decided: recording it again changes nothing
    *_texts(["application_no", "rule"], nullable=False),
    Column("occupation_code", Text, nullable=False),  # '' concerns all occupations
    *_texts(["verdict", "decided_by", "decided_at", "document_no", "reason"], nullable=False),
    Column("recorded_on", Date, nullable=False),
    Index("ix_decision_application", "application_no"),
)

#: The pool of experts as it is now; what a draw found in it stands in the draw's own record.
expert = Table(
    "expert",
    metadata,
    Column("expert_no", Text, primary_key=True),
    *_texts(["name", "employer_uscc", "occupation_prefixes"], nullable=False),
    Column("active", Text, nullable=False),  # true, false
    Column("email", Text, nullable=False),
)

panel_draw = Table(
    "panel_draw",
    metadata,
    Column("application_no", Text, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),  # the highest one stands
    Column("cycle", Text, nullable=False),
    Column("drawn_on", Date, nullable=False),
    Column("because", Text, nullable=False),
    Column("record", JSON, nullable=False),  # all that anyone needs to repeat the draw
    Index("ix_panel_draw_cycle", "cycle"),
)

dispatch = Table(
    "dispatch",
    metadata,
    Column("application_no", Text, primary_key=True),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("cycle", Text, nullable=False),
    Column("sent_on", Date, nullable=False),
    Index("ix_dispatch_cycle", "cycle"),
)

dispatched_item = Table(
    "dispatched_item",
    metadata,
    *_texts(item_model.KEYS, primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("cycle", Text, nullable=False),
    Index("ix_dispatched_item_cycle", "cycle"),
)

result = Table(
    "result",
    metadata,
    Column("result_id", BigInteger, primary_key=True, autoincrement=False),
    Column("content_hash", Text, nullable=False, unique=True),
    Column("batch", Text, nullable=False),  # one pull: results that contradict each other in it are both refused
    Column("row", Integer, nullable=False),
    Column("cycle", Text, nullable=False),
    Column("standing", Text, nullable=False),  # received, accepted, refused, replaced
    Column("received_on", Date, nullable=False),
    *_texts(submission.RESULTS.names),
    Column(submission.WRITTEN, Text),
    Index("ix_result_cycle", "cycle"),
    # which results an item has is asked for each item of a cycle
    Index("ix_result_application_no", "application_no"),
)

institution = Table(
    "institution",
    metadata,
    Column("entry", BigInteger, primary_key=True, autoincrement=False),
    Column("uscc", Text, nullable=False),
    *_texts(directory.INSTITUTION_DETAILS, nullable=False),
    Column("since", Date, nullable=False),  # the day from which it goes by them
    Column("known_from", Date, nullable=False),
    Column("known_to", Date),
    Index("ix_institution_uscc", "uscc"),
)

qualification_item = Table(
    "qualification_item",
    metadata,
    Column("entry", BigInteger, primary_key=True, autoincrement=False),
    *_texts(qualification.KEYS, nullable=False),
    Column("filed_on", Date, nullable=False),
    Column("valid_until", Date, nullable=False),
    *_texts(item_model.ALONG, nullable=False, default=""),
    Column("application_no", Text),  # null: taken over from before the first run
    Column("cycle", Text),
    Column("because", Text, nullable=False),
    Column("known_from", Date, nullable=False),
    Column("known_to", Date),
    Column("superseded_in", Text),  # the cycle whose decisions ended it: that cycle is judged as if they had not
    Column("ended_by", Text),  # withdrawn or revoked: the decision that set `valid_until` to the day before it
    Index("ix_qualification_item_uscc", "uscc"),
    Index("ix_qualification_item_known", "known_to", "valid_until"),
)

#: While it is suspended an item stays on file and is not in the directory; it holds and is known over two times too.
suspension = Table(
    "suspension",
    metadata,
    Column("entry", BigInteger, primary_key=True, autoincrement=False),
    *_texts(qualification.KEYS, nullable=False),
    Column("starts_on", Date, nullable=False),
    Column("ends_on", Date),  # the last day of it, null while nobody has reinstated the item
    Column("known_from", Date, nullable=False),
    Column("known_to", Date),
    Index("ix_suspension_uscc", "uscc"),
)

#: Operators' decisions about qualifications: suspend, reinstate, withdraw, revoke.
adjustment = Table(
    "adjustment",
    metadata,
    Column("adjustment_id", Text, primary_key=True),  # hash of what was decided: recording it again changes nothing
    *_texts(["kind", "uscc"], nullable=False),
    Column("occupation_code", Text, nullable=False),  # '' concerns all occupations
    *_texts(["ground", "document_no", "decided_by"], nullable=False),
    Column("effective_on", Date, nullable=False),
    Column("recorded_on", Date, nullable=False),
    Index("ix_adjustment_uscc", "uscc"),
)

#: One institution that got another credit code, or went into another; what is on file moved with it.
recoding = Table(
    "recoding",
    metadata,
    Column("old_uscc", Text, primary_key=True),
    Column("new_uscc", Text, nullable=False),
    Column("kind", Text, nullable=False),  # recode, merge
    *_texts(["ground", "document_no", "decided_by"], nullable=False),
    Column("effective_on", Date, nullable=False),
    Column("recorded_on", Date, nullable=False),
)

#: An occupation that got another code; what is on file moved with it, what was filed under the old one is recognised by it.
renumbering = Table(
    "renumbering",
    metadata,
    Column("old_code", Text, primary_key=True),
    *_texts(["new_code", "ground", "document_no", "decided_by"], nullable=False),
    Column("effective_on", Date, nullable=False),
    Column("recorded_on", Date, nullable=False),
)

#: Complaints (举报投诉) as they stand now; who complained is nowhere.
complaint = Table(
    "complaint",
    metadata,
    Column("complaint_no", Text, primary_key=True),
    Column("uscc", Text, nullable=False),
    Column("received_on", Date, nullable=False),
    *_texts(["summary", "handled_by"], nullable=False),
    Column("outcome", Text, nullable=False),  # open, unfounded, rectify, suspend, revoke
    Column("due_on", Date),  # the last day of a rectification
    Column("closed_on", Date),
    Column("document_no", Text, nullable=False, default=""),
    Index("ix_complaint_uscc", "uscc"),
)

activity = Table(
    "activity",
    metadata,
    *_texts(qualification.KEYS, primary_key=True),
    Column("held_on", Date, primary_key=True),
    Column("candidates", Integer, nullable=False),
    Column("passed", Integer, nullable=False),
)

#: Which side tables were ever supplied: no activities at all is not the same as an empty list of them.
supplied = Table(
    "supplied",
    metadata,
    Column("name", Text, primary_key=True),
    Column("first_on", Date, nullable=False),
)

dormancy_mark = Table(
    "dormancy_mark",
    metadata,
    *_texts(["uscc", *item_model.TRADE], primary_key=True),
    Column("state", Text, nullable=False),  # new, active, dormant, unknown
    Column("since", Date, nullable=False),
)

inspector = Table(
    "inspector",
    metadata,
    Column("inspector_no", Text, primary_key=True),
    *_texts(["name", "unit"], nullable=False),
    Column("active", Text, nullable=False),  # true, false
)

inspection_draw = Table(
    "inspection_draw",
    metadata,
    Column("cycle", Text, primary_key=True),
    Column("seed", Text, nullable=False),
    Column("drawn_on", Date, nullable=False),
    Column("record", JSON, nullable=False),  # all that anyone needs to repeat the draw
)

inspection_outcome = Table(
    "inspection_outcome",
    metadata,
    *_texts(["cycle", "uscc"], primary_key=True),
    Column("inspected_on", Date, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("remarks", Text, nullable=False, default=""),
)

edition = Table(
    "edition",
    metadata,
    Column("edition", Text, primary_key=True),
    Column("cycle", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("as_of", Date, nullable=False),
    Column("standing", Text, nullable=False),  # building, waiting, published
    Column("waits_because", Text, nullable=False, default=""),
    *_texts(["approved_by", "manifest_sha256", "previous"]),
    UniqueConstraint("cycle", "number"),
)

edition_row = Table(
    "edition_row",
    metadata,
    *_texts(["edition", *directory.DIRECTORY_KEY], primary_key=True),
    *_texts([name for name in directory.DIRECTORY_COLUMNS if name not in directory.DIRECTORY_KEY]),
    ForeignKeyConstraint(["edition"], ["edition.edition"]),
)

public_notice = Table(
    "public_notice",
    metadata,
    Column("notice", Text, primary_key=True),
    Column("cycle", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("standing", Text, nullable=False),  # building, published
    Column("published_on", Date, nullable=False),
    Column("ends_on", Date, nullable=False),  # the last day for objections
    Column("manifest_sha256", Text),
    UniqueConstraint("cycle", "number"),
)

public_notice_item = Table(
    "public_notice_item",
    metadata,
    *_texts(item_model.KEYS, primary_key=True),
    Column("notice", Text, nullable=False),
    *_texts(["institution_name", "institution_type", "uscc", "region_code", "kind", "own_name"]),
    ForeignKeyConstraint(["notice"], ["public_notice.notice"]),
    Index("ix_public_notice_item_notice", "notice"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("box", Text, primary_key=True),  # letter, document, package, alert_mail, alert_webhook
    Column("occasion", Text, primary_key=True),  # one entry for an occasion, however often a run is repeated
    Column("kind", Text, nullable=False),
    Column("subject", Text, nullable=False),  # application number or credit code
    Column("cycle", Text, nullable=False),
    Column("written_on", Date, nullable=False),
    Column("content", JSON, nullable=False),
    Column("delivered_at", DateTime(timezone=True)),
    Column("receipt", Text),
    Column("number", Text),  # of a letter: as it is printed, blank where the office leaves it open
    Column("series", Text),
    Column("serial", Integer),
    Column("printed_at", DateTime(timezone=True)),
    Column("posted_on", Date),  # the day on which a person sent it off; null: it lies in the outbox
    Column("served_on", Date),  # the day on which it reached whom it is for, by the receipt
    UniqueConstraint("series", "serial"),
    Index("ix_outbox_subject", "subject"),
    Index("ix_outbox_cycle", "box", "cycle"),
    Index("ix_outbox_undelivered", "box", "delivered_at"),
)

# how far a series of letters' numbers has been counted; the count is raised in the transaction that writes the letter
numbering = Table(
    "numbering",
    metadata,
    Column("series", Text, primary_key=True),  # the pattern with the year filled in: 黄职鉴补〔2026〕{serial}号
    Column("last", Integer, nullable=False),
)

history = Table(
    "history",
    metadata,
    Column("entry", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),  # application, item, qualification, institution, dormancy, and so on
    Column("subject", Text, nullable=False),  # application number or credit code or edition
    *_texts(item_model.UNIT, nullable=False),
    *_texts(["was", "became"], nullable=False),
    Column("because", Text, nullable=False),  # why it changed, in words for people
    Column("facts", JSON, nullable=False),  # the same for programs, as canonical JSON: terms, days of effect, codes
    Column("by", Text, nullable=False),
    Column("on", Date, nullable=False),
    Column("run_id", Text, nullable=False),
    Column("digest", Text, nullable=False),  # of this entry and of the digest before it
    Index("ix_history_subject", "subject", "kind", "became"),
    Index("ix_history_kind", "kind", "became"),
)

quarantined = Table(
    "quarantined",
    metadata,
    *_texts(["cycle", "file", "reason"], primary_key=True),
    Column("first_on", Date, primary_key=True),  # once settled, the same may be set aside on a later day
    Column("sheet", Text, nullable=False),
    Column("row", Text, nullable=False),  # as the sheet counts them, several joined by commas
    Column("application_no", Text, nullable=False),
    Column("sha256", Text, nullable=False),  # of the file, blank where it lies in another
    Column("settled_by", Text, nullable=False),  # the later file that was taken in its place, blank while none was
)

reading = Table(
    "reading",
    metadata,
    Column("place", Text, primary_key=True),  # the folder, or the landing of a source far away
    Column("file", Text, primary_key=True),  # its path below the folder
    Column("size", BigInteger, nullable=False),
    Column("modified", BigInteger, nullable=False),  # this and the next in nanoseconds since 1970
    Column("altered", BigInteger, nullable=False),  # the time of the inode
    Column("inode", BigInteger, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("read_at", BigInteger, nullable=False),
    Column("settled", Integer, nullable=False),  # 1: all it brought is on record
    Column("contents", Text, nullable=False),  # JSON: application number and content hash of each thing in it
    Column("context", Text, nullable=False),  # what a reading depends on beside the bytes, as a digest
)
