"""The parts of a policy file, each refusing what cannot be meant; what contradicts another part is `policy`'s to find."""

import re
from collections.abc import Iterable
from typing import Annotated, Literal, Self, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from schemas.errors import RefusedError
from schemas.law.cycle import cycle_id, month_length
from schemas.submission import AUDIENCES, ROLES
from schemas.toml_file import written

T = TypeVar("T")

#: More levels and materials than any city has; the rules keep sets of them as bits.
MOST_LEVELS, MOST_MATERIALS = 12, 60
#: Days, months and people beyond it are a slip of the hand.
_MOST = 10_000


class ContradictionError(RefusedError, ValueError):
    """A value that does not fit the rest of the policy: the field it stands in, and one sentence."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


def assert_distinct(field: str, values: Iterable[object]) -> None:
    """Raise ContradictionError where a list names something twice."""
    values_seen = set()
    for value in values:
        if value in values_seen:
            raise ContradictionError(field, f"names '{value}' twice")
        values_seen.add(value)


def _distinct(values: list[T]) -> list[T]:
    if len(set(values)) < len(values):
        raise ValueError("names something twice")
    return values


def _pattern(text: str) -> str:
    if not text.strip():
        raise ValueError("is blank")
    try:
        re.compile(text)
    except re.error as wrong:
        raise ValueError(f"is no regular expression: {wrong}") from wrong
    return text


def _audience(text: str) -> str:
    if text not in AUDIENCES:
        raise ValueError(f"'{text}' is not known: the audiences are {', '.join(AUDIENCES)}")
    return text


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as wrong:
        raise ValueError(f"'{name}' is no time zone: write one like Asia/Shanghai") from wrong
    return name


Name = Annotated[str, written(r"^[a-z][a-z0-9_]*$", "small letters, digits and _, such as work_plan")]
Title = Annotated[str, written(r"^\S(?:.*\S)?$", "words without spaces before and behind")]
Zone = Annotated[str, AfterValidator(_zone)]
LevelCode = Annotated[str, written(r"^[^\s,;:|/，；、：~～–—\-]{1,8}$", "1 to 8 signs, no separators among them")]
Count = Annotated[int, Field(ge=0, le=_MOST)]
AtLeastOne = Annotated[int, Field(ge=1, le=_MOST)]
RegionCode = Annotated[str, written(r"^[A-Za-z0-9-]+$", "a code of letters, digits and -, such as 110101")]
OccupationCode = Annotated[str, written(r"^\d-\d{2}-\d{2}-\d{2}$", "a code such as 6-18-01-01")]
CodeBeginning = Annotated[str, written("^[0-9A-HJ-NPQRTUWXY]{2}$", "the first two signs of credit codes, such as 91")]
Ending = Annotated[str, written("^[a-z0-9]+$", "the ending of a file's name in small letters, such as pdf")]
Names = Annotated[list[Name], AfterValidator(_distinct)]


#: The articles of the shipped notice by which rules, letters and refusals go.
ARTICLES = (
    *("一", "一（一）", "一（一）～（三）", "一（二）", "一（三）"),
    *("二（一）", "二（一）～（五）", "二（二）", "二（六）"),
    *("三（一）", "三（二）", "三（三）", "三（四）", "四（三）"),
)


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class CycleNumbers(Part):
    months: Annotated[list[Annotated[int, Field(ge=1, le=12)]], Field(min_length=1), AfterValidator(_distinct)]
    deadline_day: int = Field(ge=1, le=31)
    window_months: int = Field(ge=1, le=12)
    roll: Literal["none", "next_workday"]
    moment: Literal["stated", "received"]

    @model_validator(mode="after")
    def _possible(self) -> Self:
        for month in self.months:
            if self.deadline_day > month_length(month):
                raise ContradictionError("deadline_day", f"is {self.deadline_day}, which month {month} does not have")
        ordered = sorted(self.months)
        gaps = [later - earlier for earlier, later in zip(ordered, [*ordered[1:], ordered[0] + 12], strict=True)]
        if self.window_months > min(gaps):
            raise ContradictionError(
                "window_months", f"is {self.window_months}, but two deadlines are {min(gaps)} months apart"
            )
        return self


class Correction(Part):
    workdays: AtLeastOne


class Evaluation(Part):
    panel_size: AtLeastOne
    pass_mark: float = Field(ge=0, le=100)
    wait_days: Count


class Decision(Part):
    together: bool


class Closing(Part):
    remind_days: Count


class Publication(Part):
    public_notice_workdays: Count
    max_drop_share: float = Field(ge=0, le=1)
    release: Literal["automatic", "approved"]
    show_phone: bool


class Validity(Part):
    months: AtLeastOne
    reminder_days: Annotated[list[AtLeastOne], Field(min_length=1), AfterValidator(_distinct)]


class Dormancy(Part):
    first_cycle: Annotated[str, AfterValidator(cycle_id)]
    grace_months: Count


class Cap(Part):
    capped: Names
    occupations: AtLeastOne
    saturation: AtLeastOne
    saturation_counts: Names
    unit: Literal["occupation", "work_type"]


class Adjustment(Part):
    bar_months: Count


class Retention(Part):
    staff_months: Count


class Inspection(Part):
    share: float = Field(gt=0, le=1)
    inspectors_per_visit: AtLeastOne


class Regions(Part):
    area_prefix: Annotated[str, written(r"^\d{0,6}$", "the first digits of the city's area codes, at most six")]
    names: dict[RegionCode, Annotated[list[Title], Field(min_length=1)]] = Field(min_length=1)

    @model_validator(mode="after")
    def _are_distinct(self) -> Self:
        assert_distinct("names", [*self.names, *(name for names in self.names.values() for name in names)])
        return self

    @property
    def codes(self) -> list[str]:
        return list(self.names)


class Province(Part):
    institution_code: Annotated[str, AfterValidator(_pattern)]


class Occupations(Part):
    skill_classes: Annotated[list[Annotated[int, Field(ge=1, le=8)]], AfterValidator(_distinct)]
    skill_yes: Annotated[list[OccupationCode], AfterValidator(_distinct)]
    skill_no: Annotated[list[OccupationCode], AfterValidator(_distinct)]

    @model_validator(mode="after")
    def _either(self) -> Self:
        if both := sorted(set(self.skill_yes) & set(self.skill_no)):
            raise ContradictionError("skill_no", f"names '{both[0]}', which skill_yes names too")
        return self


class Required(Part):
    every_institution: Names
    every_occupation: Names
    branch: Names
    commitment_allowed: Names


class InstitutionType(Part):
    title: Title
    credit_code_prefixes: Annotated[list[CodeBeginning], Field(min_length=1), AfterValidator(_distinct)]
    audiences: Annotated[
        list[Annotated[str, AfterValidator(_audience)]], Field(min_length=1), AfterValidator(_distinct)
    ]
    levels: Annotated[list[str], Field(min_length=1), AfterValidator(_distinct)]
    materials: Names
    neighbour: bool = Field(False, description="an unlisted occupation may go by its neighbour's code (OCC-3)")
    programmes: bool = Field(False, description="occupations answer to the programmes it teaches (OCC-11, OCC-12)")


class Attachments(Part):
    max_bytes: int = Field(ge=1)
    types: Annotated[list[Ending], Field(min_length=1), AfterValidator(_distinct)]


def _roles(counts: dict[str, int]) -> dict[str, int]:
    for role in ROLES:
        if role not in counts:
            raise ContradictionError(role, "is missing")
    for role in counts:
        if role not in ROLES:
            raise ContradictionError(role, f"is not known: the roles are {', '.join(ROLES)}")
    return counts


Staff = Annotated[dict[str, Count], AfterValidator(_roles)]
