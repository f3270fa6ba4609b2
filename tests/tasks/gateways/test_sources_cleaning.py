"""Cells made plain: what each spelling becomes, and that cleaning a clean cell changes nothing."""

import unicodedata
from collections.abc import Callable
from datetime import datetime

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from schemas.submission import TABLES, Column
from tasks.gateways.sources.cells.cleaning import clean_column, clean_text
from tasks.gateways.sources.cells.dates import cycle_text, iso_date, iso_instant
from tasks.gateways.sources.cells.typed import cell_text


def cleaned(table: str, column: str, text: str) -> str | None:
    return str_or_none(clean_column(pl.Series("cells", [text]), TABLES[table].column(column)))


def str_or_none(cells: pl.Series) -> str | None:
    value = cells[0]
    assert value is None or isinstance(value, str)
    return value


CASES = [
    # full-width signs: all of them in codes, letters and digits alone in names
    ("applications", "uscc", "９１４２０２００ＭＡ４９１２３４Ｘ８", "91420200MA491234X8"),
    ("applications", "contact_phone", "０７１４－６３５１２３４", "0714-6351234"),
    ("applications", "contact_email", "ａ＠ｂ．cn", "a@b.cn"),
    ("applications", "institution_name", "黄石ＡＢ（集团）有限公司", "黄石AB（集团）有限公司"),
    ("applications", "registered_address", "杭州东路１２号，３楼", "杭州东路12号，3楼"),
    ("decisions", "document_no", "黄人社函〔２０２６〕５号", "黄人社函〔2026〕5号"),
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
    ("applications", "uscc", "9.1420200123456789e17", "9.1420200123456789e17"),
    ("occupations", "occupation_code", "6－18－02－04", "6-18-02-04"),
    ("occupations", "occupation_code", "6—18—02—04", "6-18-02-04"),
    ("occupations", "occupation_code", "2004-10-01", "4-10-01"),
    ("occupations", "neighbour_code", "2006/1/5", "6-01-05"),
    ("occupations", "occupation_code", "2004-10-01 00:00:00", "4-10-01"),
    ("occupations", "neighbour_code", "2006/1/5 00:00:00", "6-01-05"),
    ("occupations", "occupation_code", "2026-09-01", "2026-09-01"),
    ("applications", "application_no", "2004-10-01", "2004-10-01"),
    ("occupations", "levels", "2026-05-03", "5-3"),
    ("occupations", "levels", "2026-05-03 00:00:00", "5-3"),
    ("occupations", "levels", "2026/5/3 00:00", "5-3"),
    ("occupations", "levels", "2026-05-03T00:00:00", "5-3"),
    ("occupations", "levels", "2026-05-03 10:00:00", "2026-05-03 10:00:00"),
    ("occupations", "levels", "5月3日", "5-3"),
    ("occupations", "levels", "2026-06-03", "2026-06-03"),
    ("occupations", "levels", "５，４", "5，4"),
    ("occupations", "levels", "5.0", "5"),
    ("activities", "level", "４", "4"),
    ("activities", "candidates", "１２.0", "12"),
    ("results", "score", "85.50", "85.5"),
    ("results", "score", "85.0", "85"),
    ("results", "score", "八十五", "八十五"),
    ("materials", "size_bytes", "2048.00", "2048"),
    ("materials", "sha256", "E3B0 C442", "e3b0c442"),
    ("materials", "file_name", "执照（副本）.PDF", "执照（副本）.PDF"),
    # words of enumerations, districts
    ("applications", "kind", "首次 备案", "initial"),
    ("applications", "kind", "Initial", "initial"),
    ("applications", "kind", "首次", "首次"),
    ("applications", "social_insurance", "TRUE", "true"),
    ("applications", "social_insurance", "是", "true"),
    ("applications", "no_violations", "否", "false"),
    ("applications", "no_violations", "无", "无"),
    ("applications", "region_code", "黄石港区", "420202"),
    ("applications", "region_code", "武昌区", "武昌区"),
    ("results", "verdict", "合格", "pass"),
    ("staff", "role", "考评人员", "examiner"),
]


