"""Decision (决定): from items that passed to what is filed; results are judged and taken in by evaluation."""

from datetime import date

import pandas as pd
from sqlalchemy import Connection

from schemas.directory import INSTITUTION_DETAILS, audiences_of
from schemas.law.places import take_in_turn
from schemas.law.rulings import EVAL_5
from schemas.law.terms import last_day, renewed_term
from schemas.policy import Policy
from schemas.run import Run
from schemas.run_summary import Counts
from tasks import public_notice
from tasks.desk.rulings import settle_holds
from tasks.letters import contents
from tasks.letters.delivery import deliver_letters
from tasks.runs.step import step
from tasks.store import applications, cycles, decisions, findings, history, institutions, items, letters, register
from tasks.store.adjustments import lapse
from tasks.store.directory import occupation_names
from tasks.store.leases import writing


def decision(run: Run) -> Counts:
    """Decide on every accepted result once, and write to the applicants whose application is closed (article 3(4))."""
    shown = [public_notice.settle_objections(run), decide(run), public_notice.publish_notices(run)]
    return Counts.sum([*shown, settle_holds(run), write_outcomes(run), deliver_letters(run)])


@step("decide-{run.cycle}")
def decide(run: Run) -> Counts:
    """File every item that passed and has not been filed; twice changes nothing."""
    with writing(run) as db:
        cycles.decides(db, run.cycle, run)
        counts = _file_passed(db, run)
        applications.follow_items(db, run.cycle, run)
    return Counts(done={name: count for name, count in counts.items() if count})


@step("outcomes-{run.cycle}")
def write_outcomes(run: Run) -> Counts:
    """Write to the applicants whose application is closed: what is filed, what is not; one letter for each outcome."""
    with writing(run) as db:
        written = _write_letters(db, run)
    return Counts(done={"letters": written} if written else {})


#: Why an item finds no place at filing, by the rules it breaks.
_NO_PLACE = {
    "CAP-2": "备案时该职业已饱和",
    "CAP-1": "备案时机构开展认定的职业已达上限",
    "CAP-1;CAP-2": "备案时机构开展认定的职业已达上限，且该职业已饱和",
}


def _file_passed(db: Connection, run: Run) -> dict[str, int]:
    """File passed items; those that find no place become `held` under CAP-1 or CAP-2 (contract section 5)."""
    passed = items.of_cycle(db, run.cycle, ["passed"])
    if passed.empty:
        return {}
    lapse(db, run)  # what is over is over before a late renewal files it anew, swept yet or not
    policy = run.policy
    current = applications.current(db, passed["application_no"].unique().tolist())
    stated = current.columns.intersection(["application_no", "kind", "submitted_utc", *INSTITUTION_DETAILS])
    candidates = passed.merge(current[stated], on="application_no")
    candidates["chosen"] = run.only is None or candidates["application_no"].isin(run.only or [])
    ended = _ended(candidates, register.current_entries(db))
    barred = candidates[ended & candidates["chosen"]]
    items.move(
        db,
        barred.assign(became="refused", reason="RENEW-1", because="所换证的备案在审核期间注销或撤销"),
        run,
        "filing",
    )
    candidates = candidates[~ended]
    permits = {
        (rule, *permit)
        for rule in ("CAP-1", "CAP-2")
        for permit in decisions.permitted(db, run.cycle, rule, candidates)
    }
    on_file = register.on_file(db, run.day)
    own = pd.concat([on_file, register.before_cycle(db, policy.deadline(run.cycle), run.cycle)])
    # those not chosen now keep the places their scores give them
    candidates["reason"] = take_in_turn(candidates, on_file, own, permits, policy)
    chosen = candidates[candidates["chosen"]]
    held, granted = chosen[chosen["reason"] != ""], chosen[chosen["reason"] == ""]
    findings.hold(db, held.assign(rule=held["reason"].str.split(";")).explode("rule"), run.cycle)
    items.move(db, held.assign(became="held", because=held["reason"].map(_NO_PLACE)), run, "filing")
    granted = granted[public_notice.is_over(db, granted, policy, run)]
    _enter(db, granted, on_file, policy, run)
    items.move(db, granted.assign(became="filed", reason="", because="准予备案"), run, "filing")
    return {"filed": len(granted), "held": len(held), "refused": len(barred)}


