"""Complaints (举报投诉) as the centre enters them: a list, whole or corrected."""

from datetime import date
from pathlib import Path

import pandas as pd
import polars as pl
from sqlalchemy import Connection

from expectations.identifiers import holds_number, is_credit_code
from schemas.policy import in_force
from schemas.run import Run
from schemas.supervision import COMPLAINTS_TABLE
from tasks.gateways.sources import read_list
from tasks.letters.holders import rectifications
from tasks.store import complaints, institutions, letters
from tasks.store.leases import writing
from tasks.store.outbox import Entry


def take_complaints(file: Path, run: Run) -> tuple[int, int, list[str]]:
    """Enter a list of complaints; rows read, rows new or changed, and a sentence for each row left out."""
    rows, unread = read_list(file, COMPLAINTS_TABLE)
    with writing(run) as db:
        return len(rows), *enter(db, rows, run, unread)


def enter(db: Connection, rows: pd.DataFrame, run: Run, unread: list[str]) -> tuple[int, list[str]]:
    """Enter readable rows of COMPLAINTS_TABLE; how many were new or changed, and a sentence for each row left out."""
    faults = _faults(rows, run.day)
    sound = rows[faults == ""]
    faults.loc[sound.index[complaints.of_others(db, sound)]] = "该编号已登记为对另一机构的举报投诉，请核对编号和机构"
    bad = rows.assign(fault=faults).query("fault != ''")
    refused = [
        f"举报投诉（complaints）第{row}行未采用：{fault}" for row, fault in zip(bad["row"], bad["fault"], strict=True)
    ]
    new = complaints.add(db, rows[faults == ""], run)
    letters.write(db, to_be_mended(db, run), run)
    return new, [*unread, *refused]


def to_be_mended(db: Connection, run: Run) -> list[Entry]:
    """Letters to the institutions on the register that have something to mend until a day."""
    rows = complaints.unsettled(db, run.day)
    rows = rows[(rows["outcome"] == "rectify") & rows["due_on"].notna()]
    names = institutions.known(db)[["uscc", "institution_name"]]
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
