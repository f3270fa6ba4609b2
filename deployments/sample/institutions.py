"""Made institutions that live on from cycle to cycle; what they hold and ask for does not stand here."""

from dataclasses import dataclass

from deployments.sample import names
from deployments.sample.identities import credit_code
from deployments.sample.streams import stream
from deployments.sample.trades import Trade

#: Types in turn; beyond MOST_SOCIAL institutions only the others, for two social organisations fill an occupation.
_TYPES = (
    "enterprise",
    "social_organisation",
    "enterprise",
    "technical_school",
    "enterprise",
    "social_organisation",
    "enterprise",
)
_MOST_NUMBERS_WITH_SOCIAL = 1750
_PREFIXES = {
    "enterprise": ("91", "91", "91", "91", "93"),
    "technical_school": ("12", "12", "52", "91"),
    "social_organisation": ("52", "52", "52", "51", "91", "12"),
}
_GRADES = (2, 3, 3, 4)
_SLEEPERS = 20  # one in so many never holds an assessment
_AFFILIATIONS = ("provincial", *("municipal",) * 15, "central", *("municipal",) * 11)
_MOST_INSTITUTIONS = 80_000  # leaves codes for those on the register that do not apply
_BODIES = 100_000  # organisation bodies a letter stem can tell apart


@dataclass(frozen=True)
class Institution:
    """One institution; `grade` is the highest level a school trains up to, `sleeps`: it never holds assessments."""

    number: int
    uscc: str
    name: str
    institution_type: str
    region_code: str
    address: str
    affiliation: str
    legal_representative: str
    contact_name: str
    contact_phone: str
    contact_email: str
    trade: Trade
    grade: int
    sleeps: bool


@dataclass(frozen=True)
class Population:
    """The institutions of a made city."""

    seed: int
    institutions: tuple[Institution, ...]


def make_population(seed: int, institutions: int) -> Population:
    """So many institutions, 80,000 at most (else ValueError); a larger population begins with a smaller one."""
    if institutions > _MOST_INSTITUTIONS:
        raise ValueError(f"{institutions} institutions are too many: ask for {_MOST_INSTITUTIONS:,} at most")
    taken: set[str] = set()
    made = tuple(make_institution(seed, number, _type_of(number), taken) for number in range(institutions))
    return Population(seed, made)


def make_institution(seed: int, number: int, institution_type: str, taken: set[str]) -> Institution:
    """The institution of a number; `taken` holds the names given so far and takes the new one."""
    rng = stream(seed, "institution", number, institution_type)
    region = rng.choice(tuple(names.REGIONS))
    trade = rng.choice(names.TRADES[institution_type])
    grade = rng.choice(_GRADES)
    name = names.awkward(number, institution_type) or names.institution(institution_type, grade, region, trade, rng)
    while name in taken:
        name = names.institution(institution_type, grade, region, trade, rng)
    taken.add(name)
    return Institution(
        number=number,
        uscc=credit_code(rng.choice(_PREFIXES[institution_type]), _area(region), _body(seed, number)),
        name=name,
        institution_type=institution_type,
        region_code=region,
        address=names.address(region, rng),
        affiliation=_AFFILIATIONS[number % len(_AFFILIATIONS)],
        legal_representative=names.person(rng),
        contact_name=names.person(rng),
        contact_phone=names.telephone(rng),
        contact_email=f"office{number + 1:04d}@example.com" if number % 3 else "",
        trade=trade,
        grade=grade,
        sleeps=number % _SLEEPERS == _SLEEPERS - 1,
    )


def other_code(institution: Institution, seed: int, prefix: str, area: str) -> str:
    """A second valid credit code for an institution, of another registration; no other institution has it."""
    return credit_code(prefix, area, _body(seed, institution.number, "MA5"))


def area_of(institution: Institution) -> str:
    """The six area digits of its registration."""
    return institution.uscc[2:8]


def _type_of(number: int) -> str:
    chosen = _TYPES[number % len(_TYPES)]
    full = number >= _MOST_NUMBERS_WITH_SOCIAL and chosen == "social_organisation"
    return "enterprise" if full else chosen


def _area(region_code: str) -> str:
    return region_code if region_code.isdigit() else "420200"


def _body(seed: int, number: int, stem: str = "MA4") -> str:
    """Eight characters of an organisation code, one for every number: 7919 and 100,000 have no divisor in common."""
    return f"{stem}{(number * 7919 + seed * 101) % _BODIES:05d}"
