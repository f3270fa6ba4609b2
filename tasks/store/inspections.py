"""Inspectors, draws and outcomes in the database."""

from datetime import date
from typing import Any

import pandas as pd
from sqlalchemy import Connection, delete, insert, select

from schemas import tables
from schemas.history import facts_text
from schemas.inspection import OUTCOMES, Draw, Inspector
from schemas.run import Run
from schemas.supervision import TO_BE_MENDED
from tasks.store import frames, history, seals

_inspector = tables.inspector
_draw = tables.inspection_draw
_outcome = tables.inspection_outcome


def add_inspectors(db: Connection, rows: pd.DataFrame) -> int:
    """Enter inspectors (text; active `true` or `false`), each number once; returns how many were new or changed."""
    columns = ["inspector_no", "name", "unit", "active"]
    rows = rows[columns].drop_duplicates("inspector_no", keep="last")
    new = _unknown(rows, frames.read(db, select(_inspector)), columns)
    seals.touch(db, seals.INSPECTOR, new)
    db.execute(delete(_inspector).where(_inspector.c.inspector_no.in_(new["inspector_no"].tolist())))
    frames.append(db, _inspector, new)
    return len(new)


def active_inspectors(db: Connection) -> list[Inspector]:
    """Everyone who may be drawn."""
    chosen = select(_inspector.c.inspector_no, _inspector.c.name, _inspector.c.unit).where(
        _inspector.c.active == "true"
    )
    return [Inspector.model_validate(dict(row)) for row in db.execute(chosen).mappings()]


def draw_of(db: Connection, cycle: str) -> Draw | None:
    """The cycle's draw, if it was made."""
    record = db.execute(select(_draw.c.record).where(_draw.c.cycle == cycle)).scalar()
    return None if record is None else Draw.model_validate(record)


def record_draw(db: Connection, made: Draw, run: Run) -> None:
    """Store the draw, and record each institution and inspector drawn in the history."""
    values = {"cycle": made.cycle, "seed": made.seed, "drawn_on": made.drawn_on}
    seals.touch_one(db, seals.INSPECTION_DRAW, made.cycle)
    db.execute(insert(_draw).values(**values, record=made.model_dump(mode="json")))
    drawn = pd.DataFrame({"subject": [visit.uscc for visit in made.visits]}, dtype=frames.TEXT)
    because = f"双随机抽查（{made.cycle}，种子：{made.seed}）"
    facts = facts_text(cycle=made.cycle, seed=made.seed)
    history.add(db, "inspection", drawn.assign(became="drawn", because=because, facts=facts), run, "filing")


def add_outcomes(db: Connection, rows: pd.DataFrame, run: Run) -> int:
    """Enter outcomes (the columns of the input table, ISO dates) of institutions drawn; returns how many were new."""
    columns = ["cycle", "uscc", "inspected_on", "outcome", "remarks"]
    rows = rows[columns].fillna({"remarks": ""}).drop_duplicates(["cycle", "uscc"], keep="last")
    recorded = frames.read(db, select(_outcome))
    new = _unknown(rows, recorded, columns)
    seals.touch(db, seals.INSPECTION_OUTCOME, new)
    for row in new.to_dict("records"):
        db.execute(delete(_outcome).where(_outcome.c.cycle == row["cycle"], _outcome.c.uscc == row["uscc"]))
    frames.append(db, _outcome, new)
    former = recorded.set_index(["cycle", "uscc"])["outcome"].rename("was")
    entries = new.join(former, on=["cycle", "uscc"]).fillna({"was": "drawn"}).sort_values(["cycle", "uscc"])
    because = (
        "双随机抽查（" + entries["cycle"] + "，" + entries["inspected_on"] + "）：" + entries["outcome"].map(OUTCOMES)
    )
    entries = entries.assign(subject=entries["uscc"], became=entries["outcome"])
    entries["facts"] = history.facts(entries[["cycle", "inspected_on"]])
    entries["because"] = because + entries["remarks"].where(entries["remarks"] == "", "；" + entries["remarks"])
    history.add(db, "inspection", entries, run, "filing")
    return len(new)


def outcomes_of(db: Connection, cycle: str) -> pd.DataFrame:
    """uscc, inspected_on (ISO), outcome and remarks of the cycle's inspections."""
    chosen = select(_outcome.c.uscc, _outcome.c.inspected_on, _outcome.c.outcome, _outcome.c.remarks)
    return frames.read(db, chosen.where(_outcome.c.cycle == cycle))


def every_outcome(db: Connection) -> pd.DataFrame:
    """cycle, uscc, inspected_on (ISO) and outcome of every inspection, of all cycles."""
    columns = [_outcome.c[name] for name in ("cycle", "uscc", "inspected_on", "outcome")]
    return frames.read(db, select(*columns)).sort_values(["cycle", "uscc"], ignore_index=True)


def to_be_mended(db: Connection, day: date) -> list[dict[str, Any]]:
    """Each institution's last inspection up to a day, where its outcome leaves something to be mended; by credit code."""
    columns = [_outcome.c[name] for name in ("cycle", "uscc", "inspected_on", "outcome", "remarks")]
    made = frames.read(db, select(*columns).where(_outcome.c.inspected_on <= day))
    last = made.sort_values(["uscc", "inspected_on"]).drop_duplicates("uscc", keep="last")
    return frames.records(last[last["outcome"].isin(list(TO_BE_MENDED))])


def _unknown(rows: pd.DataFrame, recorded: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """The rows that the table does not have in exactly these words."""
    both = rows.merge(recorded[columns], on=columns, how="left", indicator=True)
    return both[both["_merge"] == "left_only"][columns]
