"""Public notices in the database: which items each shows, and until when."""

from datetime import date
from typing import Any

import pandas as pd
from sqlalchemy import Connection, and_, insert, or_, select, update
from sqlalchemy.engine import RowMapping

from schemas import item, tables
from schemas.history import facts_text
from schemas.run import Run
from tasks.store import conditions, frames, history, seals
from tasks.store.database import highest

KEYS = item.KEYS
_notice = tables.public_notice
_item = tables.public_notice_item
#: The columns that a notice shows of an item beside its keys, as they were then.
SHOWN = ["institution_name", "institution_type", "uscc", "region_code", "kind", "own_name"]


def shown(db: Connection, cycle: str) -> pd.DataFrame:
    """Every item of the cycle that stands in a notice: keys, notice, standing, published_on, ends_on (ISO)."""
    columns = [_notice.c[name] for name in ("notice", "standing", "published_on", "ends_on")]
    statement = select(*(_item.c[key] for key in KEYS), *columns).join(_notice, _notice.c.notice == _item.c.notice)
    return frames.read(db, statement.where(_notice.c.cycle == cycle)).sort_values(KEYS, ignore_index=True)


def running(db: Connection, number: str, day: date) -> pd.DataFrame:
    """An application's occupations in notices whose period is not over on a day: notice, ends_on (ISO), occupation_code."""
    columns = (_notice.c.notice, _notice.c.ends_on, _item.c.occupation_code)
    is_running = (_item.c.application_no == number, _notice.c.standing == "published", _notice.c.ends_on >= day)
    statement = select(*columns).join(_notice, _notice.c.notice == _item.c.notice).where(*is_running).distinct()
    return frames.read(db, statement).sort_values(["notice", "occupation_code"], ignore_index=True)


def periods(db: Connection, number: str) -> dict[str, tuple[date, date]]:
    """First and last day of the newest published notice that shows items of an application, by occupation."""
    columns = (_item.c.occupation_code, _notice.c.published_on, _notice.c.ends_on)
    is_published = (_item.c.application_no == number, _notice.c.standing == "published")
    statement = select(*columns).join(_notice, _notice.c.notice == _item.c.notice).where(*is_published)
    rows = db.execute(statement.order_by(_notice.c.ends_on, _notice.c.number))
    return {code: (began, ends) for code, began, ends in rows}


def draft(db: Connection, items: pd.DataFrame, published_on: date, ends_on: date, run: Run) -> str:
    """A new notice of these items (KEYS and SHOWN), its files not built yet; its name."""
    number = highest(db, _notice.c.number, _notice.c.cycle == run.cycle) + 1
    name = f"{run.cycle}.{number}"
    dates: dict[str, Any] = {"published_on": published_on, "ends_on": ends_on}
    seals.touch_one(db, seals.PUBLIC_NOTICE, name)
    seals.touch_one(db, seals.PUBLIC_NOTICE_ITEMS, name)
    db.execute(insert(_notice).values(notice=name, cycle=run.cycle, number=number, standing="building", **dates))
    frames.append(db, _item, items[[*KEYS, *SHOWN]].sort_values(KEYS).assign(notice=name))
    _tell(db, name, _period(published_on, ends_on), run, became="building", facts=facts_text(**dates))
    return name


def building(db: Connection, cycle: str) -> list[RowMapping]:
    """Notices of the cycle whose files are not in their place yet, by number."""
    chosen = (_notice.c.cycle == cycle, _notice.c.standing == "building")
    return list(db.execute(select(_notice).where(*chosen).order_by(_notice.c.number)).mappings())


def unplaced(db: Connection) -> list[RowMapping]:
    """Notices of all cycles whose files are not in their place yet."""
    return list(db.execute(select(_notice).where(_notice.c.standing == "building")).mappings())


def published(db: Connection) -> list[RowMapping]:
    """Notices that are published, by cycle and number."""
    statement = select(_notice).where(_notice.c.standing == "published")
    return list(db.execute(statement.order_by(_notice.c.cycle, _notice.c.number)).mappings())


def cycles_due(db: Connection, day: date) -> list[str]:
    """Cycles with items that passed and whose notice was over before the day, or is not in its place yet; oldest first."""
    passed = tables.item
    condition = and_(conditions.same(passed, _item, KEYS), passed.c.status == "passed")
    over = and_(_notice.c.standing == "published", _notice.c.ends_on < day)
    statement = select(_notice.c.cycle).join(_item, _item.c.notice == _notice.c.notice).join(passed, condition)
    return sorted(set(db.execute(statement.where(or_(over, _notice.c.standing == "building"))).scalars()))


def items_of(db: Connection, name: str) -> pd.DataFrame:
    """The items of a notice: KEYS and SHOWN, text, sorted."""
    statement = select(*(_item.c[column] for column in (*KEYS, *SHOWN))).where(_item.c.notice == name)
    return frames.read(db, statement).fillna("").sort_values(KEYS, ignore_index=True)


def redate(db: Connection, name: str, published_on: date, ends_on: date, run: Run) -> None:
    """Move the period of a notice that nobody has seen yet to another first day."""
    seals.touch_one(db, seals.PUBLIC_NOTICE, name)
    db.execute(update(_notice).where(_notice.c.notice == name).values(published_on=published_on, ends_on=ends_on))
    because, facts = _period(published_on, ends_on), facts_text(published_on=published_on, ends_on=ends_on)
    _tell(db, name, because, run, was="building", became="building", facts=facts)


def placed(db: Connection, name: str, manifest_sha256: str, run: Run) -> None:
    """Note that the notice's folder is in its place."""
    moved = {"standing": "published", "manifest_sha256": manifest_sha256}
    seals.touch_one(db, seals.PUBLIC_NOTICE, name)
    db.execute(update(_notice).where(_notice.c.notice == name).values(**moved))
    facts = facts_text(manifest_sha256=manifest_sha256)
    _tell(db, name, manifest_sha256, run, was="building", became="published", facts=facts)


def _tell(db: Connection, name: str, because: str, run: Run, **entry: str) -> None:
    history.add_one(db, "public_notice", name, because, run, "filing", **entry)


def _period(published_on: date, ends_on: date) -> str:
    return f"公示期{published_on.isoformat()}至{ends_on.isoformat()}"
