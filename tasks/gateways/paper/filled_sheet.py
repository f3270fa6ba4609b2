"""Worksheets whose cells are written straight as XML into a sheet that xlsxwriter laid out once.

xlsxwriter makes an object for each cell, examines its type when the file is written, and writes styles, theme and
properties anew for every file. A sheet here takes the same calls for its cells and rows and gives the same XML.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from html import escape
from operator import itemgetter
from typing import Final

from xlsxwriter.format import Format
from xlsxwriter.utility import xl_col_to_name

from tasks.gateways.paper.packing import Packed, pack

#: A cell's text is cut to so many units of UTF-16, as xlsxwriter cuts it.
_LONGEST_TEXT: Final = 32_767
_SPAN_ROWS: Final = 16
_CONTROLS: Final = re.compile("(_x[0-9a-fA-F]{4}_)|([\x00-\x08\x0b-\x1f\ufffe\uffff])")
_NAMESPACE: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_PARTS: Final = re.compile(
    r'(?P<head>.*)<dimension ref="[^"]*"/>(?P<middle>.*)<sheetData>.*</sheetData>(?P<guard>.*?)'
    r"(?:<mergeCells.*</mergeCells>)?(?P<tail><(?:printOptions|pageMargins).*)",
    re.DOTALL,
)


@dataclass
class Texts:
    """The texts of one workbook, numbered as they first come."""

    places: dict[str, int] = field(default_factory=dict)
    count: int = 0

    def place(self, text: str) -> int:
        """The number of a text, which is cut if it is longer than a cell can hold."""
        self.count += 1
        return self.places.setdefault(text if len(text) <= _LONGEST_TEXT // 2 else _cut(text), len(self.places))

    def as_part(self) -> Packed:
        """The part `xl/sharedStrings.xml`."""
        items = "".join(map(_item, self.places))
        head = f'<sst xmlns="{_NAMESPACE}" count="{self.count}" uniqueCount="{len(self.places)}">'
        return pack(f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n{head}{items}</sst>'.encode())


def _cut(text: str) -> str:
    return text.encode("utf-16-le")[: 2 * _LONGEST_TEXT].decode("utf-16-le", "ignore")


@lru_cache(maxsize=16_384)
def _item(text: str) -> str:
    text = _CONTROLS.sub(lambda match: f"_x005F{match[1]}" if match[1] else f"_x{ord(match[2]):04X}_", text)
    space = ' xml:space="preserve"' if text[:1].isspace() or text[-1:].isspace() else ""
    return f"<si><t{space}>{escape(text, quote=False)}</t></si>"


@dataclass
class _Row:
    """The cells of a row from left to right, as XML, and the first and the last column."""

    cells: list[str]
    least: int
    most: int


class FilledSheet:
    """Cells, heights of rows and merged ranges of one sheet; rows and columns from 0, as xlsxwriter counts them.

    The cells of a row come from left to right.
    """

    def __init__(self, texts: Texts) -> None:
        self._texts = texts
        self._rows: dict[int, _Row] = {}
        self._heights: dict[int, str] = {}
        self._merged: list[str] = []

    def write_string(self, row: int, column: int, text: str, form: Format | None = None) -> None:
        """Put a text into a cell."""
        self._put(row, column, column, f'{_cell(row, column, form)} t="s"><v>{self._texts.place(text)}</v></c>')

    def write_number(self, row: int, column: int, number: int, form: Format | None = None) -> None:
        """Put a number into a cell."""
        self._put(row, column, column, f"{_cell(row, column, form)}><v>{number}</v></c>")

    def write_blank(self, row: int, column: int, _nothing: None, form: Format | None = None) -> None:
        """Write a cell with a format and no value; without a format, no cell."""
        if form is not None:
            self._put(row, column, column, _blanks(row, column, column, form.xf_index))

    def merge_range(self, first: int, left: int, last: int, right: int, text: str, form: Format) -> None:
        """Merge cells and put a text, possibly empty, into the first."""
        self._merged.append(f'<mergeCell ref="{_name(first, left)}:{_name(last, right)}"/>')
        cell = f'{_cell(first, left, form)} t="s"><v>{self._texts.place(text)}</v></c>'
        self._put(first, left, right, cell + _blanks(first, left + 1, right, form.xf_index))
        for row in range(first + 1, last + 1):
            self._put(row, left, right, _blanks(row, left, right, form.xf_index))

    def set_row(self, row: int, height: float) -> None:
        """Make a row of cells so many points high, in whole pixels of three quarters of a point."""
        self._heights[row] = height_of(height)

    def _put(self, row: int, left: int, right: int, cells: str) -> None:
        line = self._rows.get(row)
        if line is None:
            self._rows[row] = _Row([cells], left, right)
            return
        if left <= line.most:
            raise ValueError(f"the cell {_name(row, left)} comes after one to the right of it")
        line.cells.append(cells)
        line.most = right

    @property
    def height(self) -> int:
        """The number of rows down to the last cell."""
        return max(self._rows) + 1

    def as_part(self, around: "Surroundings", replaced: Mapping[str, str]) -> Packed:
        """The sheet as a part of the file; `replaced`: marks in the XML after the cells to the text that replaces them."""
        rows = self._rows.values()
        corners = (
            _name(min(self._rows), min(row.least for row in rows)),
            _name(max(self._rows), max(row.most for row in rows)),
        )
        tail = around.tail
        for mark, text in replaced.items():
            tail = tail.replace(mark, escape(text, quote=False))
        return replace(around, tail=tail).filled(corners, "".join(self._lines()), self._merged)

    def _lines(self) -> Iterator[str]:
        spans: dict[int, tuple[int, int]] = {}
        for number, row in self._rows.items():
            least, most = spans.get(number // _SPAN_ROWS, (row.least, row.most))
            spans[number // _SPAN_ROWS] = (min(least, row.least), max(most, row.most))
        for number, row in sorted(self._rows.items(), key=itemgetter(0)):
            least, most = spans[number // _SPAN_ROWS]
            height = self._heights.get(number, "")
            yield f'<row r="{number + 1}" spans="{least + 1}:{most + 1}"{height}>{"".join(row.cells)}</row>'


def _cell(row: int, column: int, form: Format | None) -> str:
    """A cell's opening tag with its place and format, not closed yet."""
    look = "" if form is None else f' s="{form.xf_index}"'
    return f'<c r="{_COLUMNS[column]}{row + 1}"{look}'


