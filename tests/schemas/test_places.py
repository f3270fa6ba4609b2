"""The places left in an occupation, as a table: who takes them by score, time, number and code (contract section 5, CAP-2)."""

from typing import Any

import pandas as pd
import pytest

from schemas.law.cycle import cycle_id
from schemas.law.places import places_used, take_in_turn
from schemas.policy import for_cycle

POLICY = for_cycle(cycle_id("2026-09"))
SOCIAL, ENTERPRISE, SCHOOL = "social_organisation", "enterprise", "technical_school"
COLUMNS = ["uscc", "occupation_code", "institution_type"]


def _asks(number: str, score: float | None, submitted: int | None = 1, **changed: Any) -> dict[str, Any]:
    row = {
        "application_no": number,
        "occupation_code": "X",
        "level": "4",
        "uscc": f"U-{number}",
        "institution_type": SOCIAL,
        "score": score,
        "submitted_utc": submitted,
    }
    return {**row, **changed}


def _held(
    *rows: dict[str, Any],
    holders: int = 1,
    earlier: Any = (),
    permits: Any = (),
    present: Any = (),
    rules: Any = ("CAP-2",),
) -> set[str]:
    """Applications (with code where there are several) that find their occupation saturated; the limit is two."""
    candidates = pd.DataFrame(list(rows))
    on_file = [(f"H-{n}", code, SOCIAL) for n in range(holders) for code in ("X", "Y")] + list(present)
    saturated = take_in_turn(
        candidates,
        pd.DataFrame(on_file, columns=COLUMNS),
        pd.DataFrame([*on_file, *earlier], columns=COLUMNS),
        {(rule, *permit) for rule in rules for permit in permits},
        POLICY,
    )
    refused = candidates[saturated != ""]
    return set(refused["application_no"] + ":" + refused["occupation_code"] + ":" + refused["level"])


A, B, C = _asks("A", 70), _asks("B", 80), _asks("C", 90)


@pytest.mark.parametrize(
    ("rows", "given", "held"),
    [
        pytest.param([A], {}, set(), id="one place, one applicant"),
        pytest.param([A], {"holders": 2}, {"A:X:4"}, id="no place"),
        pytest.param([A, B], {}, {"A:X:4"}, id="by score"),
        pytest.param([A, B, C], {"holders": 0}, {"A:X:4"}, id="what was taken counts for those after"),
        pytest.param([_asks("A", 80, 2), _asks("B", 80, 1)], {}, {"A:X:4"}, id="then by time"),
        pytest.param([_asks("A", 80, None), _asks("B", 80, 9)], {}, {"A:X:4"}, id="no readable time comes last"),
        pytest.param([_asks("B", 80), _asks("A", 80)], {}, {"B:X:4"}, id="then by number"),
        pytest.param([_asks("A", None), _asks("B", 60)], {}, {"A:X:4"}, id="no score comes last"),
        pytest.param(
            [_asks("A", 65), _asks("A", 85, level="3"), B], {}, {"B:X:4"}, id="an occupation's score is its highest"
        ),
        pytest.param(
            [_asks("A", 65), _asks("A", 75, level="3"), B], {}, {"A:X:4", "A:X:3"}, id="all levels go together"
        ),
        pytest.param([_asks("A", 70, occupation_code="Y"), B], {}, set(), id="each occupation has places of its own"),
        pytest.param([_asks("A", 70, uscc="U"), _asks("B", 80, uscc="U")], {}, set(), id="one institution, one place"),
        pytest.param([A, B], {"permits": [("A", "X")]}, set(), id="a permit is beside the places"),
        pytest.param([A, B], {"permits": [("A", "Y")]}, {"A:X:4"}, id="a permit for another occupation is none"),
        pytest.param(
            [B, C, A],
            {"permits": [("C", "X")], "holders": 1},
            {"A:X:4", "B:X:4"},
            id="who has a permit takes a place too",
        ),
        pytest.param([A], {"holders": 2, "earlier": [("U-A", "X", SOCIAL)]}, set(), id="what one holds is not new"),
        pytest.param(
            [A, B], {"holders": 1, "earlier": [("U-A", "X", SOCIAL)]}, set(), id="a holder who comes later in the order"
        ),
        pytest.param(
            [_asks("A", 70, institution_type=ENTERPRISE)], {"holders": 2}, set(), id="enterprises are not capped"
        ),
        pytest.param([_asks("A", 95, institution_type=SCHOOL), B], {}, set(), id="nor do schools take a place"),
        pytest.param(
            [A], {"present": [("E-1", "X", ENTERPRISE), ("S-1", "X", SCHOOL)]}, set(), id="others on file do not count"
        ),
        pytest.param(
            [A], {"holders": 1, "present": [("U-A", "X", SOCIAL)]}, set(), id="the applicant itself does not count"
        ),
    ],
)
def test_places_are_taken_in_turn(rows: list[dict[str, Any]], given: dict[str, Any], held: set[str]) -> None:
    assert _held(*rows, **given) == held
    assert _held(*reversed(rows), **given) == held, "the order of rows says nothing"


def test_of_one_institutions_occupations_each_is_taken_by_its_own_score() -> None:
    rows = [_asks("A", 70), _asks("A", 90, occupation_code="Y"), _asks("B", 80), _asks("B", 85, occupation_code="Y")]
    assert _held(*rows) == {"A:X:4", "B:Y:4"}


def _rules(*rows: dict[str, Any], held: int, holders: int = 0, permits: Any = ()) -> list[str]:
    """The rules that rows of an institution with so many occupations on file break; the cap is five."""
    on_file = [("U-A", f"O{place}", SOCIAL) for place in range(held)]
    on_file += [(f"H-{place}", "X", SOCIAL) for place in range(holders)]
    register = pd.DataFrame(on_file, columns=COLUMNS)
    return take_in_turn(pd.DataFrame(list(rows)), register, register, set(permits), POLICY).tolist()


TWO = [_asks("A", 70), _asks("A", 90, occupation_code="Y")]


def test_the_cap_is_counted_again_at_filing() -> None:
    assert _rules(*TWO, held=3) == ["", ""]
    assert _rules(*TWO, held=4) == ["CAP-1", ""]
    assert _rules(*TWO, held=5) == ["CAP-1", "CAP-1"]
    assert _rules(*TWO, held=5, holders=2) == ["CAP-1;CAP-2", "CAP-1"]
    assert _rules(*TWO, held=5, permits=[("CAP-1", "A", "X")]) == ["", "CAP-1"]
    assert _rules(_asks("A", 70, occupation_code="O1"), held=6) == [""], "what one holds is not new"


def test_a_work_type_is_a_place_where_the_policy_says_so() -> None:
    policy = POLICY.model_copy(update={"cap": POLICY.cap.model_copy(update={"unit": "work_type", "occupations": 1})})
    rows = pd.DataFrame([_asks("A", 70, work_type="a"), _asks("A", 80, work_type="b")])
    none = pd.DataFrame(columns=COLUMNS)
    assert take_in_turn(rows, none, none, set(), policy).tolist() == ["CAP-1", ""]
    assert take_in_turn(rows, none, none, set(), POLICY).tolist() == ["", ""]
    used = pd.DataFrame({"uscc": ["U"] * 3, "occupation_code": ["X", "X", "Y"], "work_type": ["a", "b", ""]})
    assert (places_used(used, policy)["U"], places_used(used, POLICY)["U"]) == (3, 2)
