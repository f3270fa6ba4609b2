"""What an accepted result makes of its item, also of one decided before; judging results belongs to the rule book."""

import pandas as pd
from sqlalchemy import Connection

from schemas.adjustment import Adjustment
from schemas.law.rulings import EVAL_5
from schemas.run import Run
from schemas.run_summary import Counts
from tasks.letters.holders import adjustment_letter
from tasks.store import adjustments, decisions, findings, items, letters, register, results
from tasks.store.directory import occupation_names

_OPEN_TO_RESULTS = ["dispatched", "passed", "failed", "filed", "held"]
_CORRECTED = "更正后的评估结果为不合格，经审批撤销备案"


def take_verdicts(db: Connection, run: Run) -> Counts:
    """Move items to `passed` or `failed`; what is filed stays so until a person decides on a corrected result (EVAL-5)."""
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
    filed = settled["status"] == "filed"
    revoked = _decide_on_filed(db, settled[filed & ~passed], run)
    stays = (settled["became"] == settled["status"]) | filed
    items.move(db, settled[~stays], run, "filing")
    items.decided(db, settled[~filed | passed])
    moved = settled[~stays]["became"].value_counts()
    counts = {str(status): int(count) for status, count in moved.items()}
    return Counts(done=counts | ({"refused": revoked} if revoked else {}))


def _decide_on_filed(db: Connection, questioned: pd.DataFrame, run: Run) -> int:
    """Ask for a decision on filed items that a corrected result fails, and carry out those there are (EVAL-5).

    A permit lets the item stand, a refusal takes it off; returns how many it took off.
    """
    if questioned.empty:
        return 0
    findings.hold(db, questioned.assign(rule=EVAL_5), run.cycle)
    ruled = decisions.latest(db, run.cycle, EVAL_5, questioned, ("verdict", "decided_by", "document_no", "reason"))
    ruled = questioned.drop(columns=["verdict", "reason"]).merge(ruled, on=["application_no", "occupation_code"])
    items.decided(db, ruled)
    refused = ruled[ruled["verdict"] == "refuse"]
    for _, rows in refused.groupby(["application_no", "occupation_code"], sort=True):
        _take_off(db, rows, run)
    return len(refused)


def _take_off(db: Connection, rows: pd.DataFrame, run: Run) -> None:
    """Revoke what these items of one application and occupation filed, and put the revocation on record."""
    ruling = rows.iloc[0]
    revocation = Adjustment(
        kind="revoke",
        uscc=ruling["uscc"],
        occupation_code=ruling["occupation_code"],
        ground=f"{_CORRECTED}：{ruling['reason']}",
        document_no=ruling["document_no"],
        decided_by=ruling["decided_by"],
        effective_on=run.day,
    )
    standing = register.standings(db, run.day)
    own = standing[standing["uscc"] == ruling["uscc"]]
    keys = [*register.KEYS, "application_no"]
    held = own.merge(rows[keys], on=keys)
    if len(held):
        adjustments.take_off(db, held, revocation, "revoked", "撤销", run)
        letters.write(db, [adjustment_letter(revocation, own, held, occupation_names(db), run)], run)
    if not adjustments.is_recorded(db, revocation):
        adjustments.record(db, revocation, run)
    because = f"{_CORRECTED}：{ruling['reason']}（{ruling['document_no']}）"
    items.move(db, rows.assign(became="refused", reason=EVAL_5, because=because), run, ruling["decided_by"])
