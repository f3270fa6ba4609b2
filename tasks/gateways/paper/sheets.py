"""Printed tables as Chinese offices lay them out: A4 landscape, ruled, header on every page.

Text is written as text whatever it begins with, so no cell can run; dates are real dates; codes stay text.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from io import BytesIO
from typing import Any, Final, Literal
from zipfile import ZipFile

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from tasks.gateways.paper.filled_sheet import Surroundings, Texts, height_of
from tasks.gateways.paper.packing import Packed, joined, pack
from tasks.gateways.paper.visible_text import visible, width_of

Cell = str | int | date
Style = Literal["title", "note", "header", "text", "centred", "date"]

_TEXTS_PART: Final = "xl/sharedStrings.xml"
#: The day from which a workbook counts days, as Excel does since it takes 1900 for a leap year.
_DAY_ZERO: Final = date(1899, 12, 30)
_LINE_POINTS = 15.0
#: Of a column's width in characters so much is the padding of its cells; none of our styles indents its text.
_PADDING = 1
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
    """One workbook in the making: xlsxwriter lays out its sheets, their rows are written straight as XML."""

    def __init__(self, workbook: Workbook) -> None:
        self._workbook = workbook
        self._texts = Texts()
        self._cells = _Cells({name: workbook.add_format(style) for name, style in _STYLES.items()}, self._texts)
        self._sheets: list[Sheet] = []

    def sheet(self, name: str, columns: Sequence[SheetColumn], heading: Sequence[str] = ()) -> "Sheet":
        """A new sheet with its heading lines and its header row, frozen and repeated on every page."""
        made = Sheet(self._workbook.add_worksheet(name), self._cells, columns, heading)
        self._sheets.append(made)
        return made

    def filled(self, layout: bytes) -> bytes:
        """The whole file, made of what xlsxwriter wrote without the rows."""
        parts = {f"xl/worksheets/sheet{number}.xml": sheet for number, sheet in enumerate(self._sheets, start=1)}
        with ZipFile(BytesIO(layout)) as written:
            entries = {name: pack(written.read(name)) for name in written.namelist() if name not in parts}
            filled = {name: sheet.as_part(written.read(name).decode()) for name, sheet in parts.items()}
        self._texts.count = sum(sheet.text_count for sheet in self._sheets)
        return joined({**entries, **filled, _TEXTS_PART: self._texts.as_part()})


@dataclass(frozen=True)
class _Cells:
    """The cells of a workbook as XML, each without the place it stands at."""

    formats: Mapping[Style, Format]
    texts: Texts
    #: By style and width: the same values stand in many rows, so each is made once, with the lines it takes.
    made: dict[tuple[Style, float], dict[Cell, tuple[str, int]]] = field(default_factory=lambda: defaultdict(dict))

    def xml(self, value: Cell, style: Style) -> str:
        """A cell's XML after its place; blank text is an empty ruled cell. Formats and texts are numbered in order of use."""
        look = f'" s="{self.formats[style]._get_xf_index()}"'
        if isinstance(value, date):
            return f"{look}><v>{(value - _DAY_ZERO).days}</v></c>"
        if isinstance(value, int):
            return f"{look}><v>{value}</v></c>"
        return f'{look} t="s"><v>{self.texts.place(_shown(value))}</v></c>' if value else f"{look}/>"


