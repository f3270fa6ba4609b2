"""Letters on what was decided: written by the run that finds it, each item announced once (contract sections 2, 3 and 6)."""

from dataclasses import replace

import pandas as pd
from sqlalchemy import Connection

from schemas.law.cycle import cycle_id
from schemas.law.rulings import EVAL_5
from schemas.letter_lines import EarlierLetter
from schemas.letter_text import LETTER_KINDS
from schemas.policy import for_cycle
from schemas.run import Counts, Run
from tasks.letters import contents
from tasks.runs.run import step
from tasks.store import applications, code_changes, correspondence, decisions, items, letters, register
from tasks.store.correspondence import Correspondence
from tasks.store.directory import occupation_names
from tasks.store.leases import writing
from tasks.store.outbox import Entry

#: While an item is one of these, what failed beside it is not written of yet: there will be one letter.
_IN_EVALUATION = ["accepted", "dispatched", "passed"]


@step("outcomes-{run.cycle}")
def write_outcomes(run: Run) -> Counts:
    """Write what is filed, by day, and what is not: a refusal at once, a failure when nothing more is evaluated."""
    with writing(run) as db:
        sent_letters, undecided = _undecided_on(db, ["filing", "refusal"], run)
        denied = _denied(sent_letters, undecided)
        under_way = undecided.loc[undecided["status"].isin(_IN_EVALUATION), "application_no"]
        refused = denied.loc[denied["status"] == "refused", "application_no"]
        is_settled = denied["application_no"].isin(refused) | ~denied["application_no"].isin(under_way)
        entries = [*_filings(db, sent_letters, undecided, run), *_refusals(db, sent_letters, denied[is_settled], run)]
        written = letters.write(db, entries, run) + _restate(db, run)
    return Counts.of(letters=written)


@step("refusals-{run.cycle}")
def write_refusals(run: Run) -> Counts:
    """Write to the applicants of whom a ruling refused something, whatever the rest still waits for."""
    with writing(run) as db:
        sent_letters, undecided = _undecided_on(db, ["refusal"], run)
        denied = _denied(sent_letters, undecided)
        refused = denied.loc[denied["status"] == "refused", "application_no"]
        entries = _refusals(db, sent_letters, denied[denied["application_no"].isin(refused)], run)
        written = letters.write(db, entries, run)
    return Counts.of(letters=written)


def _undecided_on(db: Connection, kinds: list[str], run: Run) -> tuple[Correspondence, pd.DataFrame]:
    """The letters on the applications that are due one of these kinds, and their items."""
    numbers = correspondence.untold(db, run.cycle, kinds, run.only)
    return correspondence.of(db, numbers), items.of_applications(db, numbers)


def _denied(sent_letters: Correspondence, undecided: pd.DataFrame) -> pd.DataFrame:
    """Items that failed or were refused since the last letter; a revocation has a letter of its own (EVAL-5)."""
    denied = undecided[undecided["status"].isin(["failed", "refused"]) & (undecided["reason"] != EVAL_5)]
    return denied.merge(sent_letters.due("refusal"), on=items.KEYS)


def _restate(db: Connection, run: Run) -> int:
    """Write anew what was filed earlier on the day of a renewal, whose end it shares since; the former letter is void."""
    written = 0
    for former in letters.beside_renewals(db, run.day):
        cycle = cycle_id(former.cycle)
        of = run.model_copy(update={"cycle": cycle, "policy": for_cycle(cycle)})
        application = applications.current(db, [former.subject])
        filed = items.filed_on(db, run.day, application["uscc"].tolist())
        items_of_letter = filed[filed["application_no"] == former.subject].assign(day=run.day)
        rows = _on_register(db, items_of_letter, of)
        if set(rows["valid_until"]) == {line["valid_until"] for line in former.content["items"]}:
            continue
        (entry,) = contents.filings(
            application, rows, occupation_names(db), correspondence.of(db, [former.subject]), of
        )
        void = EarlierLetter(title=LETTER_KINDS["filing"].title, letter_no=former.number, issued_on=run.day)
        voids = [*entry.content["voids"], void.model_dump(mode="json")]
        written += letters.write(db, [replace(entry, content={**entry.content, "voids": voids})], of)
    return written


def _filings(db: Connection, sent_letters: Correspondence, undecided: pd.DataFrame, run: Run) -> list[Entry]:
    granted = undecided[undecided["status"] == "filed"].merge(sent_letters.due("filing"), on=items.KEYS)
    if granted.empty:
        return []
    rows = _on_register(db, granted, run)
    applicants = applications.current(db, sorted(set(rows["application_no"])))
    return contents.filings(applicants, rows, occupation_names(db), sent_letters, run)


def _on_register(db: Connection, granted: pd.DataFrame, run: Run) -> pd.DataFrame:
    """Filed items with their terms as the register has them: `present_code` and the columns of `register.filed_by`."""
    granted = granted.assign(present_code=code_changes.follow_occupations(db, granted["occupation_code"]))
    # by the institution: an item that two applications filed is on the register once
    filed = register.filed_by(db, run.cycle).drop_duplicates(register.KEYS, keep="last").drop(columns="application_no")
    filed = filed.rename(columns={"occupation_code": "present_code"})
    return granted.merge(filed, on=["uscc", "present_code", "work_type", "level"])


def _refusals(db: Connection, sent_letters: Correspondence, denied: pd.DataFrame, run: Run) -> list[Entry]:
    if denied.empty:
        return []
    applicants = applications.current(db, sorted(set(denied["application_no"])))
    decided = decisions.of_cycle(db, run.cycle)
    return contents.refusals(applicants, denied, occupation_names(db), decided, sent_letters, run)
