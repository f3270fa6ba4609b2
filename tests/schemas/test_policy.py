"""Policies of an installation's own: which holds when, what a wrong file is refused with, and another city's whole."""

from datetime import date
from pathlib import Path

import pytest

from expectations.rulebook import rules
from schemas.directory import level_titles, levels_text
from schemas.law.cycle import cycle_id
from schemas.letter_text import LETTER_KINDS
from schemas.policy import (
    UnknownCycleError,
    UnusablePolicyError,
    all_policies,
    any_policy,
    cycle_on,
    for_cycle,
    in_force,
    last_cycle_on,
)
from schemas.policy_parts import ARTICLES
from schemas.settings import Settings, using
from schemas.submission import APPLICATIONS, MATERIALS_TABLE, OCCUPATIONS
from tests.policies import SECOND_CITY, SHIPPED, write_policy


def with_policy(folder: Path, since: str, text: str = SHIPPED, **numbers: str) -> Settings:
    """Settings with a policy file of the shipped numbers but for some."""
    return Settings(home=folder, policies=write_policy(folder, since, text, **numbers))


def test_a_later_policy_holds_for_cycles_whose_deadline_it_covers(tmp_path: Path) -> None:
    with using(with_policy(tmp_path / "policies", "2026-09-10", public_notice_workdays="5")):
        assert for_cycle(cycle_id("2026-04")).publication.public_notice_workdays == 0
        assert for_cycle(cycle_id("2026-09")).publication.public_notice_workdays == 5
        assert in_force(date(2026, 9, 9)).publication.public_notice_workdays == 0
    assert for_cycle(cycle_id("2026-09")).publication.public_notice_workdays == 0


def test_of_two_from_the_same_day_the_folders_counts(tmp_path: Path) -> None:
    with using(with_policy(tmp_path / "policies", "2021-02-02", panel_size="7")):
        assert len(all_policies()) == 2
        assert for_cycle(cycle_id("2026-09")).evaluation.panel_size == 7


def test_two_of_one_folder_from_the_same_day_are_refused(tmp_path: Path) -> None:
    folder = write_policy(tmp_path / "policies", "2026-01-01")
    (folder / "other.toml").write_text((folder / "2026-01-01.toml").read_text("utf-8"), "utf-8")
    with (
        using(Settings(home=tmp_path, policies=folder)),
        pytest.raises(
            UnusablePolicyError, match=r"2026-01-01\.toml and other\.toml: both are in_force_from 2026-01-01"
        ),
    ):
        all_policies()


@pytest.mark.parametrize(
    ("since", "day", "cycle", "deadline"),
    [
        # the new day holds from the first deadline on which its policy is in force
        ("2026-09-20", "20", "2026-09", date(2026, 9, 20)),
        ("2026-09-01", "20", "2026-09", date(2026, 9, 20)),
        ("2026-09-15", "20", "2026-09", date(2026, 9, 20)),
        ("2026-09-21", "20", "2026-09", date(2026, 9, 10)),
        # neither policy is in force on its own deadline: the one under which the month began
        ("2026-09-10", "5", "2026-09", date(2026, 9, 10)),
        ("2026-09-15", "20", "2027-04", date(2027, 4, 20)),
        ("2026-09-15", "20", "2026-04", date(2026, 4, 10)),
    ],
)
def test_a_cycle_is_reckoned_with_its_own_policys_day(
    tmp_path: Path, since: str, day: str, cycle: str, deadline: date
) -> None:
    with using(with_policy(tmp_path / "policies", since, deadline_day=day)):
        policy = for_cycle(cycle_id(cycle))
        assert policy.deadline(cycle_id(cycle)) == deadline


def test_other_months_make_other_cycles(tmp_path: Path) -> None:
    with using(with_policy(tmp_path / "policies", "2025-01-01", SECOND_CITY)):
        assert for_cycle(cycle_id("2025-06")).name == "qinghe"
        assert for_cycle(cycle_id("2024-09")).name == "huangshi"
        assert cycle_on(date(2025, 4, 19)) == "2025-03"
        assert cycle_on(date(2025, 4, 20)) == "2025-06"
        assert last_cycle_on(date(2025, 6, 19)) == "2025-03"
        assert last_cycle_on(date(2025, 6, 20)) == "2025-06"
        assert last_cycle_on(date(2025, 3, 19)) == "2024-09"
        with pytest.raises(UnknownCycleError, match=r"'2025-04' is not a cycle: .* in the months 03, 06, 09, 12"):
            for_cycle(cycle_id("2025-04"))
    with pytest.raises(UnknownCycleError, match="in the months 04, 09"):
        for_cycle(cycle_id("2025-06"))


