"""Activities that no filing covers, and occupations that the lists no longer have."""

import pandas as pd
import pytest

from schemas.law.standing import Lists, outside

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


@pytest.mark.parametrize(
    ("code", "work_type", "part"),
    [
        ("A", "", ""),
        ("OLD", "", "改为NEW"),
        ("LEFT", "", "不在现行"),
        ("OURS", "", ""),
        ("X", "", "准入类"),
        ("P", "", ""),
        ("P", "甲", "“甲”"),
    ],
)
def test_what_the_lists_no_longer_have_is_flagged(code: str, work_type: str, part: str) -> None:
    lists = Lists(
        present={"A", "X", "P"},
        ever={"A", "X", "P", "LEFT", "OLD"},
        changed={"OLD": "自2026-01-01起编码改为NEW（1号）"},
        access={"X"},
        access_work_types={("P", "甲")},
    )
    remark = lists.flag(code, work_type)
    assert (part in remark) if part else not remark