@lru_cache(maxsize=16_384)
def _blanks(row: int, left: int, right: int, look: int) -> str:
    """Cells of one format without a value."""
    return "".join(f'<c r="{_name(row, column)}" s="{look}"/>' for column in range(left, right + 1))


@dataclass(frozen=True)
class Surroundings:
    """A sheet's XML before, between and after its cells."""

    head: str
    middle: str
    guard: str
    tail: str

    @classmethod
    def of(cls, sheet: str) -> "Surroundings":
        """The surroundings in a sheet that xlsxwriter wrote."""
        match = _PARTS.fullmatch(sheet)
        if match is None:
            raise ValueError("xlsxwriter's sheets have another order than they had")
        return cls(**match.groupdict())

    def filled(self, corners: tuple[str, str], rows: str, merged: Sequence[str]) -> Packed:
        """The sheet as a part of the file; `corners`: its first and its last cell; `merged`: its merged ranges, as XML."""
        area = corners[0] if corners[0] == corners[1] else ":".join(corners)
        joined = f'<mergeCells count="{len(merged)}">{"".join(merged)}</mergeCells>' if merged else ""
        cells = f'<dimension ref="{area}"/>{self.middle}<sheetData>{rows}</sheetData>'
        return pack(f"{self.head}{cells}{self.guard}{joined}{self.tail}".encode())


def height_of(points: float) -> str:
    """A row's height as it stands in its tag: whole pixels of three quarters of a point, as xlsxwriter has them."""
    return f' ht="{int(points * 4 / 3 + 0.5) * 0.75:g}" customHeight="1"'


def _name(row: int, column: int) -> str:
    return f"{_COLUMNS[column]}{row + 1}"


_COLUMNS: Final = [xl_col_to_name(column) for column in range(64)]
