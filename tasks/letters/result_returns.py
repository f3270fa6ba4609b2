"""The letter to a panel about results that are not accepted, and how to mend them."""

import hashlib
import json
from collections.abc import Mapping

import pandas as pd

from schemas.letter_lines import ReturnedResultLine, finding_line
from schemas.letter_text import ResultReturnText
from schemas.policy import Policy
from schemas.reference_data import reference
from schemas.run import Run
from tasks.letters.contents import letter
from tasks.store.outbox import Entry

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