@pytest.mark.parametrize("text", ["2026-13", "2026-00", "26-09", "2026-9", "", "2026-09.1"])
def test_what_is_no_month_is_no_cycle(text: str) -> None:
    with pytest.raises(ValueError, match="is not a cycle: write year and month"):
        cycle_id(text)


def test_another_citys_words_are_its_own(tmp_path: Path) -> None:
    with using(with_policy(tmp_path / "policies", "2025-01-01", SECOND_CITY)):
        policy = for_cycle(cycle_id("2025-06"))
        assert policy.materials_of("hospital") == ["filing_form", "licence", "site_photos", "clinic_licence"]
        assert policy.column(APPLICATIONS.column("institution_type")).words["hospital"] == "医院"
        assert policy.column(APPLICATIONS.column("region_code")).spellings()["东区"] == "339001"
        assert policy.column(MATERIALS_TABLE.column("material")).words["item_bank"] == "试题库"
        assert list(policy.column(OCCUPATIONS.column("levels")).words) == ["X", "5", "4", "3", "T"]
        assert policy.in_level_order({"T", "5", "X", "9"}) == ["X", "5", "T", "9"]
        # a file may hold applications of cycles before and after
        either = any_policy(APPLICATIONS.column("institution_type")).spellings()
        assert (either["医院"], either["企业"]) == ("hospital", "enterprise")


def test_a_level_that_a_later_policy_drops_keeps_its_name(tmp_path: Path) -> None:
    text = SHIPPED.replace('1 = "一级/高级技师"\n', "").replace(', "1"]', "]")
    with using(with_policy(tmp_path / "policies", "2026-01-01", text)):
        policy = for_cycle(cycle_id("2026-09"))
        assert (list(policy.levels), policy.level_title("1")) == (["5", "4", "3", "2"], "一级/高级技师")
        assert levels_text("2,1,9", policy) == "二级、一级、9"
        assert list(level_titles(policy)) == ["5", "4", "3", "2", "1"]


HOSPITAL = """
[institution.hospital]
title = "医院"
credit_code_prefixes = ["12"]
audiences = ["staff"]
levels = ["5"]
materials = []
"""


def test_a_fourth_institution_type_is_four_lines(tmp_path: Path) -> None:
    with using(with_policy(tmp_path / "policies", "2026-01-01", SHIPPED + HOSPITAL)):
        policy = for_cycle(cycle_id("2026-09"))
    assert policy.institution_types["hospital"] == "医院"
    assert policy.materials_of("hospital") == policy.required.every_institution


