"""What interrupts or ends a qualification: operators' decisions (动态调整) carried out on the register, and lapsing."""

from datetime import timedelta

import pandas as pd
from sqlalchemy import Connection, insert, select

from schemas import tables
from schemas.adjustment import Adjustment, Recoding
from schemas.history import facts_text
from schemas.run import Run
from tasks.store import activities, applications, history, institutions, items, register, suspensions

_adjustment = tables.adjustment
_Decided = Adjustment | Recoding


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
    _tell(db, held, "suspended", "暂停", adjustment, run)


def reinstate(db: Connection, held: pd.DataFrame, adjustment: Adjustment, run: Run) -> None:
    """Put what is suspended back in force; its term is what it was."""
    suspensions.end(db, held, adjustment.effective_on, run)
    _tell(db, held, "filed", "恢复", adjustment, run)


def end(db: Connection, held: pd.DataFrame, adjustment: Adjustment, became: str, title: str, run: Run) -> None:
    """Let terms end on the day before the decision takes effect; the items that filed them lapse with them."""
    take_off(db, held, adjustment, became, title, run)
    lapsed = items.in_status(db, ["filed"]).merge(held[register.KEYS], on=register.KEYS)
    because = _because(adjustment, title)
    items.move(db, lapsed.assign(became="lapsed", reason="", because=because), run, adjustment.decided_by)
    for cycle in sorted(lapsed["cycle"].unique()):
        applications.follow_items(db, cycle, run)


def take_off(db: Connection, held: pd.DataFrame, adjustment: Adjustment, became: str, title: str, run: Run) -> None:
    """Let terms end on the day before the decision takes effect; the items that filed them are the caller's."""
    day = adjustment.effective_on - timedelta(days=1)
    present = register.current_entries(db)
    still = present[present["valid_until"] >= run.day.isoformat()].merge(held[register.KEYS], on=register.KEYS)
    register.shorten(db, still.assign(because=_because(adjustment, title)), day, became, run)
    _tell(db, held, became, title, adjustment, run)


def recode(db: Connection, recoding: Recoding, run: Run) -> int:
    """Give everything known of one credit code to another; returns how many levels on file moved."""
    old, new = recoding.old_uscc, recoding.new_uscc
    held = register.standings(db, run.day)
    held = held[held["uscc"] == old]
    institutions.record(db, recoding, run)
    register.move_institution(db, old, new, run)
    suspensions.move(db, old, new, run)
    activities.move_marks(db, old, new)
    applications.recode(db, old, new)
    _tell_recoding(db, held, recoding, run)
    return len(held)


def _tell_recoding(db: Connection, held: pd.DataFrame, recoding: Recoding, run: Run) -> None:
    """The old code's levels are gone, the new one's are there with the same terms, suspended where they were."""
    _tell(db, held, "recoded", f"改用统一社会信用代码{recoding.new_uscc}", recoding, run)
    because = f"由统一社会信用代码{recoding.old_uscc}变更：{recoding.because}"
    moved = held.assign(uscc=recoding.new_uscc, was="", became="filed", because=because)
    register.tell(db, register.with_terms(moved, old_uscc=recoding.old_uscc), run, recoding.decided_by)
    open_still = suspensions.known(db).query("ends_on.isna()")
    suspended = open_still.merge(moved.loc[moved["standing"] == "suspended", register.KEYS], on=register.KEYS)
    since = [f"自{start}起暂停：随统一社会信用代码变更延续" for start in suspended["starts_on"]]
    starts = suspended[["starts_on"]].rename(columns={"starts_on": "effective_on"})
    facts = history.facts(starts, old_uscc=recoding.old_uscc)
    moves = suspended.assign(was="filed", became="suspended", because=since, facts=facts)
    register.tell(db, moves, run, recoding.decided_by)


def _tell(db: Connection, held: pd.DataFrame, became: str, title: str, decided: _Decided, run: Run) -> None:
    facts = facts_text(**decided.model_dump(mode="json", include={"effective_on", "ground", "document_no", "new_uscc"}))
    moves = held.assign(was=held["standing"], became=became, because=_because(decided, title), facts=facts)
    register.tell(db, moves, run, decided.decided_by)


def _because(decided: _Decided, title: str) -> str:
    return f"自{decided.effective_on.isoformat()}起{title}：{decided.because}"


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
