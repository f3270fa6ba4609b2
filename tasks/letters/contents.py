"""Letters on an application: to be corrected, not taken up, accepted, filed or refused."""

import hashlib
import tomllib
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from typing import Any

import pandas as pd
import polars as pl

from expectations import reading
from expectations.rulebook import rules_of
from schemas.finding import UNMENDABLE, UNMENDABLE_WHOLE
from schemas.item import UNIT
from schemas.law.cycle import UnknownCalendarYearError, add_workdays
from schemas.law.rulings import OBJECTION
from schemas.letter_lines import FiledLine, FindingLine, MendingLine, ReasonedLine, finding_line, lines_of
from schemas.letter_text import AcceptanceText, CorrectionText, FilingText, LetterText, NonAcceptanceText, RefusalText
from schemas.policy import Policy
from schemas.rows import records
from schemas.run import Run
from schemas.submission import KINDS
from tasks.store.correspondence import BEFORE_A_RETURN, Correspondence
from tasks.store.outbox import Entry

#: One row of a frame.
Row = Mapping[Any, Any]
Heads = Mapping[str, dict[str, Any]]

_OBJECTED = "公示异议成立"
#: Rules that refuse what passed when it is to be filed.
_AT_FILING = (OBJECTION, "RENEW-1")

#: What the head of a letter says of an application.
_HEAD = ["application_no", "institution_name", "uscc", "kind"]


def heads(applications: pd.DataFrame, run: Run) -> Heads:
    """What every letter on an application begins with; `applications`: current versions as `submissions` gives them."""
    policy = run.policy
    rows = applications[_HEAD].fillna("").pipe(records)
    return {
        row["application_no"]: {
            **addressee(row, policy, run.day),
            "application_no": row["application_no"],
            "cycle": run.cycle,
            "kind": KINDS.get(row["kind"], row["kind"]),
            "submitted_on": day or run.day,
        }
        for row, day in zip(rows, submitted_on(applications, policy), strict=True)
    }


def submitted_on(applications: pd.DataFrame, policy: Policy) -> list[date | None]:
    """The day on which each of these versions was handed in, in the zone of the policy; None for what is no moment."""
    moment = reading.moment(pl.col("submitted_at"), policy.timezone).dt.convert_time_zone(policy.timezone)
    return pl.from_pandas(applications[["submitted_at"]]).select(moment.dt.date()).to_series().to_list()


def addressee(row: Mapping[Any, Any], policy: Policy, day: date) -> dict[str, Any]:
    """Whom a letter is to, on which document it rests and when it is written."""
    return {
        "institution_name": row["institution_name"],
        "uscc": row["uscc"],
        "document": policy.document,
        "issued_on": day,
    }


def corrections(
    applications: pd.DataFrame, hard: pd.DataFrame, occupations: pd.DataFrame, letters_before: Correspondence, run: Run
) -> list[Entry]:
    """One letter a returned application, with all its hard findings (article 3(2)).

    A correction notice; where no correction could save a single row, a letter that the application is not taken up.
    `occupations`: the rows of occupations (application_no, row), those that nobody can read a level of too.
    """
    returned = applications[applications["application_no"].isin(hard["application_no"])]
    heads_of = heads(returned, run)
    versions = dict(zip(returned["application_no"], returned["version"], strict=True))
    lost = _lost(hard, occupations)
    workdays, due_on = run.policy.correction.workdays, _due_on(run.day, run.policy.correction.workdays)
    letters = []
    for number, lines in sorted(_lines(hard, run.policy).items()):
        beyond = [line for line in lines if line.rule in UNMENDABLE]
        head = {**heads_of[number], "voids": letters_before.on_version(number, versions[number], BEFORE_A_RETURN)}
        if number in lost:
            refusing = NonAcceptanceText(**head, findings=beyond)
            letters.append(letter(f"non_acceptance:{number}:v{versions[number]}", "non_acceptance", number, refusing))
            continue
        mendable = [
            MendingLine(**line.model_dump(), remedy=remedies().get(line.rule, ""))
            for line in lines
            if line.rule not in UNMENDABLE
        ]
        text = CorrectionText(**head, findings=mendable, not_accepted=beyond, workdays=workdays, due_on=due_on)
        letters.append(letter(f"correction:{number}:v{versions[number]}", "correction", number, text))
    return letters


