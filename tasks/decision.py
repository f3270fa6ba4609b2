"""Decision (决定): filing the items that passed, or holding or refusing those that may not be filed."""

from datetime import date

import pandas as pd
from sqlalchemy import Connection

from schemas.directory import INSTITUTION_DETAILS, audiences_of
from schemas.item import ALONG
from schemas.law.places import CAPS, take_in_turn
from schemas.law.standing import bars
from schemas.law.terms import filed_until
from schemas.policy import Policy
from schemas.rows import tuples
from schemas.run import Counts, Run
from tasks import public_notice
from tasks.desk.closing import end_left, report_again
from tasks.desk.rulings import settle_holds
from tasks.letters.delivery import deliver_letters
from tasks.letters.outcomes import write_outcomes
from tasks.runs.run import step
from tasks.store import (
    applications,
    code_changes,
    cycles,
    decisions,
    findings,
    history,
    institutions,
    items,
    public_notices,
    register,
    scene,
)
from tasks.store.adjustments import lapse
from tasks.store.leases import writing


def decision(run: Run) -> Counts:
    """Decide on every accepted result once, and write to the applicants what was decided (article 3(4))."""
    # before filing, so that a refusal still ends an item that passed since; again after, for items held at their filing
    before, settled = history.read_last(), [settle_holds(run), public_notice.settle_objections(run)]
    decided = [decide(run), public_notice.publish_notices(run)]
    again = settle_holds(run) if history.read_last() != before else Counts()  # whatever moves writes history
    counts = Counts.sum([*settled, *decided, again, end_left(run), write_outcomes(run), deliver_letters(run)])
    if counts.done:
        report_again(run)
    return counts


@step("decide-{run.cycle}")
def decide(run: Run) -> Counts:
    """File every item that passed and has not been filed; repeating it changes nothing."""
    with writing(run) as db:
        cycles.decides(db, run.cycle, run)
        counts = _file_passed(db, run)
        applications.follow_items(db, run.cycle, run)
    return Counts.of(**counts)


#: Why an item cannot be filed now, by rule.
_NOT_NOW = {
    "STAND-1": "备案时机构处于暂停状态或近期曾被撤销备案",
    "CAP-1": "备案时机构开展认定的职业已达上限",
    "CAP-2": "备案时该职业已饱和",
}


def _file_passed(db: Connection, run: Run) -> dict[str, int]:
    """File passed items, judged in the order of contract section 3, "At filing": RENEW-1, STAND-1, CAP-1 and CAP-2."""
    rows = _candidates(db, run)
    if rows.empty:
        return {}
    ended = _ended(db, rows)
    barred, rows = rows[ended & rows["chosen"]], rows[~ended]
    on_file = register.on_file(db, run.day, among=register.EntriesOf(rows["uscc"], rows["present_code"]))
    rows = rows.assign(barring=_judged(db, run, rows, on_file))
    chosen = rows[rows["chosen"]]
    granted = chosen[chosen["barring"] == ""]
    if len(granted):
        lapse(db, run)  # a term that is over lapses before a late renewal begins a new one, whether swept yet or not
    _refuse(db, barred, run)
    held = _hold(db, chosen, run)
    granted = granted[public_notice.is_over(db, granted, run.policy, run)]
    _enter(db, granted, on_file, run.policy, run)
    items.move(db, granted.assign(became="filed", reason="", because="准予备案"), run, "filing")
    return {"filed": len(granted), "held": held, "refused": len(barred)}


def _candidates(db: Connection, run: Run) -> pd.DataFrame:
    """Items that may be filed now: those that passed, and those that passed before and are held for want of a place.

    The items' columns, the institution's particulars as the application states them, kind, submitted_utc, `present_code`
    (the occupation's code on the register by now) and `chosen` (whether the run is for this application).
    """
    passed = items.of_cycle(db, run.cycle, ["passed"])
    waiting = _waiting(db, run)
    candidates = pd.concat([passed, waiting]) if len(waiting) else passed
    if candidates.empty:
        return candidates
    current = applications.current(db, candidates["application_no"].unique().tolist())
    particulars = current.columns.intersection(["application_no", "kind", "submitted_utc", *INSTITUTION_DETAILS])
    rows = candidates.merge(current[particulars], on="application_no")
    chosen = run.only is None or rows["application_no"].isin(run.only or [])
    return rows.assign(present_code=code_changes.follow_occupations(db, rows["occupation_code"]), chosen=chosen)


