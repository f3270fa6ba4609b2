"""Supervision (监管): complaints taken in, and for each edition what is to be looked at in every county (Notice, article 4)."""

from datetime import date

import pandas as pd
from sqlalchemy import Connection

from expectations.recognition import work_types_of
from schemas.inspection import OUTCOMES
from schemas.item import TRADE
from schemas.law.standing import Lists, outside
from schemas.reference_data import reference
from schemas.supervision import COMPLAINT_OUTCOMES, MATTERS, TO_BE_MENDED
from tasks.gateways.shelf.content import EditionContent
from tasks.gateways.shelf.workbook import CountyList
from tasks.store import activities, complaints, inspections, institutions, register
from tasks.store.directory import directory_rows, occupation_names


def county_lists(db: Connection, content: EditionContent) -> list[CountyList]:
    """What each county is to know of an edition: what is on file there, what changed, and the supervision list."""
    names, day = occupation_names(db), content.as_of
    held = register.standings(db, day)
    rows = directory_rows(held, names)
    keys = ["uscc", *TRADE]
    suspended = held[held["standing"] == "suspended"]
    is_suspended = pd.MultiIndex.from_frame(rows[keys]).isin(list(suspended[keys].itertuples(index=False, name=None)))
    rows = rows.assign(standing=pd.Series(is_suspended, index=rows.index).map({True: "暂停", False: "在册"}))
    details = institutions.on(db, day).set_index("uscc")
    matters = _matters(db, day)
    titles = matters["occupation_code"].map(names).fillna(matters["occupation_code"])
    matters = matters.assign(
        occupation_name=titles,
        institution_name=matters["uscc"].map(details["institution_name"]).astype("str").fillna("（未备案机构）"),
    )
    changed = content.changed
    where = dict(zip(details.index.astype(str), details["region_code"].astype(str), strict=True))
    frames = [(frame, _regions(frame, where, content)) for frame in (rows, changed, matters)]
    lists = []
    for region, name in {**content.region_names, "": "其他"}.items():
        parts = [frame[regions == region] for frame, regions in frames]
        if any(map(len, parts)):
            lists.append(CountyList(region or "other", name, *parts))
    return lists


def _regions(rows: pd.DataFrame, where: dict[str, str], content: EditionContent) -> "pd.Series[str]":
    """The region of each row's institution: the register's, else the one in its credit code; blank where it has none."""
    areas = {code: code for code in content.region_names}
    return rows["uscc"].map(where).astype("str").fillna(rows["uscc"].str.slice(2, 8).map(areas)).fillna("")


def _matters(db: Connection, day: date) -> pd.DataFrame:
    """The supervision list of a day, the columns of MATTERS without names, sorted."""
    rows = pd.concat([_of_complaints(db, day), _of_inspections(db), _dormant(db), _outside(db, day), flagged(db, day)])
    columns = [name for name in MATTERS if name not in ("institution_name", "occupation_name")]
    return rows.reindex(columns=columns).astype("str").fillna("").sort_values(columns, ignore_index=True)


def _of_complaints(db: Connection, day: date) -> pd.DataFrame:
    rows = complaints.unsettled(db, day)
    details = rows["outcome"].map(COMPLAINT_OUTCOMES) + "：" + rows["summary"]
    number = "举报投诉" + rows["complaint_no"]
    return rows[["uscc"]].assign(matter=number, details=details, since=rows["received_on"], due_on=rows["due_on"])


def _of_inspections(db: Connection) -> pd.DataFrame:
    rows = inspections.every_outcome(db)
    rows = rows[rows["outcome"].isin(list(TO_BE_MENDED))]
    rows["uscc"] = institutions.followed(db, rows["uscc"])
    details = rows["outcome"].map(OUTCOMES)
    return rows[["uscc"]].assign(matter="双随机抽查", details=details, since=rows["inspected_on"])


def _dormant(db: Connection) -> pd.DataFrame:
    rows = activities.marks(db).query("state == 'dormant'")
    return rows[["uscc", *TRADE]].assign(matter="休眠", details="备案后未开展认定", since=rows["since"])


def _outside(db: Connection, day: date) -> pd.DataFrame:
    every = activities.every(db)
    if every is None:
        return pd.DataFrame({"uscc": []}, dtype="str")
    rows = outside(every[every["held_on"] <= day.isoformat()], register.current_entries(db))
    details = rows["level"] + "级，" + rows["times"].astype("str") + "次，最近一次" + rows["last_on"]
    return rows[["uscc", *TRADE]].assign(matter="备案范围外开展认定", details=details, since=rows["first_on"])


def flagged(db: Connection, day: date) -> pd.DataFrame:
    """uscc, TRADE, matter and details of what is on file on a day and not in the lists any more, or otherwise in them."""
    rows = register.on_file(db, day)[["uscc", *TRADE]].drop_duplicates(ignore_index=True)
    lists = _lists(day)
    why = [lists.flag(code, work) for code, work in zip(rows["occupation_code"], rows["work_type"], strict=True)]
    rows = rows.assign(matter="职业目录变动", details=pd.Series(why, index=rows.index, dtype="str"))
    return rows[rows["details"] != ""]


def _lists(day: date) -> Lists:
    facts = reference()
    changes = facts.changes[facts.changes["from_day"] <= day.isoformat()]
    access = facts.access_on(day).dropna(subset=["code_2022"])
    whole, partial = (access[access["coverage"] == coverage] for coverage in ("whole", "partial"))
    return Lists(
        present=facts.names_on(day),
        ever=facts.occupation_names(),
        changed={
            row["old_code"]: f"自{row['from_day']}起编码改为{row['new_code']}（{row['document']}）"
            for row in changes.to_dict("records")
        },
        access=set(whole["code_2022"]),
        access_work_types={
            (code, name)
            for code, text in zip(partial["code_2022"], partial["qualification"], strict=True)
            for name in work_types_of(text)
        },
    )
