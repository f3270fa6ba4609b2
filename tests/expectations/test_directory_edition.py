"""A directory is published only when every row is sound and the changes account for it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expectations import checkpoints
from expectations.check import check, check_directory
from expectations.checkpoints import DirectoryJudgement
from expectations.directory_edition import DEMANDS, Edition, unmet
from schemas.directory import CHANGE_COLUMNS, DIRECTORY_COLUMNS
from schemas.directory_changes import changes
from schemas.policy import all_policies

AS_OF = date(2026, 9, 10)
ROW = {
    "institution_name": "黄石示例机构",
    "institution_type": "social_organisation",
    "uscc": "52420202MJ49000052",
    "institution_code": "",
    "region_code": "HS-KFQ",
    "occupation_code": "6-18-01-01",
    "occupation_name": "车工",
    "levels": "5,4,3",
    "filed_on": "2026-09-10",
    "valid_until": "2029-09-09",
}
OTHERS = [("6-18-01-02", "铣工"), ("6-18-01-03", "刨插工"), ("4-03-02-01", "中式烹调师")]


def _directory(*rows):
    return pd.DataFrame([ROW | row for row in rows], columns=DIRECTORY_COLUMNS, dtype="str")


def _checked(rows, previous=None, changed=None):
    before = _directory() if previous is None else previous
    return check_directory(
        rows, before, changes(before, rows, AS_OF) if changed is None else changed, AS_OF, all_policies()
    )


def test_a_sound_directory_may_be_published():
    rows = [{"occupation_code": code, "occupation_name": name} for code, name in OTHERS]
    last_day = {"filed_on": "2023-09-11", "valid_until": "2026-09-10"}
    later = {"occupation_code": "无人机群飞行规划员", "occupation_name": "无人机群飞行规划员"}
    assert (
        _checked(
            _directory(
                {}, *rows, {"uscc": "12420202MB4900006T", **last_day}, later | {"institution_code": "Y000142000001"}
            )
        )
        == []
    )
    assert _checked(_directory()) == []


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        ({"uscc": "52420202MJ49000025"}, "统一社会信用代码校验不通过：52420202MJ49000025 6-18-01-01"),
        ({"institution_name": ""}, "“机构名称”不得为空"),
        ({"institution_type": "school"}, "机构类型未知"),
        ({"institution_code": "Z00004200001"}, "机构编码格式不正确"),
        ({"region_code": "420106"}, "所属区划未知"),
        ({"occupation_code": "车工1"}, "职业编码未知"),
        ({"occupation_name": "铣工"}, "职业名称与编码不一致"),
        ({"institution_name": "王某 420222199003074512"}, "公开的栏目中不得有身份证号或电话号码"),
        ({"registered_address": "黄石港区 13812345678"}, "公开的栏目中不得有身份证号或电话号码"),
        (
            {"work_type": "420222 1990 0307 4512"},
            "公开的栏目中不得有身份证号或电话号码：52420202MJ49000052 6-18-01-01 420222*************12",
        ),
        ({"levels": "3,4,5"}, "职业等级应由低到高写作“5,4,3”"),
        ({"levels": "5,5"}, "职业等级应由低到高写作“5,4,3”"),
        ({"levels": ""}, "“职业等级”不得为空"),
        ({"audiences": "students;staff"}, "服务对象应按顺序写作“staff;students”"),
        ({"audiences": "职工"}, "服务对象应按顺序写作“staff;students”"),
        ({"filed_on": "2026/9/10"}, "“备案日期”应写作“2026-09-10”"),
        ({"filed_on": "2029-09-10"}, "有效期不得早于备案日期"),
        ({"valid_until": "2026-09-09", "filed_on": "2023-09-10"}, "有效期已在2026-09-10之前届满"),
    ],
)
def test_one_broken_cell_keeps_it_back(cells, says):
    (sentence,) = _checked(_directory(cells))
    assert sentence.startswith(says)


def test_an_institution_has_one_row_an_occupation():
    sentences = _checked(_directory({}, {"levels": "2"}))
    assert (
        sentences[0]
        == "同一机构的同一职业（工种）只能有一行：52420202MJ49000052 6-18-01-01、52420202MJ49000052 6-18-01-01"
    )


def test_two_work_types_of_one_occupation_are_two_rows():
    row = {"work_type": "数控车工", "audiences": "staff;students", "registered_address": "湖北省黄石市杭州东路1号"}
    assert _checked(_directory({}, row)) == []


def test_an_enterprises_own_name_stands_in_brackets_behind_the_occupations():
    assert _checked(_directory({"occupation_name": "车工（曲轴精车工）"})) == []
    assert _checked(_directory({"occupation_name": "曲轴精车工（车工）"})) != []


def test_many_broken_rows_are_one_sentence_that_counts_them():
    rows = [{"occupation_code": code, "occupation_name": name, "region_code": "420106"} for code, name in OTHERS]
    (sentence,) = _checked(_directory({"region_code": "420106"}, *rows))
    assert sentence.endswith("（共4行）")


def test_a_missing_column_is_told():
    assert check_directory(
        _directory({}).drop(columns="levels"), _directory(), _directory(), AS_OF, all_policies()
    ) == ["目录缺少“职业等级”一栏"]


BEFORE = [{}, *({"occupation_code": code, "occupation_name": name} for code, name in OTHERS)]


@pytest.mark.parametrize(
    ("after", "kind"),
    [
        ([*BEFORE, {"uscc": "51420202MJ49000130"}], "added"),
        (BEFORE[1:], "removed"),
        ([{"levels": "5"}, *BEFORE[1:]], "levels_changed"),
        ([{"valid_until": "2030-01-01"}, *BEFORE[1:]], "renewed"),
        ([{"institution_name": "新名"}, *BEFORE[1:]], "details_changed"),
    ],
)
def test_each_change_must_be_told_and_nothing_else(after, kind):
    before, rows = _directory(*BEFORE), _directory(*after)
    changed = changes(before, rows, AS_OF)
    assert list(changed["change"]) == [kind]
    assert _checked(rows, before, changed) == []
    (untold,) = _checked(rows, before, changed.iloc[:0])
    assert untold.startswith("变更记录与目录不符")
    (invented,) = _checked(before, before, changed)
    assert invented.startswith("变更记录与目录不符")


def test_expired_means_over():
    before, rows = _directory(*BEFORE), _directory(*BEFORE[1:])
    changed = changes(before, rows, AS_OF).assign(change="expired")
    assert _checked(rows, before, changed) == ["记为到期失效但有效期未满：52420202MJ49000052 6-18-01-01"]


_CELLS = st.fixed_dictionaries(
    {
        "levels": st.sampled_from(["5", "5,4", "3"]),
        "valid_until": st.sampled_from(["2026-09-10", "2029-09-09"]),
        "filed_on": st.just("2023-01-01"),
    }
)
_SIDE = st.dictionaries(st.sampled_from([("6-18-01-01", "车工"), *OTHERS]), _CELLS, max_size=4)


@settings(deadline=None, max_examples=15)
@given(before=_SIDE, after=_SIDE)
def test_true_changes_always_account_for_the_directory(before, after):
    sides = [
        _directory(*({"occupation_code": c, "occupation_name": n, **cells} for (c, n), cells in side.items()))
        for side in (before, after)
    ]
    assert _checked(sides[1], sides[0]) == []


def test_changes_without_columns_are_no_changes():
    assert _checked(_directory({}), _directory({}), pd.DataFrame()) == []
    assert _checked(_directory({}), _directory({}), pd.DataFrame(columns=CHANGE_COLUMNS)) == []


def _validated(rows, traces=None):
    """What Great Expectations says of a directory that is not told in any changes: success, and the demands not met."""
    judgement = DirectoryJudgement(
        "directory", rows, Edition(rows, rows, pd.DataFrame(), AS_OF, all_policies(), traces)
    )
    result = checkpoints._run(judgement)
    missed = {
        outcome.expectation_config.kwargs["demand"]: outcome.result for outcome in result.results if not outcome.success
    }
    return result, missed, judgement


def test_the_demands_are_a_suite_of_great_expectations():
    result, missed, _ = _validated(_directory({}))
    assert (result.success, missed) == (True, {})
    assert [outcome.expectation_config.kwargs["demand"] for outcome in result.results] == list(DEMANDS)
    assert {outcome.expectation_config.severity for outcome in result.results} == {"critical"}
    assert not [outcome for outcome in result.results if "{" in outcome.expectation_config.description]


def test_an_expectation_that_fails_names_the_rows_and_is_what_is_told():
    rows = _directory({"region_code": "420106"}, {"occupation_code": "6-18-01-02", "occupation_name": "铣工"})
    result, missed, judgement = _validated(rows, _directory({}).assign(work_type="", level="5"))
    assert not result.success
    assert {
        demand: (outcome["unexpected_count"], outcome["partial_unexpected_list"]) for demand, outcome in missed.items()
    } == {
        "region": (1, ["52420202MJ49000052 6-18-01-01"]),
        "traceable": (2, ["52420202MJ49000052 6-18-01-01", "52420202MJ49000052 6-18-01-02"]),
    }
    assert [fault.demand for fault in judgement.unmet] == list(missed)


def test_a_directory_without_a_column_fails_its_suite():
    _, missed, _ = _validated(_directory({}).drop(columns="levels"))
    assert missed["complete"]["partial_unexpected_list"] == ["目录缺少“职业等级”一栏"]


def test_directories_and_submissions_checked_at_once_each_get_their_own(sound):
    def examine(number):
        region = f"4201{number:02d}"
        if number % 2:
            case = sound()
            case.tables["applications"][0]["region_code"] = region
            return list(check(case.frames(), case.scene()).findings["value"])
        return _checked(_directory({"region_code": region, "uscc": f"52420202MJ490000{number:02d}"}))

    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(examine, range(8)))
    assert together == [examine(number) for number in range(8)]


def test_a_fault_while_judging_keeps_a_directory_back(monkeypatch):
    def broken(edition):
        raise ZeroDivisionError("in a demand")

    monkeypatch.setattr("expectations.directory_edition.unmet", broken)
    with pytest.raises(ZeroDivisionError, match="in a demand"):
        _checked(_directory({}))


def test_what_is_told_begins_with_its_demand():
    rows = _directory({"levels": "3,5"}, {"filed_on": "", "valid_until": "2020-01-01"})
    for fault in unmet(Edition(rows, rows.iloc[:0], pd.DataFrame(), AS_OF, all_policies())):
        assert fault.sentence.startswith(DEMANDS[fault.demand].format(as_of=AS_OF))
