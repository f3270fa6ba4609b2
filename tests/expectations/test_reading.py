"""What each spelling of a value is read as, and what is not read."""

import dataclasses
from datetime import UTC, date, datetime

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expectations import reading
from expectations.levels import Levels
from schemas.policy import shipped
from schemas.submission import AUDIENCES, TABLES

_CELL = pl.col("cell")
POLICY = shipped()[-1]
COLUMNS = [POLICY.column(column) for table in TABLES.values() for column in table.columns]


def _read(expression, *cells):
    return pl.DataFrame({"cell": list(cells)}, schema={"cell": pl.String()}).select(expression).to_series().to_list()


def _levels(cell):
    (mask,) = _read(reading.levels(_CELL, POLICY.levels), cell)
    return None if mask is None else "".join(Levels.of(POLICY).sets[mask])


@pytest.mark.parametrize(
    ("cell", "levels"),
    [
        *(("5", "5"), ("5,4,3", "543"), ("3，4，5", "543"), ("五级、四级", "54"), ("5-3", "543"), ("5-3级", "543")),
        *(("3-5", "543"), ("五级-三级", "543"), ("5～3", "543"), ("初级工/中级工", "54"), ("高级技师", "1")),
        *(("技师;高级技师", "21"), ("5 4 3", "543"), ("三级/高级工", "3"), ("5,5,4", "54"), ("5级", "5")),
        *(("5 - 3", "543"), ("初级工-技师", "5432"), ("4,2-1", "421")),
    ],
)
def test_levels(cell, levels):
    assert _levels(cell) == levels


@pytest.mark.parametrize(
    "cell", ["6", "0", "六级", "53", "5-", "5-4-3", "初级", "高级", "5,x", "五五级", "，", "-3", "5.0", "Ⅴ", "五级级"]
)
def test_what_is_no_level(cell):
    assert _levels(cell) is None


@settings(deadline=None, max_examples=60)
@given(st.one_of(st.text(max_size=12), st.text("0123456789-/:T Z年月日级五,+", max_size=20)))
def test_any_text_is_read_or_not_but_never_an_error(cell):
    frame = pl.DataFrame({"cell": [cell, None]}, schema={"cell": pl.String()})
    columns = {column.kind: dataclasses.replace(column, name="cell") for column in COLUMNS}
    read = frame.select(reading.read(column, "Asia/Shanghai").alias(kind) for kind, column in columns.items())
    assert read.row(1) == (None,) * len(read.columns)


def test_no_cells_at_all_keep_their_type():
    empty = pl.DataFrame(schema={"cell": pl.String()})
    types: dict[str, object] = {
        column.kind: empty.select(reading.read(column, "Asia/Shanghai").alias("read")).schema["read"]
        for column in (dataclasses.replace(each, name="cell") for each in COLUMNS)
    }
    assert types["levels"] == pl.UInt16
    assert types["level"] == pl.Enum(["5", "4", "3", "2", "1"])
    assert types["instant"] == pl.Datetime("us", "UTC")
    assert (types["date"], types["integer"], types["number"], types["boolean"]) == (
        pl.Date,
        pl.Int64,
        pl.Float64,
        pl.Boolean,
    )


@pytest.mark.parametrize(
    ("cell", "level"), [("三级", "3"), ("3", "3"), ("高级工", "3"), ("三级/高级工", "3"), ("5-3", None), ("5,4", None)]
)
def test_one_level(cell, level):
    assert _read(reading.level(_CELL, POLICY.levels), cell) == [level]


