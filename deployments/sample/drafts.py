"""A valid application of a made institution as rows of the five form tables, and what it is made for: its case."""

import hashlib
from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from deployments.sample.institutions import Institution
from deployments.sample.locality import Locality
from deployments.sample.material import FILE_TYPES, PROGRAMMES, WORK_TYPES, Row, person_name, someone, stream
from deployments.sample.setting import Holding, Setting
from deployments.sample.wishes import Wish
from schemas.policy import Policy

_TITLES = {
    "full_time": ("鉴定科科长", "考务管理员", "人力资源部主管", "培训部主任"),
    "examiner": ("高级考评员", "考评员", "高级技师", "技师"),
    "supervisor": ("质量督导员", "高级质量督导员"),
    "expert": ("高级工程师", "正高级工程师", "高级讲师", "高级技师"),
}
_CERTIFIED = ("examiner", "supervisor")
_SPARE_PEOPLE = {"full_time": 2, "examiner": 3, "supervisor": 1, "expert": 2}
_FIRST_TO_COME, _LAST_TO_COME = 14, 25  # numbers of institutions
_OTHER_ID_SHARE = 0.02
_USUAL_FILE_TYPE = "pdf"
_LARGEST_FILE = 9_000_000


@dataclass
class Draft:
    """The rows of one application, still without its number."""

    application: Row
    occupations: list[Row] = field(default_factory=list)
    staff: list[Row] = field(default_factory=list)
    materials: list[Row] = field(default_factory=list)
    programmes: list[Row] = field(default_factory=list)

    def copy(self) -> "Draft":
        return deepcopy(self)

    def rows_of(self, table: str) -> list[Row]:
        """The rows of a form table by its name."""
        if table == "applications":
            return [self.application]
        rows: list[Row] = getattr(self, table)
        return rows

    def numbered(self, table: str, application_no: str) -> list[Row]:
        """The rows of a form table under an application number."""
        return [{**row, "application_no": application_no} for row in self.rows_of(table)]


def compose(institution: Institution, kind: str, wished: Iterable[Wish], setting: Setting) -> Draft:
    """A valid application: what is wished, enough people, every material; handed in within the window."""
    rng = setting.stream(institution.uscc, "application")
    draft = Draft(_form(institution, kind, setting, rng), staff=_people(institution, setting))
    for material in _required(institution, setting.policy):
        draft.materials.append(material_row(setting.policy, institution, material, rng))
    for wish in wished:
        add_occupation(draft, institution, wish, setting)
    if institution.kind.character == "school":
        draft.programmes = _programmes(institution, draft, setting)
    return draft


def add_occupation(draft: Draft, institution: Institution, wish: Wish, setting: Setting, name: str = "") -> Row:
    """One more row of 申报职业 with its materials; `name` where it is not the Dictionary's for that code.

    An occupation published later without a code goes by its name alone (contract section 5).
    """
    listed = setting.occupation_names.get(wish.code)
    occupation_name = name or listed or wish.code
    row = {
        "occupation_code": "" if occupation_name == wish.code else wish.code,
        "occupation_name": occupation_name,
        "work_type": WORK_TYPES.get(wish.code, ""),
        "levels": ",".join(wish.levels),
        "audience": wish.audience,
    }
    draft.occupations.append(row)
    rng = setting.stream(institution.uscc, "materials", wish.code)
    if not any(material.get("occupation_code") == wish.code for material in draft.materials):
        materials = setting.policy.required.every_occupation
        draft.materials += [
            material_row(setting.policy, institution, material, rng, wish.code, occupation_name)
            for material in materials
        ]
    return row


def occupation_of(row: Row) -> str:
    """What the register will call the occupation of a row: the neighbour's code, its own, or its name without one."""
    return row.get("neighbour_code") or row["occupation_code"] or row["occupation_name"]


def material_row(
    policy: Policy, institution: Institution, material: str, rng: Random, code: str = "", name: str = ""
) -> Row:
    """A material handed in as a file."""
    title = policy.materials[material] + (f"（{name}）" if name else "")
    digest = hashlib.sha256(f"{institution.uscc} {material} {code}".encode())
    return {
        "material": material,
        "occupation_code": code,
        "form": "file",
        "file_name": f"{title}.{_file_type(material, policy)}",
        "size_bytes": str(rng.randint(20_000, min(_LARGEST_FILE, policy.attachments.max_bytes))),
        "sha256": digest.hexdigest(),
    }


def _file_type(material: str, policy: Policy) -> str:
    """The usual type of a material's file, or the first that the policy allows."""
    allowed, usual = policy.attachments.types, FILE_TYPES.get(material, _USUAL_FILE_TYPE)
    return usual if usual in allowed else allowed[0]


def working_moment(first: datetime, last: datetime, rng: Random) -> str:
    """A moment in office hours on a day between two, later days likelier; ISO 8601 local time."""
    days = (last.date() - first.date()).days
    day = first.date() + timedelta(days=min(days, int(days * max(rng.random(), rng.random()) + 0.5)))
    return f"{day.isoformat()}T{rng.randint(8, 17):02d}:{rng.randint(0, 59):02d}:{rng.randint(0, 59):02d}"


