"""Rows of everything that a person, an institution or a panel has to act on; nothing here writes."""

from collections.abc import Collection, Sequence
from datetime import date

import pandas as pd
from sqlalchemy import Connection, and_, exists, func, select

from schemas import tables
from schemas.item import KEYS
from schemas.law.rulings import EVAL_5
from tasks.store import conditions, decisions, frames, unfinished
from tasks.store.outbox import LETTERS, PACKAGES

_application = tables.application
_version = tables.application_version
_item = tables.item
_outbox = tables.outbox


def lacking(db: Connection, cycles: Sequence[str]) -> dict[str, str]:
    """Why applications were returned, by number: the sentences of their hard findings, each once, joined by `；`."""
    chosen = (_application.c.cycle.in_(cycles), _application.c.status == "returned", _application.c.outcome.is_(None))
    finding = tables.finding
    hard = (
        select(finding.c.application_no, finding.c.message, finding.c.table, finding.c.row)
        .join(_application, _application.c.application_no == finding.c.application_no)
        .where(*chosen, finding.c.version == _application.c.version)
        .where(finding.c.nature == "hard", finding.c.table != "results")
    )
    messages = frames.read(db, hard).sort_values(["application_no", "table", "row", "message"])
    once = messages.drop_duplicates(["application_no", "message"])
    return {str(number): "；".join(group["message"]) for number, group in once.groupby("application_no")}


def undecided(db: Connection, cycle: str, number: str = "") -> pd.DataFrame:
    """Holds of the cycle, or of one application, that nobody has decided: keys, rule, verdict.

    Of held items every one, of filed items those of a corrected result (EVAL-5).
    """
    keys = [_item.c[key] for key in KEYS]
    held = select(*keys).where(_item.c.cycle == cycle, _item.c.status == "held")
    questioned = unfinished.questioned_items(*keys).where(_item.c.cycle == cycle)
    if number:
        held, questioned = (statement.where(_item.c.application_no == number) for statement in (held, questioned))
    holds = decisions.on_holds(db, cycle)
    waiting = holds[holds["verdict"].isna()].merge(frames.read(db, held), on=KEYS)
    corrected = frames.read(db, questioned).assign(rule=EVAL_5, verdict=None)
    return pd.concat([part for part in (waiting, corrected) if len(part)] or [waiting], ignore_index=True)


def results_out(db: Connection, cycles: Sequence[str]) -> pd.DataFrame:
    """Applications of which results are out: application_no, items, since (the day the package was sent, ISO)."""
    sent, dispatch = tables.dispatched_item, tables.dispatch
    package = and_(dispatch.c.application_no == sent.c.application_no, dispatch.c.revision == sent.c.revision)
    statement = (
        select(sent.c.application_no, func.count().label("items"), func.min(dispatch.c.sent_on).label("since"))
        .join(dispatch, package)
        .where(sent.c.cycle.in_(cycles), ~conditions.is_answered(sent))
        .group_by(sent.c.application_no)
    )
    return frames.read(db, statement)


def institutions_of(db: Connection, numbers: Collection[str]) -> dict[str, tuple[str, str]]:
    """Name and county of the institutions of these applications, or under these credit codes, by number and code."""
    institution = tables.institution
    filed = unfinished.with_institution().where(_application.c.application_no.in_(list(numbers)))
    rows = [(row.application_no, row.institution_name, row.region_code) for row in db.execute(filed)]
    on_register = select(institution.c.uscc, institution.c.institution_name, institution.c.region_code)
    chosen = (institution.c.uscc.in_(list(numbers)), institution.c.known_to.is_(None))
    rows += [tuple(row) for row in db.execute(on_register.where(*chosen))]
    return {str(key): (name or "", region or "") for key, name, region in rows}


def undelivered(db: Connection) -> pd.DataFrame:
    """Letters and packages that reached nobody yet: box, occasion, kind, subject, cycle, since; oldest first."""
    columns = [_outbox.c[name] for name in ("box", "occasion", "kind", "subject", "cycle")]
    statement = select(*columns, _outbox.c.written_on.label("since")).where(
        _outbox.c.box.in_([LETTERS.code, PACKAGES.code]), _outbox.c.delivered_at.is_(None)
    )
    return frames.read(db, statement).sort_values(["since", "box", "occasion"], ignore_index=True)


def set_aside(db: Connection) -> pd.DataFrame:
    """Files and rows set aside in cycles nobody closed: file, application_no, reason, cycle, sha256, since; oldest first.

    Left out are those settled since, by a later file in their place or by their application in full.
    """
    aside = tables.quarantined
    came = exists().where(
        _version.c.application_no == aside.c.application_no, _version.c.received_on >= aside.c.first_on
    )
    columns = [aside.c[name] for name in ("file", "application_no", "reason", "cycle", "sha256")]
    statement = select(*columns, aside.c.first_on.label("since")).where(
        aside.c.cycle.not_in(unfinished.closed()), aside.c.settled_by == "", ~came
    )
    return frames.read(db, statement).sort_values(["since", "file", "reason"], ignore_index=True)


def day_of(text: object) -> date | None:
    """A day from a frame's cell; None where it is blank or missing."""
    return date.fromisoformat(text[:10]) if isinstance(text, str) and text else None
