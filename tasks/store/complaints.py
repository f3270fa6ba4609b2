"""Complaints (举报投诉) in the database: as they stand now, and those still to be dealt with on a day."""

from datetime import date

import pandas as pd
from sqlalchemy import Connection, delete, select

from schemas import tables
from schemas.run import Run
from schemas.supervision import COMPLAINT_OUTCOMES, COMPLAINTS_TABLE, UNSETTLED
from tasks.store import frames, history, institutions, seals

_complaint = tables.complaint
_COLUMNS = COMPLAINTS_TABLE.names


def every(db: Connection) -> pd.DataFrame:
    """Every complaint as it stands (columns of COMPLAINTS_TABLE, ISO days), under present credit codes, by number."""
    rows = frames.read(db, select(*(_complaint.c[name] for name in _COLUMNS)))
    rows = rows.assign(uscc=institutions.followed(db, rows["uscc"]))
    return rows.sort_values("complaint_no", ignore_index=True)


def of_others(db: Connection, rows: pd.DataFrame) -> "pd.Series[bool]":
    """Which rows (complaint_no, uscc) give a number that another institution's complaint has, on record or in a row before."""
    recorded = every(db)[["complaint_no", "uscc"]]
    stated = rows[["complaint_no", "uscc"]].assign(uscc=institutions.followed(db, rows["uscc"]))
    first = pd.concat([recorded, stated]).drop_duplicates("complaint_no").set_index("complaint_no")["uscc"]
    return stated["complaint_no"].map(first) != stated["uscc"]


def add(db: Connection, rows: pd.DataFrame, run: Run) -> int:
    """Enter complaints (text, ISO days); one whose number is on record is updated. Returns how many rows were new."""
    blank = {name: "" for name in _COLUMNS if name not in ("due_on", "closed_on")}
    stated = rows[list(_COLUMNS)].astype(frames.TEXT).fillna(blank).drop_duplicates("complaint_no", keep="last")
    stated["uscc"] = institutions.followed(db, stated["uscc"])
    recorded = every(db)
    both = stated.merge(recorded, on=list(_COLUMNS), how="left", indicator=True)
    new = both.loc[both["_merge"] == "left_only", list(_COLUMNS)].sort_values("complaint_no")
    if new.empty:
        return 0
    seals.touch(db, seals.COMPLAINT, new)
    db.execute(delete(_complaint).where(_complaint.c.complaint_no.in_(new["complaint_no"].tolist())))
    frames.append(db, _complaint, new)
    was = new["complaint_no"].map(recorded.set_index("complaint_no")["outcome"]).astype(frames.TEXT).fillna("")
    because = "举报投诉" + new["complaint_no"] + "：" + new["outcome"].map(COMPLAINT_OUTCOMES)
    because += ("，限" + new["due_on"] + "前整改").fillna("") + ("，" + new["closed_on"] + "办结").fillna("")
    because += ("（" + new["document_no"] + "）").where(new["document_no"] != "", "")
    facts = history.facts(new[["complaint_no", "received_on", "document_no"]])
    entries = new.assign(subject=new["uscc"], was=was, became=new["outcome"], because=because, facts=facts)
    for handler, group in entries.groupby("handled_by", sort=True):
        history.add(db, "complaint", group, run, str(handler))
    return len(new)


def unsettled(db: Connection, day: date) -> pd.DataFrame:
    """Complaints received by a day and open, or still to be mended, on it: the columns of `every`."""
    rows = every(db)
    open_still = rows["closed_on"].isna() | (rows["closed_on"] > day.isoformat())
    return rows[(rows["received_on"] <= day.isoformat()) & open_still & rows["outcome"].isin(list(UNSETTLED))]
