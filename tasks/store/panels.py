"""Panels drawn for applications, each with the record that repeats it; how one is drawn is the model's matter."""

import pandas as pd
from sqlalchemy import Connection, func, insert, select

from schemas import tables
from schemas.evaluation import PanelDraw
from schemas.history import facts_text
from schemas.panel import Applicant
from schemas.run import Run
from tasks.store import frames, history

_draw = tables.panel_draw


def applicants(db: Connection, cycle: str) -> list[Applicant]:
    """Every application of the cycle with the occupations it asks for, by number."""
    item = tables.item
    statement = select(item.c.application_no, item.c.uscc, item.c.occupation_code).where(item.c.cycle == cycle)
    asked: dict[tuple[str, str], set[str]] = {}
    for number, uscc, code in db.execute(statement.distinct()):
        asked.setdefault((number, uscc.upper()), set()).add(code)
    return [Applicant(number, uscc, frozenset(codes)) for (number, uscc), codes in sorted(asked.items())]


def standing(db: Connection, cycle: str) -> dict[str, PanelDraw]:
    """Application number to the draw that stands, the last one."""
    statement = select(_draw.c.application_no, _draw.c.record).where(_draw.c.cycle == cycle)
    rows = db.execute(statement.order_by(_draw.c.application_no, _draw.c.number))
    return {number: PanelDraw.model_validate(record) for number, record in rows}


def of_application(db: Connection, application_no: str) -> list[PanelDraw]:
    """Every draw made for an application, oldest first."""
    statement = select(_draw.c.record).where(_draw.c.application_no == application_no).order_by(_draw.c.number)
    return [PanelDraw.model_validate(record) for record in db.execute(statement).scalars()]


def record(db: Connection, draws: dict[str, PanelDraw], because: dict[str, str], run: Run) -> None:
    """Keep draws by application number, each with why it was made (Chinese), and tell the history."""
    if not draws:
        return
    highest = select(_draw.c.application_no, func.max(_draw.c.number)).where(_draw.c.cycle == run.cycle)
    last = {number: int(top) for number, top in db.execute(highest.group_by(_draw.c.application_no))}
    common = {"cycle": run.cycle, "drawn_on": run.day}
    rows = [
        {
            **common,
            "application_no": number,
            "number": last.get(number, 0) + 1,
            "because": because[number],
            "record": draw.model_dump(mode="json"),
        }
        for number, draw in sorted(draws.items())
    ]
    db.execute(insert(_draw), rows)
    told = pd.DataFrame({"subject": sorted(draws)}, dtype=frames.TEXT)
    told["became"] = ["、".join(member.expert_no for member in draws[number].panel.members) for number in sorted(draws)]
    told["because"] = [f"{because[number]}（种子：{draws[number].seed}）" for number in sorted(draws)]
    told["facts"] = [facts_text(seed=draws[number].seed) for number in sorted(draws)]
    history.add(db, "panel", told, run, "filing")
