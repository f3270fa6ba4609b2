"""Personal data of staff: finding a person's, correcting it, and erasing it when its time is over."""

from datetime import date
from typing import Any

import pandas as pd
from sqlalchemy import Connection, delete, func, select, update

from schemas.finding import masked
from schemas.history import facts_text
from schemas.item import VERSION
from schemas.law.cycle import add_months, cycle_id
from schemas.policy import for_cycle
from schemas.run import Run
from schemas.submission import WRITTEN
from schemas.tables import application, application_version, staff_member
from schemas.tables import history as entries
from tasks.store import conditions, frames, history, seals

#: Fields of a person's row that may be corrected; the identity number, which says whose row it is, is not one.
CORRECTABLE = ("name", "id_type", "title", "certificate_no")
#: Versions that were replaced, or not taken.
_PAST = ("superseded", "late")


def of_person(db: Connection, number: str) -> list[dict[str, Any]]:
    """Every row of staff under an identity number, with the institution, the cycle and when it came; earliest first."""
    version = application_version
    statement = (
        select(
            *(column for column in staff_member.c if column.name != WRITTEN),
            version.c.institution_name,
            version.c.uscc,
            version.c.cycle,
            version.c.received_on,
            version.c.standing,
        )
        .join(version, conditions.same(staff_member, version, VERSION))
        .where(func.upper(staff_member.c.id_number) == number.upper())
    )
    rows = [dict(row) for row in db.execute(statement).mappings()]
    return sorted(rows, key=lambda row: (row["received_on"], row["application_no"], row["version"], row["row"]))


def correct(db: Connection, number: str, field: str, value: str, by: str, reason: str, run: Run) -> int:
    """Correct one field in every row of a person; the history has who did it and why, not the data. Returns how many rows."""
    rows = of_person(db, number)
    if field not in CORRECTABLE:
        raise ValueError(f"{field} cannot be put right here: {', '.join(CORRECTABLE)}")
    concerned = func.upper(staff_member.c.id_number) == number.upper()
    seals.touch_where(db, seals.STAFF, concerned)
    db.execute(update(staff_member).where(concerned).values({field: value}))
    for subject in sorted({str(row["application_no"]) for row in rows}):
        because = f"应本人请求更正人员信息（{field}，{masked(number)}）：{reason}"
        history.add_one(db, "person", subject, because, run, by, became="corrected")
    return len(rows)


def forget(db: Connection, run: Run) -> int:
    """Delete the staff of closed applications and past versions whose time is over on the run's day; returns how many rows.

    The history has the applications and the numbers, not the persons.
    """
    over = _over(db, run.day)
    if over.empty:
        return 0
    work = frames.working(db, "over_now", over)
    is_over = conditions.among(staff_member, work, VERSION)
    counted = select(staff_member.c.application_no, func.count()).where(is_over).group_by(staff_member.c.application_no)
    rows = {number: int(count) for number, count in db.execute(counted)}
    if not rows:
        return 0
    seals.touch_where(db, seals.STAFF, is_over)
    db.execute(delete(staff_member).where(is_over))
    records = pd.DataFrame(
        [
            {
                "subject": number,
                "became": "forgotten",
                "because": f"保管期满，清除人员记录{count}条",
                "facts": facts_text(rows=count),
            }
            for number, count in sorted(rows.items())
        ]
    )
    history.add(db, "person", records, run, "filing")
    return sum(rows.values())


def _over(db: Connection, day: date) -> pd.DataFrame:
    """application_no and version whose staff records must go by a day, under the policy of their cycle."""
    closings = (
        select(entries.c.subject, func.max(entries.c.on).label("closed_on"))
        .where(entries.c.kind == "application", entries.c.became == "closed")
        .group_by(entries.c.subject)
        .subquery()
    )
    statement = (
        select(
            *(application_version.c[name] for name in VERSION),
            application.c.cycle,
            application.c.status,
            application_version.c.standing,
            application_version.c.received_on,
            closings.c.closed_on,
        )
        .join(application, application.c.application_no == application_version.c.application_no)
        .outerjoin(closings, closings.c.subject == application_version.c.application_no)
    )
    over = [
        (row.application_no, row.version)
        for row in db.execute(statement)
        if (since := _since(row)) and add_months(since, for_cycle(cycle_id(row.cycle)).retention.staff_months) <= day
    ]
    return pd.DataFrame(over, columns=VERSION)


def _since(row: Any) -> date | None:
    """The day from which the months of a version's staff count; None while the application is open."""
    if row.standing in _PAST:
        return date.fromisoformat(str(row.received_on))
    return date.fromisoformat(str(row.closed_on)) if row.status == "closed" and row.closed_on else None
