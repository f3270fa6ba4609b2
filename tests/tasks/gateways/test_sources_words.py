"""Words of lists, answers, codes and numbers in the spellings of the trade, each with its value."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.policy import any_policy
from schemas.submission import TABLES
from tasks.gateways.sources.cells.words import SYNONYMS, synonyms
from tests.tasks.gateways.test_sources_cells import read

COLUMNS = [
    (table.name, any_policy(column))
    for table in TABLES.values()
    for column in table.columns
    if column.kind in ("enum", "boolean")
]
WORDS = [
    (table, column.name, spelling, word)
    for table, column in COLUMNS
    for word, title in column.words.items()
    for spelling in (word, title, *synonyms(column).get(title, ()))
]


@pytest.mark.parametrize(("table", "column"), sorted({(table, column) for table, column, _, _ in WORDS}))
def test_every_spelling_is_read_as_its_word(table: str, column: str) -> None:
    mine = [(spelling, word) for name, title, spelling, word in WORDS if (name, title) == (table, column)]
    assert [value for value, _ in read(table, column, *(spelling for spelling, _ in mine))] == [
        word for _, word in mine
    ]


def test_every_synonym_belongs_to_a_list() -> None:
    used = {(name, title) for name, lists in SYNONYMS.items() for title in lists}
    titles = {title for _, column in COLUMNS for title in column.words.values()}
    assert {title for _, title in used} <= titles


AROUND = ["{}", " {}\n", "{}。", "（1）{}", "2、{}", "“{}”", "{}（见附件）", "\u3000{}\u200b"]


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(WORDS),
    st.sampled_from(["{}", " {}\n", "{}。", "（1）{}", "2、{}", "“{}”", "{}（见附件）", "\u3000{}\u200b"]),
)
def test_a_word_is_read_whatever_stands_around_it(word: tuple[str, str, str, str], around: str) -> None:
    table, column, spelling, value = word
    assert read(table, column, around.format(spelling)) == [(value, None)]


CELLS = [
    ("applications", "social_insurance", ["☑是☐否", "■是 □否", "是√ 否□", "√", "已参保", "☑", "yes", "有"], "true"),
    ("applications", "social_insurance", ["☐是☑否", "×", "未参保", "☐", "无", "N"], "false"),
    ("applications", "no_violations", ["无", "☑是☐否", "无违法违规失信行为", "没有", "√"], "true"),
    ("applications", "no_violations", ["有", "否", "☐是☑否", "存在"], "false"),
    ("applications", "institution_type", ["☑企业 □技工院校 □社会培训评价组织", "企业（国有）", "1.企业"], "enterprise"),
    ("applications", "region_code", ["大冶", "大冶市", "黄石市大冶市", "湖北省黄石市大冶市", "湖北省大冶市"], "420281"),
    ("applications", "region_code", ["开发区·铁山区", "铁山", "铁山区"], "420205"),
    ("occupations", "audience", ["本企业职工（含劳务派遣）", "职工", "本单位员工"], "staff"),
    ("occupations", "occupation_name", ["⻋⼯", "车 工", "车　工", "车工\u200b"], "车工"),
    ("occupations", "occupation_code", ["6180101", "6—18—01—01", "6.18.01.01", "6 18 01 01", "6-18-1-1"], "6-18-01-01"),
    ("occupations", "occupation_code", ["6-18-01-01（车工）", "6-18-01-01 车工", "6-18-01-01L/S"], "6-18-01-01"),
    ("occupations", "occupation_code", ["6-18-01-01(L)", "6-18-01-01 S", "车工6-18-01-01"], "6-18-01-01"),
    (
        "applications",
        "uscc",
        ["91420202maf0050406", "91 420202 MAF005040 6", "91420202-MAF005040-6"],
        "91420202MAF0050406",
    ),
    (
        "applications",
        "uscc",
        ["91420202MAF0050406（1-1）", "统一社会信用代码：91420202MAF0050406"],
        "91420202MAF0050406",
    ),
    ("applications", "uscc", ["91420202MAF0050406_x000D_", "\ufeff91420202MAF0050406"], "91420202MAF0050406"),
    ("staff", "id_number", ["42020219800115828x", "42020219800115828×", "42020219800115828Χ"], "42020219800115828X"),
    ("staff", "id_number", ["420202 19800115 828X", "身份证号：42020219800115828X"], "42020219800115828X"),
    ("materials", "size_bytes", ["20480", "20 KB", "20,480", "20480字节", "20k"], "20480"),
    ("results", "score", ["85分", "85.0", "85.00分"], "85"),
    ("results", "panel_size", ["5人", "5名", "５"], "5"),
    ("register", "institution_code", ["s000042020076", "S0000 4202 0076"], "S000042020076"),
    ("register", "institution_code", ["无", "/", "—", "待核发"], None),
    ("staff", "name", ["阿依古丽·买买提 ", "'阿依古丽·买买提"], "阿依古丽·买买提"),
]


@pytest.mark.parametrize(("table", "column", "texts", "value"), CELLS)
def test_every_spelling_of_a_cell_has_its_value(table: str, column: str, texts: list[str], value: str | None) -> None:
    assert read(table, column, *texts) == [(value, None)] * len(texts)


@pytest.mark.parametrize(
    ("table", "column", "text"),
    [
        ("applications", "no_violations", "已"),
        ("applications", "social_insurance", "☑是☑否"),
        ("applications", "affiliation", "县级"),
        ("occupations", "audience", "本企业职工、社会人员"),
        ("results", "verdict", "通过（不合格）"),
        ("staff", "id_number", "4.20202198001158e+17"),
        ("applications", "legal_representative", "#REF!"),
        ("materials", "size_bytes", "约5"),
    ],
)
def test_what_nobody_can_be_sure_of_is_not_read(table: str, column: str, text: str) -> None:
    assert read(table, column, text) == [(None, text)]


def test_two_dates_of_a_list_of_levels_are_no_levels() -> None:
    assert read("occupations", "levels", "2005-04-03", "2005-04-01") == [("5,4,3", "2005-04-03"), (None, "2005-04-01")]
