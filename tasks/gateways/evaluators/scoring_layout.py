"""Where what stands in a scoring workbook, for the one who writes it and the one who reads it; no styles, no files."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from schemas.evaluation import EvaluatedItem, EvaluationPackage
from schemas.notice import level_title
from schemas.submission import BOOLEANS, RESULT_VERDICTS, RESULTS
from tasks.gateways.paper.visible_text import visible

WORKBOOK = "评分表.xlsx"
COVER, SCORING, MANIFEST = "封面", "评分表", "送评清单"
KEY = "条目键"
FORMAT = 1
HEADER_ROW = 3  # from 0
FIRST_ROW = HEADER_ROW + 1
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


#: What says which item a row is, in the order of `shown`; locked.
ITEM_FIELDS = (Field("申报编号", 20), Field("职业编码", 13), Field("职业名称", 18), Field("等级", 16))
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


@dataclass(frozen=True)
class ManifestLine:
    """One item as it was sent: its key, what its row shows, what was filled in beforehand."""

    key: str
    application_no: str
    occupation_code: str
    level: str
    shown: tuple[str, ...]
    prefilled: Mapping[str, str]

    def as_json(self) -> str:
        """The line as it stands in the hidden sheet; JSON keeps every character as it is."""
        return json.dumps(self.__dict__, ensure_ascii=True)

    @classmethod
    def from_json(cls, text: str) -> "ManifestLine":
        """Raises ValueError, TypeError or KeyError for a line that was changed."""
        read = json.loads(text)
        return cls(**{**read, "shown": tuple(read["shown"])})


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


def lines(package: EvaluationPackage) -> list[ManifestLine]:
    """The items of a package in the order of the scoring sheet: by occupation, then from level five to one."""
    leader = package.panel.leader
    prefilled = {"panel_lead": visible(leader.name)} if leader else {}
    if not package.commitments:
        prefilled["commitments_shown"] = BOOLEANS["true"]
    ordered = sorted(package.items, key=lambda item: (item.occupation_code, -ord(item.level[:1] or "0"), item.level))
    return [
        ManifestLine(
            key=_key(package, item),
            application_no=package.application_no,
            occupation_code=item.occupation_code,
            level=item.level,
            shown=tuple(map(visible, _shown(package, item))),
            prefilled=prefilled,
        )
        for item in ordered
    ]


def _shown(package: EvaluationPackage, item: EvaluatedItem) -> tuple[str, ...]:
    return (package.application_no, item.occupation_code, item.occupation_name, level_title(item.level))


def _key(package: EvaluationPackage, item: EvaluatedItem) -> str:
    parts = (package.application_no, str(package.revision), item.occupation_code, item.level)
    return sha256("|".join(parts).encode()).hexdigest()[:16]