def _lost(hard: pd.DataFrame, occupations: pd.DataFrame) -> set[str]:
    """Applications that no correction can save: as a whole, or every row of occupations they ask for."""
    whole = set(hard.loc[hard["rule"].isin(UNMENDABLE_WHOLE), "application_no"])
    rows = hard[hard["rule"].isin(UNMENDABLE) & (hard["table"] == "occupations")]
    barred = set(zip(rows["application_no"], rows["row"].astype("int64"), strict=True))
    requested_rows = occupations[occupations["application_no"].isin(rows["application_no"])]
    requested = set(zip(requested_rows["application_no"], requested_rows["row"].astype("int64"), strict=True))
    return whole | ({number for number, _ in barred} - {number for number, _ in requested - barred})


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
    occasions: Mapping[str, str],
    names: Mapping[str, str],
    letters_before: Correspondence,
    run: Run,
) -> list[Entry]:
    """One acceptance an application: what goes out for evaluation, what still waits, what must be shown (article 3(2)).

    `items`: the applications' items with `status`; `committed`: application_no to the titles of materials under commitment;
    `occasions`: application_no to the package or version it is about; `names`: occupation code to name.
    """
    heads_of = heads(applications, run)
    versions = dict(zip(applications["application_no"], applications["version"].astype(int), strict=True))
    wait = timedelta(days=run.policy.evaluation.wait_days)
    letters = []
    for number, rows in sorted(by_application(items).items()):
        accepted = [row for row in rows if row["status"] == "accepted"]
        voids = letters_before.on_version(number, versions[number])
        text = AcceptanceText(
            **heads_of[number],
            items=lines_of(accepted, names, run.policy),
            held=_reasoned([row for row in rows if row["status"] == "held"], names, run.policy),
            commitments=committed.get(number, []),
            decided_by=run.policy.deadline(run.cycle) + wait,
            voids=[*voids, *letters_before.contradicted("acceptance", accepted)],
        )
        letters.append(letter(of_acceptance(number, occasions[number]), "acceptance", number, text))
    return letters


def of_acceptance(number: str, about: str) -> str:
    """The occasion of an acceptance; `about`: the package or version it is about."""
    return f"acceptance:{number}:{about}"


def filings(
    applications: pd.DataFrame, filed: pd.DataFrame, names: Mapping[str, str], correspondence: Correspondence, run: Run
) -> list[Entry]:
    """One filing letter an application and day of filing (article 3(4)).

    `filed`: the items with `day`, and of the register present_code, filed_on, valid_until, former_until, institution_code;
    `names`: occupation code to name; `correspondence`: the letters there are.
    """
    heads_of = heads(applications, run)
    letters = []
    for (number, _), rows in sorted(grouped(records(filed), "application_no", "day").items()):
        present = grouped(rows, "present_code", "work_type", "level")  # two codes may have become one
        lines = [{**row, "occupation_code": row["present_code"]} for row, *_ in present.values()]
        text = FilingText(
            **heads_of[number],
            items=_filed(lines, names, run.policy),
            renewed=any(line["former_until"] != "" for line in lines),
            institution_code=max(line["institution_code"] for line in lines),
            voids=correspondence.contradicted("filing", rows),
        )
        occasion = f"filing:{number}:{_mark(rows)}:{correspondence.written(number, 'filing')}"
        letters.append(letter(occasion, "filing", number, text))
    return letters


def refusals(
    applications: pd.DataFrame,
    denied: pd.DataFrame,
    names: Mapping[str, str],
    decided: pd.DataFrame,
    correspondence: Correspondence,
    run: Run,
) -> list[Entry]:
    """One letter an application on what failed or was refused since the last (article 3(4)).

    `denied`: the items with `was`, what they were before; `names`: occupation code to name; `decided`: decisions,
    earliest first; `correspondence`: the letters there are.
    """
    heads_of = heads(applications, run)
    rulings = by_application(decided[decided["verdict"] == "refuse"])
    letters = []
    for number, rows in sorted(by_application(denied).items()):
        recalled = [row for row in rows if row["status"] == "refused" and _is_taken_back(row)]
        lines = _reasoned(rows, names, run.policy, rulings.get(number, []))
        voids = correspondence.contradicted("refusal", recalled)
        text = RefusalText(**heads_of[number], items=lines, voids=voids)
        occasion = f"refusal:{number}:{_mark(rows)}:{correspondence.written(number, 'refusal')}"
        letters.append(letter(occasion, "refusal", number, text))
    return letters


