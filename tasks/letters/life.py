"""Letters on what becomes of an application beside its outcome: withdrawn, late, ended, and packages taken back."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pandas as pd
from sqlalchemy import Connection

from schemas.item import KEYS, UNIT
from schemas.letter_lines import ReasonedLine, lines_of
from schemas.letter_text import LETTER_KINDS, ApplicationWithdrawalText, EndingText, LateVersionText, PackageRecallText
from schemas.rows import tuples
from schemas.run import Run
from tasks.letters.contents import addressee, heads, letter, submitted_on
from tasks.store import dispatches
from tasks.store.applications import current
from tasks.store.directory import occupation_names
from tasks.store.letters import write
from tasks.store.outbox import Entry

#: What a panel's letter begins with.
_READERS = "评估专家组"


def withdrawals(
    applications: pd.DataFrame, withdrawn: pd.DataFrame, names: Mapping[str, str], way: str, ground: str, run: Run
) -> list[Entry]:
    """One confirmation an application: what of it was taken back (contract section 3).

    `applications`: current versions; `withdrawn`: the items, none of an application that was taken back without any;
    `way`, `ground`: how and why it was taken back.
    """
    deadline = run.policy.deadline(run.cycle)
    letters = []
    for number, item_rows, head in _group(applications, withdrawn, run):
        text = ApplicationWithdrawalText(
            **head,
            items=lines_of(item_rows.to_dict("records"), names, run.policy),
            asked_on=run.day,
            way=way,
            ground=ground,
            open_until=deadline if run.day <= deadline else None,
        )
        occasion = f"application_withdrawal:{number}:{_mark(item_rows)}:{run.day}"
        letters.append(letter(occasion, "application_withdrawal", number, text))
    return letters


def endings(
    applications: pd.DataFrame,
    ended: pd.DataFrame,
    whole: Mapping[str, str],
    names: Mapping[str, str],
    document_no: str,
    run: Run,
) -> list[Entry]:
    """One letter an application that a person ended, or a part of it.

    `ended`: the items and `ground`; `whole`: application_no to the ground of those that had no item.
    """
    letters = []
    for number, item_rows, head in _group(applications, ended, run):
        lines = [
            ReasonedLine(**line.model_dump(), reason=str(ground))
            for ground, rows in item_rows.groupby("ground", sort=True)
            for line in lines_of(rows.to_dict("records"), names, run.policy)
        ]
        ground = whole.get(number, "")
        text = EndingText(**head, items=lines, ground=ground, decided_on=run.day, decision_no=document_no)
        letters.append(letter(f"ending:{number}:{_mark(item_rows)}:{run.day}", "ending", number, text))
    return letters


def _group(
    applications: pd.DataFrame, items: pd.DataFrame, run: Run
) -> Sequence[tuple[str, pd.DataFrame, dict[str, Any]]]:
    """Number, items and head of the letter of each application."""
    heads_of, groups = heads(applications, run), dict(list(items.groupby("application_no")))
    return [(number, groups.get(number, items.iloc[:0]), heads_of[number]) for number in sorted(heads_of)]


def _mark(items: pd.DataFrame) -> str:
    text = "|".join(sorted("/".join(unit) for unit in tuples(items[UNIT])))
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def late_versions(applications: pd.DataFrame, late: pd.DataFrame, run: Run) -> list[Entry]:
    """One letter a version that is not taken.

    `applications`: the versions that count; `late`: application_no, version and why; `is_open`: a decision may take it;
    `goes_on`: whether something of the application is still being decided.
    """
    heads_of = heads(applications, run)
    days = dict(zip(applications["application_no"], submitted_on(applications, run.policy), strict=True))
    letters = []
    for row in late.to_dict("records"):
        number, version = row["application_no"], int(row["version"])
        text = LateVersionText(
            **heads_of[number],
            version=version,
            received_on=run.day,
            reason=row["why"],
            basis=run.policy.article(LETTER_KINDS["late_version"].article),
            current_on=days.get(number) if row["goes_on"] else None,
            open_for_decision=row["is_open"],
        )
        letters.append(letter(f"late_version:{number}:v{version}", "late_version", number, text))
    return letters


def recall(db: Connection, items: pd.DataFrame, reason: str, run: Run) -> int:
    """Take items back from the panels; a letter goes to each that has the package. Returns how many were out.

    `items`: every column of the table.
    """
    if items.empty:
        return 0
    out = dispatches.recall(db, items)
    delivered = out[out["delivered"] == 1].merge(items[[*KEYS, "own_name"]], on=KEYS)
    if len(delivered):
        applications = current(db, sorted(set(delivered["application_no"])))
        applicants = dict(zip(applications["application_no"], applications["institution_name"].fillna(""), strict=True))
        write(db, _recalls(delivered, applicants, occupation_names(db), reason, run), run)
    return len(out)


def _recalls(
    recalled: pd.DataFrame, applicants: Mapping[str, str], names: Mapping[str, str], reason: str, run: Run
) -> list[Entry]:
    """One letter a package to the panel that has it: which of its items are taken back.

    `recalled`: what was out, as `dispatches.recall` gives it, and own_name; `applicants`: institution by application number.
    """
    letters = []
    for (number, revision), rows in recalled.groupby(["application_no", "revision"], sort=True):
        text = PackageRecallText(
            **addressee({"institution_name": _READERS, "uscc": ""}, run.policy, run.day),
            applicant=applicants.get(str(number), ""),
            application_no=str(number),
            cycle=run.cycle,
            dispatched_on=date.fromisoformat(str(rows["sent_on"].iloc[0])[:10]),
            items=lines_of(rows.to_dict("records"), names, run.policy),
            reason=reason,
        )
        occasion = f"package_recall:{number}:r{revision}:{_mark(rows)}"
        letters.append(letter(occasion, "package_recall", str(number), text))
    return letters
