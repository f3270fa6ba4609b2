"""What waits for somebody: rows of everything that a person, an institution or a panel has to act on; it changes nothing."""

from datetime import date

import pandas as pd
from sqlalchemy import Connection, Select, and_, exists, func, or_, select

from schemas import tables
from schemas.item import FINAL, KEYS
from tasks.store import applications, decisions, frames
from tasks.store.outbox import LETTERS, PACKAGES

_application = tables.application
_version = tables.application_version
_item = tables.item
_entry = tables.history
_outbox = tables.outbox
#: What people need of the institution of an application.
_WHOSE = ["cycle", "application_no", "institution_name", "region_code", "contact_name", "contact_phone"]


def _whose() -> "Select[tuple[object, ...]]":
    """Every application with what people need of its institution."""
    columns = [_application.c[name] if name in _application.c else _version.c[name] for name in _WHOSE]
    return select(*columns).join(_version, applications.is_current())


def open_cycles(db: Connection) -> list[str]:
    """Cycles in which something is not final yet and which nobody closed, oldest first."""
    statement = select(_item.c.cycle).where(_item.c.status.not_in(FINAL)).distinct()
    late = (_version.c.application_no == _application.c.application_no, _version.c.standing == "late")
    is_late = exists().where(*late, _application.c.status != "closed", _version.c.version > _application.c.version)
    waiting = or_(_application.c.status.in_(["received", "returned"]), is_late)
    applied = select(_application.c.cycle).where(waiting).distinct()
    cycles = {*db.execute(statement).scalars(), *db.execute(applied).scalars()}
    return sorted(cycles - set(db.execute(_closed()).scalars()))


def _closed() -> "Select[tuple[str]]":
    return select(tables.cycle.c.cycle).where(tables.cycle.c.closed_on.is_not(None))


def returned(db: Connection, cycles: list[str]) -> pd.DataFrame:
    """Applications returned for correction: whose, correct_by (ISO or missing), since, what is missing, sorted.

    `missing`: the sentences of the hard findings, each once, joined by `；`.
    """
    chosen = (_application.c.cycle.in_(cycles), _application.c.status == "returned", _application.c.outcome.is_(None))
    rows = frames.read(db, _whose().add_columns(_application.c.correct_by).where(*chosen))
    numbers = select(_application.c.application_no).where(*chosen)
    since = _since(db, "application", "returned", numbers)
    found = tables.finding
    hard = (
        select(found.c.application_no, found.c.message, found.c.table, found.c.row)
        .join(_application, _application.c.application_no == found.c.application_no)
        .where(*chosen, found.c.version == _application.c.version)
        .where(found.c.nature == "hard", found.c.table != "results")
    )
    messages = frames.read(db, hard).sort_values(["application_no", "table", "row", "message"])
    missing = (
        messages.drop_duplicates(["application_no", "message"]).groupby("application_no")["message"].agg("；".join)
    )
    rows = rows.merge(since, on="application_no", how="left").join(missing.rename("missing"), on="application_no")
    return rows.fillna({"missing": "", "since": ""}).sort_values(["cycle", "application_no"], ignore_index=True)


def undecided(db: Connection, cycle: str, number: str = "") -> pd.DataFrame:
    """Holds of the cycle's held items, or of one application's, that nobody has decided: keys, rule and verdict."""
    still = select(*(_item.c[key] for key in KEYS)).where(_item.c.cycle == cycle, _item.c.status == "held")
    if number:
        still = still.where(_item.c.application_no == number)
    holds = decisions.on_holds(db, cycle)
    return holds[holds["verdict"].isna()].merge(frames.read(db, still), on=KEYS)


def held(db: Connection, cycle: str) -> pd.DataFrame:
    """Applications with holds nobody has decided: whose, rules and occupations (joined by `;`), items, since; sorted."""
    open_holds = undecided(db, cycle)
    by_number = open_holds.groupby("application_no")
    counted = pd.DataFrame(
        {
            "rules": by_number["rule"].agg(_joined),
            "occupations": by_number["occupation_code"].agg(_joined),
            "items": open_holds.drop_duplicates(KEYS).groupby("application_no").size(),
        }
    ).reset_index()
    numbers = select(_item.c.application_no).where(_item.c.cycle == cycle, _item.c.status == "held")
    rows = frames.read(db, _whose().where(_application.c.cycle == cycle, _application.c.application_no.in_(numbers)))
    since = _since(db, "item", "held", numbers)
    rows = rows.merge(counted, on="application_no").merge(since, on="application_no", how="left")
    return rows.fillna({"since": ""}).sort_values("application_no", ignore_index=True)


