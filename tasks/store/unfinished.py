"""What of a cycle is not final: how long it has stood, who must act, and for what the cycle waits; it changes nothing.

By plain rows: whoever asks how a cycle stands asks often, and pays for no frame.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, func, or_, select
from sqlalchemy.engine import RowMapping

from schemas import tables
from schemas.item import AWAITED, DECIDED, FINAL, KEYS, NOT_TAKEN_UP, ON_NOTICE, WITH_ITS_CYCLE
from schemas.law import deciding
from schemas.law.cycle import cycle_id
from schemas.policy import for_cycle
from tasks.store import conditions

_application = tables.application
_version = tables.application_version
_item = tables.item
_entry = tables.history
#: Where applications may stand that have no item yet.
_WITHOUT_ITEMS = ["received", "returned"]
#: What people need of the institution of an application.
_OF_INSTITUTION = [
    "cycle",
    "application_no",
    "uscc",
    "institution_name",
    "region_code",
    "contact_name",
    "contact_phone",
]


@dataclass(frozen=True)
class Open:
    """Items of an application that stand in one place, or the application without one (`items` is 0), and whose it is.

    `status`: of `schemas.item`; `since` None where the history tells none; `days` since then.
    """

    application_no: str
    institution_name: str
    status: str
    items: int
    since: date | None
    days: int
    who: str
    cycle: str
    uscc: str
    region_code: str
    contact_name: str
    contact_phone: str
    correct_by: date | None


@dataclass(frozen=True)
class _Standing:
    """`since`: the day from which it counts, where that is another than the last move's."""

    application_no: str
    status: str
    items: int
    since: date | None = None


def with_institution() -> "Select[tuple[object, ...]]":
    """Every application with what people need of its institution."""
    columns = [_application.c[name] if name in _application.c else _version.c[name] for name in _OF_INSTITUTION]
    return select(*columns).join(_version, conditions.is_current())


def closed() -> "Select[tuple[str]]":
    """The cycles that somebody closed."""
    return select(tables.cycle.c.cycle).where(tables.cycle.c.closed_on.is_not(None))


def open_cycles(db: Connection) -> list[str]:
    """Cycles in which something waits for somebody and which nobody closed, oldest first."""
    unfinished = select(_item.c.cycle).where(_item.c.status.not_in(FINAL)).distinct()
    applied = select(_application.c.cycle).where(_application.c.status.in_(_WITHOUT_ITEMS)).distinct()
    questioned = questioned_items(_item.c.cycle).distinct()
    cycles = {cycle for statement in (unfinished, applied, questioned) for cycle in db.execute(statement).scalars()}
    over = set(db.execute(closed()).scalars())
    with_late = set(db.execute(_late(_application.c.cycle).distinct()).scalars()) - cycles - over
    return sorted((cycles - over) | {cycle for cycle in with_late if _late_undecided(db, cycle)})


def open_of(db: Connection, cycles: Sequence[str], day: date) -> list[Open]:
    """Everything of these cycles that is not final, with its age on a day and who must act, the oldest first."""
    items = list(_items(db, cycles, day))
    late = [_Standing(number, "late", 1) for cycle in cycles for number in _late_undecided(db, cycle)]
    standings = [*items, *_without_items(db, cycles, items), *late, *_questioned(db, cycles)]
    if not standings:
        return []
    since, about = _since(db, cycles), _about(db, cycles)
    dated = [
        replace(standing, since=standing.since or since.get((standing.application_no, standing.status)))
        for standing in standings
    ]
    rows = [
        _open(standing, about[standing.application_no], day) for standing in _awaited(db, dated, about, cycles, day)
    ]
    return sorted(rows, key=lambda row: (-row.days, row.application_no, row.status))


def _about(db: Connection, cycles: Sequence[str]) -> dict[str, RowMapping]:
    """Of each application of these cycles, or with an item of them, what people need, and when it is to be corrected."""
    with_items = _application.c.application_no.in_(select(_item.c.application_no).where(_item.c.cycle.in_(cycles)))
    statement = with_institution().add_columns(_application.c.correct_by)
    rows = db.execute(statement.where(or_(_application.c.cycle.in_(cycles), with_items))).mappings()
    return {row["application_no"]: row for row in rows}