def _is_taken_back(row: Row) -> bool:
    """Whether a ruling took back what had been accepted, and it was not only refused at its filing."""
    return row["was"] in ("accepted", "dispatched") or (row["was"] == "passed" and row["reason"] not in _AT_FILING)


def by_application(rows: pd.DataFrame) -> dict[str, list[Row]]:
    """Rows by application number, in their order: a frame an application would cost more than all else."""
    return {number: group for (number,), group in grouped(records(rows), "application_no").items()}


def _mark(items: Sequence[Row]) -> str:
    """A mark of the items a letter is about."""
    text = "|".join(sorted(":".join(filter(None, (row[name] for name in UNIT))) for row in items))
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _filed(entries: Sequence[Row], names: Mapping[str, str], policy: Policy) -> list[FiledLine]:
    """One line an occupation or work type and term."""
    lines = []
    for (since, until, former), rows in grouped(entries, "filed_on", "valid_until", "former_until").items():
        term = {"filed_on": str(since), "valid_until": str(until), "former_until": str(former) or None}
        lines += [FiledLine.model_validate({**line.model_dump(), **term}) for line in lines_of(rows, names, policy)]
    return sorted(lines, key=lambda line: (line.occupation_code, line.work_type, line.levels))


def _reasoned(
    items: Sequence[Row], names: Mapping[str, str], policy: Policy, refused: Sequence[Row] = ()
) -> list[ReasonedLine]:
    """One line an occupation, work type and reason; `refused`: refusals of the application, the latest is named."""
    lines = []
    for (reason, status, score), rows in grouped(items, "reason", "status", "score").items():
        words = _words(reason, status, score, policy)
        for line in lines_of(rows, names, policy):
            ruling = _ruling(line.occupation_code, reason, refused)
            lines.append(ReasonedLine(**line.model_dump(), **words, **ruling))
    return sorted(lines, key=lambda line: (line.occupation_code, line.work_type, line.levels))


def grouped(rows: Sequence[Row], *columns: str) -> dict[tuple[str, ...], list[Row]]:
    """Rows that have the same words in these columns, together."""
    groups: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(str(row[name]) for name in columns), []).append(row)
    return groups


def _words(reason: str, status: str, score: str, policy: Policy) -> dict[str, str]:
    """The rules behind an item's status in their own sentences, with their articles and what the applicant can do."""
    if not reason:
        remark = "" if score in ("", "nan") else f"（评分{float(score):g}分）"
        return {"reason": f"评估不合格{remark}", "basis": policy.article("三（三）")}
    codes, book = reason.split(";"), rules_of(policy)
    sentences = [_OBJECTED if code == OBJECTION else book[code].message_zh for code in codes]
    articles = dict.fromkeys(policy.article("三（四）") if code == OBJECTION else book[code].article for code in codes)
    todo = [remedies()[code] for code in codes if code in remedies()] if status == "held" else []
    return {"reason": "；".join(sentences), "basis": "、".join(articles), "remedy": "；".join(todo)}


def _ruling(code: str, reason: str, refused: Sequence[Row]) -> dict[str, str]:
    """Numbers and reasons of the refusals behind an occupation, the latest under each rule; nothing where nobody decided."""
    rules, concerned = reason.split(";"), [row for row in refused if row["occupation_code"] in ("", code)]
    behind = [row for _, row in sorted({row["rule"]: row for row in concerned if row["rule"] in rules}.items())]
    if not behind:
        return {}
    columns = {name: dict.fromkeys(str(row[name]) for row in behind) for name in ("document_no", "reason")}
    return {"decision_no": "、".join(columns["document_no"]), "decision_reason": "；".join(columns["reason"])}


def letter(occasion: str, kind: str, subject: str, text: LetterText) -> Entry:
    """A letter for the outbox; the same occasion is written once."""
    return Entry(occasion, kind, subject, text.model_dump(mode="json"))


@cache
def remedies() -> Mapping[str, str]:
    """How what a rule found is mended, in the words of a letter (`remedies.toml`), by the rule's code where it has one."""
    return tomllib.loads((files("tasks.letters") / "remedies.toml").read_text("utf-8"))
