"""How an application ends undecided: taken back (撤回申报) by its applicant, or closed (终止办理) by a named person."""

import json
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd
from sqlalchemy import Connection

from schemas.errors import RefusedError, WrongUseError
from schemas.history import facts_text
from schemas.item import OPEN, STATUSES
from schemas.law import deciding
from schemas.run import Counts, Run
from tasks.desk.rulings import cycle_of
from tasks.gateways.disk import files
from tasks.gateways.paper.delimited import csv_bytes
from tasks.letters.delivery import deliver_letters
from tasks.letters.life import endings, recall, withdrawals
from tasks.runs.run import begin
from tasks.store import applications, cycles, decisions, items, letters
from tasks.store.database import reading
from tasks.store.directory import occupation_names
from tasks.store.dossier import assert_unmoved
from tasks.store.leases import writing

#: On which ground what stands where ends (contract section 3).
_GROUNDS = {"returned": "逾期未补正", "held": "例外审批未获准", "accepted": "未完成评估", "dispatched": "未完成评估"}
#: What a person ends by name ends on that person's ground wherever it stands.
_BY_NAME = {**_GROUNDS, "passed": "评估合格后终止"}
#: Of an application without a single item: it was returned, or nobody screened it.
_OF_THE_WHOLE = {"returned": "逾期未补正", "received": "未完成初审"}
_RECALLED = "该申报已终止办理"


@dataclass(frozen=True)
class ClosingDecision:
    """Who ends it, why, and by which document, which may be blank."""

    by: str
    reason: str
    document_no: str = ""


class NothingToCloseError(RefusedError):
    """Too early, or nothing is open any more."""


class UnknownOccupationError(WrongUseError):
    """An occupation the application does not ask for."""


def close_cycle(cycle: str, decision: ClosingDecision, as_of: date | None = None) -> Counts:
    """End everything of a cycle that is not final, one letter an application, and write the batch report.

    What a kill kept from being delivered or reported is made up for when the cycle is closed again. Raises
    NothingToCloseError before the cycle's last day, where nobody applied, or where it is closed already and reported.
    """
    with begin(cycle, as_of) as run:
        last = deciding.last_day(run.policy, run.cycle)
        if run.day < last:
            raise NothingToCloseError(
                f"cycle {cycle} may be closed from {last} on: wait, or close single applications",
                chinese=f"{cycle} 批次自 {last} 起方可整批终止：请等到那一日，或逐件终止",
            )
        with reading() as db:
            former = cycles.closing(db, cycle)
            is_empty = applications.of_cycle(db, run.cycle).empty
        if is_empty:
            raise NothingToCloseError(
                f"nobody applied in cycle {cycle}: there is nothing to close",
                chinese=f"{cycle} 批次没有申报，没有可以终止的",
            )
        if former and is_reported(run):
            raise NothingToCloseError(
                f"cycle {cycle} was closed on {former.day} by {former.by}",
                chinese=f"{cycle} 批次已于 {former.day} 由 {former.by} 终止",
            )
        ended = Counts() if former else _end_all(decision, run)
        counts = Counts.sum([ended, deliver_letters(run)])
        write_report(run)
        return counts


def _end_all(decision: ClosingDecision, run: Run) -> Counts:
    """Close the cycle in the database and end what is open of it."""
    with writing(run) as db:
        cycles.close(db, run.cycle, decision.by, decision.reason, decision.document_no, run)
        still = items.of_cycle(db, run.cycle, list(_GROUNDS))
        every = applications.of_cycle(db, run.cycle)
        # one that was not screened, or returned without a single readable item, has none to end
        without = every[every["status"].isin(["received", "returned"]) & every["outcome"].isna()]
        numbers = sorted({*still["application_no"], *without["application_no"]})
        return _end(db, still, _GROUNDS, numbers, decision, run)