def _waiting(db: Connection, run: Run) -> pd.DataFrame:
    """Held items that passed and that only the lack of a place keeps from being filed."""
    held = items.of_cycle(db, run.cycle, ["held"])
    held = held[held["decided_result"].notna()]
    if held.empty:
        return held
    holds = decisions.on_holds(db, run.cycle)
    open_still = holds[holds["verdict"].isna() | (holds["verdict"] == "refuse")]
    keeps = (~open_still["rule"].isin(CAPS) | open_still["verdict"].notna()).groupby(
        [open_still[key] for key in items.KEYS]
    )
    only_places = ~keeps.any()
    return held.merge(only_places[only_places].reset_index()[items.KEYS], on=items.KEYS)


def _judged(db: Connection, run: Run, rows: pd.DataFrame, on_file: pd.DataFrame) -> "pd.Series[str]":
    """The rules that keep each of `_candidates` from being filed on the run's day, joined by `;`; blank if none does.

    STAND-1 is judged first; the rest then take places in turn, also those not chosen, which keep the places of their scores.
    An occupation that was renumbered since the application is judged by its present code, as on the register.
    """
    notice_days = rows[items.KEYS].merge(public_notices.shown(db, run.cycle), on=items.KEYS, how="left")["published_on"]
    now = rows.assign(occupation_code=rows["present_code"], shown_on=notice_days.fillna("").to_numpy())
    granted = decisions.permitted(db, run.cycle, _NOT_NOW, rows)
    barred = _barred(db, run, rows, on_file, granted)
    rest = now[~barred]
    applicants = register.EntriesOf(rows["uscc"])
    holdings = register.held_before_cycle(db, run.policy.deadline(run.cycle), run.cycle, applicants)
    holdings = holdings.assign(occupation_code=code_changes.follow_occupations(db, holdings["occupation_code"]))
    present = dict(zip(rows["occupation_code"], rows["present_code"], strict=True))
    permits = {(rule, number, present[code]) for rule, number, code in granted}
    reasons = barred.map({True: "STAND-1", False: ""})
    if len(rest):
        reasons.loc[rest.index] = take_in_turn(rest, on_file, holdings, permits, run.policy)
    return reasons


def _barred(
    db: Connection, run: Run, rows: pd.DataFrame, on_file: pd.DataFrame, permits: set[tuple[str, str, str]]
) -> "pd.Series[bool]":
    """Which items not on file belong to an institution that is suspended or was lately revoked, and have no permit.

    The item of a renewal is not on file either once its term is over. `permits`: of `decisions.permitted`.
    """
    requested = items.of_applications(db, rows["application_no"].unique().tolist())
    requested = requested[["application_no", "uscc", "occupation_code"]].drop_duplicates()
    requested["occupation_code"] = code_changes.follow_occupations(db, requested["occupation_code"])
    requested = pd.concat([requested, requested.assign(occupation_code="").drop_duplicates()], ignore_index=True)
    why = bars(requested, scene.suspended(db, run.day), scene.revoked(db, run.day), run.policy, run.day)
    badly, held = set(requested.loc[why != "", "application_no"]), set(tuples(on_file[register.KEYS]))
    present = tuples(rows.assign(occupation_code=rows["present_code"])[register.KEYS])
    barred = [
        number in badly and ("STAND-1", number, code) not in permits and key not in held
        for (number, code), key in zip(tuples(rows[["application_no", "occupation_code"]]), present, strict=True)
    ]
    return pd.Series(barred, index=rows.index, dtype="bool")


def _refuse(db: Connection, barred: pd.DataFrame, run: Run) -> None:
    """Refuse renewals of items that were withdrawn or revoked meanwhile (RENEW-1)."""
    waiting = barred[barred["status"] == "held"]
    items.move(db, waiting.assign(became="passed", reason="", because="备案时重新核定"), run, "filing")
    because = "所换证的备案在审核期间注销或撤销"
    items.move(db, barred.assign(became="refused", reason="RENEW-1", because=because), run, "filing")


