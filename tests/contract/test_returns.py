"""What comes back to its applicant: to be mended, or not taken up (section 2, documents 2)."""

from pathlib import Path

from worked import Case

from tests import evaluations as made

#: Of major class 2: no occupation of skill.
ENGINEER = "2-02-10-01"


def test_an_occupation_that_no_correction_saves_though_its_levels_are_unreadable(case: Case, home: Path) -> None:
    """Beside a row whose levels can be mended it is named in the correction notice."""
    alone, beside = (case.application(case.institution("enterprise"), {case.codes[0]: "5"}) for _ in range(2))
    for filing in (alone, beside):
        barred = filing.occupations[0] | {"occupation_code": ENGINEER, "occupation_name": "通信工程技术人员"}
        filing.occupations.insert(0, barred)
    alone.occupations.pop()
    alone.occupations[0]["levels"] = beside.occupations[1]["levels"] = "九"
    case.act("2025-03-12", alone, beside)
    assert {"OCC-5", "FORM-10"} <= case.rules(alone.no)
    assert [name[:12] for name in made.letters(home, "non_acceptance")] == [alone.no]
    assert [name[:12] for name in made.letters(home, "correction")] == [beside.no]
    assert (case.app(alone.no).period_end, case.app(beside.no).period_end is None) == (None, False)