@pytest.mark.parametrize(
    ("numbers", "sentence"),
    [
        ({"moment": "stated"}, r"\.toml cannot be read: .* line \d+.*: moment = stated; mend .*quotation marks"),
        ({"area_prefix": "4202"}, r"regions\.area_prefix: is 4202: write it in quotation marks"),
        ({"in_force_from": '"2026-01-01"'}, r"in_force_from: is '2026-01-01': write a day without quotation marks"),
        ({"capped": '"club"'}, r"cap\.capped: is 'club': write a list in square brackets"),
        ({"panel_size": '"three"'}, r"2026-01-01\.toml: evaluation\.panel_size: .*write a whole number"),
        ({"max_drop_share": "1.5"}, r"2026-01-01\.toml: publication\.max_drop_share: .*write at most 1"),
        ({"public_notice_workdays": "-1"}, r"publication\.public_notice_workdays: .*write at least 0"),
        ({"panel_size": "= ="}, r"2026-01-01\.toml cannot be read: .*line"),
        ({"months": "[4, 13]"}, r"cycle\.months entry 2: .*write at most 12"),
        ({"months": "[4, 4]"}, r"cycle\.months: names something twice"),
        ({"months": "[]"}, r"cycle\.months: .*write at least 1"),
        ({"deadline_day": "31"}, r"cycle\.deadline_day: is 31, which month 4 does not have"),
        ({"deadline_day": "0"}, r"cycle\.deadline_day: .*write at least 1"),
        ({"window_months": "6"}, r"cycle\.window_months: is 6, but two deadlines are 5 months apart"),
        ({"roll": '"next"'}, r"cycle\.roll: .*'none' or 'next_workday'"),
        ({"moment": '"now"'}, r"cycle\.moment: .*'stated' or 'received'"),
        ({"timezone": '"Asia/Huangshi"'}, r"timezone: 'Asia/Huangshi' is no time zone"),
        ({"first_cycle": '"2021-9"'}, r"dormancy\.first_cycle: '2021-9' is not a cycle"),
        ({"pass_mark": "101"}, r"evaluation\.pass_mark: .*write at most 100"),
        ({"reminder_days": "[]"}, r"validity\.reminder_days: .*write at least 1"),
        ({"capped": '["club"]'}, r"cap\.capped: names 'club', which is none of enterprise"),
        ({"saturation_counts": '["club"]'}, r"cap\.saturation_counts: names 'club'"),
        ({"unit": '"level"'}, r"cap\.unit: .*'occupation' or 'work_type'"),
        ({"area_prefix": '"42O2"'}, r"regions\.area_prefix: "),
        ({"institution_code": "'['"}, r"province\.institution_code: is no regular expression"),
        ({"skill_classes": "[9]"}, r"occupations\.skill_classes entry 1: "),
        (
            {"branch": '["parent_reciept"]'},
            r"required\.branch: names 'parent_reciept', which is none of application_form",
        ),
        ({"every_occupation": '["clinic_licence"]'}, r"required\.every_occupation: names 'clinic_licence'"),
        ({"commitment_allowed": '["x"]'}, r"required\.commitment_allowed: names 'x'"),
        ({"expert": "-1"}, r"staff\.expert: .*write at least 0"),
        ({"types": '[".pdf"]'}, r"attachments\.types entry 1: is '\.pdf': write the ending of a file's name"),
        ({"name": '""'}, r"name: "),
        # a text or a truth in place of a number is a slip, and so is a code nobody can have meant
        ({"panel_size": '"3"'}, r"evaluation\.panel_size: .*write a whole number"),
        ({"wait_days": "true"}, r"evaluation\.wait_days: .*write a whole number"),
        ({"together": "1"}, r"decision\.together: .*write true or false"),
        ({"together": '"true"'}, r"decision\.together: .*write true or false"),
        ({"wait_days": "1000000000"}, r"evaluation\.wait_days: .*write at most"),
        ({"skill_yes": '["2-02-7-01"]'}, r"occupations\.skill_yes entry 1: "),
        ({"institution_code": '" "'}, r"province\.institution_code: is blank"),
    ],
)
def test_a_wrong_value_is_named_with_file_and_field(tmp_path: Path, numbers: dict[str, str], sentence: str) -> None:
    with (
        using(with_policy(tmp_path / "policies", "2026-01-01", **numbers)),
        pytest.raises(UnusablePolicyError, match=sentence),
    ):
        all_policies()


