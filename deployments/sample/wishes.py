"""What a made institution asks for, as its type, trade and holding allow; breaking rules is not its matter."""

from collections.abc import Collection
from dataclasses import dataclass
from random import Random

from deployments.sample.holdings import Holding
from deployments.sample.institutions import Institution
from deployments.sample.market import Market
from schemas.policy import Policy

#: Levels as institutions ask for them, lowest first; without gaps.
_SPANS = (("5", "4", "3"), ("4", "3"), ("5", "4"), ("4", "3", "2"), ("5", "4", "3", "2"), ("3", "2", "1"))
_MODEST_SPANS = (("5", "4", "3"), ("4", "3"), ("5", "4"))
_AUDIENCES = {"enterprise": "staff", "technical_school": "students", "social_organisation": "public"}
_LOWEST = 5
_NEW_OCCUPATION_SHARE = 0.65
_ALSO_PUBLIC_SHARE = 0.15


@dataclass(frozen=True)
class Wish:
    """One row of 申报职业 to be: levels lowest first."""

    code: str
    levels: tuple[str, ...]
    audience: str


def first(institution: Institution, policy: Policy, market: Market, rng: Random, *, modest: bool = False) -> list[Wish]:
    """What an institution with nothing on file asks for; `modest` leaves room for later additions.

    Empty only for a social organisation that finds every occupation saturated.
    """
    spare = 2 if institution.institution_type == "social_organisation" else 1
    most = min(3 if modest else 4, policy.cap.occupations - spare)
    codes = _new_occupations(institution, market, (), rng.randint(1, most), rng)
    wished = [_wish(institution, code, rng, modest=modest) for code in codes]
    if institution.institution_type == "technical_school" and not modest and rng.random() < _ALSO_PUBLIC_SHARE:
        wished.append(Wish(wished[0].code, wished[0].levels, "public"))
    return wished


def further(institution: Institution, holding: Holding, policy: Policy, market: Market, rng: Random) -> list[Wish]:
    """What an institution on file adds: an occupation new to it or a level next to those it has; maybe nothing."""
    capped = institution.institution_type == "social_organisation" and len(holding.items) >= policy.cap.occupations
    levels = [
        Wish(code, (level,), _AUDIENCES[institution.institution_type])
        for code, level in missing_levels(institution, holding)
    ]
    if not capped and (not levels or rng.random() < _NEW_OCCUPATION_SHARE):
        codes = _new_occupations(institution, market, holding.items.keys(), 1, rng)
        if codes:
            return [_wish(institution, code, rng, modest=True) for code in codes]
    return [rng.choice(levels)] if levels else []


def renewed(institution: Institution, holding: Holding) -> list[Wish]:
    """Everything on file once more."""
    audience = _AUDIENCES[institution.institution_type]
    return [Wish(code, lowest_first(holding.items[code]), audience) for code in sorted(holding.items)]


def missing_levels(institution: Institution, holding: Holding) -> list[tuple[str, str]]:
    """Levels next to those on file that the institution may ask for: (occupation, level)."""
    top = institution.grade if institution.institution_type == "technical_school" else 1
    found = []
    for code in sorted(holding.items):
        held = [int(level) for level in holding.items[code]]
        found += [(code, str(level)) for level in (min(held) - 1, max(held) + 1) if top <= level <= _LOWEST]
    return found


def lowest_first(levels: Collection[str]) -> tuple[str, ...]:
    """Levels in the order of the forms: 5, 4, 3, 2, 1."""
    return tuple(sorted(levels, reverse=True))


def _new_occupations(
    institution: Institution, market: Market, barred: Collection[str], count: int, rng: Random
) -> list[str]:
    """Occupations of the institution's trade that it does not have; a social organisation takes only places left."""
    if institution.institution_type != "social_organisation":
        open_to_it = [code for code in institution.trade.occupations if code not in barred]
        return rng.sample(open_to_it, min(count, len(open_to_it)))
    chosen: list[str] = []
    while len(chosen) < count:
        code = market.take(institution.trade.occupations, institution.uscc, {*barred, *chosen}, rng)
        if code is None:
            break
        chosen.append(code)
    return chosen


def _wish(institution: Institution, code: str, rng: Random, *, modest: bool) -> Wish:
    top = institution.grade if institution.institution_type == "technical_school" else 1
    spans = [span for span in (_MODEST_SPANS if modest else _SPANS) if int(span[-1]) >= top]
    return Wish(code, rng.choice(spans), _AUDIENCES[institution.institution_type])
