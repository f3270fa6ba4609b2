"""What happens to a made city, as plain calls of the flows' own work: runs of a cycle, sweeps, decisions, a draw."""

from datetime import date
from pathlib import Path

import pandas as pd

from flows.decided import approval
from flows.filing_cycle import go_through
from flows.sweeps import sweep as sweep_night
from schemas.qualification import Adjustment
from schemas.run import Counts
from tasks import adjustment, inspection
from tasks.desk import closing, rulings, supervision
from tasks.runs.run import begin
from tasks.store import editions
from tasks.store.database import reading
from tasks.store.leases import writing

OPERATOR = "周明（市职业技能鉴定指导中心）"


def run_cycle(cycle: str, day: date, inbox: Path) -> None:
    """One run of a cycle, as far as it can go."""
    with begin(cycle, day, inbox=str(inbox)) as run:
        summary = go_through(run)
    _assert_whole(summary.failed)
    _approve(day)


def sweep(cycle: str, day: date) -> None:
    """What a night does: what public notices showed is filed, both sweeps, and an edition if the directory changed."""
    with begin(cycle, day) as run:
        _assert_whole(Counts.sum(list(sweep_night(run).values())).failed)
    _approve(day)


def adjust(cycle: str, decided: Adjustment | adjustment.Change, day: date) -> None:
    """An operator's decision about what is on file; the next sweep's edition shows it."""
    with begin(cycle, day) as run:
        match decided:
            case Adjustment():
                counts = adjustment.adjustment(run, decided)
            case _:
                counts = adjustment.carry_on(run, decided)
    _assert_whole(counts.failed)


def withdraw(number: str, day: date) -> None:
    """An applicant takes an application back by letter."""
    _assert_whole(closing.withdraw(number, OPERATOR, "申报单位来函撤回", day).failed)


def rule(number: str, rule: str, verdict: str, day: date) -> None:
    """An operator's ruling on all of an application."""
    row = {
        "application_no": number,
        "rule": rule,
        "occupation_code": "",
        "verdict": verdict,
        "decided_by": OPERATOR,
        "decided_at": f"{day}T10:00:00+08:00",
        "document_no": f"例〔{day.year}〕{day:%m%d}号",
        "reason": "经集体研究",
    }
    rulings.record_rulings(pd.DataFrame([row], dtype="str"), day)


def complain(cycle: str, rows: pd.DataFrame, day: date) -> None:
    """Complaints as the centre enters them, new ones and those that were seen to."""
    with begin(cycle, day) as run, writing(run) as db:
        _, refused = supervision.enter(db, rows.assign(row=range(1, len(rows) + 1)), run, [])
    if refused:
        raise RuntimeError("; ".join(row.sentence for row in refused))


def close(cycle: str, day: date) -> None:
    """A named person ends what nobody moves any more."""
    decision = closing.ClosingDecision(OPERATOR, "本批次办结", f"黄人社函〔{day.year}〕{cycle[-2:]}号")
    _assert_whole(closing.close_cycle(cycle, decision, day).failed)


def draw(cycle: str, seed: str, day: date) -> None:
    """The cycle's inspection, drawn and published."""
    with begin(cycle, day) as run:
        inspection.inspection(run, seed)


def _approve(day: date) -> None:
    """Approve an edition that waits, as an operator who has looked at it would."""
    with reading() as db:
        waiting = editions.newest(db, "waiting")
    if waiting is not None:
        published: Counts = approval.fn(waiting["edition"], OPERATOR, day)
        _assert_whole(published.failed)


def _assert_whole(failed: dict[str, str]) -> None:
    if failed:
        raise RuntimeError("; ".join(failed.values()))
