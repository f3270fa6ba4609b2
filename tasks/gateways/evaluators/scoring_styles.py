"""How cells of a scoring workbook look and which of them may be filled in; what they say does not belong here."""

from collections.abc import Sequence
from unicodedata import east_asian_width

from xlsxwriter import Workbook
from xlsxwriter.format import Format

_FONT = {"font_name": "SimSun", "font_size": 11, "valign": "vcenter"}
_BOXED = {**_FONT, "border": 1, "text_wrap": True, "align": "center"}
_YELLOW, _GREY, _HEADER, _RED = "#FFF2CC", "#F2F2F2", "#D9E2F3", "#F8CBAD"
_NUMBER_FORMATS = {"score": "0.##", "evaluated_on": "yyyy-mm-dd", "panel_size": "0"}

_LINE_HEIGHT, _LEAST_HEIGHT = 18, 22  # points


class Styles:
    """The formats of one workbook."""

    def __init__(self, workbook: Workbook) -> None:
        self._workbook = workbook
        self.title = self._add({**_FONT, "font_size": 18, "bold": True, "align": "center"})
        self.plain = self._add({**_FONT, "text_wrap": True})
        self.note = self._add({**_FONT, "text_wrap": True, "font_color": "#7F6000"})
        self.section = self._add({**_FONT, "bold": True, "font_size": 12})
        self.header = self._add({**_BOXED, "bold": True, "bg_color": _HEADER})
        self.label = self._add({**_BOXED, "bold": True, "bg_color": _GREY})
        self.locked = self._add({**_BOXED, "bg_color": _GREY, "num_format": "@"})
        self.text = self._add({**_BOXED, "align": "left", "indent": 1})
        self.centred = self._add(_BOXED)
        self.contradiction = self._add({"bg_color": _RED})
        self._cells: dict[tuple[str, bool], Format] = {}

    def cell(self, name: str, *, required: bool) -> Format:
        """The format of a cell to fill in: unlocked, yellow where it must be filled."""
        number = _NUMBER_FORMATS.get(name, "General")
        if (number, required) not in self._cells:
            look = {**_BOXED, "locked": False, "num_format": number, "bg_color": _YELLOW if required else "#FFFFFF"}
            self._cells[number, required] = self._add(look)
        return self._cells[number, required]

    def _add(self, look: dict[str, object]) -> Format:
        return self._workbook.add_format(look)


def row_height(texts: Sequence[str], widths: Sequence[int]) -> int:
    """The height in points that texts take in cells of these widths in characters; Chinese characters count two."""
    lines = (sum(_wrapped(line, width) for line in text.split("\n")) for text, width in zip(texts, widths, strict=True))
    return max(_LEAST_HEIGHT, _LINE_HEIGHT * max(lines, default=1))


def _wrapped(line: str, width: int) -> int:
    taken = sum(2 if east_asian_width(character) in "WFA" else 1 for character in line)
    return max(1, -(-taken // max(width - 2, 1)))
