"""Late versions: kept, and made current once a ruling permits one (contract section 3)."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pandas as pd
from sqlalchemy import Connection, select, update

from schemas import tables
from schemas.item import VERSION
from schemas.law import versions as law
from schemas.law.cycle import cycle_id
from schemas.law.rulings import WINDOW_2
from schemas.policy import for_cycle
from schemas.rows import records
from schemas.run import Run
from tasks.store import conditions, decisions, frames, institutions, seals, versions

_application = tables.application
_version = tables.application_version


def permitted(db: Connection, run: Run) -> pd.DataFrame:
    """The newest late versions of the cycle's applications that a ruling now permits, as rows to `promote`."""
    open_ones = _open(db, run.cycle, run.only)
    if open_ones.empty:
        return open_ones
    chosen = open_ones[_given_since(db, run.cycle, open_ones) == "permit"]
    return chosen.assign(
        is_withdrawal=False, assigned_cycle=run.cycle, uscc_now=institutions.followed(db, chosen["uscc"])
    )


def undecided(db: Connection, cycle: str) -> list[str]:
    """Applications whose newest late version may still be permitted, and on which nobody has ruled since it came."""
    open_ones = _open(db, cycle, None)
    if open_ones.empty:
        return []
    return open_ones.loc[_given_since(db, cycle, open_ones).isna(), "application_no"].tolist()


def has_any(db: Connection, number: str) -> bool:
    """Whether an application has a late version that is not taken."""
    late = (_version.c.application_no == number, _version.c.standing == "late")
    return db.execute(select(_version.c.version).where(*late).limit(1)).first() is not None


def _every(db: Connection, cycle: str) -> pd.DataFrame:
    """All late versions of the cycle that are not taken: the table's columns, sorted by application and version."""
    joined = select(_version).join(_application, _application.c.application_no == _version.c.application_no)
    rows = frames.read(db, joined.where(_application.c.cycle == cycle, _version.c.standing == "late"))
    return rows.sort_values(VERSION, ignore_index=True)


def _open(db: Connection, cycle: str, only: list[str] | None) -> pd.DataFrame:
    """The newest late version of each application, where a permit may take it: the table's columns, moment, and `was`."""
    late = _every(db, cycle)
    if only is not None:
        late = late[late["application_no"].isin(only)]
    late = late.drop_duplicates("application_no", keep="last").reset_index(drop=True)
    if late.empty:
        return late
    on_record, policy = versions.known_of(db, late["application_no"].tolist()), for_cycle(cycle_id(cycle))
    moments = [
        law.moment_of(versions.moment(row["submitted_utc"]), date.fromisoformat(row["received_on"]), policy)
        for row in records(late)
    ]
    may = [
        law.may_be_permitted(on_record[number].facts, moment)
        for number, moment in zip(late["application_no"], moments, strict=True)
    ]
    status = {number: application.status for number, application in on_record.items()}
    return late.assign(moment=moments, was=late["application_no"].map(status))[may]


def _given_since(db: Connection, cycle: str, late: pd.DataFrame) -> "pd.Series[str]":
    """The latest ruling on each application as a whole, if it was made after its late version came."""
    latest = {str(row["application_no"]): row for row in records(decisions.on_applications(db, cycle, WINDOW_2))}
    zone = ZoneInfo(for_cycle(cycle_id(cycle)).timezone)
    verdicts = [
        ruling["verdict"] if (ruling := latest.get(number)) and _lasts_until(ruling["moment"], zone) >= moment else None
        for number, moment in zip(late["application_no"], late["moment"], strict=True)
    ]
    return pd.Series(verdicts, index=late.index, dtype=frames.TEXT)


def _lasts_until(moment: datetime, zone: ZoneInfo) -> datetime:
    """The last moment at which a decision may have been made: of one with a day alone, the end of that day."""
    is_day = moment.astimezone(zone).time() == time()
    return moment + timedelta(days=1) if is_day else moment


def promote(db: Connection, rows: pd.DataFrame, run: Run) -> None:
    """Make late versions that are permitted (of `permitted`) current; WINDOW-2 stands on them."""
    if rows.empty:
        return
    versions.retire(db, rows, run)
    work = frames.working(db, "promoted", rows[VERSION])
    same = conditions.same(_version, work, VERSION)
    seals.touch(db, seals.VERSION_STANDING, rows)
    db.execute(update(_version).where(same).values(standing="current", in_time_until=run.policy.deadline(run.cycle)))
    versions.make_current(db, rows, run)
