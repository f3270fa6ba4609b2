"""Lists of inspectors and of inspection outcomes taken in, and the public files of an inspection (Notice, article 4(3))."""

from pathlib import Path

import pandas as pd

from schemas.inspection import INSPECTORS_TABLE, OUTCOMES, OUTCOMES_TABLE, Draw
from schemas.run import Run
from tasks.gateways.disk import files as post
from tasks.gateways.paper.delimited import csv_bytes
from tasks.gateways.shelf import front
from tasks.gateways.sources import read_list
from tasks.store import inspections
from tasks.store.database import reading
from tasks.store.leases import writing

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


def take_inspectors(file: Path, run: Run) -> tuple[int, int, list[str]]:
    """Enter a list of inspectors; rows read, rows new or changed, and a sentence for each row left out."""
    rows, complaints = read_list(file, INSPECTORS_TABLE)
    with writing(run) as db:
        return len(rows), inspections.add_inspectors(db, rows), complaints


def take_outcomes(file: Path, run: Run) -> tuple[int, int, list[str]]:
    """Enter outcomes of institutions that were drawn; rows read, rows new, and a sentence for each row left out."""
    rows, complaints = read_list(file, OUTCOMES_TABLE)
    with writing(run) as db:
        draws = {str(cycle): inspections.draw_of(db, str(cycle)) for cycle in rows["cycle"].unique()}
        drawn = {(cycle, visit.uscc) for cycle, made in draws.items() if made for visit in made.visits}
        is_drawn = pd.MultiIndex.from_frame(rows[["cycle", "uscc"]]).isin(list(drawn))
        complaints += [
            f"{row['uscc']} 不在{row['cycle']}批次的抽查名单内，其抽查结果未采用，请核对批次和统一社会信用代码"
            for row in rows[~is_drawn].to_dict("records")
        ]
        new = inspections.add_outcomes(db, rows[is_drawn], run)
    for cycle in sorted(draws):
        publish(cycle, run)
    return len(rows), new, complaints


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
