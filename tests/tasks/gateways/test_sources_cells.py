"""What each spelling of a value is read as, what is not read, and that reading a value again changes nothing."""

import json
import unicodedata
from datetime import datetime

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from schemas.submission import TABLES, WRITTEN, Table
from tasks.gateways.sources.cells.moments import iso_moment
from tasks.gateways.sources.cells.reader import read_table
from tasks.gateways.sources.cells.text import cell_text, clean_text


def read(table: str, column: str, *texts: str) -> list[tuple[str | None, str | None]]:
    """What the reader makes of cells of one column: their value, and the text that is kept beside it."""
    alone = Table(table, "", (TABLES[table].column(column),))
    rows = read_table(pl.DataFrame({column: list(texts)}, schema={column: pl.String()}), alone)
    kept = [json.loads(cell)[column] if cell else None for cell in rows[WRITTEN]]
    return list(zip(rows[column].to_list(), kept, strict=True))


CASES = [
    # full-width signs: all of them in codes, letters and digits alone in names
    ("applications", "uscc", "９１４２０２００ＭＡ４９１２３４Ｘ８", "91420200MA491234X8"),
    ("applications", "contact_phone", "０７１４－６３５１２３４", "0714-6351234"),
    ("applications", "contact_email", "ａ＠ｂ．cn", "a@b.cn"),
    ("applications", "institution_name", "黄石ＡＢ（集团）有限公司", "黄石AB（集团）有限公司"),
    ("applications", "registered_address", "杭州东路１２号，３楼", "杭州东路12号，3楼"),
    ("decisions", "document_no", "黄人社函〔２０２６〕５号", "黄人社函〔2026〕5号"),
    # work types tell items apart: one is one whichever width its signs have
    ("occupations", "work_type", "焊工(气), 手工", "焊工（气），手工"),
    ("results", "work_type", "焊工（气），手工", "焊工（气），手工"),
    ("decisions", "rule", "ＣＡＰ—２", "CAP-2"),
    # spaces, invisible signs, apostrophes, formulas that keep a code text
    ("applications", "institution_name", " \u00a0黄石\u3000\u3000机械\u200b厂\ufeff\t", "黄石 机械厂"),
    ("applications", "institution_name", "黄石\r\n机械厂", "黄石 机械厂"),
    ("applications", "institution_name", "黄石\x00机械\u202e厂", "黄石机械厂"),
    ("applications", "uscc", "9142 0200 MA49\u00a01234X8", "91420200MA491234X8"),
    ("applications", "uscc", "'91420200MA491234X8", "91420200MA491234X8"),
    ("applications", "uscc", '="91420200MA491234X8"', "91420200MA491234X8"),
    ("applications", "legal_representative", "'张三", "张三"),
    ("applications", "legal_representative", " \u200b ", None),
    ("applications", "legal_representative", "", None),
    # what spreadsheets make of codes and numbers
    ("applications", "contact_phone", "13800000000.0", "13800000000"),
    ("applications", "region_code", "420202.0", "420202"),
    ("occupations", "occupation_code", "6－18－02－04", "6-18-02-04"),
    ("occupations", "occupation_code", "6—18—02—04", "6-18-02-04"),
    ("occupations", "occupation_code", "2004-10-01", "4-10-01"),
    ("occupations", "neighbour_code", "2006/1/5", "6-01-05"),
    ("occupations", "occupation_code", "2004-10-01 00:00:00", "4-10-01"),
    ("occupations", "neighbour_code", "2006/1/5 00:00:00", "6-01-05"),
    ("occupations", "occupation_code", "2026-09-01", "2026-09-01"),
    ("applications", "application_no", "2004-10-01", "2004-10-01"),
    ("activities", "level", "４", "4"),
    ("activities", "candidates", "１２.0", "12"),
    ("results", "score", "85.50", "85.5"),
    ("results", "score", "85.0", "85"),
    ("materials", "size_bytes", "2048.00", "2048"),
    ("materials", "sha256", "E3B0 C442", "e3b0c442"),
    ("materials", "file_name", "执照（副本）.PDF", "执照（副本）.PDF"),
    # words of enumerations, districts
    ("applications", "kind", "首次 备案", "initial"),
    ("applications", "kind", "Initial", "initial"),
    ("applications", "social_insurance", "TRUE", "true"),
    ("applications", "social_insurance", "是", "true"),
    ("applications", "no_violations", "否", "false"),
    ("applications", "region_code", "黄石港区", "420202"),
    ("applications", "region_code", "武昌区", "武昌区"),
    ("results", "verdict", "合格", "pass"),
    ("staff", "role", "考评人员", "examiner"),
]


@pytest.mark.parametrize(("table", "column", "text", "expected"), CASES)
def test_a_cell_is_made_plain(table: str, column: str, text: str, expected: str | None) -> None:
    assert read(table, column, text)[0][0] == expected


