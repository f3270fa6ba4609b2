"""Interrupting and ending qualifications: operators' decisions (动态调整) carried out on the register, and lapsing."""

from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd
from sqlalchemy import Connection, insert, select

from schemas import tables
from schemas.history import facts_text
from schemas.item import ALONG
from schemas.qualification import Adjustment, Merger, Recoding, Renaming, Renumbering
from schemas.rows import tuples
from schemas.run import Run
from tasks.store import (
    activities,
    applications,
    code_changes,
    history,
    institutions,
    items,
    register,
    seals,
    suspensions,
)

_adjustment = tables.adjustment
_Decided = Adjustment | Recoding | Merger | Renumbering
_FACTS = {"effective_on", "ground", "document_no", "new_uscc", "into_uscc", "new_code"}


def is_recorded(db: Connection, adjustment: Adjustment) -> bool:
    """Whether this very decision is on record."""
    same = _adjustment.c.adjustment_id == adjustment.identity
    return db.execute(select(_adjustment.c.adjustment_id).where(same)).first() is not None


def record(db: Connection, adjustment: Adjustment, run: Run) -> None:
    """Put the decision on record."""
    values = adjustment.model_dump()
    seals.touch_one(db, seals.ADJUSTMENT, adjustment.identity)
    db.execute(insert(_adjustment).values(adjustment_id=adjustment.identity, recorded_on=run.day, **values))


def suspend(db: Connection, held: pd.DataFrame, adjustment: Adjustment, run: Run) -> None:
    """Suspend these levels (rows of `register.on_file`, with `standing`)."""
    suspensions.begin(db, held, adjustment.effective_on, run)
    _tell(db, held, "suspended", "暂停", adjustment, run)


def suspended_still(db: Connection, adjustment: Adjustment) -> pd.DataFrame:
    """KEYS of the open suspensions that a reinstatement ends, also of levels that are no longer on file."""
    on_record = suspensions.every(db)
    begun = on_record["ends_on"].isna() & (on_record["starts_on"] <= adjustment.effective_on.isoformat())
    whole = on_record[begun & (on_record["uscc"] == adjustment.uscc)]
    return whole[whole["occupation_code"] == adjustment.occupation_code] if adjustment.occupation_code else whole


def reinstate(db: Connection, held: pd.DataFrame, adjustment: Adjustment, run: Run) -> pd.DataFrame:
    """Put what is suspended back in force, its term what it was; returns KEYS and ALONG of what is only suspended no longer.

    That is what is over or was filed anew meanwhile; while its suspension is open, it keeps what is new from being filed.
    """
    ended = suspended_still(db, adjustment)[register.KEYS].drop_duplicates()
    suspensions.end(db, ended, adjustment.effective_on, run)
    _tell(db, held, "filed", "恢复", adjustment, run)
    both = ended.merge(held[register.KEYS], on=register.KEYS, how="left", indicator=True)
    entries = register.current_entries(db).drop_duplicates(register.KEYS, keep="last")[[*register.KEYS, *ALONG]]
    lifted = both[both["_merge"] == "left_only"].drop(columns="_merge").merge(entries, on=register.KEYS)
    facts = facts_text(**adjustment.model_dump(mode="json", include=_FACTS))
    stated = {"was": "suspended", "became": "lifted", "because": _because(adjustment, "解除暂停"), "facts": facts}
    history.add(db, "suspension", lifted.assign(subject=lifted["uscc"], **stated), run, adjustment.decided_by)
    return lifted


def end(db: Connection, held: pd.DataFrame, adjustment: Adjustment, became: str, title: str, run: Run) -> None:
    """Let terms end on the day before the decision takes effect; the items that filed them lapse with them."""
    take_off(db, held, adjustment, became, title, run)
    lapsed = _as_filed(_as_registered(db, items.in_status(db, ["filed"])).merge(held[register.KEYS], on=register.KEYS))
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
    """Move everything on record of one credit code to another; returns how many levels on file moved."""
    before = register.standings(db, run.day)
    institutions.record(db, recoding, run)
    institutions.move(db, recoding.old_uscc, recoding.new_uscc, run)
    change = _Change("uscc", recoding.old_uscc, recoding.new_uscc, "recoded", "统一社会信用代码")
    return _carry_over(db, before, change, recoding, run)


def merge(db: Connection, merger: Merger, run: Run) -> int:
    """Move everything on record of one institution to the one it merged into; returns how many levels on file moved."""
    before = register.standings(db, run.day)
    institutions.record(db, merger, run)
    institutions.leave(db, merger.old_uscc, run)
    change = _Change("uscc", merger.old_uscc, merger.into_uscc, "merged", "机构（统一社会信用代码）")
    return _carry_over(db, before, change, merger, run)


def renumber(db: Connection, renumbering: Renumbering, run: Run) -> int:
    """Move everything on file under one occupation code to another; returns how many levels moved."""
    before = register.standings(db, run.day)
    seals.touch_one(db, seals.RENUMBERING, renumbering.old_code)
    db.execute(insert(tables.renumbering).values(recorded_on=run.day, **renumbering.model_dump()))
    change = _Change("occupation_code", renumbering.old_code, renumbering.new_code, "renumbered", "职业编码")
    return _carry_over(db, before, change, renumbering, run)


def rename(db: Connection, renaming: Renaming, run: Run) -> int:
    """Change an institution's particulars from the day of effect on; returns how many institutions that changes."""
    details = institutions.current(db)
    named = details[details["uscc"] == renaming.uscc].assign(**renaming.particulars)
    facts = renaming.model_dump(mode="json", include={"effective_on", "ground", "document_no"})
    because = f"自{renaming.effective_on}起变更登记事项：{renaming.because}"
    return institutions.name(
        db, named, run, since=renaming.effective_on, because=because, by=renaming.decided_by, **facts
    )


