"""Late versions: kept, and made current once a decision permits one (contract section 3)."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import pandas as pd
from sqlalchemy import Connection, and_, select, update

from schemas import tables
from schemas.law import versions as law
from schemas.law.rulings import WINDOW_2
from schemas.law.versions import Known
from schemas.policy import Policy
from schemas.run import Run
from tasks.store import decisions, frames, institutions, seals, versions

_application = tables.application
_version = tables.application_version


def permitted(db: Connection, run: Run) -> pd.DataFrame:
    """The newest late version of each of the cycle's applications that a decision permits now, as rows to `promote`."""
    statement = (
        select(_version)
        .join(_application, _application.c.application_no == _version.c.application_no)
        .where(_application.c.cycle == run.cycle, _version.c.standing == "late")
    )
    late = frames.read(db, statement)
    if run.only is not None:
        late = late[late["application_no"].isin(run.only)]
    if late.empty:
        return late
    late = late.sort_values("version").drop_duplicates("application_no", keep="last").reset_index(drop=True)
    known = versions.known_of(db, late["application_no"].tolist())
    moments = decisions.permitted_since(db, run.cycle, WINDOW_2)
    taken = [_is_taken(row, known[row["application_no"]].facts, moments, run.policy) for row in late.to_dict("records")]
    chosen = late[pd.Series(taken, index=late.index, dtype="bool")]
    return chosen.assign(
        was=chosen["application_no"].map({number: application.status for number, application in known.items()}),
        is_withdrawal=False,
        assigned_cycle=run.cycle,
        uscc_now=institutions.followed(db, chosen["uscc"]),
    )


def _is_taken(row: Mapping[Any, Any], known: Known, moments: Mapping[str, datetime], policy: Policy) -> bool:
    """A permit concerns what had been handed in when it was given."""
    permit = moments.get(row["application_no"])
    moment = law.moment_of(versions.moment(row["submitted_utc"]), date.fromisoformat(row["received_on"]), policy)
    verdict = "permit" if permit is not None and permit >= moment else None
    return law.is_permitted(verdict, known, moment)


def promote(db: Connection, rows: pd.DataFrame, run: Run) -> None:
    """Make late versions that are permitted (of `permitted`) current; WINDOW-2 stands on them."""
    if rows.empty:
        return
    versions.retire(db, rows, run)
    work = frames.working(db, "promoted", rows[["application_no", "version"]])
    same = and_(_version.c.application_no == work.c.application_no, _version.c.version == work.c.version)
    seals.touch(db, seals.VERSION_STANDING, rows)
    db.execute(update(_version).where(same).values(standing="current", in_time_until=run.policy.deadline(run.cycle)))
    versions.make_current(db, rows, run)
