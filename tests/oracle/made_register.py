"""Made registers and activity feeds, crowded round the boundary days of the rules."""

from datetime import date, timedelta

from facts import Row, deadline
from filing import Item
from made_filings import AREAS, Institution, World
from values import add_months

_PREFIXES = {"enterprise": ("91", "93"), "technical_school": ("12", "52", "91")}
_SOCIAL = ("12", "51", "52", "53", "91")


def institution(world: World, institution_type: str, number: int) -> Institution:
    """A new institution of Huangshi."""
    area = world.rng.choice(AREAS)
    region = world.rng.choice((area, area, "HS-KFQ", "HS-XG"))
    prefix = world.rng.choice(_PREFIXES.get(institution_type, _SOCIAL))
    code = world.make.credit_code(prefix, area)
    return Institution(world.make.institution(institution_type, number), institution_type, code, region)


def on_file(world: World, holder: Institution, occupations: list[str], as_of: date) -> list[Row]:
    """Put occupations on file for an institution: its register rows; expired ones leave `holder.on_file` empty."""
    rng = world.rng
    last = deadline(world.facts.policy, world.cycle)
    valid_until = _valid_until(world, last, as_of)
    first = add_months(valid_until, -36) + timedelta(days=1)
    rows = []
    for code in occupations:
        top = rng.randrange(3, 6)
        levels = [str(level) for level in range(top, rng.randrange(1, top + 1) - 1, -1)]
        for level in levels:
            filed_on = rng.choice((first, first, _round_the_grace(world, first, last)))
            rows.append(_entry(world, holder, Item(code, level), min(filed_on, last), valid_until))
        if valid_until >= last:
            holder.on_file[code] = levels
    return rows


def _valid_until(world: World, last: date, as_of: date) -> date:
    """Mostly well ahead; else a day on either side of the deadline, the next cycles' deadlines, or `as_of`."""
    one = timedelta(days=1)
    if world.rng.random() < 0.55:
        return last + timedelta(days=world.rng.randrange(1, 1000))
    later = [add_months(last, months) for months in (5, 6, 7, 12)]
    between = last + timedelta(days=max(0, (as_of - last).days) // 2)
    marks = [last, last, as_of, between, *later, date(last.year, 9, 10), date(last.year + 1, 4, 10)]
    return world.rng.choice(marks) + world.rng.choice((-one, 0 * one, one))


def _round_the_grace(world: World, first: date, last: date) -> date:
    grace = add_months(last, -world.facts.policy["dormancy"]["grace_months"])
    near = grace + timedelta(days=world.rng.choice((-30, -1, 0, 0, 1, 1, 40)))
    return max(first, near)


def _entry(world: World, holder: Institution, item: Item, filed_on: date, valid_until: date) -> Row:
    code, level = item
    return {
        "uscc": holder.uscc,
        "institution_name": holder.name,
        "institution_type": world.word("institution_type", holder.type),
        "region_code": holder.region,
        "occupation_code": code,
        "level": level if world.rng.random() < 0.9 else world.make.spelled([level]),
        "filed_on": filed_on.isoformat(),
        "valid_until": valid_until.isoformat(),
        "institution_code": f"Y{world.rng.randrange(10**4):04d}42{world.rng.randrange(10**6):06d}",
    }


def activities(world: World, register: list[Row]) -> list[Row]:
    """Activities of what is on file: most keep an occupation awake, some just fail to."""
    rng = world.rng
    last = deadline(world.facts.policy, world.cycle)
    filed: dict[tuple[str, str], date] = {}
    for row in register:
        key = (row["uscc"], row["occupation_code"])
        filed[key] = min(filed.get(key, date.max), date.fromisoformat(row["filed_on"]))
    feed = []
    for (uscc, code), first in filed.items():
        within = first + timedelta(days=rng.randrange(max(1, (last - first).days)))
        before, after = first - timedelta(days=1), last + timedelta(days=1)
        days = rng.choices(([within], [first], [last], [before], [after], [before, after], []), (88, 4, 4, 3, 3, 2, 5))[
            0
        ]
        for held_on in days:
            candidates = 0 if rng.random() < 0.03 else rng.randrange(1, 80)
            feed.append(_activity(world, uscc, code, held_on, candidates))
    # activity of an occupation on another institution's file wakes nobody
    feed += [row | {"uscc": rng.choice(feed)["uscc"]} for row in rng.sample(feed, len(feed) // 10)]
    rng.shuffle(feed)
    return feed


def _activity(world: World, uscc: str, code: str, held_on: date, candidates: int) -> Row:
    return {
        "uscc": uscc,
        "occupation_code": code,
        "level": world.rng.choice("54321"),
        "held_on": held_on.isoformat(),
        "candidates": str(candidates),
        "passed": str(candidates // 2),
    }
