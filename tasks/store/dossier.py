"""Everything on record of one application or institution, and what was done to it since somebody opened its page."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd
from sqlalchemy import ColumnElement, Connection, Select, and_, func, or_, select
from sqlalchemy.engine import RowMapping

from schemas import tables
from schemas.errors import RefusedError
from schemas.finding import FINDING_COLUMNS, FINDING_ORDER
from schemas.item import KEYS, UNIT
from schemas.submission import APPLICATIONS, TABLES
from tasks.store import conditions, frames
from tasks.store.database import highest
from tasks.store.outbox import LETTERS

_application = tables.application
_version = tables.application_version
_outbox = tables.outbox
#: Columns in which an application is listed.
LISTED = ["application_no", "cycle", "status", "outcome", "institution_name", "uscc", "region_code", "correct_by"]


def _listed() -> "list[ColumnElement[Any]]":
    computed = {
        "status": conditions.standing(),
        **{column.name: column for column in _application.c if column.name != "status"},
    }
    return [computed[name] if name in computed else _version.c[name] for name in LISTED]


def application(db: Connection, number: str) -> RowMapping | None:
    """The application's row with its current version's fields; None for an unknown number."""
    fields = [_version.c[name] for name in APPLICATIONS.names if name not in ("application_no", "uscc", "cycle")]
    columns = [conditions.standing() if column.name == "status" else column for column in _application.c]
    statement = select(*columns, *fields, _version.c.submitted_utc).join(_version, conditions.is_current())
    return db.execute(statement.where(_application.c.application_no == number)).mappings().first()


def listed(db: Connection, *, cycle: str, status: str, words: str, most: int, after: int) -> tuple[pd.DataFrame, int]:
    """Applications in LISTED, newest cycle first, `most` of them from place `after` on; and how many there are in all.

    A place beyond the end gives the last page. `words`: part of a number, name or credit code; a blank choice is all.
    """
    chosen: Select[Any] = select(*_listed()).join(_version, conditions.is_current())
    if cycle:
        chosen = chosen.where(_application.c.cycle == cycle)
    if status:
        chosen = chosen.where(conditions.standing() == status)
    if words:
        like = f"%{words}%"
        chosen = chosen.where(
            or_(
                _application.c.application_no.ilike(like),
                _version.c.institution_name.like(like),
                _application.c.uscc.ilike(like),
            )
        )
    number = int(db.execute(select(func.count()).select_from(chosen.subquery())).scalar_one())
    ordered = chosen.order_by(_application.c.cycle.desc(), _application.c.application_no)
    return frames.read(db, ordered.limit(most).offset(frames.page_start(after, most, number))), number


def versions(db: Connection, number: str) -> pd.DataFrame:
    """Every version of an application: all columns of the table, oldest first."""
    statement = select(_version).where(_version.c.application_no == number)
    return frames.read(db, statement.order_by(_version.c.version))


def parts(db: Connection, number: str) -> dict[str, pd.DataFrame]:
    """The rows of every version by table of the form: `version`, `row` and the table's columns, in order."""
    rows = {}
    for name, table in tables.FORM_PARTS.items():
        columns = [table.c.version, table.c.row, *(table.c[column] for column in TABLES[name].names[1:])]
        statement = select(*columns).where(table.c.application_no == number)
        rows[name] = frames.read(db, statement.order_by(table.c.version, table.c.row))
    return rows


def findings(db: Connection, number: str) -> pd.DataFrame:
    """Findings on the current version and on the results of an application: FINDING_COLUMNS, sorted."""
    finding, result = tables.finding, tables.result
    current = select(_application.c.version).where(_application.c.application_no == number).scalar_subquery()
    standing = select(result.c.result_id).where(result.c.application_no == number, result.c.standing != "replaced")
    of_either = or_(
        and_(finding.c.table != "results", finding.c.version == current),
        and_(finding.c.table == "results", finding.c.version.in_(standing)),
    )
    statement = select(*(finding.c[name] for name in FINDING_COLUMNS)).where(
        finding.c.application_no == number, of_either
    )
    return frames.read(db, statement).sort_values(FINDING_ORDER, ignore_index=True)


def holds(db: Connection, number: str) -> pd.DataFrame:
    """The holds of an application's items: keys, rule and fallen_on."""
    hold = tables.hold
    return frames.read(db, select(hold).where(hold.c.application_no == number)).sort_values([*KEYS, "rule"])