def end_left(run: Run) -> Counts:
    """End what a closed cycle still holds: what had passed, and found no place when it was to be filed."""
    with writing(run) as db:
        closed = cycles.closing(db, run.cycle)
        if closed is None or (held := items.of_cycle(db, run.cycle, ["held"])).empty:
            return Counts()
        return _end(db, held, _GROUNDS, [], ClosingDecision(closed.by, closed.reason, closed.document_no), run)


def close_application(
    number: str, occupation: str, decision: ClosingDecision, as_of: date | None = None, *, seen: int | None = None
) -> Counts:
    """End what is open of one application, or of one occupation of it.

    `seen`: the last history entry its page knew. Raises UnknownApplicationError, UnknownOccupationError,
    NothingToCloseError where nothing is open, or MovedError.
    """
    cycle = cycle_of(number)
    with begin(cycle, as_of) as run:
        with writing(run) as db:
            assert_unmoved(db, number, seen)
            rows = items.of_application(db, number)
            if occupation and occupation not in set(rows["occupation_code"]):
                raise UnknownOccupationError(
                    f"{number} does not apply for occupation {occupation}",
                    chinese=f"{number} 没有申报职业 {occupation}",
                )
            chosen = rows[rows["occupation_code"] == occupation] if occupation else rows
            still = chosen[chosen["status"].isin(OPEN)]
            outcome = applications.outcome_of(db, number)
            if outcome or (still.empty and len(rows)):
                raise NothingToCloseError(f"nothing of {number} is open any more: `filing history {number}` tells why")
            whole = rows["status"].isin(OPEN).sum() == len(still)
            counts = _end(db, still, _BY_NAME, [number] if whole else [], decision, run)
        return Counts.sum([counts, deliver_letters(run)])


def _end(
    db: Connection,
    still: pd.DataFrame,
    grounds: dict[str, str],
    numbers: list[str],
    decision: ClosingDecision,
    run: Run,
) -> Counts:
    """Let items become `ended`, recall their packages and tell the applicants; of `numbers` nothing is left open."""
    recall(db, still[still["status"] == "dispatched"], _RECALLED, run)
    ended = still.assign(became="ended", reason="", ground=still["status"].map(grounds) + f"：{decision.reason}")
    ended["because"] = "终止办理：" + ended["ground"] + (f"（{decision.document_no}）" if decision.document_no else "")
    ended["facts"] = [
        facts_text(ground=grounds[status], reason=decision.reason, document_no=decision.document_no)
        for status in ended["status"]
    ]
    items.move(db, ended, run, decision.by)
    bare = sorted(set(numbers) - set(ended["application_no"]))
    whole = _grounds_of_whole(db, bare, decision, run)
    because = {
        number: ground + (f"（{decision.document_no}）" if decision.document_no else "")
        for number, ground in whole.items()
    }
    applications.end(db, numbers, because, run, decision.by)
    applications.follow_items(db, run.cycle, run)
    applicants = applications.current(db, sorted({*ended["application_no"], *bare}))
    sent = endings(applicants, ended, whole, occupation_names(db), decision.document_no, run)
    return Counts.of(ended=len(ended), letters=letters.write(db, sent, run))


def _grounds_of_whole(db: Connection, numbers: list[str], decision: ClosingDecision, run: Run) -> dict[str, str]:
    """Why each of these applications ends that has no item."""
    every = applications.of_cycle(db, run.cycle)
    rows = every[every["application_no"].isin(numbers)]
    grounds = rows["status"].map(_OF_THE_WHOLE).fillna("终止办理") + f"：{decision.reason}"
    return dict(zip(rows["application_no"], grounds, strict=True))


def is_reported(run: Run) -> bool:
    """Whether the cycle's report stands in its place; its last file is written when the others are."""
    return (run.installation.root / f"outbox/reports/{run.cycle}/report.json").is_file()


def report_again(run: Run) -> None:
    """Bring the report of a closed cycle up to date: what had passed when it was closed is decided afterwards."""
    if is_reported(run):
        write_report(run)