def _ended(candidates: pd.DataFrame, present: pd.DataFrame) -> "pd.Series[bool]":
    """Which passed items would renew what was withdrawn or revoked meanwhile: nothing is left to renew (RENEW-1)."""
    last = present.drop_duplicates(register.KEYS, keep="last").set_index(register.KEYS)["ended_by"]
    return (candidates["kind"] == "renewal") & candidates.join(last, on=register.KEYS)["ended_by"].notna()


def _enter(db: Connection, granted: pd.DataFrame, on_file: pd.DataFrame, policy: Policy, run: Run) -> None:
    """Write the register: a new qualification, items joining one, or a renewed term (contract section 3)."""
    if granted.empty:
        return
    present = register.current_entries(db)
    ends = _ends(granted, on_file, present)
    terms = [_term(kind, end, policy, run.day) for kind, end in zip(granted["kind"], ends, strict=True)]
    # an item that stays on file keeps the day it was first filed: dormancy is counted from it
    standing = on_file.set_index(register.KEYS)["filed_on"]
    since = granted.join(standing, on=register.KEYS)["filed_on"]
    entries = granted.assign(
        audiences=_audiences(granted, on_file),
        filed_on=since.fillna(run.day.isoformat()).to_numpy(),
        valid_until=[end.isoformat() for end in terms],
        cycle=run.cycle,
        because="申报" + granted["application_no"],
    )
    institutions.name(db, granted, run)
    register.write(db, entries, run)


def _audiences(granted: pd.DataFrame, on_file: pd.DataFrame) -> list[str]:
    """Whom each item may be certified for: a renewal replaces what is on file, anything else joins it (section 3)."""
    standing = granted.join(on_file.set_index(register.KEYS)["audiences"].rename("standing"), on=register.KEYS)[
        "standing"
    ]
    kept = standing.where(granted["kind"] != "renewal").fillna("")
    return [audiences_of(both) for both in zip(granted["audiences"], kept, strict=True)]


def _ends(granted: pd.DataFrame, on_file: pd.DataFrame, present: pd.DataFrame) -> list[date | None]:
    """The end each item's term is counted from: of what its application renews, else of the institution's standing.

    None for an institution that is not on file and renews nothing. What an application renews has one end, the latest
    of its items, so that a renewal in two steps does not add up to two terms.
    """
    standing = on_file.groupby("uscc")["valid_until"].max()
    renewed = granted[granted["kind"] == "renewal"].merge(present, on=register.KEYS, suffixes=("", "_old"))
    old = renewed.groupby("application_no")["valid_until"].max()
    ends = granted["application_no"].map(old).fillna(granted["uscc"].map(standing))
    return [date.fromisoformat(end) if isinstance(end, str) else None for end in ends]


def _term(kind: str, end: date | None, policy: Policy, day: date) -> date:
    """The last day of what is filed today (contract section 3)."""
    if end is None:
        return last_day(day, policy.validity.months)
    if kind == "renewal":
        return renewed_term(end, day, policy.validity.months)[1]
    return end


def _write_letters(db: Connection, run: Run) -> int:
    """Filing and refusal letters of the applications that are closed now."""
    closed = applications.closed(db, run.cycle, run.only)
    if not closed:
        return 0
    own = items.of_cycle(db, run.cycle)
    own = own[own["application_no"].isin(closed)]
    # what was revoked has its own letter, and the outcome once told of it stays the occasion it was
    own["status"] = own["status"].where(own["reason"] != EVAL_5, "lapsed")
    filed = register.filed_by(db, run.cycle)
    turns = history.reopened(db, closed)
    decided = decisions.of_cycle(db, run.cycle)
    current = applications.current(db, closed)
    return letters.write(db, contents.outcomes(current, own, filed, turns, occupation_names(db), decided, run), run)