@pytest.mark.parametrize(
    ("cell", "moment"),
    [
        ("2026-09-01T09:30:00", "2026-09-01T01:30:00"),
        ("2026-09-01 09:30", "2026-09-01T01:30:00"),
        ("2026-09-01T09:30:00+08:00", "2026-09-01T01:30:00"),
        ("2026-09-01T09:30:00+0800", "2026-09-01T01:30:00"),
        ("2026-09-01T09:30:00-05", "2026-09-01T14:30:00"),
        ("2026-09-01T01:30:00Z", "2026-09-01T01:30:00"),
        ("2026-09-01T01:30:00.250Z", "2026-09-01T01:30:00.250000"),
        ("2026-09-01", "2026-08-31T16:00:00"),
        ("2026/9/1 9:30", "2026-09-01T01:30:00"),
        ("2026.9.1", "2026-08-31T16:00:00"),
        ("2026年9月1日", "2026-08-31T16:00:00"),
        ("2026年9月1日 9时30分", "2026-09-01T01:30:00"),
        ("2026年9月1日9时30分", "2026-09-01T01:30:00"),
        ("20260901", "2026-08-31T16:00:00"),
        ("20260901T093000", "2026-09-01T01:30:00"),
        ("2026-09-10T24:00", "2026-09-10T16:00:00"),
    ],
)
def test_instants(cell, moment):
    assert _read(reading.instant(_CELL, "Asia/Shanghai"), cell) == [datetime.fromisoformat(moment).replace(tzinfo=UTC)]


@pytest.mark.parametrize(
    "cell",
    [
        "2026-02-29",
        "2026-13-01",
        "2026-09-01T24:01",
        "2026-09-01T12:60",
        "26-09-01",
        "2026-09",
        "昨天",
        "2026-09-011230",
        "2026-09-01T09:30+15:00",
    ],
)
def test_what_is_no_instant(cell):
    assert _read(reading.instant(_CELL, "Asia/Shanghai"), cell) == [None]


def test_days():
    cells = ["2026-09-20", "2026/9/20", "20260920", "2026-09-20 00:00:00", "2026-02-30", None]
    assert _read(reading.day(_CELL), *cells) == [date(2026, 9, 20)] * 4 + [None, None]


@settings(deadline=None, max_examples=60)
@given(st.lists(st.one_of(st.none(), st.text("0123456789-/:T Z年月日级五三,+.", max_size=20)), max_size=6))
def test_a_whole_column_is_read_as_its_cells_are(cells):
    frame = pl.DataFrame({"cell": cells}, schema={"cell": pl.String()})
    for column in {each.kind: each for each in COLUMNS}.values():
        own = dataclasses.replace(column, name="cell")
        by_expression = frame.select(reading.read(own, "Asia/Shanghai").alias("cell")).to_series()
        as_column = reading.read_cells(own, frame["cell"], "Asia/Shanghai", range(1, 13))
        assert (as_column.to_list(), as_column.dtype) == (by_expression.to_list(), by_expression.dtype)


def test_booleans():
    cells = ["true", "TRUE", "True", "是", "1", "false", "False", "否", "0", "yes", "", None]
    assert _read(reading.boolean(_CELL), *cells) == [True] * 5 + [False] * 4 + [None] * 3


def test_numbers():
    assert _read(reading.integer(_CELL), "0", "42", "-1", "+1", "1.0", "1,000", "3个", None) == [0, 42, *[None] * 6]
    assert _read(reading.integer(_CELL), "9" * 30) == [None]
    assert _read(reading.number(_CELL), "85", "85.5", "8.55E1", "-1", "八十五", "nan", None) == [
        85.0,
        85.5,
        85.5,
        *[None] * 4,
    ]


CITY_LEVELS = {"X": "学徒工", "5": "初级工", "4": "中级工", "T": "特级技师"}


@pytest.mark.parametrize(
    ("cell", "levels"),
    [
        *(("X", ["X"]), ("学徒工、初级工", ["X", "5"]), ("X-4", ["X", "5", "4"]), ("特级技师", ["T"])),
        *(("T,5级", ["5", "T"]), ("3", None), ("学徒", None), ("x", None)),
    ],
)
def test_levels_of_another_city(cell, levels):
    order = Levels(list(CITY_LEVELS), CITY_LEVELS)
    (mask,) = _read(reading.levels(_CELL, CITY_LEVELS), cell)
    assert (None if mask is None else order.sets[mask]) == levels


def test_enumerations():
    cells = ["staff", "本企业职工", "社会人员", "Staff", "职工", None]
    assert _read(reading.enumeration(_CELL, AUDIENCES), *cells) == ["staff", "staff", "public", None, None, None]


def test_cycles():
    assert _read(reading.cycle(_CELL, [4, 9]), "2026-09", "2026-04", "2026-10", "2026-9", "202609") == [
        "2026-09",
        "2026-04",
        None,
        None,
        None,
    ]
