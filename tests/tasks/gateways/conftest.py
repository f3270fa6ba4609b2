"""An evaluation package to send, to change and to fill in."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from schemas.evaluation import CommitmentDue, EvaluatedInstitution, EvaluatedItem, EvaluationPackage, Panel, PanelMember
from schemas.notice import FindingLine

MakePackage = Callable[..., EvaluationPackage]


@pytest.fixture
def make_package() -> MakePackage:
    """A package of two occupations with a panel, a review finding and a commitment; any field can be given anew."""

    def make(**changed: Any) -> EvaluationPackage:
        said: dict[str, Any] = {
            "application_no": "HS-2026-09-0012",
            "cycle": "2026-09",
            "kind": "首次备案",
            "revision": 1,
            "institution": EvaluatedInstitution(
                name="湖北新冶钢职业培训学校", uscc="91420200MA4XXXXXXX", institution_type="社会培训评价组织"
            ),
            "items": (
                EvaluatedItem(occupation_code="6-18-02-04", occupation_name="焊工", level="4"),
                EvaluatedItem(occupation_code="6-18-02-04", occupation_name="焊工", level="3"),
                EvaluatedItem(occupation_code="4-03-02-01", occupation_name="中式烹调师", level="1"),
            ),
            "findings": (
                FindingLine(
                    rule="FORM-9", table="基本信息", row=1, field="统一社会信用代码", problem="请核对", basis="二（一）"
                ),
            ),
            "commitments": (CommitmentDue(material="expert_skill_proof"),),
            "panel": Panel(
                members=(PanelMember(expert_no="E1", name="王建国"), PanelMember(expert_no="E2", name="刘芳")),
                lead="E2",
                seed="种子",
            ),
            "panel_size": 3,
            "pass_mark": 60,
            "due_on": date(2026, 10, 25),
            "document": "黄人社函〔2021〕26号",
        }
        return EvaluationPackage(**{**said, **changed})

    return make
