"""What people bring outside the inbox: single files, decisions."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from sqlalchemy import Connection

from schemas.policy import in_force
from schemas.run import Run
from schemas.submission import INSTITUTION_CODES, RESULTS
from tasks import intake
from tasks.desk import institution_codes
from tasks.desk.arrivals import OF_SUPERVISION, ImportRecord
from tasks.gateways.sources import UnreadableListError, pull_file, results_of, vouched
from tasks.runs.run import begin, last_cycle
from tasks.store import activities, dispatches, results
from tasks.store.leases import writing


@dataclass(frozen=True)
class Imported:
    """Rows read, rows new, a sentence for whatever could not be read, and results that wait for a run of their cycle."""

    rows: int
    new: int
    complaints: list[str]
    refused: int | None = None
    """Of rows of a list; None for other files."""
    unjudged: dict[str, int] = field(default_factory=dict)


@contextmanager
def _transaction(day: date | None) -> Iterator[tuple[Connection, Run]]:
    """A transaction in a run of its own, of the last cycle whose deadline has passed."""
    with begin(last_cycle(day), day) as run, writing(run) as db:
        yield db, run


def import_file(kind: str, file: Path, day: date | None, by: str = "", *, replace: bool = False) -> Imported:
    """Take in one file of one of the kinds of `filing import`; again changes nothing.

    Whatever it changed is on record under who brought it: `by`, or the installation's operator. `replace`: institution
    codes may take the place of others.
    """
    record = ImportRecord(kind, file, by)
    if kind == "institution-codes":
        return _import_codes(file, day, record, replace=replace)
    if _named(kind) in OF_SUPERVISION:
        return _import_of_supervision(kind, file, day, record)
    if kind == "results":
        return _import_results(file, day, record)
    return _import_table(kind, file, day, record)


def _named(kind: str) -> str:
    """The name of the table that a kind of `filing import` means."""
    return kind.replace("-", "_")


def _import_table(kind: str, file: Path, day: date | None, record: ImportRecord) -> Imported:
    pulled = pull_file(file, kind)
    complaints = [spoilt.reason for spoilt in pulled.quarantined]
    if kind not in pulled.tables:
        return Imported(0, 0, complaints)
    rows = pulled.tables[kind]
    with _transaction(day) as (db, run):
        if kind == "activities":
            activities.note_supplied(db, {"activities"}, run)
        new, left_out = intake.take_in_side(db, kind, rows, in_force(run.day), run)
        record.write(db, new, run)
    return Imported(len(rows), new, [*complaints, *(row.sentence for row in left_out)], refused=len(left_out))


def _import_of_supervision(kind: str, file: Path, day: date | None, record: ImportRecord) -> Imported:
    try:
        with begin(last_cycle(day), day) as run:
            rows, new, left_out = OF_SUPERVISION[_named(kind)](file, run)
            imported = Imported(rows, new, [row.sentence for row in left_out])
            with writing(run) as db:
                record.write(db, imported.new, run)
            return imported
    except UnreadableListError as unreadable:
        return Imported(0, 0, [str(unreadable)])


def _import_results(file: Path, day: date | None, record: ImportRecord) -> Imported:
    """Results as panels return them: a filled scoring workbook, CSV, JSON or Parquet.

    The operator's word stands in for a token; a token that is there and wrong is refused all the same.
    """
    pulled = pull_file(file, RESULTS.name)
    rows = results_of(pulled)
    with _transaction(day) as (db, run):
        vouched_rows, refused = vouched(
            rows, dispatches.revisions(db, rows["application_no"]), run.installation, required=False
        )
        new = results.receive(db, vouched_rows, run)
        record.write(db, new, run, results.newest(db, vouched_rows)["application_no"].unique())
        unjudged = {backlog.cycle: backlog.number for backlog in results.unjudged(db)}
    return Imported(len(rows), new, [file.reason for file in [*pulled.quarantined, *refused]], unjudged=unjudged)


def _import_codes(file: Path, day: date | None, record: ImportRecord, *, replace: bool) -> Imported:
    """Institution codes as the province returns them: the report with its sheet filled in, or a list."""
    pulled = pull_file(file, INSTITUTION_CODES.name)
    complaints = [spoilt.reason for spoilt in pulled.quarantined]
    if INSTITUTION_CODES.name not in pulled.tables:
        return Imported(0, 0, complaints)
    rows = pulled.tables[INSTITUTION_CODES.name]
    with _transaction(day) as (db, run):
        new, left_out = institution_codes.take_in(db, rows, run, replace=replace)
        record.write(db, new, run)
    return Imported(len(rows), new, [*complaints, *(row.sentence for row in left_out)])
