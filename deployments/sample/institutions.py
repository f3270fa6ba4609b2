"""Made institutions that live on from cycle to cycle."""

from dataclasses import dataclass
from random import Random

from deployments.sample.locality import Kind, Locality, locality_of
from deployments.sample.material import Trade, credit_code, institution_name, person_name, stream
from schemas.policy import Policy, all_policies

#: From this number on nobody of a capped type is made: two of them fill an occupation.
_MOST_NUMBERS_WITH_CAPPED = 1750
#: The highest level a school trains up to, by its place among those of its type, the lowest first.
_GRADES = (3, 2, 2, 1)
_SLEEPERS = 20  # one in so many never holds an assessment
_AFFILIATIONS = ("provincial", *("municipal",) * 15, "central", *("municipal",) * 11)
_MOST_INSTITUTIONS = 80_000  # leaves codes for those on the register that do not apply
_BODIES = 100_000  # organisation bodies a letter stem can tell apart


@dataclass(frozen=True)
class Institution:
    """One institution; `grade` is the highest level it may ask for, `sleeps`: it never holds assessments."""

    number: int
    uscc: str
    name: str
    kind: Kind
    region_code: str
    address: str
    affiliation: str
    legal_representative: str
    contact_name: str
    contact_phone: str
    contact_email: str
    trade: Trade
    grade: str
    sleeps: bool

    @property
    def institution_type(self) -> str:
        return self.kind.name

    @property
    def levels(self) -> tuple[str, ...]:
        """The levels it may ask for, the lowest first."""
        return self.kind.levels[: self.kind.levels.index(self.grade) + 1]


@dataclass(frozen=True)
class Population:
    """The institutions of a made city."""

    seed: int
    institutions: tuple[Institution, ...]


def make_population(seed: int, institutions: int, policy: Policy | None = None) -> Population:
    """So many institutions, 80,000 at most (else ValueError); a larger population begins with a smaller one.

    Of the city of a policy; without one, of the newest.
    """
    if institutions > _MOST_INSTITUTIONS:
        raise ValueError(f"{institutions} institutions are too many: ask for {_MOST_INSTITUTIONS:,} at most")
    names: set[str] = set()
    locality = locality_of(policy or all_policies()[-1])
    kinds = (_kind_of(number, locality) for number in range(institutions))
    made = tuple(make_institution(seed, number, kind, locality, names) for number, kind in enumerate(kinds))
    return Population(seed, made)


def make_institution(seed: int, number: int, kind: Kind, locality: Locality, names: set[str]) -> Institution:
    """The institution of a number; `names` holds those given so far and takes the new one."""
    rng = stream(seed, "institution", number, kind.name)
    region = rng.choice(locality.regions)
    trade = rng.choice(kind.trades)
    grade = _grade(kind, rng)
    name = locality.awkward_name(number, kind.name) or _name(kind, grade, region, trade, locality, rng)
    while name in names:
        name = _name(kind, grade, region, trade, locality, rng)
    names.add(name)
    return Institution(
        number=number,
        uscc=credit_code(rng.choice(kind.prefixes), locality.area(region), _body(seed, number)),
        name=name,
        kind=kind,
        region_code=region,
        address=locality.address(region, rng),
        affiliation=_AFFILIATIONS[number % len(_AFFILIATIONS)],
        legal_representative=person_name(rng),
        contact_name=person_name(rng),
        contact_phone=locality.telephone(rng),
        contact_email=f"office{number + 1:04d}@example.com" if number % 3 else "",
        trade=trade,
        grade=grade,
        sleeps=number % _SLEEPERS == _SLEEPERS - 1,
    )


def _grade(kind: Kind, rng: Random) -> str:
    """The highest level a school trains up to, and anybody else may ask for."""
    place = rng.choice(_GRADES)
    if kind.character != "school":
        return kind.levels[-1]
    return kind.levels[min(place, len(kind.levels) - 1)]


def _name(kind: Kind, grade: str, region: str, trade: Trade, locality: Locality, rng: Random) -> str:
    return institution_name(kind.name, kind.title, grade, locality.short_place(region, rng), trade, rng)


def other_code(institution: Institution, seed: int, prefix: str, area: str) -> str:
    """A second valid credit code for an institution, of another registration; no other institution has it."""
    return credit_code(prefix, area, _body(seed, institution.number, "MA5"))


def area_of(institution: Institution) -> str:
    """The six area digits of its registration."""
    return institution.uscc[2:8]


def _kind_of(number: int, locality: Locality) -> Kind:
    kind = locality.kind_at(number)
    full = number >= _MOST_NUMBERS_WITH_CAPPED and kind.capped
    return locality.of_character("employer")[0] if full else kind


def _body(seed: int, number: int, stem: str = "MA4") -> str:
    """Eight characters of an organisation code, one for every number: 7919 and 100,000 have no divisor in common."""
    return f"{stem}{(number * 7919 + seed * 101) % _BODIES:05d}"
