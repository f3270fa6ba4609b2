"""The city that a policy describes, as made data show it: types of institutions and their trades, regions, places."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from deployments.sample.material import TRADES, Character, Trade, read
from schemas.policy import Policy
from schemas.policy_parts import InstitutionType
from schemas.reference_data import Reference, reference

_DATA = read("places.toml")
_AREA_DIGITS = 6
#: Credit codes begin so, the likelier beginnings more often; of these, the ones that a type may have.
_PREFIXES: dict[Character, tuple[str, ...]] = {
    "employer": ("91", "91", "91", "91", "93"),
    "school": ("12", "12", "52", "91"),
    "provider": ("52", "52", "52", "51", "91", "12"),
}
#: Characters of institutions in turn.
_TURNS: tuple[Character, ...] = ("employer", "provider", "employer", "school", "employer", "provider", "employer")


@dataclass(frozen=True)
class Kind:
    """What institutions of one type are like; levels from the lowest, credit code prefixes the likelier ones more often."""

    name: str
    title: str
    character: Character
    levels: tuple[str, ...]
    audience: str  # whom it serves first
    audiences: tuple[str, ...]
    prefixes: tuple[str, ...]
    trades: tuple[Trade, ...]
    neighbour: bool
    capped: bool


@dataclass(frozen=True, eq=False)
class Locality:
    """One city: its types of institutions by name, and the words of its places."""

    kinds: Mapping[str, Kind]
    regions: Sequence[str]
    birth_areas: Sequence[str]
    application_numbers: str
    _title: str
    _region_names: Mapping[str, str]
    _area_prefix: str
    _words: Mapping[str, Any]

    def kind_at(self, number: int) -> Kind:
        """The type of the institution of a number: characters in turn, and the types of a character in turn."""
        rounds, place = divmod(number, len(_TURNS))
        character = _TURNS[place]
        alike = self.of_character(character)
        before = rounds * _TURNS.count(character) + _TURNS[:place].count(character)
        return alike[before % len(alike)]

    def of_character(self, character: Character) -> list[Kind]:
        """The types that work so; every type where the city has none."""
        return [kind for kind in self.kinds.values() if kind.character == character] or list(self.kinds.values())

    @property
    def name(self) -> str:
        """The city's name without the word for what it is: `黄石` of `黄石市`."""
        return self._title[:-1] if self._title[-1:] in "市州盟县区" and len(self._title) > 2 else self._title  # noqa: PLR2004

    def short_place(self, region_code: str, rng: Random) -> str:
        """The place that stands at the beginning of an institution's name."""
        place = rng.choice(self._words.get("places", [self.name]))
        return str(self._region(region_code).get("short", place))

    def address(self, region_code: str, rng: Random) -> str:
        """A street address in a region."""
        region = self._region(region_code)
        place = region.get("place", f"{self._title}{self._region_names[region_code]}")
        return f"{place}{rng.choice(region.get('streets', _DATA['usual']['streets']))}{rng.randint(1, 399)}号"

    def telephone(self, rng: Random) -> str:
        """A mainland mobile number, or a landline with the city's area code."""
        if rng.random() < 0.3:  # noqa: PLR2004  three offices in ten give the landline
            return f"{self._words.get('dialling', _DATA['usual']['dialling'])}-6{rng.randint(200000, 599999)}"
        return f"1{rng.choice('35789')}{rng.randint(0, 9)}{rng.randint(0, 99999999):08d}"

    def awkward_name(self, number: int, institution_type: str) -> str:
        """A legal name that is hard on tables and files, for a few numbers; else empty."""
        entry = self._words.get("awkward", {}).get(str(number), {"type": "", "name": ""})
        return str(entry["name"]) if entry["type"] == institution_type else ""

    def area(self, region_code: str = "") -> str:
        """The six area digits of a registration in a region; without one, or without digits, the city's."""
        return region_code if _is_area(region_code) else self._area_prefix.ljust(_AREA_DIGITS, "0")

    @property
    def elsewhere(self) -> Mapping[str, str]:
        """A seat outside the city: region_code, address, and the area a code was `registered_in`."""
        away = [seat for seat in _DATA["elsewhere"] if not self._is_here(seat)]
        return dict((away or _DATA["elsewhere"])[0])

    def _is_here(self, seat: Mapping[str, str]) -> bool:
        return seat["region_code"] in self.regions or seat["registered_in"].startswith(self._area_prefix)

    def _region(self, region_code: str) -> Mapping[str, Any]:
        region: Mapping[str, Any] = self._words.get("regions", {}).get(region_code, {})
        return region


def locality_of(policy: Policy) -> Locality:
    """The city of a policy; one without words of its own in `places.toml` gets the usual ones."""
    words = _DATA.get(policy.name, {})
    filable = filable_occupations(policy, reference())
    kinds = {name: _kind(name, kind, policy, filable) for name, kind in policy.institution.items()}
    areas = [code for code in policy.regions.codes if _is_area(code)]
    return Locality(
        kinds=kinds,
        regions=tuple(policy.regions.codes),
        birth_areas=words.get("birth_areas", areas or [policy.regions.area_prefix.ljust(_AREA_DIGITS, "0")]),
        application_numbers=words.get("application_numbers", policy.name[:2].upper()),
        _title=policy.title,
        _region_names=policy.region_names,
        _area_prefix=policy.regions.area_prefix,
        _words=words,
    )


def _kind(name: str, terms: InstitutionType, policy: Policy, filable: Sequence[str]) -> Kind:
    character: Character = "school" if terms.programmes else "employer" if "staff" in terms.audiences else "provider"
    likely = tuple(prefix for prefix in _PREFIXES[character] if prefix in terms.credit_code_prefixes)
    taught = terms.programmes and "students" in terms.audiences
    return Kind(
        name=name,
        title=terms.title,
        character=character,
        levels=tuple(policy.in_level_order(terms.levels)),
        audience="students" if taught else terms.audiences[0],
        audiences=tuple(terms.audiences),
        prefixes=likely or tuple(terms.credit_code_prefixes),
        trades=_filed_trades(character, filable),
        neighbour=terms.neighbour,
        capped=name in policy.cap.capped,
    )


def _filed_trades(character: Character, filable: Sequence[str]) -> tuple[Trade, ...]:
    """The trades of a character, with those of their occupations that the city files."""
    trades = [
        Trade(trade.words, tuple(code for code in trade.occupations if code in set(filable)))
        for trade in TRADES[character]
    ]
    return tuple(trade for trade in trades if trade.occupations) or (Trade(("技能",), tuple(filable[:8])),)


def filable_occupations(policy: Policy, reference: Reference) -> list[str]:
    """Codes of skill occupations without any access-type qualification, in code order (Notice, article 1)."""
    classes = {str(number) for number in policy.occupations.skill_classes}
    barred = {*reference.access_lists[-1][1]["code_2022"].dropna(), *policy.occupations.skill_no}
    return [code for code in reference.occupations["code"] if code[0] in classes and code not in barred]


def _is_area(region_code: str) -> bool:
    return region_code.isascii() and region_code.isdigit() and len(region_code) == _AREA_DIGITS
