"""Inspection drawn at random (双随机、一公开): the draw, so that anyone can repeat it.

Source: Notice, article 4(3). Chance comes from the seed alone: the lot of a name is the SHA-256 of `seed|name` in
UTF-8 as hexadecimal text, and the lowest lot wins. `METHOD` says the rest in words that go into the file.
"""

from collections.abc import Iterable
from datetime import date
from fractions import Fraction
from hashlib import sha256
from math import ceil

from pydantic import BaseModel, ConfigDict, Field

from schemas.errors import RefusedError
from schemas.submission import BOOLEANS, Column, Table

OUTCOMES = {
    "no_problem": "未发现问题",
    "corrected": "发现问题已责令改正",
    "pending": "发现问题待后续处理",
    "unreachable": "无法联系",
    "obstructed": "不配合检查情节严重",
}
INSPECTORS_TABLE = Table(
    "inspectors",
    "检查人员名录",
    (
        Column("inspector_no", "检查人员编号"),
        Column("name", "姓名"),
        Column("unit", "所在单位"),
        Column("active", "在岗", "boolean", words=BOOLEANS),
    ),
)
OUTCOMES_TABLE = Table(
    "inspection_outcomes",
    "抽查结果",
    (
        Column("cycle", "申报批次", "cycle"),
        Column("uscc", "统一社会信用代码"),
        Column("inspected_on", "检查日期", "date"),
        Column("outcome", "检查结果", "enum", words=OUTCOMES),
        Column("remarks", "备注", optional=True),
    ),
)
METHOD = (
    "一、名称的签号为“种子|名称”按UTF-8编码的SHA-256值的十六进制文本，签号小者在先。"
    "二、抽取机构数为机构总数乘以抽取比例，向上取整。"
    "三、机构按“机构类型|所属区划”分层，各层名额按机构数比例取整数部分，余下名额依次给小数部分大的层，相同的按层名的签号。"
    "四、各层内按统一社会信用代码的签号抽取。"
    "五、抽中机构按签号排序，依次配备检查人员：先取已配备次数少的，相同的按“统一社会信用代码|检查人员编号”的签号；"
    "同一机构的检查人员所在单位各不相同，且不是被检查机构。"
)


class ImpossibleDrawError(RefusedError, ValueError):
    """A draw that the inspectors or institutions at hand do not allow: one sentence."""


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Source(_Row):
    """The published directory a draw's list was taken from, by its name and the SHA-256 of its manifest."""

    edition: str
    manifest_sha256: str


class Institution(_Row):
    """One institution of the directory."""

    uscc: str
    institution_name: str
    institution_type: str
    region_code: str

    @property
    def stratum(self) -> str:
        return f"{self.institution_type}|{self.region_code}"


class Inspector(_Row):
    """One active inspector."""

    inspector_no: str
    name: str
    unit: str


class Visit(_Row):
    """One institution drawn, and who inspects it."""

    uscc: str
    institution_name: str
    stratum: str
    lot: str
    inspectors: tuple[Inspector, ...]


class Draw(_Row):
    """A draw with everything that went into it: its list, its seed, its numbers and its result."""

    cycle: str
    seed: str = Field(min_length=1)
    drawn_on: date
    source: Source | None = Field(None, description="the directory that was drawn from; older draws name none")
    method: str = METHOD
    share: str = Field(description="share of institutions, as the policy writes it")
    inspectors_per_visit: int = Field(gt=0)
    institutions: tuple[Institution, ...]
    inspectors: tuple[Inspector, ...]
    visits: tuple[Visit, ...]


def lot(seed: str, name: str) -> str:
    """The lot of a name under a seed: hexadecimal SHA-256 of `seed|name`."""
    return sha256(f"{seed}|{name}".encode()).hexdigest()


def draw(
    cycle: str,
    seed: str,
    drawn_on: date,
    *,
    share: float | str,
    inspectors_per_visit: int,
    institutions: Iterable[Institution],
    inspectors: Iterable[Inspector],
    source: Source | None = None,
) -> Draw:
    """Draw institutions and inspectors; the order in which they are given does not matter.

    Raises ImpossibleDrawError when there is nobody to inspect, or when the inspectors are of too few units.
    """
    listed = tuple(sorted(institutions, key=lambda institution: institution.uscc))
    people = tuple(sorted(inspectors, key=lambda inspector: inspector.inspector_no))
    _require_unique(listed, people)
    chosen = _chosen(seed, listed, Fraction(str(share)))
    return Draw(
        cycle=cycle,
        seed=seed,
        drawn_on=drawn_on,
        source=source,
        share=str(share),
        inspectors_per_visit=inspectors_per_visit,
        institutions=listed,
        inspectors=people,
        visits=_visits(seed, chosen, people, inspectors_per_visit),
    )


