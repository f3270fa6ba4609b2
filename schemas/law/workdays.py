"""Chinese working days."""

from datetime import date, timedelta

import chinese_calendar

from schemas.errors import FilingError

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
