"""A scoring workbook's sheets, columns and looks, for the module that writes it and the one that reads it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256

from xlsxwriter import Workbook
from xlsxwriter.format import Format

from schemas.evaluation import EvaluatedItem, EvaluationPackage
from schemas.policy import Policy
from schemas.submission import BOOLEANS, RESULT_VERDICTS, RESULTS
from tasks.gateways.paper.visible_text import visible, width_of

WORKBOOK = "评分表.xlsx"
COVER, SCORING, MANIFEST = "封面", "评分表", "送评清单"
KEY = "条目键"
FORMAT = 2
HEADER_ROW = 3  # from 0
FIRST_ROW = HEADER_ROW + 1

_FONT = {"font_name": "SimSun", "font_size": 11, "valign": "vcenter"}
_BOXED = {**_FONT, "border": 1, "text_wrap": True, "align": "center"}
_YELLOW, _GREY, _HEADER, _RED = "#FFF2CC", "#F2F2F2", "#D9E2F3", "#F8CBAD"
_NUMBER_FORMATS = {"score": "0.##", "evaluated_on": "yyyy-mm-dd", "panel_size": "0"}

_LINE_HEIGHT, _LEAST_HEIGHT = 18, 22  # points
#: Of a cell's width in characters one is padding, and one the indent of `Styles.text`: a row is rather too tall than cut.
_MARGIN = 2

VERDICTS, SHOWN = list(RESULT_VERDICTS.values()), list(BOOLEANS.values())


@dataclass(frozen=True)
class Field:
    """One column of the scoring sheet: header, width in characters; the result column it fills, if any."""

    title: str
    width: int
    fills: str = ""
    required: bool = True


def _filled(name: str, width: int) -> Field:
    column = RESULTS.column(name)
    return Field(column.title, width, name, required=not column.optional)


#: What says which item a row is, in the order of `ManifestLine.item_cells`; locked.
ITEM_FIELDS = (
    Field("申报编号", 20),
    Field("职业编码", 13),
    Field("职业名称", 18),
    Field("工种", 16),
    Field("等级", 16),
)
FILLED_FIELDS = (
    _filled("verdict", 10),
    _filled("score", 9),
    _filled("commitments_shown", 15),
    _filled("evaluated_on", 13),
    _filled("panel_lead", 12),
    _filled("panel_size", 13),
    _filled("remarks", 24),
)
FIELDS = (Field(KEY, 18), Field("序号", 6), *ITEM_FIELDS, *FILLED_FIELDS)


def column_of(name: str) -> int:
    """Place of a result column on the scoring sheet, from 0."""
    return next(place for place, field in enumerate(FIELDS) if field.fills == name)


#: The fields of a line as the hidden sheet of every workbook sent out has named them; the cells of the item are `shown`.
_LINE_KEYS = ("key", "application_no", "occupation_code", "work_type", "level", "shown", "prefilled")


@dataclass(frozen=True)
class ManifestLine:
    """One item as it was sent: its key, the cells of its row (ITEM_FIELDS), the cells filled in beforehand."""

    key: str
    application_no: str
    occupation_code: str
    work_type: str
    level: str
    item_cells: tuple[str, ...]
    prefilled: Mapping[str, str]

    def as_json(self) -> str:
        """The line as it stands in the hidden sheet; JSON keeps every character as it is."""
        return json.dumps(dict(zip(_LINE_KEYS, self.__dict__.values(), strict=True)), ensure_ascii=True)

    @classmethod
    def from_json(cls, text: str) -> "ManifestLine":
        """Raises ValueError, TypeError or KeyError for a line that was changed."""
        read = {**json.loads(text)}
        return cls(item_cells=tuple(read.pop("shown")), **read)


@dataclass(frozen=True)
class ManifestHead:
    """What was sent: the layout's number, application, cycle, revision, and the dispatch's token where it has one."""

    format: int
    application_no: str
    cycle: str
    revision: int
    token: str = ""

    def as_json(self) -> str:
        """The head as it stands in the hidden sheet."""
        return json.dumps({name: value for name, value in self.__dict__.items() if value != ""})


def head(package: EvaluationPackage, token: str = "") -> ManifestHead:
    """The head of a package's hidden sheet."""
    return ManifestHead(FORMAT, package.application_no, package.cycle, package.revision, token)


def lines(package: EvaluationPackage, policy: Policy) -> list[ManifestLine]:
    """The items of a package in the order of the scoring sheet: by occupation and work type, then from the lowest level."""
    leader = package.panel.leader
    prefilled = {"panel_lead": visible(leader.name)} if leader else {}
    if not package.commitments:
        prefilled["commitments_shown"] = BOOLEANS["true"]
    ordered = sorted(
        package.items, key=lambda item: (item.occupation_code, item.work_type, policy.level_place(item.level))
    )
    return [
        ManifestLine(
            key=_key(package, item),
            application_no=package.application_no,
            occupation_code=item.occupation_code,
            work_type=item.work_type,
            level=item.level,
            item_cells=tuple(map(visible, _item_cells(package, item, policy))),
            prefilled=prefilled,
        )
        for item in ordered
    ]


def _item_cells(package: EvaluationPackage, item: EvaluatedItem, policy: Policy) -> tuple[str, ...]:
    level = policy.level_title(item.level)
    return (package.application_no, item.occupation_code, item.occupation_name, item.work_type, level)


def _key(package: EvaluationPackage, item: EvaluatedItem) -> str:
    parts = (package.application_no, str(package.revision), item.occupation_code, item.work_type, item.level)
    return sha256("|".join(parts).encode()).hexdigest()[:16]


class Styles:
    """The looks of cells, made for one workbook in one order."""

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
        self._cells = {
            (number, required): self._add(
                {**_BOXED, "locked": False, "num_format": number, "bg_color": _YELLOW if required else "#FFFFFF"}
            )
            for number in ("General", *_NUMBER_FORMATS.values())
            for required in (True, False)
        }

    def cell(self, name: str, *, required: bool) -> Format:
        """The format of a cell to fill in: unlocked, yellow where it must be filled."""
        return self._cells[_NUMBER_FORMATS.get(name, "General"), required]

    def all(self) -> list[Format]:
        """Every look of a cell."""
        kinds = (self.title, self.plain, self.note, self.section, self.header, self.label)
        return [*kinds, self.locked, self.text, self.centred, *self._cells.values()]

    def _add(self, look: dict[str, object]) -> Format:
        return self._workbook.add_format(look)


def row_height(texts: Sequence[str], widths: Sequence[int]) -> int:
    """The height in points that texts take in cells of these widths in characters; Chinese characters count two."""
    return max(_LEAST_HEIGHT, _LINE_HEIGHT * max(map(_wrapped, texts, widths), default=1))


@lru_cache(maxsize=16_384)
def _wrapped(text: str, width: int) -> int:
    """How many lines a text takes."""
    return sum(max(1, -(-width_of(line) // max(width - _MARGIN, 1))) for line in text.split("\n"))
