"""Operators' decisions about qualifications on the register; which of them is possible is decided by the task."""

from datetime import timedelta

import pandas as pd
from sqlalchemy import Connection, insert, select

from schemas import tables
from schemas.adjustment import Adjustment, Recoding
from schemas.qualification import with_effect, with_term
from schemas.run import Run
from tasks.store import applications, dormancy, items, recodings, register, suspensions

_adjustment = tables.adjustment


def is_recorded(db: Connection, adjustment: Adjustment) -> bool:
    """Whether this very decision is on record."""
    same = _adjustment.c.adjustment_id == adjustment.identity
    return db.execute(select(_adjustment.c.adjustment_id).where(same)).first() is not None


def record(db: Connection, adjustment: Adjustment, run: Run) -> None:
    """Put the decision on record."""
    values = adjustment.model_dump()
    db.execute(insert(_adjustment).values(adjustment_id=adjustment.identity, recorded_on=run.day, **values))


def suspend(db: Connection, held: pd.DataFrame, adjustment: Adjustment, run: Run) -> None:
    """Suspend what is held (rows of `register.on_file`, with `standing`)."""
    suspensions.begin(db, held, adjustment.effective_on, run)
    _tell(db, held, "suspended", with_effect(adjustment.effective_on, f"暂停：{adjustment.because}"), adjustment, run)


def reinstate(db: Connection, held: pd.DataFrame, adjustment: Adjustment, run: Run) -> None:
    """Put what is suspended back in force; its term is what it was."""
    suspensions.end(db, held, adjustment.effective_on, run)
    _tell(db, held, "filed", with_effect(adjustment.effective_on, f"恢复：{adjustment.because}"), adjustment, run)


def end(db: Connection, held: pd.DataFrame, adjustment: Adjustment, became: str, title: str, run: Run) -> None:
    """Let terms end on the day before the decision takes effect; the items that filed them lapse with them."""
    because = with_effect(adjustment.effective_on, f"{title}：{adjustment.because}")
    day = adjustment.effective_on - timedelta(days=1)
    present = register.current_entries(db)
    still = present[present["valid_until"] >= run.day.isoformat()].merge(held[register.KEYS], on=register.KEYS)
    register.shorten(db, still.assign(because=because), day, became, run)
    _tell(db, held, became, because, adjustment, run)
    lapsed = items.in_status(db, ["filed"]).merge(held[register.KEYS], on=register.KEYS)
    items.move(db, lapsed.assign(became="lapsed", reason="", because=because), run, adjustment.decided_by)
    for cycle in sorted(lapsed["cycle"].unique()):
        applications.follow_items(db, cycle, run)


def recode(db: Connection, recoding: Recoding, run: Run) -> int:
    """Give everything known of one credit code to another; returns how many levels on file moved."""
    old, new = recoding.old_uscc, recoding.new_uscc
    held = register.standings(db, run.day)
    held = held[held["uscc"] == old]
    recodings.record(db, recoding, run)
    register.move_institution(db, old, new, run)
    suspensions.move(db, old, new, run)
    dormancy.move(db, old, new)
    applications.recode(db, old, new)
    _tell_recoding(db, held, recoding, run)
    return len(held)


def _tell_recoding(db: Connection, held: pd.DataFrame, recoding: Recoding, run: Run) -> None:
    """The old code's levels are gone, the new one's are there with the same terms, suspended where they were."""
    gone = with_effect(recoding.effective_on, f"改用统一社会信用代码{recoding.new_uscc}：{recoding.because}")
    _tell(db, held, "recoded", gone, recoding, run)
    terms = zip(held["filed_on"], held["valid_until"], strict=True)
    come = f"由统一社会信用代码{recoding.old_uscc}变更：{recoding.because}"
    moved = held.assign(uscc=recoding.new_uscc, was="", became="filed", because=[with_term(come, *t) for t in terms])
    register.tell(db, moved, run, recoding.decided_by)
    suspended = (
        suspensions.known(db)
        .query("ends_on.isna()")
        .merge(moved.loc[moved["standing"] == "suspended", register.KEYS], on=register.KEYS)
    )
    since = [f"自{start}起暂停：随统一社会信用代码变更延续" for start in suspended["starts_on"]]
    register.tell(db, suspended.assign(was="filed", became="suspended", because=since), run, recoding.decided_by)


def _tell(
    db: Connection, held: pd.DataFrame, became: str, because: str, decided: Adjustment | Recoding, run: Run
) -> None:
    told = held.assign(was=held["standing"], became=became, because=because)
    register.tell(db, told, run, decided.decided_by)