@dataclass(frozen=True)
class _Change:
    """One value of a key's column that gives way to another: what the old levels become, and what it is in Chinese."""

    column: str
    old: str
    new: str
    became: str
    title: str


def _carry_over(db: Connection, before: pd.DataFrame, change: _Change, decided: _Decided, run: Run) -> int:
    """Move levels on file with their suspensions and marks to the new key, and record that in the history."""
    column, old, new = change.column, change.old, change.new
    held = before[before[column] == old]
    joined = register.rekey(db, run, column, old, new)
    suspensions.rekey(db, run, column, old, new, joined)
    activities.rekey_marks(db, column, old, new)
    if column == "uscc":
        applications.recode(db, old, new)
    _tell(db, held, change.became, f"改用{change.title}{new}", decided, run)
    _tell_moved(db, before, held, change, decided, run)
    return len(held)


def _tell_moved(
    db: Connection, before: pd.DataFrame, held: pd.DataFrame, change: _Change, decided: _Decided, run: Run
) -> None:
    """The new key's levels are there with their terms, suspended where they were; those it held go on."""
    keys = held.assign(**{change.column: change.new})[register.KEYS].drop_duplicates()
    present = register.standings(db, run.day).merge(keys, on=register.KEYS)
    was = present.join(before.set_index(register.KEYS)["standing"].rename("was"), on=register.KEYS)["was"].fillna("")
    because = f"由{change.title}{change.old}变更：{decided.because}"
    moved = present.assign(was=was, became=was.where(was != "", "filed"), because=because)
    stated = {f"old_{change.column}": change.old, "ground": decided.ground, "document_no": decided.document_no}
    register.tell(db, register.with_terms(moved, **stated), run, decided.decided_by)
    open_still = suspensions.every(db).query("ends_on.isna()")
    suspended = open_still.merge(
        present.loc[(was == "") & (present["standing"] == "suspended"), register.KEYS], on=register.KEYS
    )
    since = [f"自{start}起暂停：随{change.title}变更延续" for start in suspended["starts_on"]]
    starts = suspended[["starts_on"]].rename(columns={"starts_on": "effective_on"})
    facts = history.facts(starts, **{f"old_{change.column}": change.old})
    moves = suspended.assign(was="filed", became="suspended", because=since, facts=facts)
    register.tell(db, moves, run, decided.decided_by)


def _tell(db: Connection, held: pd.DataFrame, became: str, title: str, decided: _Decided, run: Run) -> None:
    facts = facts_text(**decided.model_dump(mode="json", include=_FACTS))
    moves = held.assign(was=held["standing"], became=became, because=_because(decided, title), facts=facts)
    register.tell(db, moves, run, decided.decided_by)


def _because(decided: _Decided, title: str) -> str:
    return f"自{decided.effective_on.isoformat()}起{title}：{decided.because}"


def lapse(db: Connection, run: Run) -> int:
    """Record as lapsed every term that is over on the run's day and not recorded yet; returns how many levels that concerned.

    Filed items whose occupation level is no longer on file lapse; a renewed level keeps the items of both applications.
    """
    former = _off_the_register(db, run.day)
    moved = items.move(db, former.assign(became="lapsed", reason="", because="有效期届满"), run, "filing")
    # levels that an operator's decision ended were recorded with the decision
    ended = _tell_lapsed(db, run)
    for cycle in sorted(former["cycle"].unique()):
        applications.follow_items(db, cycle, run)
    return max(moved, ended)


def _tell_lapsed(db: Connection, run: Run) -> int:
    """Record once in the history each entry whose term is over on the run's day; returns how many were new."""
    new = without_lapsed(db, register.current_entries(db, register.over(run.day)))
    if new.empty:
        return 0
    facts = history.facts(new[["valid_until"]])
    suspended = suspensions.concerning(suspensions.every(db), new, new["valid_until"])
    was = suspended.map({True: "suspended", False: "filed"})
    because = "有效期至" + new["valid_until"]
    register.tell(db, new.assign(was=was, became="lapsed", because=because, facts=facts), run, "filing")
    return len(new)


def without_lapsed(db: Connection, entries: pd.DataFrame, after: date | None = None) -> pd.DataFrame:
    """The entries (KEYS, valid_until) whose lapse is not in the history; `after`: not as recorded by a run for a later day."""
    lapsed, terms = history.lapsed_terms(db, after), tuples(entries[[*register.KEYS, "valid_until"]])
    return entries[pd.Series([term not in lapsed for term in terms], index=entries.index, dtype="bool")]


def _off_the_register(db: Connection, day: date) -> pd.DataFrame:
    """Filed items whose occupation level is not on the register any more on a day."""
    filed = items.filed_without_entry(db, day)
    if filed.empty:
        return filed
    present = register.current_entries(db)
    valid = present.loc[present["valid_until"] >= day.isoformat(), register.KEYS].drop_duplicates()
    matched = _as_registered(db, filed).merge(valid, on=register.KEYS, how="left", indicator=True)
    return _as_filed(matched[matched["_merge"] == "left_only"])


def _as_registered(db: Connection, filed: pd.DataFrame) -> pd.DataFrame:
    """Items under the present occupation code of the register; `_as_filed` restores their application's."""
    codes = filed["occupation_code"]
    return filed.assign(asked_code=codes, occupation_code=code_changes.follow_occupations(db, codes))


def _as_filed(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(occupation_code=rows["asked_code"]).drop(columns="asked_code")