def differences(made: Draw) -> list[str]:
    """What is not as its own list, seed and numbers give it; an empty list when the draw is genuine."""
    try:
        again = draw(
            made.cycle,
            made.seed,
            made.drawn_on,
            share=made.share,
            inspectors_per_visit=made.inspectors_per_visit,
            institutions=made.institutions,
            inspectors=made.inspectors,
            source=made.source,
        )
    except ImpossibleDrawError as impossible:
        return [str(impossible)]
    sentences = [] if made.method == METHOD else ["the method is not the one this program draws by"]
    drawn, due = ({visit.uscc: visit for visit in record.visits} for record in (made, again))
    sentences += [f"{uscc} was not drawn and is in the file" for uscc in sorted(drawn.keys() - due.keys())]
    sentences += [f"{uscc} was drawn and is not in the file" for uscc in sorted(due.keys() - drawn.keys())]
    for uscc in sorted(drawn.keys() & due.keys()):
        if drawn[uscc] != due[uscc]:
            expected = "、".join(inspector.inspector_no for inspector in due[uscc].inspectors)
            sentences.append(f"the visit to {uscc} is not the one drawn: its inspectors are {expected}")
    if not sentences and made != again:
        sentences.append("the lists or visits are not in the order of the draw, or a visit is there twice")
    return sentences


def _require_unique(institutions: tuple[Institution, ...], inspectors: tuple[Inspector, ...]) -> None:
    if not institutions:
        raise ImpossibleDrawError("no institution is in the directory: there is nobody to draw")
    for name, keys in (
        ("institution", [institution.uscc for institution in institutions]),
        ("inspector", [inspector.inspector_no for inspector in inspectors]),
    ):
        twice = sorted({key for key in keys if keys.count(key) > 1}) if len(set(keys)) < len(keys) else []
        if twice:
            raise ImpossibleDrawError(f"{name} {twice[0]} is listed twice: list each once")


def _chosen(seed: str, institutions: tuple[Institution, ...], share: Fraction) -> list[Institution]:
    strata: dict[str, list[Institution]] = {}
    for institution in institutions:
        strata.setdefault(institution.stratum, []).append(institution)
    total = min(len(institutions), ceil(share * len(institutions)))
    quotas = {name: Fraction(total * len(members), len(institutions)) for name, members in strata.items()}
    places = {name: int(quota) for name, quota in quotas.items()}
    in_turn = sorted(strata, key=lambda name: (places[name] - quotas[name], lot(seed, name)))
    for name in in_turn[: total - sum(places.values())]:
        places[name] += 1
    chosen = [
        institution
        for name, members in strata.items()
        for institution in sorted(members, key=lambda one: lot(seed, one.uscc))[: places[name]]
    ]
    return sorted(chosen, key=lambda one: lot(seed, one.uscc))


def _visits(seed: str, chosen: list[Institution], inspectors: tuple[Inspector, ...], size: int) -> tuple[Visit, ...]:
    load = dict.fromkeys((inspector.inspector_no for inspector in inspectors), 0)
    visits = []
    for institution in chosen:
        team = _team(seed, institution, inspectors, size, load)
        for member in team:
            load[member.inspector_no] += 1
        visits.append(
            Visit(
                uscc=institution.uscc,
                institution_name=institution.institution_name,
                stratum=institution.stratum,
                lot=lot(seed, institution.uscc),
                inspectors=team,
            )
        )
    return tuple(visits)


def _team(
    seed: str, institution: Institution, inspectors: tuple[Inspector, ...], size: int, load: dict[str, int]
) -> tuple[Inspector, ...]:
    def turn(inspector: Inspector) -> tuple[int, str]:
        return load[inspector.inspector_no], lot(seed, f"{institution.uscc}|{inspector.inspector_no}")

    team: list[Inspector] = []
    barred = {institution.institution_name}
    for inspector in sorted(inspectors, key=turn):
        if len(team) < size and inspector.unit not in barred:
            team.append(inspector)
            barred.add(inspector.unit)
    if len(team) < size:
        raise ImpossibleDrawError(
            f"{institution.institution_name} needs {size} inspectors of different units and there are {len(team)}: "
            "import more with `filing import inspectors FILE`"
        )
    return tuple(team)
