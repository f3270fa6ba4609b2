"""Lists that supervision brings: complaints (举报投诉), inspectors and outcomes of inspections (Notice, article 4(3))."""

from datetime import date
from pathlib import Path

import pandas as pd
import polars as pl
from sqlalchemy import Connection

from expectations.identifiers import holds_number, is_credit_code
from expectations.side_tables import LeftOut
from schemas.inspection import INSPECTORS_TABLE, OUTCOMES, OUTCOMES_TABLE, Draw
from schemas.policy import in_force
from schemas.rows import tuples
from schemas.run import Run
from schemas.supervision import COMPLAINTS_TABLE
from tasks.gateways.disk import files as post
from tasks.gateways.paper.delimited import csv_bytes
from tasks.gateways.shelf import front
from tasks.gateways.sources import read_list
from tasks.letters.holders import rectifications
from tasks.store import complaints, inspections, institutions, letters
from tasks.store.database import reading
from tasks.store.leases import writing
from tasks.store.outbox import Entry

#: Below the published folder: what anyone may see of the inspections, one folder a cycle.
FOLDER, DRAW_FILE, OUTCOMES_FILE = "inspections", "draw.json", "outcomes.csv"
_TITLES = {
    "uscc": "统一社会信用代码",
    "institution_name": "机构名称",
    "inspectors": "检查人员",
    "inspected_on": "检查日期",
    "outcome": "检查结果",
    "remarks": "备注",
}


def take_inspectors(file: Path, run: Run) -> tuple[int, int, list[LeftOut]]:
    """Enter a list of inspectors; rows read, rows new or changed, and the rows left out."""
    rows, left_out = read_list(file, INSPECTORS_TABLE)
    with writing(run) as db:
        return len(rows), inspections.add_inspectors(db, rows), left_out


def take_outcomes(file: Path, run: Run) -> tuple[int, int, list[LeftOut]]:
    """Enter outcomes of institutions that were drawn; rows read, rows new, and the rows left out."""
    rows, left_out = read_list(file, OUTCOMES_TABLE)
    with writing(run) as db:
        draws = {str(cycle): inspections.draw_of(db, str(cycle)) for cycle in rows["cycle"].unique()}
        drawn = {(cycle, visit.uscc) for cycle, made in draws.items() if made for visit in made.visits}
        is_drawn = pd.MultiIndex.from_frame(rows[["cycle", "uscc"]]).isin(list(drawn))
        left_out += [
            LeftOut.of(
                OUTCOMES_TABLE, row, row, f"未采用：{uscc} 不在{cycle}批次的抽查名单内，请核对批次和统一社会信用代码"
            )
            for row, uscc, cycle in tuples(rows.loc[~is_drawn, ["row", "uscc", "cycle"]])
        ]
        new = inspections.add_outcomes(db, rows[is_drawn], run)
    for cycle in sorted(draws):
        publish(cycle, run)
    return len(rows), new, left_out


def publish(cycle: str, run: Run) -> None:
    """Put a cycle's draw and the list of its outcomes where anyone can see them, if it was drawn."""
    published = run.installation.published
    with reading() as db:
        made = inspections.draw_of(db, cycle)
        outcomes = inspections.outcomes_of(db, cycle)
    if made is not None:
        folder = published / FOLDER
        post.put(folder, f"{cycle}/{DRAW_FILE}", f"{made.model_dump_json(indent=2)}\n".encode())
        post.put(folder, f"{cycle}/{OUTCOMES_FILE}", csv_bytes(_listed(made, outcomes)))
        front.write(published, run.installation.root)


def _listed(made: Draw, outcomes: pd.DataFrame) -> pd.DataFrame:
    """One row an institution drawn, also those not inspected yet, by credit code, under Chinese headers."""
    drawn = [
        {
            "uscc": visit.uscc,
            "institution_name": visit.institution_name,
            "inspectors": "、".join(inspector.name for inspector in visit.inspectors),
        }
        for visit in sorted(made.visits, key=lambda visit: visit.uscc)
    ]
    rows = pd.DataFrame(drawn, dtype="str").merge(outcomes, on="uscc", how="left")
    rows["outcome"] = rows["outcome"].map(OUTCOMES).fillna("待检查")
    return rows[list(_TITLES)].fillna("").rename(columns=_TITLES)


def take_complaints(file: Path, run: Run) -> tuple[int, int, list[LeftOut]]:
    """Enter a list of complaints; rows read, rows new or changed, and the rows left out."""
    rows, unread = read_list(file, COMPLAINTS_TABLE)
    with writing(run) as db:
        return len(rows), *enter(db, rows, run, unread)


def enter(db: Connection, rows: pd.DataFrame, run: Run, unread: list[LeftOut]) -> tuple[int, list[LeftOut]]:
    """Enter readable rows of COMPLAINTS_TABLE; how many were new or changed, and the rows left out."""
    faults = _faults(rows, run.day)
    sound = rows[faults == ""]
    faults.loc[sound.index[complaints.of_others(db, sound)]] = "该编号已登记为对另一机构的举报投诉，请核对编号和机构"
    bad = rows.assign(fault=faults).query("fault != ''")
    refused = [
        LeftOut.of(COMPLAINTS_TABLE, row, row, f"未采用：{fault}") for row, fault in tuples(bad[["row", "fault"]])
    ]
    new = complaints.add(db, rows[faults == ""], run)
    letters.write(db, to_be_mended(db, run), run)
    return new, [*unread, *refused]


def to_be_mended(db: Connection, run: Run) -> list[Entry]:
    """Letters to the institutions on the register that have something to mend until a day."""
    rows = complaints.unsettled(db, run.day)
    rows = rows[(rows["outcome"] == "rectify") & rows["due_on"].notna()]
    if rows.empty:
        return []
    names = institutions.current(db)[["uscc", "institution_name"]]
    return rectifications(rows.merge(names, on="uscc"), in_force(run.day), run.day)


def _faults(rows: pd.DataFrame, day: date) -> "pd.Series[str]":
    """Why each row is not taken, blank for those that are; the first reason counts."""
    cells = pl.from_pandas(rows)
    summary = pl.concat_str([pl.col("summary"), pl.col("handled_by")], separator=" ")
    reasons = (
        (~is_credit_code(pl.col("uscc")), "统一社会信用代码校验不通过，请核对"),
        (holds_number(summary), "反映事项中有身份证号或电话号码，举报投诉表不登记举报人，请删除后重新导入"),
        (pl.col("received_on") > day.isoformat(), "收到日期晚于导入之日，请核对"),
        (pl.col("due_on") < pl.col("received_on"), "整改期限早于收到日期，请核对"),
        (pl.col("closed_on") < pl.col("received_on"), "办结日期早于收到日期，请核对"),
        (
            (pl.col("outcome") == "open") & pl.col("closed_on").is_not_null(),
            "已有办结日期，办理结果不能仍为办理中，请核对",
        ),
    )
    fault = pl.coalesce(
        *(pl.when(broken.fill_null(False)).then(pl.lit(sentence)) for broken, sentence in reasons), pl.lit("")
    )
    return pd.Series(cells.select(fault).to_series().to_list(), index=rows.index, dtype="str")