def write_report(run: Run) -> None:
    """Put `outbox/reports/<cycle>/report.json` and its tables as CSV in their place; the same cycle gives the same bytes."""
    folder = f"outbox/reports/{run.cycle}"
    with reading() as db:
        counted = cycles.reported(db, run.cycle)
        rulings = decisions.of_cycle(db, run.cycle)
        ended = cycles.endings(db, run.cycle)
        closing = cycles.closing(db, run.cycle)
    names = ["application_no", "rule", "occupation_code", "verdict", "document_no", "decided_by", "reason"]
    exceptions = rulings[names].sort_values(names, ignore_index=True)
    report: dict[str, Any] = {
        "cycle": run.cycle,
        "closed_on": closing.day.isoformat() if closing else "",
        "closed_by": closing.by if closing else "",
        "reason": closing.reason if closing else "",
        "document_no": closing.document_no if closing else "",
    }
    for name, frame in (("counts", counted), ("exceptions", exceptions), ("ended", ended)):
        rows = frame.fillna("")
        report[name] = rows.to_dict("records")
        files.put(run.installation.root, f"{folder}/{name}.csv", csv_bytes(rows))
    report["outcomes"] = STATUSES
    text = json.dumps(report, ensure_ascii=False, indent=2, default=str)
    files.put(run.installation.root, f"{folder}/report.json", text.encode())


_TAKEN_BACK = "申报单位撤回申报"
#: How an application is taken back: by a version that says so, or in writing.
BY_VERSION, IN_WRITING = "撤回申报的版本", "书面申请"


class NothingToWithdrawError(RefusedError):
    """Nothing of an application is open any more."""


def withdraw(number: str, by: str, reason: str, as_of: date | None = None, *, seen: int | None = None) -> Counts:
    """Take back what is open of an application, in the applicant's name, with recalls and letters.

    `seen`: the last history entry its page knew. Raises UnknownApplicationError, NothingToWithdrawError where nothing is
    open, or MovedError.
    """
    cycle = cycle_of(number)
    with begin(cycle, as_of) as run:
        with writing(run) as db:
            assert_unmoved(db, number, seen)
            _assert_open(db, number, cycle)
            counts = take_back(db, [number], IN_WRITING, reason, by, run)
            applications.follow_items(db, cycle, run)
        return Counts.sum([counts, deliver_letters(run)])


def _assert_open(db: Connection, number: str, cycle: str) -> None:
    if cycle in cycles.closed(db):
        raise NothingToWithdrawError(f"cycle {cycle} is closed: nothing of {number} is open any more")
    if outcome := applications.outcome_of(db, number):
        raise NothingToWithdrawError(f"{number} is {outcome} already: `filing history {number}` tells when and why")
    rows = items.of_application(db, number)
    if len(rows) and not rows["status"].isin(OPEN).any():
        raise NothingToWithdrawError(
            f"nothing of {number} is open any more: what is filed is given up with `filing adjust withdraw`"
        )


def take_back(db: Connection, numbers: list[str], way: str, ground: str, by: str, run: Run) -> Counts:
    """Let every open item of these applications become `withdrawn`, recall their packages and confirm it by letter.

    A version that withdraws an application without a single item is confirmed by the screening, which makes what it names.
    """
    rows = items.of_applications(db, numbers)
    still = rows[rows["status"].isin(OPEN)]
    applications.note_outcome(db, numbers, "withdrawn")
    recall(db, still, _TAKEN_BACK, run)
    facts = facts_text(way=way, ground=ground)
    because = f"撤回申报（{way}）" + (f"：{ground}" if ground else "")
    items.move(db, still.assign(became="withdrawn", reason="", because=because, facts=facts), run, by)
    bare = [] if way == BY_VERSION else sorted(set(numbers) - set(rows["application_no"]))
    applications.give_up(db, bare, f"撤回申报（{way}）", ground, run, by)
    applicants = applications.current(db, sorted({*still["application_no"], *bare}))
    confirmed = withdrawals(applicants, still, occupation_names(db), way, ground, run)
    return Counts.of(withdrawn=len(numbers), letters=letters.write(db, confirmed, run))
