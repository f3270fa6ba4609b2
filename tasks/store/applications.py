"""Applications: taking them for screening, and the status that follows from their items."""

from collections.abc import Mapping
from datetime import date

import pandas as pd
from sqlalchemy import Connection, Select, Table, and_, case, exists, or_, select, update
from sqlalchemy.sql.elements import ColumnElement

from expectations.submissions import columns_read
from schemas import tables
from schemas.item import FINAL, TRADE, VERSION
from schemas.run import Run
from schemas.submission import APPLICATIONS, FORM_TABLES
from tasks.store import conditions, frames, history, institutions, seals, twins

_application = tables.application
_version = tables.application_version
_part_of = {**tables.FORM_PARTS, "applications": _version}


def to_screen(db: Connection, cycle: str, only: list[str] | None) -> list[str]:
    """Numbers of the cycle's applications that have not been screened since they last changed, sorted."""
    statement = select(_application.c.application_no).where(
        _application.c.cycle == cycle, _application.c.screened_at.is_(None)
    )
    if only is not None:
        statement = statement.where(_application.c.application_no.in_(only))
    return sorted(db.execute(statement).scalars())


def submissions(db: Connection, numbers: list[str]) -> dict[str, pd.DataFrame]:
    """The current versions of these applications as the frames the rule book reads: the columns it looks at."""
    chosen, forms = _is_among(db, numbers), {}
    for source in FORM_TABLES:
        table = _part_of[source.name]
        names = [name for name in columns_read(source) if name in table.c or name in _application.c]
        columns = [table.c[name] if name in table.c else _application.c[name] for name in names]
        columns += [table.c.version] if source is APPLICATIONS else [table.c.row]
        same = conditions.same(table, _application, VERSION)
        statement = select(*columns).join(_application, same).where(chosen)
        forms[source.name] = frames.read(db, _in_order(statement, table))
    forms["applications"]["row"] = 1
    stated = forms["applications"]["uscc"]
    present = institutions.followed(db, stated)
    forms["applications"] = forms["applications"].assign(uscc=present, stated_uscc=stated.where(stated != present))
    return forms


def _is_among(db: Connection, numbers: list[str]) -> ColumnElement[bool]:
    """The condition that an application has one of these numbers, however many they are."""
    work = frames.working(db, "chosen", pd.DataFrame({"application_no": numbers}, dtype=frames.TEXT))
    return _application.c.application_no.in_(select(work.c.application_no))


def _in_order(statement: "Select[tuple[object, ...]]", table: Table) -> "Select[tuple[object, ...]]":
    order = [table.c.application_no, table.c.row] if "row" in table.c else [table.c.application_no]
    return statement.order_by(*order)


def current(db: Connection, numbers: list[str]) -> pd.DataFrame:
    """The current version of these applications: the form's fields, version and submitted_utc."""
    columns = [_version.c[name] for name in APPLICATIONS.names]
    statement = (
        select(*columns, _version.c.version, _version.c.submitted_utc)
        .join(_application, conditions.is_current())
        .where(_is_among(db, numbers))
    )
    rows = frames.read(db, statement.order_by(_application.c.application_no))
    return rows.assign(uscc=institutions.followed(db, rows["uscc"]))


def address(db: Connection, subject: str) -> str:
    """The mail address in an application, or in the last one of an institution, by credit code, that gave one; or blank."""
    condition = or_(_application.c.application_no == subject, _application.c.uscc == subject)
    statement = (
        select(_version.c.contact_email)
        .join(_application, conditions.is_current())
        .where(condition, _version.c.contact_email.is_not(None), _version.c.contact_email != "")
        .order_by(_application.c.cycle.desc(), _application.c.application_no.desc())
    )
    return db.execute(statement).scalar() or ""


def commitments(db: Connection, numbers: list[str]) -> pd.DataFrame:
    """application_no, material and TRADE of every commitment in these applications, in order."""
    table = tables.material
    same = conditions.same(table, _application, VERSION)
    statement = (
        select(table.c.application_no, table.c.material, *(table.c[name] for name in TRADE))
        .join(_application, same)
        .where(_is_among(db, numbers))
        .where(table.c.form == "commitment")
    )
    return frames.read(db, statement.order_by(table.c.application_no, table.c.row))