def _hold(db: Connection, rows: pd.DataFrame, run: Run) -> int:
    """Hold items that may not be filed now (`barring`) and release those whose place is free; returns how many are new."""
    stands = rows[rows["barring"] != ""]
    findings.hold_at_filing(db, rows, tuple(_NOT_NOW), run.cycle, run.day)
    waits = rows["status"] == "held"
    restated = stands[waits[stands.index] & (stands["reason"] != stands["barring"])]
    items.restate(db, restated.assign(reason=restated["barring"]))
    free = rows[waits & (rows["barring"] == "")]
    items.move(db, free.assign(became="passed", reason="", because="占用的名额已空出"), run, "filing")
    new = stands[~waits[stands.index]]
    because = ["；".join(_NOT_NOW[rule] for rule in rules.split(";")) for rules in new["barring"]]
    items.move(db, new.assign(became="held", reason=new["barring"], because=because), run, "filing")
    return len(new)


def _ended(db: Connection, rows: pd.DataFrame) -> "pd.Series[bool]":
    """Which candidates renew an item that was withdrawn or revoked meanwhile, so that nothing is left to renew (RENEW-1)."""
    renews = rows["kind"] == "renewal"
    present = register.current_entries(db, register.EntriesOf(rows.loc[renews, "uscc"]))
    # where a merger left two entries of one item, the one with the later term counts
    lasting = present.sort_values("valid_until", kind="stable").drop_duplicates(register.KEYS, keep="last")
    now = rows.assign(occupation_code=rows["present_code"])
    return renews & now.join(lasting.set_index(register.KEYS)["ended_by"], on=register.KEYS)["ended_by"].notna()


def _enter(db: Connection, granted: pd.DataFrame, on_file: pd.DataFrame, policy: Policy, run: Run) -> None:
    """Write the register: a new qualification, items joining one, or a renewed term (contract section 3)."""
    if granted.empty:
        return
    granted = granted.assign(occupation_code=granted["present_code"])
    ends = _ends(db, granted, on_file, run)
    steps = {str(number): str(end) for number, end in on_file.groupby("application_no")["valid_until"].max().items()}
    terms = filed_until(granted, ends, steps, policy.validity.months, run.day)
    # an item that stays on file keeps the day it was first filed: dormancy is counted from it
    standing = on_file.set_index(register.KEYS)["filed_on"]
    since = granted.join(standing, on=register.KEYS)["filed_on"]
    entries = granted.assign(
        audiences=_audiences(granted, on_file),
        filed_on=since.fillna(run.day.isoformat()).to_numpy(),
        valid_until=terms,
        cycle=run.cycle,
        because="申报" + granted["application_no"],
    )
    _name(db, granted, on_file, run)
    register.write(db, pd.concat([_once(entries), _joined_today(db, entries, on_file, run)]), run)


def _once(entries: pd.DataFrame) -> pd.DataFrame:
    """One entry for each item, with the latest term and all audiences, where several applications file the same item.

    That happens when their institutions merged, or two occupation codes became one, while both were under way.
    """
    if not entries.duplicated(register.KEYS).any():
        return entries
    ordered = entries.sort_values(["valid_until", "application_no"])
    every = ordered.groupby(register.KEYS)[["audiences", "because"]]
    joined = every.agg({"audiences": audiences_of, "because": _together})
    last = ordered.drop_duplicates(register.KEYS, keep="last")
    return last.drop(columns=joined.columns).join(joined, on=register.KEYS)


def _together(texts: "pd.Series[str]") -> str:
    return "，".join(texts.unique())


