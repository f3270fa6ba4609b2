"""Frames as CSV files that a spreadsheet opens rightly and runs nothing of.

A cell that a spreadsheet would take for a formula (its first visible character is `=`, `+`, `-`, `@` or their
full-width forms, or it begins with a tab or a line break) gets an apostrophe in front, as OWASP advises ("CSV
Injection"); a plain number does not, whatever its sign. No valid code, date or list of levels begins so;
`directory.json` holds every text as it is.
"""

import re
from io import StringIO
from typing import Any

import pandas as pd
from pandas.api.types import is_numeric_dtype

_FORMULA = re.compile(r"(?![+-]?\d+(?:\.\d+)?$)(?:[\t\r\n]|\s*[=+\-@＝＋－＠])")
#: Of formulas those that call, refer or command: without one of these signs nothing but numbers is worked out.
_ACTIVE = re.compile(r"(?s)\s*[=+\-@＝＋－＠].*[(|!（]")
_BOM = "\ufeff"  # without it a Chinese Windows reads the file as GB18030


def csv_bytes(frame: pd.DataFrame) -> bytes:
    """A frame of text as UTF-8 CSV with BOM, canonical headers, formulas disarmed."""
    buffer = StringIO()
    disarmed(frame).to_csv(buffer, index=False, lineterminator="\n")
    return (_BOM + buffer.getvalue()).encode("utf-8")


def disarmed(frame: pd.DataFrame, *, verbatim: bool = False) -> pd.DataFrame:
    """The frame with an apostrophe before every cell of text that a spreadsheet would run.

    `verbatim`: cells quote what somebody handed in, so that a telephone's `+86 …` stays what it was.
    """
    formula = _ACTIVE if verbatim else _FORMULA
    if frame.empty:
        return frame  # a directory may hold nobody, and a column-wise function of no cells is not defined
    safe: pd.DataFrame = frame.apply(lambda column: column if is_numeric_dtype(column) else _safe(column, formula))
    return safe


def _safe(column: "pd.Series[Any]", formula: re.Pattern[str]) -> list[Any]:
    cells = column.tolist()
    safe = {cell: f"'{cell}" for cell in set(cells) if isinstance(cell, str) and formula.match(cell)}
    return [safe.get(cell, cell) for cell in cells] if safe else cells