def lacking_attachments(db: Connection) -> pd.DataFrame:
    """Files that open applications name and that have not come: application_no, cycle, version, file_name."""
    material = tables.material
    columns = (_application.c.application_no, _application.c.cycle, _version.c.version, material.c.file_name)
    of_version = conditions.same(material, _version, VERSION)
    versions = select(*columns).select_from(_application).join(_version, conditions.is_current())
    statement = versions.join(material, of_version).where(_application.c.outcome.is_(None))
    absent = (material.c.attachment_sha256.is_(None), material.c.file_name.is_not(None))
    return frames.read(db, statement.where(*absent).distinct())


def existing(db: Connection, numbers: list[str]) -> set[str]:
    """Those of the numbers that somebody filed under."""
    return set(
        db.execute(select(_application.c.application_no).where(_application.c.application_no.in_(numbers))).scalars()
    )


def cycle_of(db: Connection, number: str) -> str | None:
    """The cycle an application was filed in; None for an unknown number."""
    return db.execute(select(_application.c.cycle).where(_application.c.application_no == number)).scalar()


def note_screening(
    db: Connection, numbers: list[str], returned: set[str], correct_by: Mapping[str, date], knowledge: int, run: Run
) -> None:
    """Note the outcome of screening: `returned`, or the status that follows from the items.

    `correct_by`: the last day for a correction of those that can be corrected and have none running.
    """
    others = twins.among(db, run.cycle)
    now = pd.DataFrame({"application_no": numbers}, dtype=frames.TEXT)
    now["became"] = ["returned" if number in returned else "in_progress" for number in numbers]
    now["among"] = pd.Series([others.get(number, "") for number in numbers], dtype=frames.TEXT)
    work = frames.working(db, "chosen", now)
    same = _application.c.application_no == work.c.application_no
    seals.touch(db, seals.APPLICATION, now)
    db.execute(update(_application).where(same).values(screened_at=knowledge, judged_among=work.c.among))
    db.execute(update(_application).where(same, work.c.became != "returned").values(correct_by=None))
    for day in sorted(set(correct_by.values())):
        until_day = [number for number, last in correct_by.items() if last == day]
        correctable = frames.working(db, "correctable", pd.DataFrame({"application_no": until_day}, dtype=frames.TEXT))
        of = and_(_application.c.application_no == correctable.c.application_no, _application.c.status != "returned")
        db.execute(update(_application).where(of).values(correct_by=day))
    _set_status(db, now.assign(because="初审"), run)


def note_withdrawal(db: Connection, numbers: list[str], run: Run) -> None:
    """Close applications that were taken back, once the screening has made their items."""
    db.execute(update(_application).where(_is_among(db, numbers)).values(screened_at=0))
    now = pd.DataFrame({"application_no": numbers}, dtype=frames.TEXT)
    _set_status(db, now.assign(became="closed", because="申报已撤回"), run)


def taken_back(db: Connection, numbers: list[str]) -> set[str]:
    """Those of the numbers that are withdrawn."""
    is_withdrawn = (_application.c.application_no.in_(numbers), _application.c.outcome == "withdrawn")
    return set(db.execute(select(_application.c.application_no).where(*is_withdrawn)).scalars())


def give_up(db: Connection, numbers: list[str], because: str, ground: str, run: Run, by: str) -> None:
    """Close applications that were taken back (`note_outcome`) and have no item; the others follow their items."""
    _close(db, numbers, because, dict.fromkeys(numbers, ground), run, by)


def note_outcome(db: Connection, numbers: list[str], outcome: str) -> None:
    """Note that applications were withdrawn or ended as a whole."""
    chosen = _is_among(db, numbers)
    seals.touch_where(db, seals.APPLICATION, chosen)
    db.execute(update(_application).where(chosen).values(outcome=outcome, correct_by=None))


def end(db: Connection, numbers: list[str], grounds: Mapping[str, str], run: Run, by: str) -> None:
    """Note that applications were ended: these are closed, whether they had an item or not.

    `grounds`: why, of those without an item whose history would say so.
    """
    note_outcome(db, numbers, "ended")
    _close(db, numbers, "终止办理", grounds, run, by)


