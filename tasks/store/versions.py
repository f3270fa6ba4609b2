"""Versions of applications: receiving what is new of a pull; what becomes of the current one belongs to `applications`."""

import numpy as np
import pandas as pd
from sqlalchemy import Connection, and_, case, exists, func, select, update

from schemas import tables
from schemas.run import Run
from schemas.submission import APPLICATIONS, WRITTEN
from tasks.store import applications, frames, institutions, items

_application = tables.application
_version = tables.application_version


def receive(db: Connection, forms: dict[str, pd.DataFrame], run: Run) -> dict[str, int]:
    """Store what is new of a pull: a known content changes nothing, another content is a new version.

    `forms`: the five form tables as canonical text with `written` and `row`; applications also `content_hash`, `submitted_utc`
    (microseconds or NaN) and `assigned_cycle`. Returns how many came new, corrected, older than the current, too late.
    """
    incoming = _unknown(db, forms["applications"])
    if incoming.empty:
        return {}
    incoming = incoming.merge(_known(db, incoming), on="application_no", how="left")
    incoming["version"] = incoming["versions"].fillna(0).astype("int64") + 1
    incoming["standing"] = _standing(incoming)
    _retire(db, incoming[(incoming["standing"] == "current") & (incoming["version"] > 1)], run)
    _insert(db, incoming, forms, run)
    incoming["uscc"] = institutions.followed(db, incoming["uscc"])
    _make_current(db, incoming[incoming["standing"] == "current"], run)
    first = incoming["version"] == 1
    counts = {
        "new": int(first.sum()),
        "corrected": int((~first & (incoming["standing"] == "current")).sum()),
        "older": int((incoming["standing"] == "superseded").sum()),
        "late": int((incoming["standing"] == "late").sum()),
    }
    return {name: number for name, number in counts.items() if number}


def _unknown(db: Connection, forms: pd.DataFrame) -> pd.DataFrame:
    work = frames.working(db, "incoming", forms[["application_no", "content_hash"]])
    same = and_(_version.c.application_no == work.c.application_no, _version.c.content_hash == work.c.content_hash)
    known = frames.read(db, select(work.c.application_no).join(_version, same))
    return forms[~forms["application_no"].isin(known["application_no"])].reset_index(drop=True)


def _known(db: Connection, incoming: pd.DataFrame) -> pd.DataFrame:
    work = frames.working(db, "incoming", incoming[["application_no"]])
    versions = (
        select(_version.c.application_no, func.max(_version.c.version).label("versions"))
        .join(work, work.c.application_no == _version.c.application_no)
        .group_by(_version.c.application_no)
        .subquery()
    )
    sent = exists().where(tables.dispatched_item.c.application_no == _application.c.application_no)
    statement = (
        select(
            _application.c.application_no,
            versions.c.versions,
            _application.c.version.label("current_version"),
            _application.c.status.label("was"),
            _version.c.submitted_utc.label("current_utc"),
            case((sent, 1), else_=0).label("sent"),
        )
        .join(versions, versions.c.application_no == _application.c.application_no)
        .join(_version, applications.is_current())
    )
    return frames.read(db, statement)


def _standing(incoming: pd.DataFrame) -> np.ndarray:
    older = incoming["submitted_utc"] < incoming["current_utc"]  # an unreadable time counts as the latest
    return np.select([incoming["sent"].fillna(0) == 1, older], ["late", "superseded"], default="current")


def _retire(db: Connection, replaced: pd.DataFrame, run: Run) -> None:
    if replaced.empty:
        return
    work = frames.working(db, "retired", replaced[["application_no"]])
    mine = _version.c.application_no.in_(select(work.c.application_no))
    db.execute(update(_version).where(mine, _version.c.standing == "current").values(standing="superseded"))
    items.replace(db, replaced, run, "申报人重新提交")


def _insert(db: Connection, incoming: pd.DataFrame, forms: dict[str, pd.DataFrame], run: Run) -> None:
    kept = ["application_no", "version", "content_hash", "standing", "submitted_utc", *APPLICATIONS.names[1:], WRITTEN]
    frames.append(db, _version, incoming[kept].assign(received_on=run.day.isoformat()))
    versions = incoming[["application_no", "version"]]
    for name, table in tables.FORM_PARTS.items():
        rows = forms[name].merge(versions, on="application_no", how="inner")
        frames.append(db, table, rows[[column.name for column in table.columns]])


def _make_current(db: Connection, current: pd.DataFrame, run: Run) -> None:
    new = current[current["version"] == 1]
    rows = new[["application_no", "version", "uscc"]].assign(
        cycle=new["assigned_cycle"], status="received", first_submitted_at=new["submitted_at"]
    )
    frames.append(db, _application, rows)
    again = current[current["version"] > 1]
    if len(again):
        work = frames.working(db, "again", again[["application_no", "version", "uscc", "assigned_cycle"]])
        db.execute(
            update(_application)
            .where(_application.c.application_no == work.c.application_no)
            .values(
                version=work.c.version,
                uscc=work.c.uscc,
                cycle=work.c.assigned_cycle,
                status="received",
                screened_at=None,
            )
        )
    because = "第" + current["version"].astype(str) + "版"
    told = current[["application_no"]].assign(was=current["was"].fillna(""), became="received", because=because)
    applications.tell(db, told, run)