#: Text that is a value of its kind under no reading: the value is blank and the text is kept.
UNREAD = [
    ("applications", "uscc", "9.1420200123456789e17"),
    ("applications", "kind", "首次之后"),
    ("applications", "social_insurance", "部分"),
    ("occupations", "levels", "2026-05-03 10:00:00"),
    ("occupations", "levels", "2026-06-03"),
    ("occupations", "levels", "2005-04-01"),
    ("occupations", "levels", "2026-05-05"),
    *[("occupations", "levels", text) for text in ("6", "0", "六级", "53", "5-", "5-4-1", "5,x", "五五级", "，", "-3")],
    *[
        ("occupations", "levels", text)
        for text in ("五级级", "三级（初级工）", "中级技师", "五级（试点）", "高级工程师", "全部")
    ],
    *[("activities", "level", text) for text in ("5-3", "5,4", "入门")],
    ("results", "score", "八十五"),
    ("results", "score", "-1"),
    ("materials", "size_bytes", "1.5"),
    ("materials", "size_bytes", "-1"),
    ("materials", "size_bytes", "9" * 30),
    *[
        ("activities", "held_on", text)
        for text in ("2026-02-30", "1.9.2026", "9/1/2026", "2026-9/1", "2026-09", "12345")
    ],
    *[
        ("activities", "held_on", text)
        for text in ("九月一日", "9月1日", "2026-09-01T00:00:00Z", "2024年9月", "长期", "三年")
    ],
    *[
        ("applications", "submitted_at", text)
        for text in ("2026-09-10 24:01", "2026-09-10 25:00", "2026-13-01", "昨天")
    ],
    *[("applications", "cycle", text) for text in ("2026-09-10", "2026-13", "2026", "2026年秋", "Sep-26")],
]


@pytest.mark.parametrize(("table", "column", "text"), UNREAD)
def test_what_cannot_be_read_is_kept_as_it_was_written(table: str, column: str, text: str) -> None:
    assert read(table, column, text) == [(None, text)]


@pytest.mark.parametrize(
    ("text", "levels"),
    [
        *(
            ("5", "5"),
            ("5,4,3", "5,4,3"),
            ("3，4，5", "5,4,3"),
            ("五级、四级", "5,4"),
            ("5-3", "5,4,3"),
            ("5-3级", "5,4,3"),
        ),
        *(("3-5", "5,4,3"), ("五级-三级", "5,4,3"), ("5～3", "5,4,3"), ("初级工/中级工", "5,4"), ("高级技师", "1")),
        *(("技师;高级技师", "2,1"), ("5 4 3", "5,4,3"), ("三级/高级工", "3"), ("5,5,4", "5,4"), ("5级", "5")),
        *(("5 - 3", "5,4,3"), ("初级工-技师", "5,4,3,2"), ("4,2-1", "4,2,1"), ("５，４", "5,4"), ("5.0", "5")),
        # what a spreadsheet took for a day
        *(("2005-04-03", "5,4,3"), ("2003-02-01", "3,2,1"), ("2001-02-03", "3,2,1"), ("2026-04-03", "4,3")),
        *(("2026-05-03 00:00:00", "5,4,3"), ("2026/5/3 00:00", "5,4,3"), ("2026-05-03T00:00:00", "5,4,3")),
        *(("5月3日", "5,4,3"), ("2005年4月3日", "5,4,3"), ("5-4-3", "5,4,3")),
        # the trade's own words
        *(("五级（初级工）", "5"), ("初级工（五级）", "5"), ("初级", "5"), ("L5", "5"), ("Ⅴ", "5"), ("Ⅲ级", "3")),
        *(("国家职业资格三级", "3"), ("职业技能等级五级", "5"), ("三级及以下", "5,4,3"), ("三级（含）以下", "5,4,3")),
        *(("五级至三级", "5,4,3"), ("五级四级三级", "5,4,3"), ("初、中、高级工", "5,4,3"), ("五级\n四级", "5,4")),
        *(("五级/初级工、四级/中级工", "5,4"), ("五级/初级工-三级/高级工", "5,4,3"), ("五、四、三级", "5,4,3")),
    ],
)
def test_levels(text: str, levels: str) -> None:
    (value, _) = read("occupations", "levels", text)[0]
    assert value == levels


