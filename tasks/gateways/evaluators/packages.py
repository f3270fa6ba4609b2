"""The files of one evaluation package; how they are delivered and read back does not belong here."""

import json

from schemas.evaluation import EvaluationPackage
from tasks.gateways.evaluators.scoring_layout import WORKBOOK
from tasks.gateways.evaluators.scoring_workbook import scoring_workbook

PACKAGE = "package.json"


def package_files(package: EvaluationPackage, token: str = "") -> dict[str, bytes]:
    """File name to bytes: `package.json` and `评分表.xlsx`; the same package and token give the same bytes.

    A `token` is what results of this dispatch are to bring back; it stands in both.
    """
    said = package.model_dump(mode="json") | ({"token": token} if token else {})
    text = json.dumps(said, ensure_ascii=False, indent=2, sort_keys=True)
    return {WORKBOOK: scoring_workbook(package, token), PACKAGE: f"{text}\n".encode()}
