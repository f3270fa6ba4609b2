"""Chinese working days, and a filing cycle with its calendar; every number of a cycle comes from the policy."""

import re
from calendar import monthrange
from datetime import date, datetime, time, timedelta
from typing import NewType
from zoneinfo import ZoneInfo

import chinese_calendar

from schemas.errors import FilingError

CycleId = NewType("CycleId", str)

_PATTERN = re.compile(r"20\d{2}-(0[1-9]|1[0-2])")


def cycle_id(text: str) -> CycleId:
    """Read `YYYY-MM`; raises ValueError with one sentence for anything else. Which months there are, the policy says."""
    if not _PATTERN.fullmatch(text):
        raise ValueError(f"'{text}' is not a cycle: write year and month, for example 2026-09")
    return CycleId(text)


def month_of(cycle: CycleId) -> int:
    """The month of a cycle, 1 to 12."""
    return int(cycle[5:])


def month_length(month: int) -> int:
    """How many days a month has in a year without a leap day."""
    return monthrange(2001, month)[1]


def months_around(first: date, last: date) -> list[CycleId]:
    """Every month from the first day's to the last day's, as if it were a cycle."""
    start, end = (day.year * 12 + day.month - 1 for day in (first, last))
    return [CycleId(f"{index // 12:04d}-{index % 12 + 1:02d}") for index in range(start, end + 1)]


def add_months(day: date, months: int) -> date:
    """The same day of the month so many months later; the last day of a month that is too short for it."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def deadline_day(cycle: CycleId, day: int) -> date:
    """The cycle's last day; applications may come until its 24:00."""
    year, month = cycle.split("-")
    return date(int(year), int(month), day)


def window(deadline: date, months: int, timezone: str) -> tuple[datetime, datetime]:
    """Both ends of the cycle's window, each included: deadline minus `months` at 00:00, deadline at 24:00."""
    zone = ZoneInfo(timezone)
    opens = datetime.combine(add_months(deadline, -months), time(), zone)
    closes = datetime.combine(deadline + timedelta(days=1), time(), zone)
    return opens, closes


_SATURDAY = 5


class UnknownCalendarYearError(FilingError, ValueError):
    """The State Council's holiday calendar of a year is not in the installed release of chinesecalendar."""


def is_workday(day: date) -> bool:
    """Whether offices work on a day; raises UnknownCalendarYearError naming the year it does not know."""
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError as unknown:
        raise UnknownCalendarYearError(
            f"the holiday calendar of {day.year} is not known: install a chinesecalendar release that has {day.year}"
        ) from unknown


def assumed_workday(day: date) -> bool:
    """Whether offices work on a day; Mondays to Fridays where a year's holidays are not known."""
    try:
        return is_workday(day)
    except UnknownCalendarYearError:
        return day.weekday() < _SATURDAY


def assumed_next(day: date) -> date:
    """The day itself if offices work on it, else the next on which they do; weekends alone count where no holidays are known."""
    while not assumed_workday(day):
        day += timedelta(days=1)
    return day


def assumed_end(day: date, count: int) -> date:
    """The `count`-th working day after a day; Mondays to Fridays count where a year's holidays are not known."""
    try:
        return add_workdays(day, count)
    except UnknownCalendarYearError:
        while count:
            day += timedelta(days=1)
            count -= day.weekday() < _SATURDAY
        return day


def add_workdays(day: date, count: int) -> date:
    """The `count`-th working day after a day."""
    while count:
        day += timedelta(days=1)
        count -= is_workday(day)
    return day
