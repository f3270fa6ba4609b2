"""What an accepted result makes of its item, also of one decided before; judging results belongs to the rule book."""

import pandas as pd
from sqlalchemy import Connection

from schemas.run import Run
from schemas.run_summary import Counts
from tasks.store import items, register, results

_OPEN_TO_RESULTS = ["dispatched", "passed", "failed", "filed", "held"]


def take_verdicts(db: Connection, run: Run) -> Counts:
    """Move items to `passed` or `failed`; a corrected result takes an item already filed off the register first."""
    present = items.of_cycle(db, run.cycle, _OPEN_TO_RESULTS).merge(results.accepted(db, run.cycle), on=items.KEYS)
    undecided = present[present["decided_result"].fillna(-1) != present["result_id"]]
    if run.only is not None:
        undecided = undecided[undecided["application_no"].isin(run.only)]
    if undecided.empty:
        return Counts()
    passed = undecided["verdict"] == "pass"
    settled = undecided.assign(
        became=passed.map({True: "passed", False: "failed"}),
        reason=undecided["failed_by"].fillna("").where(~passed, ""),
        because="评估结果：" + passed.map({True: "合格", False: "不合格"}),
    )
    stays = (settled["became"] == settled["status"]) | ((settled["status"] == "filed") & passed)
    _withdraw(db, settled[(settled["status"] == "filed") & ~passed], run)
    items.move(db, settled[~stays], run, "filing")
    items.decided(db, settled)
    moved = settled[~stays]["became"].value_counts()
    return Counts(done={str(status): int(count) for status, count in moved.items()})


def _withdraw(db: Connection, unfiled: pd.DataFrame, run: Run) -> None:
    """Take items off the register that a corrected result failed, if it was this application that filed them.

    What a renewal had superseded holds again for the rest of its own term.
    """
    present = register.current_entries(db)
    own = present.merge(unfiled[[*register.KEYS, "application_no"]], on=[*register.KEYS, "application_no"])
    if len(own):
        gone = own.assign(because="更正后的评估结果为不合格")
        register.remove(db, gone, run, "removed", superseded_in=run.cycle)
        register.bring_back(db, own, run.cycle, run)