class Sheet:
    """One sheet; rows are written from the top, each over all columns."""

    def __init__(self, sheet: Worksheet, cells: _Cells, columns: Sequence[SheetColumn], heading: Sequence[str]):
        self._sheet, self._cells, self.columns = sheet, cells, columns
        self._rows: list[str] = []
        self._merged: list[str] = []
        self._known = [cells.made[column.style, column.width] for column in columns]
        self._last = len(columns) - 1
        self._names = [xl_col_to_name(place) for place in range(len(columns))]
        self.header_row = len(heading)
        self._set_up_page()
        for line, text in enumerate(heading):
            style: Style = "note" if line else "title"
            self.merge(0, self._last, 1)
            self._line([(text, style), *([("", style)] * self._last)], 20 if line else 36)
        self._line([(column.title, "header") for column in columns], 24)
        for place, column in enumerate(columns):
            sheet.set_column(place, place, column.width)
        sheet.freeze_panes(self.header_row + 1, 0)
        sheet.repeat_rows(self.header_row)
        sheet.write_string(0, 0, "-")  # gives way to the rows

    @property
    def next_row(self) -> int:
        """The number of the next row, from 0."""
        return len(self._rows)

    @property
    def text_count(self) -> int:
        """How many cells hold text."""
        return sum(row.count(' t="s"') for row in self._rows)

    def rows(self, rows: Iterable[Sequence[Cell]], *, filters: bool = False) -> None:
        """Write rows below each other, with filter buttons in the header if asked for."""
        for row in rows:
            self.row(row)
        if filters:
            self._sheet.autofilter(self.header_row, 0, self.next_row - 1, self._last)

    def row(self, cells: Sequence[Cell], height: float | None = None) -> None:
        """One row, of a height in points or of the height its longest text needs."""
        made = [
            made_before.get(value) or self._made(place, value)
            for place, (made_before, value) in enumerate(zip(self._known, cells, strict=True))
        ]
        number, needed = len(self._rows) + 1, max([count for _, count in made])
        if height is None and needed > 1:  # not every reader fits the height of a row to its text by itself
            height = points(needed)
        named = zip(self._names, made, strict=True)
        self._put("".join([f'<c r="{name}{number}{xml}' for name, (xml, _) in named]), height)

    def merge(self, left: int, right: int, count: int) -> None:
        """Merge the cells of the next `count` rows between two columns; a single cell stays as it is."""
        top = len(self._rows) + 1
        if left < right or count > 1:
            area = f"{self._names[left]}{top}:{self._names[right]}{top + count - 1}"
            self._merged.append(f'<mergeCell ref="{area}"/>')

    def as_part(self, layout: str) -> Packed:
        """The sheet as a part of the file, in the layout that xlsxwriter wrote."""
        corners = "A1", f"{self._names[-1]}{len(self._rows)}"
        return Surroundings.of(layout).filled(corners, "".join(self._rows), self._merged)

    def _made(self, place: int, value: Cell) -> tuple[str, int]:
        """A value of a column as XML, and the lines it takes there; kept for later cells of the same value."""
        column = self.columns[place]
        needed = lines(value, column.width) if isinstance(value, str) else 1
        made = self._known[place][value] = self._cells.xml(value, column.style), needed
        return made

    def _line(self, cells: Sequence[tuple[Cell, Style]], height: float) -> None:
        """A row whose cells have a style each."""
        place = len(self._rows) + 1
        xml = (
            f'<c r="{name}{place}{self._cells.xml(value, style)}'
            for name, (value, style) in zip(self._names, cells, strict=True)
        )
        self._put("".join(xml), height)

    def _put(self, cells: str, height: float | None) -> None:
        tall = "" if height is None else height_of(min(height, _MAX_ROW_POINTS))
        self._rows.append(f'<row r="{len(self._rows) + 1}" spans="1:{self._last + 1}"{tall}>{cells}</row>')

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
    made = Book(workbook)
    yield made, finished
    workbook.close()
    finished.write(made.filled(buffer.getvalue()))


# the same names and words stand in many rows
_shown = lru_cache(maxsize=100_000)(visible)


@lru_cache(maxsize=100_000)
def lines(text: str, width: float) -> int:
    """How many lines a text takes in a column of a width, a Chinese character counting two."""
    seen_text = _shown(text)
    if 2 * len(seen_text) < width:  # on one line whatever its characters are
        return 1
    return max(1, math.ceil(width_of(seen_text) / (width - _PADDING)))


def points(line_count: int) -> float:
    """Height of so many lines, in points."""
    return line_count * _LINE_POINTS + 3


def day(text: str) -> Cell:
    """An ISO date as a real date; other text stays text."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return text
