"""What panels get: the evaluation package (评估材料包) of an application, and the letter that returns their results."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import pandas as pd
from sqlalchemy import Connection

from schemas.evaluation import CommitmentDue, EvaluatedInstitution, EvaluatedItem, EvaluationPackage, Panel, PanelDraw
from schemas.item import UNIT, occupation_title
from schemas.law import deciding
from schemas.letter_lines import FindingLine, ReturnedResultLine, finding_line
from schemas.letter_text import ResultReturnText
from schemas.policy import Policy, level_order
from schemas.reference_data import reference
from schemas.rows import records
from schemas.run import Run
from schemas.submission import KINDS
from tasks.letters.contents import Row, by_application, letter
from tasks.store import applications, dispatches, findings
from tasks.store.directory import occupation_names
from tasks.store.outbox import Entry


def packages_for(
    db: Connection, carried: pd.DataFrame, draws: Mapping[str, PanelDraw], run: Run
) -> dict[str, EvaluationPackage]:
    """One package an application with items to send out (Notice, article 3(3)).

    `carried`: rows of items; `draws`: panels by application number, without those whose panel the centre fills in itself.
    """
    policy, due_on = run.policy, _due_on(run)
    numbers = carried["application_no"].unique().tolist()
    revisions, to_review = dispatches.next_revisions(db, run.cycle), _findings_to_review(db, numbers, run)
    committed, names = commitments(db, numbers), occupation_names(db)
    items = by_application(carried)
    return {
        row["application_no"]: EvaluationPackage(
            application_no=row["application_no"],
            cycle=run.cycle,
            kind=KINDS.get(row["kind"], row["kind"]),
            revision=revisions.get(row["application_no"], 1),
            institution=_institution(row, policy),
            items=_items(items[row["application_no"]], names),
            findings=to_review.get(row["application_no"], ()),
            commitments=tuple(committed.get(row["application_no"], [])),
            panel=draws[row["application_no"]].panel if row["application_no"] in draws else Panel(),
            draw=draws.get(row["application_no"]),
            panel_size=policy.evaluation.panel_size,
            pass_mark=policy.evaluation.pass_mark,
            due_on=due_on,
            document=policy.document,
        )
        for row in applications.current(db, numbers).fillna("").pipe(records)
    }


def _due_on(run: Run) -> date:
    """The last day for results: the cycle's, or the wait counted anew for a package that goes out later than that."""
    last = deciding.last_day(run.policy, run.cycle)
    return last if run.day < last else run.day + timedelta(days=run.policy.evaluation.wait_days)


def _findings_to_review(db: Connection, numbers: list[str], run: Run) -> dict[str, tuple[FindingLine, ...]]:
    """The findings on these applications that their panels are to review, by application number."""
    rows = findings.of_cycle(db, run.cycle)
    to_review = rows[(rows["nature"] == "review") & rows["application_no"].isin(numbers)]
    return {
        number: tuple(finding_line({str(key): value for key, value in line.items()}, run.policy) for line in lines)
        for number, lines in by_application(to_review).items()
    }


def commitments(db: Connection, numbers: list[str]) -> dict[str, list[CommitmentDue]]:
    """Application number to the materials it committed to produce at evaluation (article 3(2))."""
    due: dict[str, list[CommitmentDue]] = {}
    for row in applications.commitments(db, numbers).fillna("").pipe(records):
        due.setdefault(row["application_no"], []).append(
            CommitmentDue(**{name: row[name] for name in ("material", "occupation_code", "work_type")})
        )
    return due


def _institution(row: dict[Any, Any], policy: Policy) -> EvaluatedInstitution:
    return EvaluatedInstitution(
        name=row["institution_name"],
        uscc=row["uscc"],
        institution_type=policy.institution_types.get(row["institution_type"], row["institution_type"]),
        region=policy.region_names.get(row["region_code"], row["region_code"]),
        registered_address=row["registered_address"],
        contact=f"{row['contact_name']} {row['contact_phone']}".strip(),
    )


def _items(rows: Sequence[Row], names: Mapping[str, str]) -> tuple[EvaluatedItem, ...]:
    order = level_order()
    ordered = sorted(
        rows, key=lambda row: (row["occupation_code"], row["work_type"], order.get(row["level"], len(order)))
    )
    return tuple(
        EvaluatedItem(
            occupation_name=occupation_title(
                names.get(row["occupation_code"], row["occupation_code"]), row["own_name"]
            ),
            **{name: row[name] for name in UNIT},
        )
        for row in ordered
    )


_READERS = "评估专家组"


def result_returns(refused: pd.DataFrame, findings: pd.DataFrame, applicants: dict[str, str], run: Run) -> list[Entry]:
    """One letter an application with results that were not accepted (Notice, article 3(3)).

    `refused`: result_id and UNIT of these results; `findings`: those, whose `version` is the result
    they stand on; `applicants`: institution by application number. The same results refused for the same reasons again
    are the same occasion.
    """
    joined = findings.merge(refused, left_on="version", right_on="result_id")
    policy, names = run.policy, reference().occupation_names()
    letters = []
    for key, rows in joined.sort_values(["version", "rule", "field"]).groupby("application_no", sort=True):
        number, lines = str(key), [_line(row, names, policy) for row in rows.fillna("").to_dict("records")]
        text = ResultReturnText(
            institution_name=_READERS,
            uscc="",
            document=policy.document,
            issued_on=run.day,
            applicant=applicants.get(number, ""),
            application_no=number,
            cycle=run.cycle,
            results=list(dict.fromkeys(lines)),
        )
        content = json.dumps([line.model_dump() for line in text.results], ensure_ascii=False, sort_keys=True)
        mark = hashlib.sha256(content.encode()).hexdigest()[:12]
        letters.append(letter(f"result_return:{number}:{mark}", "result_return", number, text))
    return letters


def _line(row: "dict[object, object]", names: Mapping[str, str], policy: Policy) -> ReturnedResultLine:
    finding = finding_line({str(name): value for name, value in row.items()}, policy)
    code = str(row["occupation_code"])
    return ReturnedResultLine(
        occupation_code=code,
        occupation_name=names.get(code, "未列入职业分类大典的职业"),
        work_type=str(row["work_type"]),
        level=policy.level_title(str(row["level"])),
        field=finding.field,
        value=finding.value,
        problem=finding.problem,
        basis=finding.basis,
    )