def _close(db: Connection, numbers: list[str], because: str, grounds: Mapping[str, str], run: Run, by: str) -> None:
    now = pd.DataFrame({"application_no": numbers}, dtype=frames.TEXT)
    reasons = [f"{because}：{grounds[number]}" if grounds.get(number) else because for number in numbers]
    _set_status(db, now.assign(became="closed", because=reasons), run, by)


def outcome_of(db: Connection, number: str) -> str | None:
    """Whether an application was withdrawn or ended; None where neither."""
    return db.execute(select(_application.c.outcome).where(_application.c.application_no == number)).scalar()


def of_cycle(db: Connection, cycle: str) -> pd.DataFrame:
    """Every application of a cycle: application_no, status, outcome, uscc, correct_by."""
    names = ("application_no", "status", "outcome", "uscc", "correct_by")
    statement = select(*(_application.c[name] for name in names)).where(_application.c.cycle == cycle)
    return frames.read(db, statement, ["application_no"])


def follow_items(db: Connection, cycle: str, run: Run) -> None:
    """Bring the status of every screened application of the cycle in line with its items."""
    not_final = and_(
        tables.item.c.application_no == _application.c.application_no, tables.item.c.status.not_in(sorted(FINAL))
    )
    open_still = and_(_application.c.outcome.is_(None), exists().where(not_final))
    derived = case((open_still, "in_progress"), else_="closed")
    given_up = and_(_application.c.outcome.is_not(None), _application.c.screened_at.is_not(None))
    statement = select(_application.c.application_no, derived.label("became")).where(
        _application.c.cycle == cycle,
        or_(_application.c.status.in_(["in_progress", "closed"]), given_up),
        _application.c.status != derived,
    )
    if len(differing := frames.read(db, statement)):
        _set_status(db, differing.assign(because="随申报职业等级"), run)


def outdated(db: Connection, cycle: str, knowledge: int) -> list[str]:
    """Applications that wait, none of them sent out, judged on facts that have changed since.

    Facts of others: another application of the same institution came or went (FORM-8, OCC-14); the register or the
    activities grew after the screening (CAP, DORM, RENEW).
    """
    sent = exists().where(tables.dispatched_item.c.application_no == _application.c.application_no)
    waits = exists().where(
        tables.item.c.application_no == _application.c.application_no,
        tables.item.c.status.in_(["returned", "held", "accepted"]),
    )
    statement = select(_application.c.application_no, _application.c.screened_at, _application.c.judged_among).where(
        _application.c.cycle == cycle,
        _application.c.screened_at.is_not(None),
        _application.c.outcome.is_(None),
        or_(_application.c.status == "returned", waits),
        ~sent,
    )
    others = twins.among(db, cycle)
    return sorted(
        number
        for number, screened_at, judged in db.execute(statement).tuples()
        if screened_at != knowledge or (judged or "") != others.get(number, "")
    )


def send_back(db: Connection, numbers: list[str]) -> None:
    """Have these applications screened again."""
    db.execute(update(_application).where(_is_among(db, numbers)).values(screened_at=None))


def recode(db: Connection, old: str, new: str) -> None:
    """Let applications and items follow their institution to another credit code; what was handed in stays as it is."""
    for table, record in ((_application, seals.APPLICATION), (tables.item, seals.ITEMS)):
        seals.touch_where(db, record, table.c.uscc == old)
        db.execute(update(table).where(table.c.uscc == old).values(uscc=new))


def _set_status(db: Connection, now: pd.DataFrame, run: Run, by: str = "filing") -> None:
    """`now`: application_no, became, because; only differences are written."""
    work = frames.working(db, "standing_now", now[["application_no", "became"]])
    same = _application.c.application_no == work.c.application_no
    present = frames.read(
        db, select(_application.c.application_no, _application.c.status.label("was")).join(work, same)
    )
    moved = now.merge(present, on="application_no")
    moved = moved[moved["was"] != moved["became"]]
    if moved.empty:
        return
    seals.touch(db, seals.APPLICATION, moved)
    db.execute(update(_application).where(same, _application.c.status != work.c.became).values(status=work.c.became))
    tell(db, moved, run, by)


def tell(db: Connection, moved: pd.DataFrame, run: Run, by: str = "filing") -> None:
    """History entries of applications: application_no, was, became, because."""
    entries = moved.sort_values("application_no").assign(subject=lambda frame: frame["application_no"])
    history.add(db, "application", entries, run, by)