def _awaited(
    db: Connection, standings: Sequence[_Standing], about: Mapping[str, RowMapping], cycles: Sequence[str], day: date
) -> Iterator[_Standing]:
    """The standings by what is awaited: what nobody takes up apart, and what passed in a cycle that is not decided yet."""
    chosen = (_application.c.cycle.in_(cycles), conditions.not_taken_up())
    beyond = set(db.execute(select(_application.c.application_no).where(*chosen)).scalars())
    passed = {about[standing.application_no]["cycle"] for standing in standings if standing.status == "passed"}
    undecided = {cycle for cycle in passed.intersection(cycles) if not wait(db, cycle, day).is_over}
    for standing in standings:
        if standing.status == "returned" and standing.application_no in beyond:
            yield replace(standing, status=NOT_TAKEN_UP)
        elif standing.status == "passed" and about[standing.application_no]["cycle"] in undecided:
            yield replace(standing, status=WITH_ITS_CYCLE)
        else:
            yield standing


def _open(standing: _Standing, row: RowMapping, day: date) -> Open:
    return Open(
        **{name: row[name] or "" for name in _OF_INSTITUTION},
        status=standing.status,
        items=standing.items,
        since=standing.since,
        days=(day - standing.since).days if standing.since else 0,
        who=AWAITED[standing.status].who,
        correct_by=row["correct_by"],
    )


def _corrections(db: Connection, cycle: str) -> list[date]:
    """The last days of correction periods, over or not, of applications that stand returned."""
    returned = (_application.c.cycle == cycle, _application.c.status == "returned")
    last_days = select(_application.c.correct_by).where(*returned, _application.c.correct_by.is_not(None))
    return sorted(db.execute(last_days).scalars())


def has_decided(db: Connection, cycle: str) -> bool:
    """Whether the day on which the cycle is decided has come."""
    since = select(tables.cycle.c.decides_since).where(tables.cycle.c.cycle == cycle)
    return db.execute(since).scalar() is not None


def results_back(db: Connection, cycle: str) -> tuple[int, int]:
    """How many of the cycle's dispatched items have an accepted result, and how many were dispatched."""
    out = tables.dispatched_item
    sent = select(func.count()).select_from(out).where(out.c.cycle == cycle)
    back = sent.where(conditions.is_answered(out))
    return int(db.execute(back).scalar_one()), int(db.execute(sent).scalar_one())


def wait(db: Connection, cycle: str, day: date) -> deciding.Wait:
    """For what a cycle waits on a day before it decides; for nothing once it was closed (contract section 3)."""
    policy = for_cycle(cycle_id(cycle))
    if not deciding.waits(policy, cycle_id(cycle), day) or has_decided(db, cycle):
        return deciding.Wait()
    if cycle in set(db.execute(closed()).scalars()):
        return deciding.Wait()
    progress = deciding.Progress(*results_back(db, cycle), _corrections(db, cycle))
    return deciding.wait_on(progress, policy, cycle_id(cycle), day)


def _items(db: Connection, cycles: Sequence[str], day: date) -> Iterator[_Standing]:
    """How many items of an application stand where; what passed and stands in a running public notice as ON_NOTICE.

    `since`, of these, is the day on which the notice showed them.
    """
    counted = (
        select(_item.c.application_no, _item.c.status, func.count())
        .where(_item.c.cycle.in_(cycles), _item.c.status.not_in(FINAL))
        .group_by(_item.c.application_no, _item.c.status)
    )
    on_notices = _on_notice(db, cycles, day)
    for number, status, items in db.execute(counted):
        on_notice = on_notices.get(number) if status == "passed" else None
        if on_notice is not None:
            yield on_notice
        if left := items - (on_notice.items if on_notice else 0):
            yield _Standing(number, status, left)


def _on_notice(db: Connection, cycles: Sequence[str], day: date) -> dict[str, _Standing]:
    """How many passed items of an application stand in a public notice that is not over on a day, by its number."""
    notice, notice_item = tables.public_notice, tables.public_notice_item
    running = (notice.c.cycle.in_(cycles), notice.c.standing == "published", notice.c.ends_on >= day)
    item = (
        select(notice_item.c.application_no, func.max(notice.c.published_on).label("since"))
        .join(notice, notice.c.notice == notice_item.c.notice)
        .join(_item, conditions.same(_item, notice_item, KEYS))
        .where(*running, _item.c.cycle.in_(cycles), _item.c.status == "passed")
        .group_by(*(notice_item.c[key] for key in KEYS))
        .subquery()
    )
    statement = select(item.c.application_no, func.count(), func.max(item.c.since)).group_by(item.c.application_no)
    return {number: _Standing(number, ON_NOTICE, items, since) for number, items, since in db.execute(statement)}