def decisions(db: Connection, number: str) -> pd.DataFrame:
    """Every ruling on an application, in the order in which they were recorded."""
    table = tables.decision
    statement = select(table).where(table.c.application_no == number)
    return frames.read(db, statement).sort_values(["recorded_on", "decided_at", "decision_id"], ignore_index=True)


def results(db: Connection, number: str) -> pd.DataFrame:
    """Every result on an application, whatever became of it, in order of receipt."""
    table = tables.result
    columns = ["result_id", "received_on", "standing", *UNIT, "verdict", "score", "evaluated_on", "panel_lead"]
    statement = select(*(table.c[name] for name in columns)).where(table.c.application_no == number)
    return frames.read(db, statement.order_by(table.c.result_id))


def packages(db: Connection, number: str) -> pd.DataFrame:
    """The packages of an application: revision and sent_on."""
    table = tables.dispatch
    statement = select(table.c.revision, table.c.sent_on).where(table.c.application_no == number)
    return frames.read(db, statement.order_by(table.c.revision))


def letters(db: Connection, subjects: list[str]) -> pd.DataFrame:
    """Letters about these numbers or credit codes: occasion, kind, subject, cycle, number, written_on, file; in order."""
    columns = [_outbox.c[name] for name in ("occasion", "kind", "subject", "cycle", "number", "written_on")]
    statement = select(*columns, _outbox.c.receipt.label("file"))
    to_applicant = (_outbox.c.subject.in_(subjects), _outbox.c.box == LETTERS.code)
    return frames.read(db, statement.where(*to_applicant).order_by(_outbox.c.written_on, _outbox.c.occasion)).fillna("")


def last_entry(db: Connection, subject: str) -> int:
    """The number of the last history entry about an application, an institution or an edition; 0 before the first.

    Every change makes a new entry, so a form that carries an older number is known to be out of date.
    """
    return highest(db, tables.history.c.entry, tables.history.c.subject == subject)


def entries_after(db: Connection, subject: str, entry: int) -> pd.DataFrame:
    """What happened to a subject since an entry: by, on, was, became and because, in order."""
    history = tables.history
    columns = [history.c[name] for name in ("entry", "by", "on", "was", "became", "because")]
    statement = select(*columns).where(history.c.subject == subject, history.c.entry > entry)
    return frames.read(db, statement.order_by(history.c.entry))


def applications_of(db: Connection, codes: list[str]) -> pd.DataFrame:
    """Applications of an institution under any of its credit codes: LISTED, newest first."""
    statement = select(*_listed()).join(_version, conditions.is_current()).where(_application.c.uscc.in_(codes))
    return frames.read(db, statement.order_by(_application.c.cycle.desc(), _application.c.application_no))


def held_items(db: Connection, code: str) -> pd.DataFrame:
    """An institution's present and former entries on the register, as known now: UNIT, terms, ended_by; by occupation."""
    entry = tables.qualification_item
    names = [*UNIT, "audiences", "filed_on", "valid_until", "application_no", "because", "ended_by"]
    statement = select(*(entry.c[name] for name in names)).where(entry.c.uscc == code, entry.c.known_to.is_(None))
    return frames.read(db, statement).sort_values([*UNIT, "filed_on"], ignore_index=True)


def suspended(db: Connection, code: str, day: date) -> set[tuple[str, ...]]:
    """UNIT of an institution's levels that are suspended on a day."""
    table = tables.suspension
    over = or_(table.c.ends_on.is_(None), table.c.ends_on >= day)
    running = (table.c.uscc == code, table.c.known_to.is_(None), table.c.starts_on <= day, over)
    return {tuple(row) for row in db.execute(select(*(table.c[name] for name in UNIT)).where(*running))}


def institution(db: Connection, code: str) -> RowMapping | None:
    """An institution's particulars as the register knows them now; None for one that is not on it."""
    table = tables.institution
    statement = select(table).where(table.c.uscc == code, table.c.known_to.is_(None))
    return db.execute(statement).mappings().first()


