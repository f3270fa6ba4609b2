"""Recall (撤回送评): items are taken back from the panels because their application changed, and the panels are told."""

import pandas as pd
from sqlalchemy import Connection

from schemas.item import KEYS
from schemas.run import Run
from tasks.letters.life import recalls
from tasks.store import applications, dispatches, letters
from tasks.store.directory import occupation_names


def recall(db: Connection, items: pd.DataFrame, reason: str, run: Run) -> int:
    """Take items back from the panels; a letter goes to each that has the package. Returns how many were out.

    `items`: every column of the table.
    """
    if items.empty:
        return 0
    out = dispatches.recall(db, items)
    delivered = out[out["delivered"] == 1].merge(items[[*KEYS, "own_name"]], on=KEYS)
    if len(delivered):
        known = applications.current(db, sorted(set(delivered["application_no"])))
        applicants = dict(zip(known["application_no"], known["institution_name"].fillna(""), strict=True))
        letters.write(db, recalls(delivered, applicants, occupation_names(db), reason, run), run)
    return len(out)
