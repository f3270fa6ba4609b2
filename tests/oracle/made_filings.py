"""One made application, complete and without a fault: its rows in the five tables."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import values
from facts import Facts, Row
from filing import Trade
from made_values import Maker
from policy import Policy

_CHINESE = {field: {word: chinese for chinese, word in words.items()} for field, words in values.WORDS.items()}


@dataclass
class Institution:
    """Who files, and what it has on file (occupation and work type to levels)."""

    name: str
    type: str
    uscc: str
    region: str
    on_file: dict[Trade, list[str]] = field(default_factory=dict)


@dataclass
class MadeFiling:
    """The rows of one application, with the institution behind it."""

    institution: Institution
    form: Row
    occupations: list[Row]
    staff: list[Row]
    materials: list[Row]
    programmes: list[Row]

    @property
    def no(self) -> str:
        return self.form["application_no"]

    def tables(self) -> Iterator[tuple[str, list[Row]]]:
        yield "occupations", self.occupations
        yield "staff", self.staff
        yield "materials", self.materials
        yield "programmes", self.programmes


@dataclass
class World:
    """What making a cycle needs throughout."""

    rng: random.Random
    make: Maker
    facts: Facts
    cycle: str
    pool: list[str]  # occupations that social organisations crowd into
    skills: list[str]  # occupations without any finding of their own
    since: date  # submissions made now fall between these days
    until: date

    @property
    def policy(self) -> Policy:
        return self.facts.policy

    @property
    def areas(self) -> list[str]:
        """Area digits of the city's credit codes, which are codes of regions too."""
        return [code for code in self.policy["regions"]["names"] if code.isdigit()]

    def word(self, field: str, canonical: str) -> str:
        """The canonical word, or now and then the Chinese one."""
        chinese = self.policy["institution"][canonical]["title"] if field == "institution_type" else ""
        return (chinese or _CHINESE[field][canonical]) if self.rng.random() < 0.2 else canonical

    def yes(self) -> str:
        return "是" if self.rng.random() < 0.2 else "true"

    def open_levels(self, institution_type: str) -> list[str]:
        """The levels a type may have, from the lowest up."""
        return sorted(self.policy["institution"][institution_type]["levels"], key=self.policy.rank)

    def levels(self, institution_type: str) -> list[str]:
        """A run of levels that a type may have, from a low one up."""
        lowest = self.rng.choice((0, 0, 0, 1, 1, 2))
        return self.open_levels(institution_type)[lowest:][: 1 + self.rng.choice((0, 1, 2, 2, 4))]

    def submitted_at(self) -> str:
        """A moment in the window, sometimes at its very ends, in one of several spellings."""
        opens = values.midnight(self.policy.window_opens(self.cycle))
        closes = values.midnight(values.day_after(self.facts.deadline))
        since = max(opens, values.midnight(self.since))
        until = min(closes, values.midnight(values.day_after(self.until)))
        minutes = int((until - since).total_seconds() // 60)
        moment = since + timedelta(minutes=self.rng.randrange(minutes))
        ends = [moment for moment in (opens, closes, closes - timedelta(seconds=1)) if since <= moment <= until]
        if ends and self.rng.random() < 0.06:
            moment = self.rng.choice(ends)
        elif self.rng.random() < 0.3:  # few distinct moments, so that ranking by score has ties to break
            moment = since + timedelta(hours=9)
        return spelled_moment(self.rng, moment)

    def work_type(self, code: str) -> str:
        """Mostly none; else one of two of the occupation."""
        return f"{self.facts.dictionary[code]}{self.rng.choice('甲乙')}类" if self.rng.random() < 0.25 else ""


def spelled_moment(rng: random.Random, moment: datetime) -> str:
    """An instant in ISO 8601: without offset (Shanghai), with +08:00, or in UTC."""
    way = rng.randrange(5)
    if way == 0:
        return moment.isoformat()
    if way == 1:
        return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return moment.replace(tzinfo=None).isoformat(sep=" " if way == 2 else "T")


def application(world: World, institution: Institution, number: int, kind: str) -> MadeFiling:
    """A complete, faultless application of an institution for the occupations its kind asks for."""
    rng, make = world.rng, world.make
    no = f"HS{world.cycle[2:4]}{world.cycle[5:]}-{number:05d}"
    form = {
        "application_no": no,
        "cycle": world.cycle,
        "kind": world.word("kind", kind),
        "institution_name": institution.name,
        "uscc": institution.uscc,
        "institution_type": world.word("institution_type", institution.type),
        "affiliation": world.word("affiliation", rng.choices(("municipal", "provincial", "central"), (90, 6, 4))[0]),
        "region_code": institution.region,
        "registered_address": f"{world.policy['title']}磁湖路{rng.randrange(1, 300)}号",
        "legal_representative": make.person(),
        "contact_name": make.person(),
        "contact_phone": make.phone(),
        "contact_email": rng.choice(("", f"office{number}@example.org")),
        "submitted_at": world.submitted_at(),
        "social_insurance": world.yes(),
        "no_violations": world.yes(),
        "withdrawn": world.rng.choice(("", "", "", "false", "否")),
    }
    filing = MadeFiling(institution, form, [], [], [], [])
    for trade, levels in _draw_request(world, institution, kind).items():
        request(world, filing, trade, levels)
    _staff(world, filing)
    _institution_materials(world, filing)
    return filing


def _draw_request(world: World, institution: Institution, kind: str) -> dict[Trade, list[str]]:
    rng, held = world.rng, institution.on_file
    pool = world.pool if institution.type in world.policy["cap"]["capped"] and rng.random() < 0.7 else world.skills
    known = {trade.occupation for trade in held}
    fresh = rng.sample([code for code in pool if code not in known], rng.choice((1, 1, 2, 2, 3)))
    requested = {Trade(code, world.work_type(code)): world.levels(institution.type) for code in fresh}
    if kind == "renewal" and held:
        kept = rng.sample(sorted(held), rng.randrange(1, len(held) + 1))
        return {trade: rng.sample(held[trade], rng.randrange(1, len(held[trade]) + 1)) for trade in kept}
    if kind == "addition" and held and rng.random() < 0.4:  # further levels of an occupation on file
        trade = rng.choice(sorted(held))
        requested[trade] = [*{*held[trade], rng.choice(world.open_levels(institution.type))}]
    return requested


def request(
    world: World, filing: MadeFiling, trade: Trade, levels: list[str], *, code: str = "", name: str = ""
) -> Row:
    """Add an occupation row with its materials and, for a school, its programme; gives back the row.

    With a `code` and `name` of its own the row is an unlisted occupation with `trade` as its neighbour; with a name
    alone it is a later occupation.
    """
    rng = world.rng
    levels = sorted(levels, key=world.policy.rank)
    open_to = world.policy["institution"][filing.institution.type]["audiences"]
    row = {
        "application_no": filing.form["application_no"],
        "occupation_code": code or trade.occupation,
        "occupation_name": name or world.facts.dictionary[trade.occupation],
        "work_type": trade.work_type,
        "levels": world.make.spelled(levels),
        "audience": world.word("audience", rng.choice(open_to)),
        "neighbour_code": trade.occupation if code and trade.occupation != name else "",
    }
    filing.occupations.append(row)
    named = trade.work_type if rng.random() < 0.5 else ""
    for material in world.policy["required"]["every_occupation"]:
        filing.materials.append(paper(world, filing, material, trade.occupation, named))
    if filing.institution.type in world.policy.types(programmes=True):
        highest = rng.choice(world.policy.ladder[world.policy.rank(levels[-1]) :])
        filing.programmes.append(programme(world, filing, trade.occupation, highest))
    return row


def programme(world: World, filing: MadeFiling, code: str, highest: str) -> Row:
    number = world.rng.randrange(1000, 9999)
    return {
        "application_no": filing.form["application_no"],
        "programme_code": f"0{number}",
        "programme_name": f"专业{number}",
        "occupation_code": code,
        "highest_level": highest if world.rng.random() < 0.8 else world.make.spelled([highest]),
    }


def paper(world: World, filing: MadeFiling, material: str, code: str = "", work_type: str = "") -> Row:
    """A material handed in as a file."""
    rng = world.rng
    ending = rng.choice(world.policy["attachments"]["types"])
    return {
        "application_no": filing.form["application_no"],
        "material": material,
        "occupation_code": code,
        "work_type": work_type,
        "form": world.word("form", "file"),
        "file_name": f"{material}-{rng.randrange(100)}.{ending}",
        "size_bytes": str(rng.choice((1, rng.randrange(1_000, 5_000_000), world.policy["attachments"]["max_bytes"]))),
        "sha256": world.make.sha256(),
    }


def committed(row: Row) -> Row:
    """Turn a material into a commitment: no file yet."""
    return row | {"form": "commitment", "file_name": "", "size_bytes": "", "sha256": ""}


def _institution_materials(world: World, filing: MadeFiling) -> None:
    policy = world.policy["required"]
    names = [*policy["every_institution"], *world.policy["institution"][filing.institution.type]["materials"]]
    if values.enum("affiliation", filing.form["affiliation"]) != "municipal":
        names += policy["branch"]
    for name in names:
        row = paper(world, filing, name)
        allowed = name in policy["commitment_allowed"] and world.rng.random() < 0.15
        filing.materials.append(committed(row) if allowed else row)


def _staff(world: World, filing: MadeFiling) -> None:
    rng = world.rng
    for role, needed in world.policy["staff"].items():
        for _ in range(needed + rng.choice((0, 0, 1, 2))):
            filing.staff.append(person(world, filing, role))


def person(world: World, filing: MadeFiling, role: str) -> Row:
    rng = world.rng
    foreign = rng.random() < 0.04
    return {
        "application_no": filing.form["application_no"],
        "role": world.word("role", role),
        "name": world.make.person(),
        "id_type": world.word("id_type", "other" if foreign else "resident_id"),
        "id_number": f"E{rng.randrange(10**7, 10**8)}" if foreign else world.make.identity_number(),
        "title": rng.choice(("", "工程师", "高级技师", "讲师")),
        "certificate_no": rng.choice(("", f"K{rng.randrange(10**6)}")),
    }