def _form(institution: Institution, kind: str, setting: Setting, rng: Random) -> Row:
    opens, closes = setting.window
    return {
        "cycle": setting.cycle,
        "kind": kind,
        "institution_name": institution.name,
        "uscc": institution.uscc,
        "institution_type": institution.institution_type,
        "affiliation": institution.affiliation,
        "region_code": institution.region_code,
        "registered_address": institution.address,
        "legal_representative": institution.legal_representative,
        "contact_name": institution.contact_name,
        "contact_phone": institution.contact_phone,
        "contact_email": institution.contact_email,
        "submitted_at": _moments_at_the_edge(opens, closes).get(institution.number)
        or working_moment(opens, closes - timedelta(days=1), rng),
        "social_insurance": "true",
        "no_violations": "true",
    }


def _moments_at_the_edge(opens: datetime, closes: datetime) -> dict[int, str]:
    """The institutions that hand in at the first and at the last second of the window."""
    first, last = opens.replace(tzinfo=None), closes.replace(tzinfo=None) - timedelta(seconds=1)
    return {_FIRST_TO_COME: first.isoformat(), _LAST_TO_COME: last.isoformat()}


def _people(institution: Institution, setting: Setting) -> list[Row]:
    """The institution's people: the same in every cycle, each in one role, no identity number twice."""
    rng = stream(setting.seed, institution.uscc, "people")
    numbers: set[str] = set()
    people = []
    for role, needed in setting.policy.staff.items():
        for _ in range(needed + rng.randint(0, _SPARE_PEOPLE.get(role, 0))):
            people.append(_someone(role, numbers, setting.locality, rng))
    return people


def _someone(role: str, numbers: set[str], locality: Locality, rng: Random) -> Row:
    foreign = rng.random() < _OTHER_ID_SHARE
    number = ""
    while not number or number in numbers:
        number = f"H{rng.randint(10_000_000, 99_999_999)}" if foreign else someone(rng, locality.birth_areas)
    numbers.add(number)
    return {
        "role": role,
        "name": person_name(rng),
        "id_type": "other" if foreign else "resident_id",
        "id_number": number,
        "title": rng.choice(_TITLES[role]) if role in _TITLES else "",
        "certificate_no": f"{locality.area()[:2]}{rng.randint(10**9, 10**10 - 1)}" if role in _CERTIFIED else "",
    }


def _required(institution: Institution, policy: Policy) -> list[str]:
    branch = policy.required.branch if institution.affiliation != "municipal" else []
    return [*policy.materials_of(institution.institution_type), *branch]


def _programmes(institution: Institution, draft: Draft, setting: Setting) -> list[Row]:
    """A programme for every occupation asked for, and one more of the school's trade."""
    requested = [row["occupation_code"] for row in draft.occupations]
    codes = list(
        dict.fromkeys(
            [*requested, institution.trade.occupations[institution.number % len(institution.trade.occupations)]]
        )
    )
    return [programme_row(institution, code, setting) for code in codes]


def programme_row(institution: Institution, code: str, setting: Setting) -> Row:
    """A programme that leads to an occupation, up to the school's grade."""
    number, title = PROGRAMMES.get(code, ("0" + code.replace("-", "")[-3:], setting.occupation_names[code]))
    return {
        "programme_code": number,
        "programme_name": title,
        "occupation_code": code,
        "highest_level": institution.grade,
    }


@dataclass(frozen=True)
class Scenario:
    """What an application is made for: the mishap that spoils it ("" for none) and the outcome that follows."""

    mishap: str
    outcome: str

    @property
    def is_corrected(self) -> bool:
        return self.outcome.endswith(" corrected")

    @property
    def is_sent_out(self) -> bool:
        """Whether any of its items reaches a panel; CAP-2 concerns one occupation only."""
        if self.outcome.startswith("returned:"):
            return self.is_corrected
        held_whole = self.outcome.startswith("held:") and self.mishap not in ("CAP-2", "CONTEST")
        return not held_whole or self.outcome.endswith(" permitted")


PLAIN = Scenario("", "filed")


@dataclass(eq=False)
class Case:
    """One application; `dormant` says its institution holds an occupation without any assessment (DORM-1)."""

    institution: Institution
    kind: str
    holding: Holding | None
    dormant: bool
    scenario: Scenario = PLAIN
    occupation: str = ""  # the occupation that CAP-2 is about
    draft: Draft = field(default_factory=lambda: Draft({}))
    mended: Draft | None = None
    application_no: str = ""

    @property
    def final(self) -> Draft:
        """The version that is evaluated, if any is."""
        return self.mended or self.draft

    @property
    def on_file(self) -> frozenset[str]:
        """Occupations its institution holds on the deadline."""
        return frozenset(self.holding.items) if self.holding else frozenset()

    @property
    def items_on_file(self) -> int:
        """How many (occupation, level) its institution holds on the deadline."""
        return sum(map(len, self.holding.items.values())) if self.holding else 0