def _joined_today(db: Connection, entries: pd.DataFrame, on_file: pd.DataFrame, run: Run) -> pd.DataFrame:
    """Items that were added earlier on this day by institutions that `entries` renew, with the renewed term."""
    renewed = entries[entries["kind"] == "renewal"].groupby("uscc")["valid_until"].max()
    earlier = items.filed_on(db, run.day, renewed.index.tolist())
    kinds = applications.current(db, earlier["application_no"].unique().tolist())
    joined = earlier[~earlier["application_no"].isin(kinds.loc[kinds["kind"] == "renewal", "application_no"])]
    joined = joined.assign(occupation_code=code_changes.follow_occupations(db, joined["occupation_code"]))
    rows = joined[[*register.KEYS, "application_no", "cycle"]].drop_duplicates(register.KEYS, keep="last")
    rows = rows.merge(on_file[[*register.KEYS, *ALONG, "filed_on"]], on=register.KEYS)
    rows = rows[~pd.MultiIndex.from_frame(rows[register.KEYS]).isin(list(tuples(entries[register.KEYS])))]
    because = "申报" + rows["application_no"] + "，与换证同日备案"
    return rows.assign(valid_until=rows["uscc"].map(renewed), because=because)


def _name(db: Connection, granted: pd.DataFrame, on_file: pd.DataFrame, run: Run) -> None:
    """Enter the particulars of new institutions; those on file keep theirs, except for a type permitted under IDENT-2."""
    register_names = institutions.current(db)
    late = (granted["kind"] == "renewal") & granted["uscc"].isin(register_names["uscc"])
    stays = granted["uscc"].isin(on_file["uscc"]) | late
    institutions.name(db, granted[~stays], run)
    ruled = decisions.on_applications(db, run.cycle, "IDENT-2").set_index("application_no")
    permits = ruled[ruled["verdict"] == "permit"]
    permitted = granted[stays & granted["application_no"].isin(permits.index)].drop_duplicates("uscc")
    for uscc, number, kind in tuples(permitted[["uscc", "application_no", "institution_type"]]):
        by, ground, document_no = permits.loc[number, ["decided_by", "reason", "document_no"]].tolist()
        words = {"because": "例外审批准予变更机构类型", "by": by, "ground": ground, "document_no": document_no}
        institutions.name(
            db, register_names[register_names["uscc"] == uscc].assign(institution_type=kind), run, **words
        )


def _audiences(granted: pd.DataFrame, on_file: pd.DataFrame) -> list[str]:
    """The audiences of each item: a renewal replaces those on file, any other application adds to them (section 3)."""
    standing = granted.join(on_file.set_index(register.KEYS)["audiences"].rename("standing"), on=register.KEYS)[
        "standing"
    ]
    renewed = (granted["kind"] == "renewal").groupby([granted[key] for key in register.KEYS]).transform("any")
    lasting = standing.where(~renewed).fillna("")
    return [audiences_of(both) for both in zip(granted["audiences"], lasting, strict=True)]


def _ends(db: Connection, granted: pd.DataFrame, on_file: pd.DataFrame, run: Run) -> list[date | None]:
    """The date from which each item's new term is counted: the end of what its application renews, else of what is on file.

    None for an institution that is not on file and renews nothing.
    """
    standing = on_file.groupby("uscc")["valid_until"].max()
    old = _renewed_ends(db, granted.loc[granted["kind"] == "renewal", "application_no"].unique().tolist(), run)
    ends = granted["application_no"].map(old).astype("str").fillna(granted["uscc"].map(standing).astype("str"))
    return [date.fromisoformat(end) if isinstance(end, str) else None for end in ends]


def _renewed_ends(db: Connection, numbers: list[str], run: Run) -> dict[str, str]:
    """Application number to the latest end of the terms it renews, as on the deadline, whichever of its items is filed first."""
    if not numbers:
        return {}
    requested = items.of_applications(db, numbers)[["application_no", *register.KEYS]]
    stood = register.before_cycle(db, run.policy.deadline(run.cycle), run.cycle)[[*register.KEYS, "valid_until"]]
    codes = (code_changes.follow_occupations(db, rows["occupation_code"]) for rows in (requested, stood))
    now, then = (rows.assign(occupation_code=code) for rows, code in zip((requested, stood), codes, strict=True))
    old = now.merge(then, on=register.KEYS).groupby("application_no")["valid_until"].max()
    return {str(number): str(end) for number, end in old.items()}
