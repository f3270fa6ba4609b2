"""Days, instants and cycles as people write them, turned into ISO text; whether a day is right does not belong here.

Only spellings that begin with the year are read: `1.9.2026` and `9/1/2026` mean different days to different people.
Text that is none of them comes back as it was, so that FORM-10 names it.
"""

import re
from datetime import date, datetime, timedelta

_FLAGS = re.ASCII | re.VERBOSE
_SPELLED = re.compile(
    r"""(?P<y>\d{4})
        (?: (?P<sep>[-/.]) (?P<m>\d{1,2}) (?P=sep) (?P<d>\d{1,2}) | 年\ ?(?P<mz>\d{1,2})月\ ?(?P<dz>\d{1,2})日 )
        (?: (?:T|\ |(?<=日)) (?P<hh>\d{1,2}) [:时点] (?P<mm>\d{1,2})
            (?: [:分] (?: (?P<ss>\d{1,2}) (?:[.,](?P<f>\d{1,9}))? 秒? )? )? )?
        \ ? (?P<off>Z|[+-]\d{2}:?\d{2})?""",
    _FLAGS,
)
_COMPACT = re.compile(
    r"""(?P<y>\d{4}) (?P<m>\d{2}) (?P<d>\d{2})
        (?: [T ]? (?P<hh>\d{2}) (?P<mm>\d{2}) (?P<ss>\d{2})? )?
        (?P<off>Z|[+-]\d{2}:?\d{2})?""",
    _FLAGS,
)
_SERIAL = re.compile(r"\d{5}(\.\d+)?", re.ASCII)
_CYCLE = re.compile(r"(?P<y>20\d{2})(?:[-/.年]\ ?(?P<m>\d{1,2})|(?P<mc>\d{2}))月?", _FLAGS)
#: Day 0 of a spreadsheet, and the serial numbers of this century: a number outside them is not a day.
_EPOCH, _FIRST_SERIAL, _LAST_SERIAL = datetime(1899, 12, 30), 36526, 73051


def iso_date(text: str) -> str:
    """A day as `YYYY-MM-DD`; a time of day without offset beside it is dropped."""
    moment, offset = _read(text)
    return text if moment is None or offset else moment.date().isoformat()


def iso_instant(text: str) -> str:
    """An instant as `YYYY-MM-DDTHH:MM:SS`, its fraction of a second and its offset kept; a bare day is its 00:00."""
    moment, offset = _read(text)
    if moment is None:
        return text
    fraction = f".{moment.microsecond:06d}".rstrip("0") if moment.microsecond else ""
    return moment.replace(microsecond=0).isoformat() + fraction + offset


def cycle_text(text: str) -> str:
    """A cycle as `YYYY-MM`, also from the first of the month a spreadsheet made of it."""
    if found := _CYCLE.fullmatch(text):
        month = int(found["m"] or found["mc"])
        return f"{found['y']}-{month:02d}" if 1 <= month <= 12 else text  # noqa: PLR2004  months of a year
    moment, offset = _read(text)
    first = moment is not None and not offset and moment.day == 1
    return moment.strftime("%Y-%m") if moment and first else text


def _read(text: str) -> tuple[datetime | None, str]:
    if _SERIAL.fullmatch(text):
        return _from_serial(float(text)), ""
    found = _SPELLED.fullmatch(text) or _COMPACT.fullmatch(text)
    if found is None:
        return None, ""
    return _from_parts({name: part for name, part in found.groupdict().items() if part}), _offset(found["off"])


def _from_serial(days: float) -> datetime | None:
    if not _FIRST_SERIAL <= days < _LAST_SERIAL:
        return None
    return _EPOCH + timedelta(seconds=round(days * 86400))


def _from_parts(parts: dict[str, str]) -> datetime | None:
    hour, minute, second = (int(parts.get(name, "0")) for name in ("hh", "mm", "ss"))
    fraction = int(parts.get("f", "0")[:6].ljust(6, "0"))
    # ISO 8601 writes the end of a day as 24:00, and so does the notice
    midnight = hour == 24 and not (minute or second or fraction)  # noqa: PLR2004
    try:
        day = date(int(parts["y"]), int(parts.get("m") or parts["mz"]), int(parts.get("d") or parts["dz"]))
        start = datetime(day.year, day.month, day.day, 0 if midnight else hour, minute, second, fraction)
        return start + timedelta(days=midnight)
    except (ValueError, OverflowError):
        return None


def _offset(text: str | None) -> str:
    if not text:
        return ""
    if text == "Z":
        return "+00:00"
    return text if ":" in text else f"{text[:3]}:{text[3:]}"
