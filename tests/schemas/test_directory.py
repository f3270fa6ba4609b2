"""What changed between two directories."""

from datetime import date, timedelta
from random import Random

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.directory import (
    CAME,
    CHANGE_COLUMNS,
    CHANGE_KINDS,
    CHANGE_ORDER,
    DIRECTORY_COLUMNS,
    DIRECTORY_KEY,
    GONE,
    change_text,
    edition_name,
    levels_text,
)
from schemas.directory_changes import change_counts, changes
from schemas.policy import shipped
from tests.editions import AS_OF, directory, ordinary, row

POLICY = shipped()[-1]
YESTERDAY = AS_OF - timedelta(days=1)

CASES = {
    "added": ([], [row()], [("added", "", "5,4,3；2026-09-10 至 2029-09-09")]),
    "levels": ([row(levels="5,4")], [row(levels="5,4,3")], [("levels_changed", "5,4", "5,4,3")]),
    "renewed": (
        [row(filed_on="2023-09-10", valid_until="2026-09-09")],
        [row()],
        [("renewed", "2026-09-09", "2029-09-09")],
    ),
    "expired the day before": (
        [row(valid_until=YESTERDAY.isoformat())],
        [],
        [("expired", f"5,4,3；2026-09-10 至 {YESTERDAY}", "")],
    ),
    "gone on its last day is removed": (
        [row(valid_until=AS_OF.isoformat())],
        [],
        [("removed", f"5,4,3；2026-09-10 至 {AS_OF}", "")],
    ),
    "code given": (
        [row()],
        [row(institution_code="Y00042000001")],
        [("details_changed", "机构编码：", "机构编码：Y00042000001")],
    ),
    "name and region": (
        [row("旧名")],
        [row("新名", region_code="420203")],
        [("details_changed", "机构名称：旧名；所属区划：420202", "机构名称：新名；所属区划：420203")],
    ),
    "validity shortened": (
        [row()],
        [row(valid_until="2028-09-09")],
        [("details_changed", "有效期至：2029-09-09", "有效期至：2028-09-09")],
    ),
    "renewed with other levels and another name": (
        [row("旧名", levels="5", filed_on="2023-09-10", valid_until="2026-09-09")],
        [row("新名", levels="5,4")],
        [
            ("details_changed", "机构名称：旧名", "机构名称：新名"),
            ("levels_changed", "5", "5,4"),
            ("renewed", "2026-09-09", "2029-09-09"),
        ],
    ),
    "nothing": ([row()], [row()], []),
}


@pytest.mark.parametrize("case", CASES)
def test_a_change_has_its_kind_and_both_sides(case: str) -> None:
    before, after, expected = CASES[case]
    changed = changes(directory(before), directory(after), AS_OF)
    assert list(changed.columns) == CHANGE_COLUMNS
    assert list(changed[["change", "before", "after"]].itertuples(index=False, name=None)) == expected


def test_a_change_names_the_institution_as_it_is_now() -> None:
    changed = changes(directory([row("旧名")]), directory([row("新名")]), AS_OF)
    assert changed.loc[0, "institution_name"] == "新名"
    gone = changes(directory([row("旧名")]), directory([]), AS_OF)
    assert gone.loc[0, "institution_name"] == "旧名"


def test_a_blank_code_is_a_missing_code() -> None:
    with_blank = directory([row()]).fillna("")
    assert changes(directory([row()]), with_blank, AS_OF).empty


@pytest.mark.parametrize("kind", ["suspended", "withdrawn", "revoked"])
def test_a_row_that_a_decision_took_out_says_which_and_why(kind: str) -> None:
    key = dict(directory([row()]).fillna("").loc[0, DIRECTORY_KEY])
    cause = pd.DataFrame([{**key, "became": kind, "reason": "抽查不合格", "document_no": "8号"}], dtype="str")
    gone = changes(directory([row()]), directory([]), AS_OF, cause).loc[0]
    assert (gone["change"], gone["reason"], gone["document_no"]) == (kind, "抽查不合格", "8号")
    back = changes(directory([]), directory([row()]), AS_OF, cause.assign(became="reinstated")).loc[0]
    assert (back["change"], back["reason"]) == ("reinstated", "抽查不合格")


def test_a_change_of_particulars_says_why() -> None:
    key = {**dict(directory([row()]).fillna("").loc[0, DIRECTORY_KEY]), "occupation_code": "", "work_type": ""}
    cause = pd.DataFrame([{**key, "became": "新名", "reason": "更名", "document_no": "2号"}], dtype="str")
    changed = changes(directory([row("旧名")]), directory([row("新名")]), AS_OF, cause).loc[0]
    assert (changed["change"], changed["reason"], changed["document_no"]) == ("details_changed", "更名", "2号")


ROWS = st.lists(
    st.builds(
        row,
        name=st.sampled_from(["甲", "乙；机构类型：enterprise", "=丙"]),
        uscc=st.sampled_from(["91A", "91B", "52C"]),
        occupation=st.sampled_from(["6-18-01-01", "6-18-01-02", "4-04-05-01"]),
        levels=st.sampled_from(["5", "5,4", "3,2,1"]),
        valid_until=st.dates(date(2026, 9, 1), date(2026, 9, 20)).map(date.isoformat),
        institution_code=st.sampled_from(["", "Y00042000001"]),
    ),
    unique_by=lambda cells: (cells[2], cells[5]),
    max_size=9,
).map(directory)


@settings(max_examples=8, deadline=None)
@given(ROWS, ROWS, st.randoms(use_true_random=False))
def test_changes_reconcile_and_do_not_mind_the_order_of_rows(
    before: pd.DataFrame, after: pd.DataFrame, shuffle: Random
) -> None:
    changed = changes(before, after, AS_OF)
    counts = change_counts(changed)
    assert sum(counts.values()) == len(changed)
    assert len(before) + sum(counts[kind] for kind in CAME) - sum(counts[kind] for kind in GONE) == len(after)
    keys = list(changed[CHANGE_ORDER].itertuples(index=False, name=None))
    assert keys == sorted(set(keys))
    order = list(range(len(after)))
    shuffle.shuffle(order)
    pd.testing.assert_frame_equal(changed, changes(before, after.iloc[order], AS_OF))
    same = before[DIRECTORY_COLUMNS].fillna("").sort_values(["uscc", "occupation_code"], ignore_index=True)
    now = after[DIRECTORY_COLUMNS].fillna("").sort_values(["uscc", "occupation_code"], ignore_index=True)
    assert changed.empty == same.equals(now)


def test_every_kind_is_counted_and_has_a_title() -> None:
    assert change_counts(changes(ordinary().iloc[:0], ordinary(), AS_OF)) == {
        **dict.fromkeys(CHANGE_KINDS, 0),
        "added": len(ordinary()),
    }


def test_people_read_levels_types_and_regions_in_words() -> None:
    assert levels_text("5,4,3", POLICY) == "五级、四级、三级"
    assert change_text("5,4；2026-09-10 至 2029-09-09", POLICY) == "五级、四级；2026-09-10 至 2029-09-09"
    assert change_text("2029-09-09", POLICY) == "2029-09-09"
    assert change_text("机构类型：enterprise；所属区划：420203", POLICY) == "机构类型：企业；所属区划：西塞山区"
    assert change_text("机构名称：5,4", POLICY) == "机构名称：5,4"


@pytest.mark.parametrize("text", ["2026-9.1", "2026-09", "2026-09.0", "../2026-09.1", "2026-09.1\n", "2026-13.1", ""])
def test_what_is_no_edition_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match=r"for example 2026-09\.1"):
        edition_name(text)
