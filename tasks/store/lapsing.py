"""Lapsing (失效): what the end of a term does to items and to the history; who asks for it is the stages' matter."""

from sqlalchemy import Connection

from schemas.run import Run
from tasks.store import applications, items, register


def lapse(db: Connection, run: Run) -> int:
    """Lapse whatever is over on the run's day and not told yet; returns how many levels on the register it concerned.

    Filed items whose occupation level is no longer on file lapse; a renewed level keeps the items of both applications.
    """
    filed = items.in_status(db, ["filed"])
    present = register.current_entries(db)
    over = present["valid_until"] < run.day.isoformat()
    valid = present.loc[~over, register.KEYS].drop_duplicates()
    gone = filed.merge(valid, on=register.KEYS, how="left", indicator=True)
    gone = gone[gone["_merge"] == "left_only"]
    moved = items.move(db, gone.assign(became="lapsed", reason="", because="有效期届满"), run, "filing")
    # what an operator's decision ended was told with the decision
    ended = register.tell_lapsed(db, present[over & present["ended_by"].isna()], run)
    for cycle in sorted(gone["cycle"].unique()):
        applications.follow_items(db, cycle, run)
    return max(moved, ended)
