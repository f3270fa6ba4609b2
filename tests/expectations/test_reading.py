"""Canonical text as typed values."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from expectations import reading

ZONE = "Asia/Shanghai"


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-09-01T09:30:00", datetime(2026, 9, 1, 1, 30, tzinfo=UTC)),
        ("2026-09-01T09:30:00+00:00", datetime(2026, 9, 1, 9, 30, tzinfo=UTC)),
        ("0001-01-01T00:00:00", datetime(1, 1, 2, tzinfo=UTC)),
        ("0001-01-01T00:00:00+08:00", datetime(1, 1, 2, tzinfo=UTC)),
        ("9999-12-31T23:59:59-08:00", datetime(9999, 12, 30, tzinfo=UTC)),
    ],
)
def test_a_moment_is_in_the_calendar_of_every_zone(text: str, moment: datetime) -> None:
    read = pl.select(reading.moment(pl.lit(text), ZONE)).item()
    assert read == moment
    assert read.astimezone(ZoneInfo(ZONE)).date() == moment.astimezone(ZoneInfo(ZONE)).date()
