"""Activities that no filing covers."""

import pandas as pd
import pytest

from schemas.law.supervision import outside

ENTRIES = pd.DataFrame(
    [("U", "X", "", "4", "2026-01-01", "2026-12-31"), ("U", "Y", "甲", "4", "2026-01-01", "2026-12-31")],
    columns=["uscc", "occupation_code", "work_type", "level", "filed_on", "valid_until"],
)


@pytest.mark.parametrize(
    ("code", "work_type", "level", "day", "candidates", "covered"),
    [
        ("X", "", "4", "2026-01-01", "5", True),
        ("X", "乙", "4", "2026-12-31", "5", True),
        ("X", "", "3", "2026-05-01", "5", False),
        ("X", "", "4", "2025-12-31", "5", False),
        ("X", "", "4", "2027-01-01", "5", False),
        ("X", "", "4", "2027-01-01", "0", True),
        ("Y", "", "4", "2026-05-01", "5", True),
        ("Y", "甲", "4", "2026-05-01", "5", True),
        ("Y", "乙", "4", "2026-05-01", "5", False),
        ("Z", "", "4", "2026-05-01", "5", False),
    ],
)
def test_an_activity_is_covered_by_what_was_on_file_that_day(
    code: str, work_type: str, level: str, day: str, candidates: str, covered: bool
) -> None:
    columns = ["uscc", "occupation_code", "work_type", "level", "held_on", "candidates"]
    held = pd.DataFrame([("U", code, work_type, level, day, candidates)], columns=columns)
    assert outside(held, ENTRIES).empty == covered