@pytest.mark.parametrize(
    ("was", "became", "sentence"),
    [
        ("wait_days = 45", "", r"evaluation\.wait_days: is missing"),
        (
            "wait_days = 45",
            "wait_day = 45",
            r"evaluation\.wait_days: is missing, and wait_day is not known: is it misspelt\?",
        ),
        ("[closing]", "[closed]", r"closing: is missing"),
        ("[dormancy]", 'colour = "red"\n\n[dormancy]', r"validity\.colour: is not known: is it misspelt\?"),
        ("supervisor = 1", "", r"staff\.supervisor: is missing"),
        ("supervisor = 1", "supervisor = 1\njanitor = 1", r"staff\.janitor: is not known: the roles are full_time"),
        ('"西塞山区"', '"黄石港区"', r"regions\.names: names '黄石港区' twice"),
        ('"五级/初级工"', '"五级/中级工"', r"levels: names '中级工' twice"),
        ('title = "技工院校"', 'title = "企业"', r"institution: names '企业' twice"),
        ('"题库"', '"考核规范"', r"materials: names '考核规范' twice"),
        (
            "[attachments]",
            '[articles]\n"三（五）" = "第八条"\n\n[attachments]',
            r"articles: names '三（五）', which is none of 一, ",
        ),
        (
            "[attachments]",
            '[articles]\n"一" = "第三条"\n\n[attachments]',
            r"articles: names some articles, but not 一（一）, ",
        ),
        ("[attachments]", '[articles]\n"一" = " "\n\n[attachments]', r"articles\.一: is ' ': write words"),
        ('"五级/初级工"', '""', r"levels\.5: "),
        (
            'audiences = ["staff"]',
            'audiences = ["patients"]',
            r"institution\.enterprise\.audiences entry 1: 'patients' is not known",
        ),
        ('levels = ["5", "4", "3", "2", "1"]', 'levels = ["6"]', r"institution\.enterprise\.levels: names '6'"),
        ('materials = ["pay_linkage"]', 'materials = ["pay"]', r"institution\.enterprise\.materials: names 'pay'"),
        ('credit_code_prefixes = ["91", "93"]', "", r"institution\.enterprise\.credit_code_prefixes: is missing"),
        (
            'credit_code_prefixes = ["91", "93"]',
            'credit_code_prefixes = ["9"]',
            r"enterprise\.credit_code_prefixes entry 1: ",
        ),
        ("neighbour = true", 'neighbour = "sometimes"', r"institution\.enterprise\.neighbour: "),
        (
            "skill_yes = []",
            'skill_yes = ["4-01-01-01"]\nskill_no = ["4-01-01-01"]\n#',
            r"cannot be read|which skill_yes names",
        ),
    ],
)
def test_an_incomplete_or_contradicting_file_is_refused(tmp_path: Path, was: str, became: str, sentence: str) -> None:
    assert was in SHIPPED
    text = SHIPPED.replace(was, became, 1)
    with (
        using(with_policy(tmp_path / "policies", "2026-01-01", text)),
        pytest.raises(UnusablePolicyError, match=sentence),
    ):
        all_policies()


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with (
        using(Settings(home=tmp_path, policies=tmp_path / "none")),
        pytest.raises(UnusablePolicyError, match=r"FILING_POLICIES names .*none"),
    ):
        all_policies()


def test_a_file_saved_with_a_mark_of_its_encoding_is_read_and_one_not_in_utf_8_is_named(tmp_path: Path) -> None:
    folder = write_policy(tmp_path / "policies", "2026-01-01")
    file = folder / "2026-01-01.toml"
    text = file.read_text("utf-8")
    file.write_text(text, "utf-8-sig")
    with using(Settings(home=tmp_path, policies=folder)):
        assert all_policies()[-1].in_force_from == date(2026, 1, 1)
    other = tmp_path / "others"
    other.mkdir()
    (other / "2026.toml").write_text(text, "gb18030")
    with (
        using(Settings(home=tmp_path, policies=other)),
        pytest.raises(UnusablePolicyError, match=r"policy file 2026\.toml is not UTF-8: save it as UTF-8"),
    ):
        all_policies()


def test_a_folder_without_a_policy_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "policies").mkdir()
    # what an editor of Windows makes of a name without saying so
    (tmp_path / "policies" / "2026.toml.txt").write_text(SHIPPED, "utf-8")
    with (
        using(Settings(home=tmp_path, policies=tmp_path / "policies")),
        pytest.raises(UnusablePolicyError, match=r"FILING_POLICIES names .*policies.* \.toml"),
    ):
        all_policies()


def test_a_day_that_rolls_rolls_everywhere_also_where_holidays_are_not_announced(tmp_path: Path) -> None:
    with using(with_policy(tmp_path / "policies", "2021-02-02", roll='"next_workday"')):
        policy = for_cycle(cycle_id("2021-04"))
        # 10 April 2021 is a Saturday
        assert policy.deadline(cycle_id("2021-04")) == date(2021, 4, 12)
        assert policy.last_cycle_on(date(2021, 4, 11)) == "2020-09"
        assert policy.last_cycle_on(date(2021, 4, 12)) == "2021-04"
        # a Saturday of a year the calendar does not have yet
        assert policy.deadline(cycle_id("2027-04")) == date(2027, 4, 12)
        assert policy.last_cycle_on(date(2027, 4, 11)) == "2026-09"
        assert cycle_on(date(2026, 11, 29)) == "2026-09"


def test_every_article_that_is_cited_can_be_another_citys() -> None:
    assert {rule.article for rule in rules().values()} == set(ARTICLES)
    assert {LETTER_KINDS[code].article for code in ("late_version", "dormancy", "refusal")} <= set(ARTICLES)