@pytest.mark.parametrize(
    "text",
    [
        *(
            "2026-09-01",
            "2026/9/1",
            "2026.9.1",
            "2026年9月1日",
            "20260901",
            "46266",
            "2026-09-01 00:00:00",
            "２０２６／９／１",
        ),
        *(
            "26.9.1",
            "26-09-01",
            "二〇二六年九月一日",
            "二○二六年九月一日",
            "2026 年 9 月 1 日",
            "2026年9月1号",
            "2026-09-01（星期二）",
        ),
        *("2026-09-01 星期二", "2026. 9. 1", "2026.09.01.", "2026-09-01 10:30", "2026年9月1日 下午3点"),
    ],
)
def test_a_day_is_read_from_every_spelling_that_is_one(text: str) -> None:
    assert read("activities", "held_on", text) == [("2026-09-01", None)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-09-10T23:59:59+08:00", "2026-09-10T23:59:59+08:00"),
        ("2026-09-10 23:59", "2026-09-10T23:59:00"),
        ("2026/9/10 9:05", "2026-09-10T09:05:00"),
        ("2026/9/10 9:05:07", "2026-09-10T09:05:07"),
        ("2026年9月10日 9时30分", "2026-09-10T09:30:00"),
        ("2026年9月10日9时30分15秒", "2026-09-10T09:30:15"),
        ("2026年9月10日", "2026-09-10T00:00:00"),
        ("20260910093015", "2026-09-10T09:30:15"),
        ("20260910T0930Z", "2026-09-10T09:30:00+00:00"),
        ("2026-09-10T01:30:00Z", "2026-09-10T01:30:00+00:00"),
        ("2026-09-10T09:30:00.250+0800", "2026-09-10T09:30:00.25+08:00"),
        ("2026-09-10T09:30:00.000", "2026-09-10T09:30:00"),
        ("2026-09-10 24:00", "2026-09-11T00:00:00"),
        ("46275.395833333336", "2026-09-10T09:30:00"),
        ("2026/9/10 上午9:30", "2026-09-10T09:30:00"),
        ("2026年9月10日 下午3点半", "2026-09-10T15:30:00"),
        ("2026年9月10日下午3时", "2026-09-10T15:00:00"),
        ("2026-09-10 3:30 PM", "2026-09-10T15:30:00"),
        ("二〇二六年九月十日九时", "2026-09-10T09:00:00"),
        ("2026-09-10T09:30:00-05", "2026-09-10T09:30:00-05:00"),
    ],
)
def test_an_instant_keeps_its_offset(text: str, expected: str) -> None:
    assert read("applications", "submitted_at", text) == [(expected, None)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *[
            (text, "2026-09")
            for text in ("2026-09", "2026-9", "2026/9", "2026.09", "2026年9月", "202609", "2026-09-01")
        ],
        *[("46266", "2026-09"), ("2026/4/1", "2026-04"), ("2026年9月批次", "2026-09"), ("二〇二六年九月", "2026-09")],
    ],
)
def test_a_cycle_is_read_also_from_the_day_a_spreadsheet_made_of_it(text: str, expected: str) -> None:
    assert read("applications", "cycle", text) == [(expected, None)]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (13800000000.0, "13800000000"),
        (999999999999999.0, "999999999999999"),
        (9.142020012345678e16, "9.142020012345678e+16"),
        (914202001234567890, "914202001234567890"),
        (float("nan"), None),
        (85.5, "85.5"),
        (True, "true"),
        (["5", 4], "5,4"),
        (None, None),
    ],
)
def test_a_typed_cell_says_what_a_person_sees(value: object, expected: str | None) -> None:
    assert cell_text(value) == expected


@pytest.mark.parametrize("value", [{"a": 1}, [["5"]], [{}], b"x"])
def test_what_is_no_cell_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        cell_text(value)


COLUMNS = [(name, column.name) for name, table in TABLES.items() for column in table.columns]
WORDS = [
    "２０２６",
    "2026",
    "09",
    "01",
    "首次备案",
    "ｔＲＵＥ",
    "下陆区",
    "五级",
    "初级工",
    "6-18-01-01",
    "⻋工",
    "（1-1）",
]
PIECES = st.sampled_from([*"'=\"-. \t\n05499年月日eE+:TZ／－＇＝＂．\u00a0\u200b", *WORDS])
TEXTS = st.one_of(st.text(max_size=30), st.lists(PIECES, max_size=9).map("".join))


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(COLUMNS), st.lists(TEXTS, min_size=1, max_size=5))
@example(("applications", "uscc"), ['=＂="1"＂', "'＇=＂1.0＂", "' '1"])
@example(("applications", "submitted_at"), ["46266", "2026-09-10 24:00"])
@example(("applications", "application_no"), ["A´", "ΐ"])
@example(("applications", "uscc"), ["1.0-", "A-\u0301"])
def test_reading_a_value_again_changes_nothing(column: tuple[str, str], texts: list[str]) -> None:
    values = [value for value, _ in read(*column, *texts) if value is not None]
    assert [value for value, _ in read(*column, *values)] == values


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(COLUMNS), st.lists(TEXTS, min_size=1, max_size=5))
def test_a_cell_is_read_alone_as_among_others(column: tuple[str, str], texts: list[str]) -> None:
    """Columns without anything odd take a shorter way: it must lead to the same place."""
    assert read(*column, *texts) == [read(*column, text)[0] for text in texts]


@settings(max_examples=200, deadline=None)
@given(TEXTS)
def test_no_text_keeps_control_signs_or_outer_spaces(text: str) -> None:
    (clean,) = clean_text(pl.Series([text], dtype=pl.String)).to_list()
    assert clean is None or (clean and clean == clean.strip())
    assert not any(unicodedata.category(sign) == "Cc" for sign in clean or "")


@settings(max_examples=200, deadline=None)
@given(st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2099, 12, 31)))
def test_every_moment_keeps_its_meaning(moment: datetime) -> None:
    for text in (str(moment), moment.isoformat(), f"{moment:%Y/%m/%d %H:%M:%S.%f}"):
        read_as = iso_moment(text)
        assert read_as is not None
        assert datetime.fromisoformat(read_as.ljust(20, ".").ljust(26, "0")) == moment
