"""What a typed cell of a workbook or of JSON says as text; what the text means does not belong here."""

from datetime import date, datetime, time, timedelta
from math import isnan

#: A spreadsheet keeps 15 significant digits: a longer whole number has lost its last ones.
EXACT_BELOW = 10**15
_HALF_SECOND = timedelta(milliseconds=500)


def cell_text(value: object) -> str | None:
    """A cell as text: whole numbers without `.0`, days and instants as ISO 8601; None for nothing.

    A whole number of more than 15 digits stays as the spreadsheet shows it (`9.142e+16`), so that a check of it fails.
    Raises TypeError for a value that is no cell (a list of lists, an object).
    """
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, list):
        return _listed(value)
    return _moment(value)


def _number(value: float) -> str | None:
    if isnan(value):
        return None
    return str(int(value)) if value.is_integer() and abs(value) < EXACT_BELOW else repr(value)


def _listed(values: list[object]) -> str:
    if any(isinstance(value, list) for value in values):
        raise TypeError("a list of lists is no cell")
    return ",".join(cell_text(value) or "" for value in values)


def _moment(value: object) -> str:
    if isinstance(value, datetime):
        # a spreadsheet's day fraction misses the second a person typed by some microseconds
        return (value + _HALF_SECOND).replace(microsecond=0).isoformat()
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    raise TypeError(f"a {type(value).__name__} is no cell")
