"""Rulings (例外审批): operators' permits and refusals put on record, and carried out on the items that are held."""

import pandas as pd

from schemas.errors import WrongUseError
from schemas.run import Run
from schemas.run_summary import Counts
from tasks.runs.run import begin
from tasks.runs.step import step
from tasks.store import applications, decisions, items
from tasks.store.database import reading
from tasks.store.leases import writing


class UnknownApplicationError(WrongUseError):
    """A ruling on an application nobody filed."""


def record_rulings(rows: pd.DataFrame) -> int:
    """Put rulings on one application on record; raises UnknownApplicationError for a number nobody filed under.

    `rows`: the columns of the table of decisions. Returns how many are new.
    """
    number = str(rows["application_no"].iloc[0])
    with reading() as db:
        cycle = applications.cycle_of(db, number)
    if cycle is None:
        raise UnknownApplicationError(f"there is no application {number}: `filing items CYCLE` lists the numbers")
    with begin(cycle) as run, writing(run) as db:
        return decisions.record(db, rows, run)


@step("settle-{run.cycle}")
def settle_holds(run: Run) -> Counts:
    """Let held items go on, end them, or leave them held, as the operators' decisions say (contract section 2)."""
    with writing(run) as db:
        held = items.of_cycle(db, run.cycle, ["held"])
        if run.only is not None:
            held = held[held["application_no"].isin(run.only)]
        if held.empty:
            return Counts()
        moves = _settled(held, decisions.on_holds(db, run.cycle))
        items.restate(db, moves[moves["became"] == "held"])
        moved = items.move(db, moves[moves["became"] != "held"], run, "filing")
        applications.follow_items(db, run.cycle, run)
        return Counts(done={"settled": moved} if moved else {})


def _settled(held: pd.DataFrame, holds: pd.DataFrame) -> pd.DataFrame:
    """Each held item with what becomes of it, the rules behind that, and because of which decision."""
    open_rules = holds[holds["verdict"].isna()].groupby(items.KEYS)["rule"].agg(items.joined)
    refusing = holds[holds["verdict"] == "refuse"].groupby(items.KEYS)["rule"].agg(items.joined)
    settled = held.join(open_rules.rename("open"), on=items.KEYS).join(refusing.rename("refusing"), on=items.KEYS)
    settled["became"] = settled["decided_result"].isna().map({True: "accepted", False: "passed"})
    settled.loc[settled["open"].notna(), "became"] = "held"
    settled.loc[settled["refusing"].notna(), "became"] = "refused"
    settled["was_reason"] = settled["reason"]
    settled["reason"] = settled["refusing"].fillna(settled["open"]).fillna("")
    settled["because"] = settled["became"].map(
        {"refused": "例外审批不予：", "held": "", "accepted": "例外审批准予：", "passed": "例外审批准予："}
    )
    settled["because"] += settled["refusing"].fillna(settled["was_reason"])
    return settled
