"""Worksheets whose cells are written straight as XML, between what xlsxwriter laid out round them once.

xlsxwriter makes an object a cell and asks each what it is when the file is written, and it writes styles, theme and
properties anew for every file. A sheet here takes the same calls for its cells and rows and gives the same XML.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from html import escape
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
        """The number of a text, which is cut where it is longer than a cell takes."""
        self.count += 1
        return self.places.setdefault(_cut(text), len(self.places))

    def as_part(self) -> Packed:
        """The part `xl/sharedStrings.xml`."""
        items = "".join(map(_item, self.places))
        head = f'<sst xmlns="{_NAMESPACE}" count="{self.count}" uniqueCount="{len(self.places)}">'
        return pack(f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n{head}{items}</sst>'.encode())


def _cut(text: str) -> str:
    if len(text) <= _LONGEST_TEXT // 2:
        return text
    return text.encode("utf-16-le")[: 2 * _LONGEST_TEXT].decode("utf-16-le", "ignore")


@lru_cache(maxsize=16_384)
def _item(text: str) -> str:
    text = _CONTROLS.sub(lambda match: f"_x005F{match[1]}" if match[1] else f"_x{ord(match[2]):04X}_", text)
    kept = ' xml:space="preserve"' if text[:1].isspace() or text[-1:].isspace() else ""
    return f"<si><t{kept}>{escape(text, quote=False)}</t></si>"


class FilledSheet:
    """Cells, heights of rows and merged ranges of one sheet; rows and columns from 0, as xlsxwriter counts them."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts
        self._rows: dict[int, dict[int, str]] = {}
        self._heights: dict[int, float] = {}
        self._merged: list[str] = []

    def write_string(self, row: int, column: int, text: str, form: Format | None = None) -> None:
        """Put a text into a cell."""
        self._put(row, column, form, f' t="s"><v>{self._texts.place(text)}</v></c>')

    def write_number(self, row: int, column: int, number: int, form: Format | None = None) -> None:
        """Put a number into a cell."""
        self._put(row, column, form, f"><v>{number}</v></c>")

    def write_blank(self, row: int, column: int, _nothing: None, form: Format | None = None) -> None:
        """Give a cell a look and no value; without a look it is no cell."""
        if form is not None:
            self._put(row, column, form, "/>")

    def merge_range(self, first: int, left: int, last: int, right: int, text: str, form: Format) -> None:
        """Join cells and put a text into the first."""
        self._merged.append(f'<mergeCell ref="{_name(first, left)}:{_name(last, right)}"/>')
        look = f' s="{form.xf_index}"/>'
        for row in range(first, last + 1):
            cells, place = self._rows.setdefault(row, {}), row + 1
            for column in range(left, right + 1):
                cells[column] = f'<c r="{_COLUMNS[column]}{place}"{look}'
        if text:
            self.write_string(first, left, text, form)

    def set_row(self, row: int, height: float) -> None:
        """Make a row so many points high, in whole pixels of three quarters of a point."""
        self._heights[row] = int(height * 4 / 3 + 0.5) * 0.75

    def _put(self, row: int, column: int, form: Format | None, rest: str) -> None:
        look = f' s="{form.xf_index}"' if form is not None else ""
        self._rows.setdefault(row, {})[column] = f'<c r="{_name(row, column)}"{look}{rest}'

    @property
    def height(self) -> int:
        """How many rows there are down to the last cell."""
        return max(self._rows) + 1

    def as_part(self, around: "Surroundings", replaced: Mapping[str, str]) -> Packed:
        """The sheet as a part of the file; `replaced`: marks in what stands after the cells to what takes their place."""
        columns = [column for cells in self._rows.values() for column in cells]
        corners = _name(min(self._rows), min(columns)), _name(max(self._rows), max(columns))
        shown = corners[0] if corners[0] == corners[1] else ":".join(corners)
        merged = f'<mergeCells count="{len(self._merged)}">{"".join(self._merged)}</mergeCells>' if self._merged else ""
        tail = around.tail
        for mark, text in replaced.items():
            tail = tail.replace(mark, escape(text, quote=False))
        cells = "".join(self._lines())
        whole = f'{around.head}<dimension ref="{shown}"/>{around.middle}<sheetData>{cells}</sheetData>'
        return pack(f"{whole}{around.guard}{merged}{tail}".encode())

    def _lines(self) -> list[str]:
        spans: dict[int, tuple[int, int]] = {}
        for row, cells in self._rows.items():
            least, most = spans.get(row // _SPAN_ROWS, (min(cells), max(cells)))
            spans[row // _SPAN_ROWS] = (min(least, *cells), max(most, *cells))
        lines = []
        for row in sorted({*self._rows, *self._heights}):
            least, most = spans[row // _SPAN_ROWS]
            height = f' ht="{self._heights[row]:g}" customHeight="1"' if row in self._heights else ""
            texts = "".join(text for _, text in sorted(self._rows.get(row, {}).items()))
            lines.append(f'<row r="{row + 1}" spans="{least + 1}:{most + 1}"{height}>{texts}</row>')
        return lines


@dataclass(frozen=True)
class Surroundings:
    """What stands in a sheet's XML before, between and after its cells."""

    head: str
    middle: str
    guard: str
    tail: str

    @classmethod
    def of(cls, sheet: str) -> "Surroundings":
        """Those of a sheet that xlsxwriter wrote."""
        match = _PARTS.fullmatch(sheet)
        if match is None:
            raise ValueError("xlsxwriter's sheets have another order than they had")
        return cls(**match.groupdict())


def _name(row: int, column: int) -> str:
    return f"{_COLUMNS[column]}{row + 1}"


_COLUMNS: Final = [xl_col_to_name(column) for column in range(64)]
