"""Restoration (恢复误记): what a run for a mistaken, later day marked is taken back, on a named person's word."""

from dataclasses import dataclass
from datetime import date

import pandas as pd
from sqlalchemy import Connection

from schemas.errors import RefusedError
from schemas.history import facts_text
from schemas.item import UNIT
from schemas.policy import last_cycle_on
from schemas.run import Counts, Run
from tasks.runs.run import begin
from tasks.store import applications, code_changes, cycles, history, items, letters, register
from tasks.store.leases import writing
from tasks.sweeps import sweep_dormancy

#: Letters that a later day calls for by itself, and will call for again.
_REMINDERS = ("expiry_reminder", "dormancy")


class NothingToRestoreError(RefusedError):
    """No run for a later day has marked anything."""


@dataclass(frozen=True)
class Mistake:
    """Who takes back what was marked for days after `day`, and why; the document may be blank."""

    day: date
    by: str
    reason: str
    document_no: str = ""

    @property
    def because(self) -> str:
        document = f"（{self.document_no}）" if self.document_no else ""
        return f"恢复为{self.day}的情况：{self.reason}{document}"

    @property
    def facts(self) -> dict[str, str]:
        return {"effective_on": self.day.isoformat(), "ground": self.reason, "document_no": self.document_no}


def restore(mistake: Mistake) -> Counts:
    """Take back what was marked for days after a day: lapses, dormancy, days of decision, and reminders that count as sent.

    Terms that are over on that day stay lapsed; letters that went out stay in the register of documents. The next edition
    is of that day. Raises NothingToRestoreError.
    """
    with begin(last_cycle_on(mistake.day), mistake.day) as run:
        with writing(run) as db:
            levels = _restore_levels(db, mistake, run)
            restored = {
                "levels": levels,
                "items": _restore_items(db, mistake, run),
                "cycles": cycles.undecide_after(db, mistake.day),
                "letters_void": letters.free_after(db, _REMINDERS, mistake.day, run),
            }
            marks = history.marks_after(db, mistake.day)
            if not any(restored.values()) and not marks:
                raise NothingToRestoreError(
                    f"no run for a day after {mistake.day} has marked anything: `filing history` tells all"
                )
            history.add_one(
                db,
                "restoration",
                mistake.day.isoformat(),
                mistake.because,
                run,
                mistake.by,
                became="restored",
                facts=facts_text(**mistake.facts, **restored),
            )
        return Counts.sum([Counts.of(**restored), sweep_dormancy(run, also_later=True)])


def _restore_levels(db: Connection, mistake: Mistake, run: Run) -> int:
    """What was recorded as lapsed but has a term that is not over goes on where it stood."""
    lapsed = history.mistaken_lapses(db, mistake.day, "qualification").rename(
        columns={"subject": "uscc", "was": "stood"}
    )
    present = _running(db, mistake.day)[[*register.KEYS, "valid_until"]]
    back = lapsed.merge(present, on=register.KEYS)
    if len(back):
        facts = history.facts(back[["valid_until"]], **mistake.facts)
        moves = back.assign(was="lapsed", became=back["stood"], because=mistake.because, facts=facts)
        register.tell(db, moves, run, mistake.by)
    return len(back)


def _restore_items(db: Connection, mistake: Mistake, run: Run) -> int:
    """Items of such levels are filed again."""
    lapsed = history.mistaken_lapses(db, mistake.day, "item").rename(columns={"subject": "application_no"})
    present = items.in_status(db, ["lapsed"]).merge(lapsed[["application_no", *UNIT]], on=["application_no", *UNIT])
    codes = code_changes.follow_occupations(db, present["occupation_code"])
    keys = present.assign(asked_code=present["occupation_code"], occupation_code=codes)
    still = keys.merge(_running(db, mistake.day)[register.KEYS].drop_duplicates(), on=register.KEYS)
    back = still.assign(occupation_code=still["asked_code"]).drop(columns="asked_code")
    moved = items.move(db, back.assign(became="filed", reason="", because=mistake.because), run, mistake.by)
    for cycle in sorted(back["cycle"].unique()):
        applications.follow_items(db, cycle, run)
    return moved


def _running(db: Connection, day: date) -> pd.DataFrame:
    """Entries whose term runs on a day, and that no decision ended."""
    present = register.current_entries(db)
    runs_on = (present["filed_on"] <= day.isoformat()) & (present["valid_until"] >= day.isoformat())
    return present[runs_on & present["ended_by"].isna()]
