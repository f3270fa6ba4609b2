"""Printed tables as bureaus lay them out: A4 landscape, ruled, header on every page.

Text is written as text whatever it begins with, so no cell can run; dates are real dates; codes stay text.
"""

import math
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from io import BytesIO
from typing import Any, Literal

from xlsxwriter import Workbook

from tasks.gateways.paper.packing import packed
from tasks.gateways.paper.visible_text import visible

Cell = str | int | date
#: Top row, left column, bottom row, right column, counted from 0.
Area = tuple[int, int, int, int]
Style = Literal["title", "note", "header", "text", "centred", "date"]

_LINE_POINTS = 15.0
_MAX_ROW_POINTS = 409.0  # the file format's limit
_OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
_RULED = {"border": 1, "valign": "vcenter", "text_wrap": True, "font_name": "宋体", "font_size": 10.5}
_STYLES: dict[Style, dict[str, Any]] = {
    "title": {"font_name": "黑体", "font_size": 18, "align": "center", "valign": "vcenter"},
    "note": {"font_name": "宋体", "font_size": 10.5, "align": "center", "valign": "vcenter"},
    "header": {**_RULED, "bold": True, "align": "center", "bg_color": "#DCE6F1"},
    "text": _RULED,
    "centred": {**_RULED, "align": "center"},
    "date": {**_RULED, "align": "center", "num_format": "yyyy-mm-dd"},
}


@dataclass(frozen=True)
class SheetColumn:
    """One column: its header, its width in half-width characters, how its cells look."""

    title: str
    width: float
    style: Style = "text"


class Book:
    """One workbook in the making."""

    def __init__(self, workbook: Workbook) -> None:
        self._workbook = workbook
        self.styles = {name: workbook.add_format(style) for name, style in _STYLES.items()}

    def sheet(self, name: str, columns: Sequence[SheetColumn], heading: Sequence[str] = ()) -> "Sheet":
        """A new sheet with its heading lines and its header row, frozen and repeated on every page."""
        return Sheet(self._workbook.add_worksheet(name), self.styles, columns, heading)


class Sheet:
    """One sheet; rows are written from the top."""

    def __init__(self, sheet: Any, styles: Mapping[Style, Any], columns: Sequence[SheetColumn], heading: Sequence[str]):
        self._sheet, self._styles, self.columns = sheet, styles, columns
        self.header_row = len(heading)
        self.next_row = self.header_row + 1
        self._set_up_page()
        for line, text in enumerate(heading):
            self.merged((line, 0, line, len(columns) - 1), text, "note" if line else "title")
            sheet.set_row(line, 20 if line else 36)
        for place, column in enumerate(columns):
            sheet.set_column(place, place, column.width)
            self.cell(self.header_row, place, column.title, "header")
        sheet.set_row(self.header_row, 24)
        sheet.freeze_panes(self.header_row + 1, 0)
        sheet.repeat_rows(self.header_row)

    def rows(self, rows: Iterable[Sequence[Cell]], *, filters: bool = False) -> None:
        """Write rows below each other, with filter buttons in the header if asked for."""
        for row in rows:
            needed = 1
            for place, value in enumerate(row):
                self.cell(self.next_row, place, value, self.columns[place].style)
                if isinstance(value, str):
                    needed = max(needed, lines(value, self.columns[place].width))
            if needed > 1:  # not every reader fits the height of a row to its text by itself
                self.height(self.next_row, points(needed))
            self.next_row += 1
        if filters:
            self._sheet.autofilter(self.header_row, 0, max(self.next_row - 1, self.header_row), len(self.columns) - 1)

    def cell(self, row: int, place: int, value: Cell, style: Style) -> None:
        """One cell; blank text is an empty ruled cell."""
        look = self._styles[style]
        if isinstance(value, date):
            self._sheet.write_datetime(row, place, datetime(value.year, value.month, value.day), look)
        elif isinstance(value, int):
            self._sheet.write_number(row, place, value, look)
        elif value == "":
            self._sheet.write_blank(row, place, None, look)
        else:
            self._sheet.write_string(row, place, _shown(value), look)

    def merged(self, area: Area, value: Cell, style: Style) -> None:
        """One cell over several; over a single one it is that cell."""
        top, left, bottom, right = area
        if (top, left) != (bottom, right):
            self._sheet.merge_range(top, left, bottom, right, "", self._styles[style])
        self.cell(top, left, value, style)

    def height(self, row: int, points: float) -> None:
        """Fix the height of a row, in points."""
        self._sheet.set_row(row, min(points, _MAX_ROW_POINTS))

    def _set_up_page(self) -> None:
        self._sheet.set_paper(9)  # A4
        self._sheet.set_landscape()
        self._sheet.set_margins(left=0.5, right=0.5, top=0.6, bottom=0.7)
        self._sheet.fit_to_pages(1, 0)
        self._sheet.center_horizontally()
        self._sheet.set_footer("&C第 &P 页 共 &N 页")


@contextmanager
def book(title: str, as_of: date) -> Iterator[tuple[Book, BytesIO]]:
    """A workbook to fill; after the block the buffer holds its bytes, the same for the same content."""
    buffer, finished = BytesIO(), BytesIO()
    workbook = Workbook(buffer, _OPTIONS)
    workbook.set_properties({"title": title, "created": datetime(as_of.year, as_of.month, as_of.day)})
    yield Book(workbook), finished
    workbook.close()
    finished.write(packed(buffer.getvalue()))


# the same names and words stand in many rows
_shown = lru_cache(maxsize=100_000)(visible)


@lru_cache(maxsize=100_000)
def lines(text: str, width: float) -> int:
    """How many lines a text takes in a column of a width, a Chinese character counting two."""
    taken = sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in _shown(text))
    return max(1, math.ceil(taken / (width - 1)))


def points(line_count: int) -> float:
    """Height of so many lines, in points."""
    return line_count * _LINE_POINTS + 3


def day(text: str) -> Cell:
    """An ISO date as a real date; other text stays text."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return text
