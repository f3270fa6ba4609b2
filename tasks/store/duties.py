"""What waits for somebody: rows of everything that a person, an institution or a panel has to act on; it changes nothing."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

import pandas as pd
from sqlalchemy import ColumnElement, Connection, Select, and_, exists, func, or_, select

from schemas import tables
from schemas.item import AWAITED, FINAL, KEYS, NOT_TAKEN_UP, ON_NOTICE, WITH_ITS_CYCLE
from schemas.law import deciding
from schemas.law.cycle import cycle_id
from schemas.law.rulings import EVAL_5
from schemas.policy import for_cycle
from tasks.store import applications, conditions, decisions, frames, late_versions, public_notices, results
from tasks.store.cycles import closing, has_decided
from tasks.store.outbox import LETTERS, PACKAGES

_application = tables.application
_version = tables.application_version
_item = tables.item
_entry = tables.history
_outbox = tables.outbox
OPEN_COLUMNS = ["application_no", "institution_name", "status", "items", "since", "days", "who"]
#: Where applications may stand that have no item yet.
_WITHOUT_ITEMS = ["received", "returned"]
#: What people need of the institution of an application.
_WHOSE = ["cycle", "application_no", "uscc", "institution_name", "region_code", "contact_name", "contact_phone"]


def _whose() -> "Select[tuple[object, ...]]":
    """Every application with what people need of its institution."""
    columns = [_application.c[name] if name in _application.c else _version.c[name] for name in _WHOSE]
    return select(*columns).join(_version, conditions.is_current())


def open_cycles(db: Connection) -> list[str]:
    """Cycles in which something waits for somebody and which nobody closed, oldest first."""
    unfinished = select(_item.c.cycle).where(_item.c.status.not_in(FINAL)).distinct()
    applied = select(_application.c.cycle).where(_application.c.status.in_(_WITHOUT_ITEMS)).distinct()
    questioned = _questioned_items(_item.c.cycle).distinct()
    cycles = {cycle for statement in (unfinished, applied, questioned) for cycle in db.execute(statement).scalars()}
    late = select(_application.c.cycle).where(
        _version.c.application_no == _application.c.application_no, _version.c.standing == "late"
    )
    closed = set(db.execute(_closed()).scalars())
    asked = set(db.execute(late.distinct()).scalars()) - cycles - closed
    return sorted((cycles - closed) | {cycle for cycle in asked if late_versions.undecided(db, cycle)})


def _closed() -> "Select[tuple[str]]":
    return select(tables.cycle.c.cycle).where(tables.cycle.c.closed_on.is_not(None))


def open_of(db: Connection, cycles: Sequence[str], day: date) -> pd.DataFrame:
    """Everything of these cycles that is not final, with its age on a day and who must act, the oldest first.

    OPEN_COLUMNS and what people need of the institution. `status`: of `schemas.item`; `items`: how many, 0 for an
    application without one.
    """
    items = _items(db, cycles, day)
    late = [_late(db, cycle) for cycle in cycles]
    parts = [items, _without_items(db, cycles, items), *late, _questioned(db, cycles)]
    waiting = pd.concat([part for part in parts if len(part)] or [items], ignore_index=True)
    if "since_own" not in waiting:
        waiting["since_own"] = None
    since = _since(db, cycles)
    waiting = waiting.merge(since, on=["application_no", "status"], how="left")
    beyond = set(db.execute(select(_application.c.application_no).where(conditions.not_taken_up())).scalars())
    waiting.loc[waiting["application_no"].isin(beyond) & (waiting["status"] == "returned"), "status"] = NOT_TAKEN_UP
    waiting["since"] = waiting["since_own"].fillna(waiting["since"]).fillna("")
    whose = frames.read(db, _whose().add_columns(_application.c.correct_by).where(_application.c.cycle.in_(cycles)))
    waiting = waiting.merge(whose.fillna(""), on="application_no", how="left")
    passed = waiting["status"] == "passed"
    undecided = [cycle for cycle in cycles if passed.any() and not wait(db, cycle, day).is_over]
    waiting.loc[passed & waiting["cycle"].isin(undecided), "status"] = WITH_ITS_CYCLE
    waiting["days"] = [(day - date.fromisoformat(text[:10])).days if text else 0 for text in waiting["since"]]
    waiting["who"] = waiting["status"].map({status: awaited.who for status, awaited in AWAITED.items()})
    order = ["days", "application_no", "status"]
    columns = [*OPEN_COLUMNS, *(name for name in (*_WHOSE, "correct_by") if name not in OPEN_COLUMNS)]
    return waiting[columns].sort_values(order, ascending=[False, True, True], ignore_index=True)


def progress(db: Connection, cycle: str) -> deciding.Progress:
    """How far a cycle is."""
    back, sent = results.progress(db, cycle)
    return deciding.Progress(back, sent, applications.corrections(db, cycle), has_decided(db, cycle))


def wait(db: Connection, cycle: str, day: date) -> deciding.Wait:
    """For what a cycle waits on a day before it decides; for nothing once it was closed (contract section 3)."""
    if closing(db, cycle):
        return deciding.Wait()
    return deciding.wait_on(progress(db, cycle), for_cycle(cycle_id(cycle)), cycle_id(cycle), day)


def _items(db: Connection, cycles: Sequence[str], day: date) -> pd.DataFrame:
    """How many items of an application stand where, what passed and stands in a running public notice as ON_NOTICE.

    application_no, status, items and since_own, the day on which the notice showed them.
    """
    columns = [_item.c[key] for key in (*KEYS, "status")]
    rows = frames.read(db, select(*columns).where(_item.c.cycle.in_(cycles), _item.c.status.not_in(FINAL)))
    rows["since_own"] = pd.Series(None, index=rows.index, dtype=frames.TEXT)
    passed = rows[rows["status"] == "passed"]
    if len(passed):
        every = pd.concat([public_notices.shown(db, cycle) for cycle in cycles])
        running = every[(every["standing"] == "published") & (every["ends_on"] >= day.isoformat())]
        shown = passed[KEYS].join(running.groupby(KEYS)["published_on"].max(), on=KEYS)["published_on"].dropna()
        rows.loc[shown.index, "since_own"] = shown
        rows.loc[shown.index, "status"] = ON_NOTICE
    return rows.groupby(["application_no", "status"], as_index=False).agg(
        items=("level", "size"), since_own=("since_own", "max")
    )


def _without_items(db: Connection, cycles: Sequence[str], rows: pd.DataFrame) -> pd.DataFrame:
    """Applications that are not screened, or were returned without an item anybody could read."""
    waiting = (_application.c.status.in_(_WITHOUT_ITEMS), _application.c.outcome.is_(None))
    columns = (_application.c.application_no, _application.c.status)
    bare = frames.read(db, select(*columns).where(_application.c.cycle.in_(cycles), *waiting))
    return bare[~bare["application_no"].isin(rows["application_no"])].assign(items=0)


def _late(db: Connection, cycle: str) -> pd.DataFrame:
    """Late versions that a decision under WINDOW-2 may still take: one row an application."""
    numbers = late_versions.undecided(db, cycle)
    return pd.DataFrame({"application_no": numbers, "status": "late", "items": 1}).astype(
        {"application_no": frames.TEXT}
    )


def is_late(db: Connection, cycle: str, number: str) -> bool:
    """Whether a late version of an application may still be taken by a decision."""
    return number in late_versions.undecided(db, cycle)


def _questioned_items(*columns: "ColumnElement[Any]") -> "Select[tuple[Any, ...]]":
    """Filed items whose accepted result is another than the one they were filed with, and fails them (EVAL-5).

    What was ended is decided on no more: its filed items stand.
    """
    result = tables.result
    ended = or_(_application.c.outcome == "ended", _application.c.cycle.in_(_closed()))
    over = exists().where(_application.c.application_no == _item.c.application_no, ended)
    same = and_(conditions.same(result, _item, KEYS), result.c.standing == "accepted")
    questioned = (_item.c.status == "filed", _item.c.decided_result != result.c.result_id)
    return select(*columns).select_from(_item.join(result, same)).where(*questioned, ~over)


def _questioned(db: Connection, cycles: Sequence[str]) -> pd.DataFrame:
    """Applications with such items: how many, and since when."""
    columns = (func.count().label("items"), func.max(tables.result.c.received_on).label("since_own"))
    statement = _questioned_items(_item.c.application_no, *columns).where(_item.c.cycle.in_(cycles))
    return frames.read(db, statement.group_by(_item.c.application_no)).assign(status="questioned")


def _since(db: Connection, cycles: Sequence[str]) -> pd.DataFrame:
    """The last day on which an application, or an item of it, came to stand somewhere: application_no, status, since."""
    mine = select(_application.c.application_no).where(_application.c.cycle.in_(cycles))
    columns = (_entry.c.subject.label("application_no"), _entry.c.became.label("status"))
    statement = select(*columns, func.max(_entry.c.on).label("since")).where(
        _entry.c.kind.in_(["item", "application"]), _entry.c.became.in_(list(AWAITED)), _entry.c.subject.in_(mine)
    )
    return frames.read(db, statement.group_by(_entry.c.subject, _entry.c.became))


def lacking(db: Connection, cycles: Sequence[str]) -> dict[str, str]:
    """What returned applications lack, by number: the sentences of the hard findings, each once, joined by `；`."""
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
    questioned = _questioned_items(*keys).where(_item.c.cycle == cycle)
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


def whose(db: Connection, numbers: Collection[str]) -> dict[str, tuple[str, str]]:
    """Name and county of the institutions of these applications, or under these credit codes, by number and code."""
    known = tables.institution
    filed = _whose().where(_application.c.application_no.in_(list(numbers)))
    rows = [(row.application_no, row.institution_name, row.region_code) for row in db.execute(filed)]
    on_register = select(known.c.uscc, known.c.institution_name, known.c.region_code)
    chosen = (known.c.uscc.in_(list(numbers)), known.c.known_to.is_(None))
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

    One in whose place a later file was taken, or whose application came in whole since, is settled and left out.
    """
    aside = tables.quarantined
    came = exists().where(
        _version.c.application_no == aside.c.application_no, _version.c.received_on >= aside.c.first_on
    )
    columns = [aside.c[name] for name in ("file", "application_no", "reason", "cycle", "sha256")]
    statement = select(*columns, aside.c.first_on.label("since")).where(
        aside.c.cycle.not_in(_closed()), aside.c.settled_by == "", ~came
    )
    return frames.read(db, statement).sort_values(["since", "file", "reason"], ignore_index=True)


def day_of(text: object) -> date | None:
    """A day from a frame's cell; None where it is blank or missing."""
    return date.fromisoformat(text[:10]) if isinstance(text, str) and text else None
