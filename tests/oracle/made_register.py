"""Made registers, activity feeds and complaints, crowded round the boundary days of the rules."""

from datetime import date, timedelta

from facts import Row
from filing import Item, Trade
from made_filings import Institution, World
from values import add_months


def institution(world: World, institution_type: str, number: int) -> Institution:
    """A new institution of the city."""
    area = world.rng.choice(world.areas)
    region = world.rng.choice(
        (area, area, *(code for code in world.policy["regions"]["names"] if code not in world.areas))
    )
    prefix = world.rng.choice(world.policy["institution"][institution_type]["credit_code_prefixes"])
    code = world.make.credit_code(prefix, area)
    return Institution(world.make.institution(institution_type, number), institution_type, code, region)


def on_file(world: World, holder: Institution, occupations: list[str], as_of: date) -> list[Row]:
    """Put occupations on file for an institution: its register rows; expired ones leave `holder.on_file` empty."""
    rng = world.rng
    last = world.facts.deadline
    valid_until = _valid_until(world, last, as_of)
    first = add_months(valid_until, -int(world.policy["validity"]["months"])) + timedelta(days=1)
    rows = []
    for code in occupations:
        work_type = world.work_type(code)
        ladder = world.open_levels(holder.type)
        lowest = rng.randrange(min(3, len(ladder)))
        levels = ladder[lowest : rng.randrange(lowest, len(ladder)) + 1]
        for level in levels:
            filed_on = rng.choice((first, first, _round_the_grace(world, first, last)))
            rows.append(_entry(world, holder, Item(code, work_type, level), min(filed_on, world.since), valid_until))
        if valid_until >= last:
            holder.on_file[Trade(code, work_type)] = levels
    return rows


def _valid_until(world: World, last: date, as_of: date) -> date:
    """Mostly well ahead; else a day on either side of the deadline, the next cycles' deadlines, or `as_of`."""
    one = timedelta(days=1)
    if world.rng.random() < 0.55:
        return last + timedelta(days=world.rng.randrange(1, 1000))
    later = [add_months(last, months) for months in (5, 6, 7, 12)]
    second = world.policy.next_cycle(world.cycle)
    deadlines = [world.policy.deadline(cycle) for cycle in (second, world.policy.next_cycle(second))]
    between = last + timedelta(days=max(0, (as_of - last).days) // 2)
    marks = [last, last, as_of, between, *later, *deadlines]
    return world.rng.choice(marks) + world.rng.choice((-one, 0 * one, one))


def _round_the_grace(world: World, first: date, last: date) -> date:
    grace = add_months(last, -world.policy["dormancy"]["grace_months"])
    near = grace + timedelta(days=world.rng.choice((-30, -1, 0, 0, 1, 1, 40)))
    return max(first, near)


def _entry(world: World, holder: Institution, item: Item, filed_on: date, valid_until: date) -> Row:
    code, work_type, level = item
    return {
        "uscc": holder.uscc,
        "institution_name": holder.name,
        "institution_type": world.word("institution_type", holder.type),
        "region_code": holder.region,
        "registered_address": f"{world.policy['title']}磁湖路1号",
        "occupation_code": code,
        "work_type": work_type,
        "level": level if world.rng.random() < 0.9 else world.make.spelled([level]),
        "audience": world.rng.choice(("staff", "public", "staff;students")),
        "filed_on": filed_on.isoformat(),
        "valid_until": valid_until.isoformat(),
        "institution_code": world.make.institution_code(),
    }


def activities(world: World, register: list[Row]) -> list[Row]:
    """Activities of what is on file: most keep an occupation awake, some just fail to."""
    rng = world.rng
    last = world.facts.deadline
    filed: dict[tuple[str, Trade], date] = {}
    for row in register:
        key = (row["uscc"], Trade(row["occupation_code"], row["work_type"]))
        filed[key] = min(filed.get(key, date.max), date.fromisoformat(row["filed_on"]))
    feed = []
    for (uscc, trade), first in filed.items():
        within = first + timedelta(days=rng.randrange(max(1, (last - first).days)))
        before, after = first - timedelta(days=1), last + timedelta(days=1)
        ways: tuple[list[date], ...] = ([within], [first], [last], [before], [after], [before, after], [])
        for held_on in rng.choices(ways, (84, 4, 4, 3, 3, 2, 7))[0]:
            candidates = 0 if rng.random() < 0.03 else rng.randrange(1, 80)
            work_type = rng.choice(("", trade.work_type, trade.work_type, "丁类"))
            feed.append(_activity(world, uscc, Trade(trade.occupation, work_type), held_on, candidates))
    # activity of an occupation on another institution's file wakes nobody
    feed += [row | {"uscc": rng.choice(feed)["uscc"]} for row in rng.sample(feed, len(feed) // 10)]
    rng.shuffle(feed)
    return feed


def _activity(world: World, uscc: str, trade: Trade, held_on: date, candidates: int) -> Row:
    return {
        "uscc": uscc,
        "occupation_code": trade.occupation,
        "work_type": trade.work_type,
        "level": world.rng.choice(world.policy.ladder),
        "held_on": held_on.isoformat(),
        "candidates": str(candidates),
        "passed": str(candidates // 2),
    }


def complaints(world: World, register: list[Row], day: date) -> list[Row]:
    """Complaints against some of those on file: open, unfounded, to be mended, mended."""
    rng = world.rng
    codes = sorted({row["uscc"] for row in register})
    rows = []
    for number, uscc in enumerate(rng.sample(codes, len(codes) // 5), 1):
        received = day - timedelta(days=rng.randrange(1, 60))
        outcome = rng.choice(("open", "open", "rectify", "rectify", "unfounded"))
        closed = received + timedelta(days=rng.randrange(1, 5))
        rows.append(
            {
                "complaint_no": f"TS{world.cycle[:4]}{number:03d}",
                "uscc": uscc,
                "received_on": received.isoformat(),
                "summary": "收费问题",
                "handled_by": world.make.person(),
                "outcome": outcome,
                "due_on": (received + timedelta(days=30)).isoformat() if outcome == "rectify" else "",
                "closed_on": min(closed, day).isoformat() if outcome == "unfounded" or rng.random() < 0.3 else "",
                "document_no": "",
            }
        )
        if rows[-1]["outcome"] == "open":
            rows[-1]["closed_on"] = ""
    return rows
