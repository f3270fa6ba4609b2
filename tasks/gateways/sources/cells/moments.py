"""Days, moments and cycles as people and spreadsheets write them, read into ISO text; None where nobody can be sure.

Only spellings that begin with the year are read: `1.9.2026` and `9/1/2026` mean different days to different people. Two
digits of a year are one of this century.
"""

import re
from datetime import date, datetime, timedelta
from typing import Final

from tasks.gateways.sources.cells.text import folded

_FLAGS = re.ASCII | re.VERBOSE
_DAY: Final = r"""(?P<y>\d{4}|\d{2})
    (?: (?P<sep>[-/.]) (?P<m>\d{1,2}) (?P=sep) (?P<d>\d{1,2}) | 年(?P<mz>\d{1,2})月(?P<dz>\d{1,2})[日号] )"""
_CLOCK: Final = r"""(?P<half>上午|早上|早|凌晨|中午|下午|晚上|晚)?
    (?P<hh>\d{1,2}) (?: (?:[:时]|点钟?) (?: (?P<mm>\d{1,2}) (?: [:分] (?: (?P<ss>\d{1,2}) (?:[.,](?P<f>\d{1,9}))? 秒? )? )?
        | (?P<part>整|半) )? )
    [ ]?(?P<noon>am|pm)?"""
_OFFSET: Final = r"(?P<off>z|[+-]\d{2}(?::?\d{2})?)?"
_SPELLED = re.compile(rf"{_DAY} (?: (?:t|[ ]|(?<=[日号])|(?=[上下中早凌晚])) {_CLOCK} )? [ ]?{_OFFSET}", _FLAGS)
_COMPACT = re.compile(
    rf"(?P<y>\d{{4}})(?P<m>\d{{2}})(?P<d>\d{{2}}) (?: [t ]? (?P<hh>\d{{2}})(?P<mm>\d{{2}})(?P<ss>\d{{2}})? )? {_OFFSET}",
    _FLAGS,
)
_SERIAL = re.compile(r"\d{5}(\.\d+)?", re.ASCII)
_CYCLE = re.compile(r"(?P<y>20\d{2})(?:[-/.年](?P<m>\d{1,2})|(?P<mc>\d{2}))月?(?:批次?|期)?", _FLAGS)
_WEEKDAY = re.compile(r"[ ,]?\(?(?:星期|周|礼拜)[一二三四五六日天]\)?")
_LOOSE = re.compile(r" ?([-/.:年月日号时点分秒]|上午|早上|凌晨|中午|下午|晚上) ?")
_NUMERALS = re.compile("[〇○零一二三四五六七八九十廿卅]+(?=[年月日号时点分秒])|(?<=[二一])o(?=[一二三四五六七八九])")
_FIGURES: Final = {**{sign: str(value) for value, sign in enumerate("〇一二三四五六七八九")}, "零": "0", "○": "0"}
_AFTERNOON: Final = ("下午", "晚上", "晚", "pm")
#: Day 0 of a spreadsheet, and the serial numbers of this century: a number outside them is not a day.
_EPOCH, _FIRST_SERIAL, _LAST_SERIAL = datetime(1899, 12, 30), 36526, 73051
_NOON: Final = 12


def iso_day(text: str) -> str | None:
    """A day as `YYYY-MM-DD`; a time of day without offset beside it is dropped."""
    moment, offset = _read(text)
    return None if moment is None or offset else moment.date().isoformat()


def iso_moment(text: str) -> str | None:
    """A moment as `YYYY-MM-DDTHH:MM:SS`, its fraction of a second and its offset kept; a bare day is its 00:00."""
    moment, offset = _read(text)
    if moment is None:
        return None
    fraction = f".{moment.microsecond:06d}".rstrip("0") if moment.microsecond else ""
    return moment.replace(microsecond=0).isoformat() + fraction + offset


def cycle(text: str) -> str | None:
    """A cycle as `YYYY-MM`, also from the first of the month a spreadsheet made of it."""
    plain = _in_figures(folded(text)).replace(" ", "")
    if match := _CYCLE.fullmatch(plain):
        month = int(match["m"] or match["mc"])
        return f"{match['y']}-{month:02d}" if 1 <= month <= 12 else None  # noqa: PLR2004  months of a year
    moment, offset = _read(text)
    first = moment is not None and not offset and moment.day == 1
    return moment.strftime("%Y-%m") if moment and first else None


def _read(text: str) -> tuple[datetime | None, str]:
    if _SERIAL.fullmatch(text):
        return _from_serial(float(text)), ""
    plain = _LOOSE.sub(r"\1", _in_figures(_WEEKDAY.sub(" ", folded(text)))).strip(" .。")
    match = _SPELLED.fullmatch(plain) or _COMPACT.fullmatch(plain)
    if match is None:
        return None, ""
    return _from_parts({name: part for name, part in match.groupdict().items() if part}), _offset(match["off"])


def _in_figures(text: str) -> str:
    return _NUMERALS.sub(_figures, text.replace("二o二", "二〇二"))


def _figures(match: re.Match[str]) -> str:
    """A Chinese number in figures: a year sign by sign, others by their tens."""
    signs = match.group().replace("廿", "二十").replace("卅", "三十")
    tens, ten, ones = signs.partition("十")
    if not ten:
        return "".join(_FIGURES[sign] for sign in signs)
    if len(tens) > 1 or len(ones) > 1:
        return match.group()
    return f"{_FIGURES.get(tens, '1')}{_FIGURES.get(ones, '0')}"


def _from_serial(days: float) -> datetime | None:
    if not _FIRST_SERIAL <= days < _LAST_SERIAL:
        return None
    return _EPOCH + timedelta(seconds=round(days * 86400))


def _from_parts(parts: dict[str, str]) -> datetime | None:
    hour, minute, second = (int(parts.get(name, "0")) for name in ("hh", "mm", "ss"))
    minute = 30 if parts.get("part") == "半" else minute
    half = parts.get("half") or parts.get("noon")
    if half in _AFTERNOON and hour < _NOON:
        hour += _NOON
    elif half in ("am", "凌晨") and hour == _NOON:
        hour = 0
    fraction = int(parts.get("f", "0")[:6].ljust(6, "0"))
    # ISO 8601 writes the end of a day as 24:00, and so does the notice
    midnight = hour == 24 and not (minute or second or fraction)  # noqa: PLR2004
    year = parts["y"] if len(parts["y"]) > 2 else f"20{parts['y']}"  # noqa: PLR2004
    try:
        day = date(int(year), int(parts.get("m") or parts["mz"]), int(parts.get("d") or parts["dz"]))
        start = datetime(day.year, day.month, day.day, 0 if midnight else hour, minute, second, fraction)
        return start + timedelta(days=midnight)
    except (ValueError, OverflowError):
        return None


def _offset(text: str | None) -> str:
    if not text:
        return ""
    if text == "z":
        return "+00:00"
    hours, minutes = text[:3], text[3:].lstrip(":") or "00"
    return f"{hours}:{minutes}"
