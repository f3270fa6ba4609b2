"""What a made institution asks for, as its type, trade and holding allow."""

from collections.abc import Collection
from dataclasses import dataclass
from random import Random

from deployments.sample.institutions import Institution
from deployments.sample.setting import Holding, Market
from schemas.policy import Policy

#: Levels as institutions ask for them, by their places among those of a type, the lowest first; without gaps.
_SPANS: tuple[tuple[int, ...], ...] = ((0, 1, 2), (1, 2), (0, 1), (1, 2, 3), (0, 1, 2, 3), (2, 3, 4))
_MODEST_SPANS: tuple[tuple[int, ...], ...] = ((0, 1, 2), (1, 2), (0, 1))
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

    Empty only for one of a capped type that finds every occupation saturated.
    """
    most = 3 if modest else 4
    if institution.kind.capped:
        most = max(1, min(most, policy.cap.occupations - 2))
    codes = _new_occupations(institution, market, (), rng.randint(1, most), rng)
    wished = [_wish(institution, code, rng, modest=modest) for code in codes]
    also_public = institution.kind.character == "school" and "public" in institution.kind.audiences
    if also_public and not modest and rng.random() < _ALSO_PUBLIC_SHARE:
        wished.append(Wish(wished[0].code, wished[0].levels, "public"))
    return wished


def further(institution: Institution, holding: Holding, policy: Policy, market: Market, rng: Random) -> list[Wish]:
    """What an institution on file adds: an occupation new to it or a level next to those it has; maybe nothing."""
    capped = institution.kind.capped and len(holding.items) >= policy.cap.occupations
    levels = [Wish(code, (level,), institution.kind.audience) for code, level in missing_levels(institution, holding)]
    if not capped and (not levels or rng.random() < _NEW_OCCUPATION_SHARE):
        codes = _new_occupations(institution, market, holding.items.keys(), 1, rng)
        if codes:
            return [_wish(institution, code, rng, modest=True) for code in codes]
    return [rng.choice(levels)] if levels else []


def renewed(institution: Institution, holding: Holding) -> list[Wish]:
    """Everything on file once more."""
    audience = institution.kind.audience
    return [Wish(code, lowest_first(institution, holding.items[code]), audience) for code in sorted(holding.items)]


def missing_levels(institution: Institution, holding: Holding) -> list[tuple[str, str]]:
    """Levels next to those on file that the institution may ask for: (occupation, level)."""
    levels = institution.levels
    gaps = []
    for code in sorted(holding.items):
        held = [levels.index(level) for level in holding.items[code] if level in levels]
        if not held:
            continue
        gaps += [(code, levels[place]) for place in (max(held) + 1, min(held) - 1) if 0 <= place < len(levels)]
    return gaps


def lowest_first(institution: Institution, levels: Collection[str]) -> tuple[str, ...]:
    """Levels in the order of the forms."""
    order = institution.kind.levels
    return tuple(sorted(levels, key=lambda level: order.index(level) if level in order else len(order)))


def _new_occupations(
    institution: Institution, market: Market, barred: Collection[str], count: int, rng: Random
) -> list[str]:
    """Occupations of the institution's trade that it does not have; a capped one takes only places left."""
    if not institution.kind.capped:
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
    levels = institution.levels
    spans = [span for span in (_MODEST_SPANS if modest else _SPANS) if span[-1] < len(levels)] or [(0,)]
    return Wish(code, tuple(levels[place] for place in rng.choice(spans)), institution.kind.audience)
