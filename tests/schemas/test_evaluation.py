"""Packages as data: what they refuse, and that they survive the database."""

import json
from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from schemas.evaluation import CommitmentDue, EvaluationPackage, Panel, PanelMember
from schemas.policy import shipped

_SAID: dict[str, Any] = {
    "application_no": "HS-1",
    "cycle": "2026-09",
    "revision": 1,
    "institution": {"name": "甲", "uscc": "X", "institution_type": "企业"},
    "items": [{"occupation_code": "6-18-02-04", "occupation_name": "焊工", "level": "4"}],
    "panel": {"members": [{"expert_no": "E1", "name": "王"}], "lead": "E1", "seed": "s"},
    "panel_size": 3,
    "pass_mark": 60,
    "due_on": "2026-10-25",
}


def test_a_package_read_back_from_json_is_the_same() -> None:
    package = EvaluationPackage.model_validate(_SAID)
    assert package.due_on == date(2026, 10, 25)
    assert EvaluationPackage.model_validate(json.loads(json.dumps(package.model_dump(mode="json")))) == package


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"items": []}, "at least 1"),
        ({"items": [*_SAID["items"], *_SAID["items"]]}, "twice"),
        ({"revision": 0}, "greater than or equal to 1"),
        ({"pass_mark": 101}, "less than or equal to 100"),
        ({"panel": {"members": [{"expert_no": "E1", "name": "王"}], "lead": "E2"}}, "none of its members"),
        ({"staff": []}, "Extra inputs"),
    ],
)
def test_a_package_that_makes_no_sense_is_refused(changed: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        EvaluationPackage.model_validate({**_SAID, **changed})


def test_a_package_says_of_people_only_who_evaluates_and_whom_to_call() -> None:
    text = json.dumps(EvaluationPackage.model_json_schema(), ensure_ascii=False)
    assert "id_number" not in text
    assert "证件" not in text.replace("所填内容（证件号码已遮盖）", "")


def test_the_leader_is_the_member_with_the_leads_number() -> None:
    members = (PanelMember(expert_no="E1", name="王"), PanelMember(expert_no="E2", name="刘"))
    leader = Panel(members=members, lead="E2").leader
    assert leader is not None
    assert leader.name == "刘"
    assert Panel().leader is None


@pytest.mark.parametrize(
    ("material", "occupation", "title"),
    [
        ("expert_skill_proof", "", "专家技术技能水平证明"),
        ("question_bank", "6-18-02-04", "题库（6-18-02-04）"),
        ("novel", "", "novel"),
    ],
)
def test_a_commitment_has_the_materials_name(material: str, occupation: str, title: str) -> None:
    assert CommitmentDue(material=material, occupation_code=occupation).title(shipped()[-1]) == title
