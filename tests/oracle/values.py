"""Reading one cell's text as its type.

Each reader returns None for a text it cannot read; a blank cell is the caller's matter. Source: contract section 4.
"""

import re
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import chinese_calendar

SHANGHAI = ZoneInfo("Asia/Shanghai")

WORDS: dict[str, dict[str, str]] = {
    "kind": {"首次备案": "initial", "增项": "addition", "换证": "renewal"},
    "affiliation": {"市级": "municipal", "省级": "provincial", "中央": "central"},
    "audience": {"本企业职工": "staff", "在校学生": "students", "社会人员": "public"},
    "role": {"专职人员": "full_time", "考评人员": "examiner", "质量督导人员": "supervisor", "专家": "expert"},
    "id_type": {"身份证": "resident_id", "其他": "other"},
    "form": {"附件": "file", "告知承诺": "commitment"},
    "result_verdict": {"合格": "pass", "不合格": "fail"},
    "decision_verdict": {"准予": "permit", "不予": "refuse"},
}
_LEVELS = {"一": "1", "二": "2", "三": "3", "四": "4", "五": "5"} | {digit: digit for digit in "12345"}


def enum(field: str, text: str) -> str | None:
    """The canonical word of an enumeration, given itself or its Chinese word."""
    words = WORDS[field]
    return text if text in words.values() else words.get(text)


def boolean(text: str) -> bool | None:
    """true/false or 是/否."""
    return {"true": True, "是": True, "false": False, "否": False}.get(text)


def instant(text: str) -> datetime | None:
    """ISO 8601; without offset it is Asia/Shanghai."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=SHANGHAI)


def day(text: str) -> date | None:
    """An ISO date."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def integer(text: str) -> int | None:
    return int(text) if re.fullmatch(r"-?[0-9]+", text) else None


def score(text: str) -> float | None:
    """A number from 0 to 100."""
    number = float(text) if re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", text) else None
    return number if number is not None and 0 <= number <= 100 else None


def level_digit(text: str) -> str | None:
    """The digit of a level written `3`, `3级` or `三级`."""
    return _LEVELS.get(text.removesuffix("级"))


def span_of_levels(text: str) -> list[str] | None:
    """The digits of a range such as `5-3级`; None for any other text."""
    span = re.fullmatch(r"\s*([1-5一二三四五])级?\s*[-~至]\s*([1-5一二三四五])级?\s*", text)
    if not span:
        return None
    ends = sorted(_LEVELS[end] for end in span.groups())
    return [digit for digit in "12345" if ends[0] <= digit <= ends[1]]


def add_months(start: date, months: int) -> date:
    """The same day so many months later, or the last day of a month that is too short for it."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    for last in (start.day, 30, 29, 28):
        try:
            return date(year, month + 1, min(start.day, last))
        except ValueError:
            continue
    raise AssertionError("every month has 28 days")


def midnight(of: date) -> datetime:
    """00:00 Asia/Shanghai of a day."""
    return datetime(of.year, of.month, of.day, tzinfo=SHANGHAI)


def noon(of: date) -> datetime:
    """12:00 Asia/Shanghai of a day: any moment of it, where only the day is known."""
    return midnight(of) + timedelta(hours=12)


def shanghai_day(moment: datetime) -> date:
    """The day in Asia/Shanghai."""
    return moment.astimezone(SHANGHAI).date()


def day_after(of: date) -> date:
    return of + timedelta(days=1)


def masked(number: str) -> str:
    """An identity number masked to the first 6 and last 2 characters; one of up to 8 characters is masked whole."""
    if len(number) <= 8:
        return "*" * len(number)
    return number[:6] + "*" * (len(number) - 8) + number[-2:]


def workdays_after(start: date, count: int) -> date:
    """The last day of a period of so many workdays that begins on the day after `start`.

    Workdays are the State Council's where the calendar knows the year, else Monday to Friday.
    """
    day = start
    while count:
        day = day_after(day)
        count -= is_workday(day)
    return day


def is_workday(day: date) -> bool:
    """A workday of the State Council's calendar, or Monday to Friday of a year it does not know."""
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return day.weekday() < 5