def late(db: Connection, cycles: list[str]) -> pd.DataFrame:
    """Applications with a version that came too late and could still be taken: whose, since; sorted."""
    version = tables.application_version.alias("late_version")
    statement = (
        _whose()
        .add_columns(func.max(version.c.received_on).label("since"))
        .join(version, version.c.application_no == _application.c.application_no)
        .where(_application.c.cycle.in_(cycles), _application.c.status != "closed", version.c.standing == "late")
        .where(version.c.version > _application.c.version)
        .group_by(*_whose().selected_columns)
    )
    return frames.read(db, statement).fillna("").sort_values(["cycle", "application_no"], ignore_index=True)


def with_panels(db: Connection, cycles: list[str]) -> pd.DataFrame:
    """Applications of which results are out: whose, items, since (the day the package was sent); sorted."""
    sent, dispatch, result = tables.dispatched_item, tables.dispatch, tables.result
    same = [result.c[key] == sent.c[key] for key in KEYS]
    answered = exists().where(*same, result.c.standing == "accepted")
    package = and_(dispatch.c.application_no == sent.c.application_no, dispatch.c.revision == sent.c.revision)
    statement = (
        _whose()
        .add_columns(func.count().label("items"), func.min(dispatch.c.sent_on).label("since"))
        .join(sent, sent.c.application_no == _application.c.application_no)
        .join(dispatch, package)
        .where(sent.c.cycle.in_(cycles), ~answered)
        .group_by(*_whose().selected_columns)
    )
    return frames.read(db, statement).fillna("").sort_values(["cycle", "application_no"], ignore_index=True)


def undelivered(db: Connection) -> pd.DataFrame:
    """Letters and packages that reached nobody yet: box, occasion, kind, subject, cycle, since; oldest first."""
    columns = [_outbox.c[name] for name in ("box", "occasion", "kind", "subject", "cycle")]
    statement = select(*columns, _outbox.c.written_on.label("since")).where(
        _outbox.c.box.in_([LETTERS.code, PACKAGES.code]), _outbox.c.delivered_at.is_(None)
    )
    return frames.read(db, statement).sort_values(["since", "box", "occasion"], ignore_index=True)


def set_aside(db: Connection) -> pd.DataFrame:
    """Files and rows set aside in cycles nobody closed: file, application_no, reason, cycle, since; oldest first.

    One in whose place a later file was taken, or whose application came in whole since, is settled and left out.
    """
    aside = tables.quarantined
    came = exists().where(
        _version.c.application_no == aside.c.application_no, _version.c.received_on >= aside.c.first_on
    )
    columns = [aside.c[name] for name in ("file", "application_no", "reason", "cycle")]
    statement = select(*columns, aside.c.first_on.label("since")).where(
        aside.c.cycle.not_in(_closed()), aside.c.settled_by == "", ~came
    )
    return frames.read(db, statement).sort_values(["since", "file", "reason"], ignore_index=True)


def _since(db: Connection, kind: str, became: str, numbers: "Select[tuple[str]]") -> pd.DataFrame:
    """application_no and the last day on which it, or one of its items, became so."""
    statement = (
        select(_entry.c.subject.label("application_no"), func.max(_entry.c.on).label("since"))
        .where(_entry.c.subject.in_(numbers), _entry.c.kind == kind, _entry.c.became == became)
        .group_by(_entry.c.subject)
    )
    return frames.read(db, statement)


def _joined(values: "pd.Series[str]") -> str:
    return ";".join(sorted(set(values)))


def day_of(text: object) -> date | None:
    """A day from a frame's cell; None where it is blank or missing."""
    return date.fromisoformat(text[:10]) if isinstance(text, str) and text else None
