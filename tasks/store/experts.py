"""The pool of experts (专家库) as it is now; who of them is drawn for what is `panels`'."""

import pandas as pd
from sqlalchemy import Connection, delete, select

from schemas import tables
from schemas.panel import Expert
from schemas.submission import EXPERTS
from tasks.store import frames

_expert = tables.expert
_KEY = "expert_no"


def take_in(db: Connection, rows: pd.DataFrame) -> tuple[int, list[str]]:
    """Put readable rows of the input table in place of what was known of these experts.

    Returns how many were new or changed, and a Chinese sentence for each expert number with two different rows.
    """
    rows = rows[EXPERTS.names].fillna("").drop_duplicates()
    twice = sorted(set(rows.loc[rows[_KEY].duplicated(), _KEY]))
    rows = rows[~rows[_KEY].isin(twice)]
    known = frames.read(db, select(*(_expert.c[name] for name in EXPERTS.names)))
    both = rows.merge(known, how="left", indicator=True)
    changed = both.loc[both["_merge"] == "left_only", EXPERTS.names]
    if len(changed):
        work = frames.working(db, "changed_experts", changed[[_KEY]])
        db.execute(delete(_expert).where(_expert.c.expert_no.in_(select(work.c.expert_no))))
        frames.append(db, _expert, changed.sort_values(_KEY))
    return len(changed), [f"专家库中专家编号“{number}”有两行不同的内容，均未采用，请只保留一行" for number in twice]


def pool(db: Connection) -> list[Expert]:
    """Every expert, active or not, by number."""
    rows = frames.read(db, select(_expert)).sort_values(_KEY).to_dict("records")
    return [Expert.of({str(name): value for name, value in row.items()}) for row in rows]


def address(db: Connection, expert_no: str) -> str:
    """The expert's mail address, blank where none is known."""
    return db.execute(select(_expert.c.email).where(_expert.c.expert_no == expert_no)).scalar() or ""
