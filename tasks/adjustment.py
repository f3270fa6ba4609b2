"""Adjustment (调整): operators' decisions about what is on file carried out, each with its letter."""

import pandas as pd
from sqlalchemy import Connection

from schemas.errors import RefusedError
from schemas.qualification import ADJUSTMENTS, STANDINGS, Adjustment
from schemas.run import Counts, Run
from tasks.letters.delivery import deliver_letters
from tasks.letters.holders import adjustment_letter
from tasks.runs.run import step
from tasks.store import adjustments, institutions, letters, register
from tasks.store.directory import occupation_names
from tasks.store.leases import writing


class ImpossibleAdjustmentError(RefusedError, ValueError):
    """A decision that cannot be carried out on the register as it is: one sentence."""


def adjustment(run: Run, decided: Adjustment) -> Counts:
    """Suspend, reinstate, withdraw or revoke what is on file; the next edition shows it (Notice, article 4)."""
    return Counts.sum([adjust(run, decided), deliver_letters(run)])


@step("adjust-{adjustment.uscc}")
def adjust(run: Run, adjustment: Adjustment) -> Counts:
    """Carry out one decision; again changes nothing. What cannot be carried out is reported as failed: nothing is written."""
    try:
        return carry_out(run, adjustment)
    except ImpossibleAdjustmentError as impossible:
        return Counts(failed={adjustment.uscc: str(impossible)})


def carry_out(run: Run, adjustment: Adjustment) -> Counts:
    """The moves, their history and the letter in one transaction.

    Raises ImpossibleAdjustmentError, having written nothing, where there is nothing the decision could concern.
    """
    kind = ADJUSTMENTS[adjustment.kind]
    with writing(run) as db:
        if adjustments.is_recorded(db, adjustment):
            return Counts()
        holdings, concerned = _concerned(db, adjustment, run)
        lifted = concerned.iloc[:0]
        if kind.ends_term:
            adjustments.end(db, concerned, adjustment, kind.became, kind.title, run)
        elif kind.became == "suspended":
            adjustments.suspend(db, concerned, adjustment, run)
        else:
            lifted = adjustments.reinstate(db, concerned, adjustment, run)
        adjustments.record(db, adjustment, run)
        moved = concerned if len(concerned) else lifted.merge(institutions.known(db)[["uscc", "institution_name"]])
        letter = adjustment_letter(adjustment, holdings, moved, occupation_names(db), run)
        done = {kind.became: len(concerned)} if len(concerned) else {"lifted": len(lifted)}
        return Counts(done={**done, "letters": letters.write(db, [letter], run)})


def _concerned(db: Connection, adjustment: Adjustment, run: Run) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What the institution has on file, and which of it the decision moves; nothing where it only lifts a suspension."""
    kind = ADJUSTMENTS[adjustment.kind]
    if adjustment.effective_on > run.day:
        raise ImpossibleAdjustmentError(
            f"{adjustment.effective_on} is still to come: record the decision on that day or after it",
            chinese=f"{adjustment.effective_on} 还没有到：请在当日或以后办理",
        )
    held = register.standings(db, run.day)
    holdings = held[(held["uscc"] == adjustment.uscc) & (held["filed_on"] <= adjustment.effective_on.isoformat())]
    chosen = (
        holdings
        if not adjustment.occupation_code
        else holdings[holdings["occupation_code"] == adjustment.occupation_code]
    )
    concerned = chosen[chosen["standing"].isin(kind.concerns)]
    lifts = kind.code == "reinstate" and len(adjustments.suspended_still(db, adjustment)) > 0
    if concerned.empty and not lifts:
        code = adjustment.occupation_code
        what = f"occupation {code} of {adjustment.uscc}" if code else adjustment.uscc
        standings = sorted(set(chosen["standing"]))
        stands = "、".join(standings) or f"not on file on {adjustment.effective_on}"
        now = "、".join(STANDINGS[standing] for standing in standings) or f"{adjustment.effective_on} 不在册"
        raise ImpossibleAdjustmentError(
            f"there is nothing to {kind.code}: {what} is {stands}; `filing history {adjustment.uscc}` tells why",
            chinese=f"没有可以{kind.title}的：{adjustment.uscc}{f' 的职业 {code}' if code else ''}（{now}），请看它的经过",
        )
    return holdings, concerned