@pytest.mark.parametrize(("table", "column", "text", "wanted"), CASES)
def test_a_cell_is_made_plain(table: str, column: str, text: str, wanted: str | None) -> None:
    assert cleaned(table, column, text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("2026-09-01", "2026-09-01"),
        ("2026/9/1", "2026-09-01"),
        ("2026.9.1", "2026-09-01"),
        ("2026年9月1日", "2026-09-01"),
        ("20260901", "2026-09-01"),
        ("46266", "2026-09-01"),
        ("2026-09-01 00:00:00", "2026-09-01"),
        ("２０２６／９／１", "2026-09-01"),
        # no day, or a day that means different things to different people
        ("2026-02-30", "2026-02-30"),
        ("1.9.2026", "1.9.2026"),
        ("9/1/2026", "9/1/2026"),
        ("2026-9/1", "2026-9/1"),
        ("2026-09", "2026-09"),
        ("12345", "12345"),
        ("九月一日", "九月一日"),
        ("2026-09-01T00:00:00Z", "2026-09-01T00:00:00Z"),
    ],
)
def test_a_day_is_read_from_every_spelling_that_is_one(text: str, wanted: str) -> None:
    assert cleaned("activities", "held_on", text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
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
        ("2026-09-10 24:01", "2026-09-10 24:01"),
        ("2026-09-10 25:00", "2026-09-10 25:00"),
        ("2026-13-01", "2026-13-01"),
        ("2026/9/10 上午9:30", "2026/9/10 上午9:30"),
        ("昨天", "昨天"),
    ],
)
def test_an_instant_keeps_its_offset(text: str, wanted: str) -> None:
    assert cleaned("applications", "submitted_at", text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        *[
            (text, "2026-09")
            for text in ("2026-09", "2026-9", "2026/9", "2026.09", "2026年9月", "202609", "2026-09-01")
        ],
        *[("46266", "2026-09"), ("2026/4/1", "2026-04")],
        # the tenth of a month is no cycle that a spreadsheet spoiled
        *[(text, text) for text in ("2026-09-10", "2026-13", "2026", "2026年秋", "Sep-26")],
    ],
)
def test_a_cycle_is_read_also_from_the_day_a_spreadsheet_made_of_it(text: str, wanted: str) -> None:
    assert cleaned("applications", "cycle", text) == wanted


@pytest.mark.parametrize(
    ("value", "wanted"),
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
def test_a_typed_cell_says_what_a_person_sees(value: object, wanted: str | None) -> None:
    assert cell_text(value) == wanted


@pytest.mark.parametrize("value", [{"a": 1}, [["5"]], [{}], b"x"])
def test_what_is_no_cell_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        cell_text(value)


COLUMNS = [column for table in TABLES.values() for column in table.columns]
WORDS = ["２０２６", "2026", "09", "01", "首次备案", "ｔＲＵＥ", "下陆区"]
PIECES = st.sampled_from([*"'=\"-. \t\n05499年月日eE+:TZ／－＇＝＂．\u00a0\u200b", *WORDS])
TEXTS = st.one_of(st.text(max_size=30), st.lists(PIECES, max_size=9).map("".join))


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(COLUMNS), st.lists(TEXTS, min_size=1, max_size=5))
@example(Column("uscc", ""), ['=＂="1"＂', "'＇=＂1.0＂", "' '1"])
@example(TABLES["applications"].column("submitted_at"), ["46266", "2026-09-10 24:00"])
def test_cleaning_a_clean_column_changes_nothing(column: Column, texts: list[str]) -> None:
    once = clean_column(pl.Series("cells", texts), column)
    assert clean_column(once, column).to_list() == once.to_list()
    assert once.name == "cells"


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(COLUMNS), st.lists(TEXTS, min_size=1, max_size=5))
def test_a_cell_is_cleaned_alone_as_among_others(column: Column, texts: list[str]) -> None:
    """Columns without anything odd take a shorter way: it must lead to the same place."""
    together = clean_column(pl.Series("cells", texts), column).to_list()
    assert together == [clean_column(pl.Series("cells", [text]), column)[0] for text in texts]


@settings(max_examples=200, deadline=None)
@given(TEXTS)
def test_no_text_keeps_control_signs_or_outer_spaces(text: str) -> None:
    clean = str_or_none(clean_text(pl.Series([text])))
    assert clean is None or (clean and clean == clean.strip())
    assert not any(unicodedata.category(sign) == "Cc" for sign in clean or "")


@settings(max_examples=300, deadline=None)
@given(TEXTS, st.sampled_from([iso_date, iso_instant, cycle_text]))
def test_respelling_twice_is_respelling_once(text: str, respell: Callable[[str], str]) -> None:
    once = respell(text)
    assert respell(once) == once


@settings(max_examples=200, deadline=None)
@given(st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2099, 12, 31)))
def test_every_instant_keeps_its_meaning(instant: datetime) -> None:
    for text in (str(instant), instant.isoformat(), f"{instant:%Y/%m/%d %H:%M:%S.%f}"):
        assert datetime.fromisoformat(iso_instant(text).ljust(20, ".").ljust(26, "0")) == instant
