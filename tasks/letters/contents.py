"""Letters on an application: to be corrected, accepted, filed or refused."""

import hashlib
from collections.abc import Mapping
from datetime import date
from typing import Any

import pandas as pd
import polars as pl

from expectations import reading
from schemas.law.workdays import UnknownCalendarYearError, add_workdays
from schemas.letter import (
    AcceptanceText,
    CorrectionText,
    FilingText,
    FindingLine,
    LetterText,
    ReasonedLine,
    RefusalText,
    finding_line,
    issuer,
    item_lines,
)
from schemas.policy import Policy
from schemas.public_notice import OBJECTION
from schemas.run import Run
from schemas.submission import KINDS
from tasks.store.outbox import Entry

Heads = Mapping[str, dict[str, Any]]

#: What the head of a letter says of an application.
_HEAD = ["application_no", "institution_name", "uscc", "kind"]


def heads(applications: pd.DataFrame, run: Run) -> Heads:
    """What every letter on an application begins with; `applications`: current versions as `submissions` gives them."""
    policy = run.policy
    days = pl.from_pandas(applications[["submitted_at"]]).select(
        reading.moment(pl.col("submitted_at"), policy.timezone).dt.convert_time_zone(policy.timezone).dt.date()
    )
    rows = applications[_HEAD].fillna("").to_dict("records")
    return {
        row["application_no"]: {
            **addressee(row, policy, run.day),
            "application_no": row["application_no"],
            "cycle": run.cycle,
            "kind": KINDS.get(row["kind"], row["kind"]),
            "submitted_on": day or run.day,
        }
        for row, day in zip(rows, days.to_series().to_list(), strict=True)
    }


def addressee(row: Mapping[Any, Any], policy: Policy, day: date) -> dict[str, Any]:
    """Whom a letter is to and from whom it comes."""
    return {
        "institution_name": row["institution_name"],
        "uscc": row["uscc"],
        "issuer": issuer(policy.title),
        "document": policy.document,
        "issued_on": day,
    }


def corrections(applications: pd.DataFrame, hard: pd.DataFrame, run: Run) -> list[Entry]:
    """One correction notice a returned application, with all its hard findings (article 3(2))."""
    workdays = run.policy.correction.workdays
    heads_of = heads(applications[applications["application_no"].isin(hard["application_no"])], run)
    versions = dict(zip(applications["application_no"], applications["version"], strict=True))
    due_on = _due_on(run.day, workdays)
    letters = []
    for number, lines in sorted(_lines(hard, run.policy).items()):
        text = CorrectionText(**heads_of[number], findings=lines, workdays=workdays, due_on=due_on)
        letters.append(letter(f"correction:{number}:v{versions[number]}", "correction", number, text))
    return letters


def _lines(findings: pd.DataFrame, policy: Policy) -> dict[str, list[FindingLine]]:
    """The findings of each application in the words of the form, in the order of the findings."""
    lines: dict[str, list[FindingLine]] = {}
    # a frame an application would cost more than all else: there are thousands of them
    for row in pl.from_pandas(findings).iter_rows(named=True):
        lines.setdefault(row["application_no"], []).append(finding_line(row, policy))
    return lines


def _due_on(day: date, workdays: int) -> date | None:
    # a letter that names the number of working days is right also in a year whose holidays are not announced yet
    try:
        return add_workdays(day, workdays)
    except UnknownCalendarYearError:
        return None


def acceptances(
    applications: pd.DataFrame,
    items: pd.DataFrame,
    committed: Mapping[str, list[str]],
    revisions: Mapping[str, int],
    names: Mapping[str, str],
    run: Run,
) -> list[Entry]:
    """One acceptance a package: what goes out for evaluation, what still waits, what must be shown (article 3(2)).

    `items`: the applications' items with `status`; `committed`: application_no to the titles of materials under commitment;
    `names`: occupation code to name.
    """
    heads_of = heads(applications, run)
    letters = []
    for key, mine in items.groupby("application_no", sort=True):
        number = str(key)
        text = AcceptanceText(
            **heads_of[number],
            items=item_lines(_named(mine[mine["status"] == "accepted"], names), run.policy),
            held=_reasoned(mine[mine["status"] == "held"], "待例外审批", names, run.policy),
            commitments=committed.get(number, []),
        )
        letters.append(letter(f"acceptance:{number}:r{revisions[number]}", "acceptance", number, text))
    return letters


def outcomes(
    applications: pd.DataFrame,
    items: pd.DataFrame,
    filed: pd.DataFrame,
    turns: Mapping[str, int],
    names: Mapping[str, str],
    run: Run,
) -> list[Entry]:
    """One filing letter and one refusal an application that is closed (article 3(4)).

    `items`: items of closed applications; `filed`: register entries with application_no, filed_on, valid_until and
    institution_code; `turns`: how often corrected results reopened an application; `names`: occupation
    code to name. What was decided anew is another occasion, also where it comes to what was once decided before; what
    lapsed since is none.
    """
    heads_of = heads(applications, run)
    terms = filed.groupby("application_no")[["filed_on", "valid_until", "institution_code"]].max()
    letters = []
    for key, mine in items.groupby("application_no", sort=True):
        number = str(key)
        granted, denied = mine[mine["status"] == "filed"], mine[mine["status"].isin(["failed", "refused"])]
        occasion = _fingerprint(mine) + (f":{turns[number]}" if turns.get(number) else "")
        if len(granted) and number in terms.index:
            term = dict(terms.loc[number])
            filing = FilingText(
                **heads_of[number],
                items=item_lines(_named(granted, names), run.policy),
                filed_on=date.fromisoformat(term["filed_on"]),
                valid_until=date.fromisoformat(term["valid_until"]),
                institution_code=term["institution_code"],
            )
            letters.append(letter(f"filing:{number}:{occasion}", "filing", number, filing))
        if len(denied):
            failed, refused = denied[denied["status"] == "failed"], denied[denied["status"] == "refused"]
            lines = [
                *_reasoned(failed, "评估不合格", names, run.policy),
                *_reasoned(refused, "不符合备案规定", names, run.policy),
            ]
            refusal = RefusalText(**heads_of[number], items=lines)
            letters.append(letter(f"refusal:{number}:{occasion}", "refusal", number, refusal))
    return letters


def _fingerprint(items: pd.DataFrame) -> str:
    ordered = items.sort_values(["occupation_code", "level"])
    outcome = ordered["status"].replace({"lapsed": "filed"})
    text = "|".join(ordered["occupation_code"] + ":" + ordered["level"] + ":" + outcome)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _named(items: pd.DataFrame, names: Mapping[str, str]) -> list[tuple[str, str, str]]:
    pairs = zip(items["occupation_code"], items["level"], strict=True)
    return [(code, names.get(code, code), level) for code, level in pairs]


def _reasoned(items: pd.DataFrame, otherwise: str, names: Mapping[str, str], policy: Policy) -> list[ReasonedLine]:
    """One line an occupation and reason."""
    lines = []
    for reason, rows in items.groupby("reason", sort=True):
        rules = "、".join("公示异议成立" if rule == OBJECTION else rule for rule in str(reason).split(";"))
        why = f"{otherwise}（{rules}）" if reason else otherwise
        lines += [ReasonedLine(**line.model_dump(), reason=why) for line in item_lines(_named(rows, names), policy)]
    return sorted(lines, key=lambda line: (line.occupation_code, line.levels))


def letter(occasion: str, kind: str, subject: str, text: LetterText) -> Entry:
    """A letter for the outbox; the same occasion is written once."""
    return Entry(occasion, kind, subject, text.model_dump(mode="json"))