def _without_items(db: Connection, cycles: Sequence[str], items: Sequence[_Standing]) -> Iterator[_Standing]:
    """Applications that are not screened, or were returned without an item anybody could read."""
    waiting = (_application.c.status.in_(_WITHOUT_ITEMS), _application.c.outcome.is_(None))
    statement = select(_application.c.application_no, _application.c.status)
    named = {standing.application_no for standing in items}
    for number, status in db.execute(statement.where(_application.c.cycle.in_(cycles), *waiting)):
        if number not in named:
            yield _Standing(number, status, 0)


def _late(*columns: "ColumnElement[Any]") -> "Select[tuple[Any, ...]]":
    """Late versions of applications of which nothing is decided: a decision may take them."""
    of_application = (_version.c.application_no == _application.c.application_no, _version.c.standing == "late")
    decided = exists().where(_item.c.application_no == _application.c.application_no, _item.c.status.in_(DECIDED))
    undecided = (or_(_application.c.outcome.is_(None), _application.c.outcome != "ended"), ~decided)
    return select(*columns).select_from(_application.join(_version, and_(*of_application))).where(*undecided)


def _late_undecided(db: Connection, cycle: str) -> list[str]:
    """Applications with a late version that a decision under WINDOW-2 may still take."""
    late = _late(_application.c.application_no).where(
        _application.c.cycle == cycle, _application.c.cycle.not_in(closed())
    )
    if db.execute(late.limit(1)).first() is None:
        return []
    from tasks.store import late_versions  # noqa: PLC0415  moments of decisions are read by frames; in most cycles nothing is late

    return late_versions.undecided(db, cycle)


def is_late(db: Connection, cycle: str, number: str) -> bool:
    """Whether a late version of an application may still be taken by a decision."""
    return number in _late_undecided(db, cycle)


def questioned_items(*columns: "ColumnElement[Any]") -> "Select[tuple[Any, ...]]":
    """Filed items whose accepted result is another than the one they were filed with, and fails them (EVAL-5).

    What was ended is decided on no more: its filed items stand.
    """
    result = tables.result
    ended = or_(_application.c.outcome == "ended", _application.c.cycle.in_(closed()))
    over = exists().where(_application.c.application_no == _item.c.application_no, ended)
    same = and_(conditions.same(result, _item, KEYS), result.c.standing == "accepted")
    questioned = (_item.c.status == "filed", _item.c.decided_result != result.c.result_id)
    return select(*columns).select_from(_item.join(result, same)).where(*questioned, ~over)


def may_be_questioned(db: Connection, number: str, occupation: str) -> bool:
    """Whether a corrected result questions what an application filed, or a result of it is not judged yet."""
    result = tables.result
    unjudged = and_(conditions.same(result, _item, KEYS), result.c.standing == "received")
    statements = (
        questioned_items(_item.c.application_no),
        select(_item.c.application_no).select_from(_item.join(result, unjudged)).where(_item.c.status == "filed"),
    )
    chosen = [_item.c.application_no == number, *([_item.c.occupation_code == occupation] if occupation else [])]
    return any(db.execute(statement.where(*chosen).limit(1)).first() for statement in statements)


def _questioned(db: Connection, cycles: Sequence[str]) -> list[_Standing]:
    """Applications with such items: how many, and since when."""
    columns = (func.count(), func.max(tables.result.c.received_on))
    statement = questioned_items(_item.c.application_no, *columns).where(_item.c.cycle.in_(cycles))
    rows = db.execute(statement.group_by(_item.c.application_no))
    return [_Standing(number, "questioned", items, since) for number, items, since in rows]


def _since(db: Connection, cycles: Sequence[str]) -> dict[tuple[str, str], date]:
    """The last day on which an application, or an item of it, came to stand somewhere, by number and status."""
    of_cycles = select(_application.c.application_no).where(_application.c.cycle.in_(cycles))
    statement = select(_entry.c.subject, _entry.c.became, func.max(_entry.c.on)).where(
        _entry.c.kind.in_(["item", "application"]), _entry.c.became.in_(list(AWAITED)), _entry.c.subject.in_(of_cycles)
    )
    rows = db.execute(statement.group_by(_entry.c.subject, _entry.c.became))
    return {(number, status): day for number, status, day in rows}