def institutions_like(db: Connection, words: str, most: int) -> tuple[pd.DataFrame, int]:
    """Institutions on the register whose name or code has these words: uscc and particulars, by name; how many there are."""
    table = tables.institution
    names = ["uscc", "institution_name", "institution_type", "region_code", "institution_code"]
    chosen: Select[Any] = select(*(table.c[name] for name in names)).where(table.c.known_to.is_(None))
    if words:
        like = f"%{words}%"
        chosen = chosen.where(or_(table.c.institution_name.like(like), table.c.uscc.ilike(like)))
    number = int(db.execute(select(func.count()).select_from(chosen.subquery())).scalar_one())
    return frames.read(db, chosen.order_by(table.c.institution_name, table.c.uscc).limit(most)).fillna(""), number


def activities(db: Connection, codes: list[str]) -> pd.DataFrame:
    """Activities an institution held under any of its codes, newest first."""
    table = tables.activity
    statement = select(table).where(table.c.uscc.in_(codes))
    return frames.read(db, statement).sort_values(["held_on", *UNIT], ascending=[False, True, True, True])


def inspections(db: Connection, codes: list[str]) -> pd.DataFrame:
    """Inspections of an institution, newest first."""
    table = tables.inspection_outcome
    return frames.read(db, select(table).where(table.c.uscc.in_(codes)).order_by(table.c.inspected_on.desc()))


def complaints(db: Connection, codes: list[str]) -> pd.DataFrame:
    """Complaints about an institution, newest first."""
    table = tables.complaint
    return frames.read(db, select(table).where(table.c.uscc.in_(codes)).order_by(table.c.received_on.desc())).fillna("")


def complaint_of(db: Connection, number: str) -> str | None:
    """The credit code a complaint is about; None for an unknown number."""
    table = tables.complaint
    return db.execute(select(table.c.uscc).where(table.c.complaint_no == number)).scalar()


def holders(db: Connection, occupations: Collection[str], day: date) -> list[tuple[str, str, str]]:
    """The institutions that have these occupations on file on a day: occupation, name and type, sorted."""
    entry, institution = tables.qualification_item, tables.institution
    statement = (
        select(entry.c.occupation_code, institution.c.institution_name, institution.c.institution_type)
        .join(entry, entry.c.uscc == institution.c.uscc)
        .where(institution.c.known_to.is_(None), *_on_file(day), entry.c.occupation_code.in_(list(occupations)))
        .distinct()
    )
    return sorted((code, name, kind) for code, name, kind in db.execute(statement))


def occupations_of(db: Connection, codes: Collection[str], day: date) -> list[tuple[str, str]]:
    """The occupations that these institutions have on file on a day: credit code and occupation, each once, sorted."""
    entry = tables.qualification_item
    statement = select(entry.c.uscc, entry.c.occupation_code).where(*_on_file(day), entry.c.uscc.in_(list(codes)))
    return sorted((code, occupation) for code, occupation in db.execute(statement.distinct()))


def _on_file(day: date) -> "tuple[ColumnElement[bool], ...]":
    entry = tables.qualification_item
    return entry.c.known_to.is_(None), entry.c.filed_on <= day, entry.c.valid_until >= day


#: At most so many of the entries since are shown.
_NAMED = 5


@dataclass(frozen=True)
class Since:
    """One thing done meanwhile: by whom, on which day, and what it was."""

    by: str
    on: str
    because: str


class MovedError(RefusedError):
    """The subject was changed since the page was opened: `since` lists how, oldest first, and `seen` is the new mark."""

    def __init__(self, subject: str, seen: int, since: list[Since]) -> None:
        self.subject, self.seen, self.since = subject, seen, since
        doings = "; ".join(f"{entry.on} {entry.by}: {entry.because}" for entry in since)
        super().__init__(f"{subject} has moved since it was looked at ({doings}): look at it again")


def assert_unmoved(db: Connection, subject: str, seen: int | None) -> None:
    """Raise MovedError if the history has later entries about a subject than the one seen; None: do not check."""
    if seen is None:
        return
    entries = entries_after(db, subject, seen)
    if entries.empty:
        return
    since = [Since(str(row["by"]), str(row["on"]), str(row["because"])) for row in entries.to_dict("records")]
    # what a person did says more than what the system did of it
    doings = [entry for entry in since if entry.by != "filing"] or since
    raise MovedError(subject, int(entries["entry"].max()), doings[-_NAMED:])
