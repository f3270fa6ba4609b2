"""Rules judged against the register: CAP-1, CAP-2, DORM-*, STAND-*, IDENT-*, RENEW-*."""

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, timedelta
from unicodedata import normalize

import values
from facts import Facts, Row
from filing import Filing, Finding, Requested, Trade
from policy import Policy
from register import Register


@dataclass(frozen=True)
class Scene:
    """The things one application is judged by beside its own rows."""

    register: Register
    facts: Facts
    cycle: str
    activities: list[Row] | None  # None when no activities table was ever supplied
    complaints: dict[str, Row]  # complaint_no -> newest row
    elsewhere: frozenset[Trade]  # under way in other cycles
    requested: frozenset[Trade]  # by all its current applications of the cycle, ended ones left out

    @property
    def deadline(self) -> date:
        return self.facts.deadline


def register_findings(filing: Filing, scene: Scene) -> Iterator[Finding]:
    """Findings against the register as it stands on the cycle's deadline; none for a form without a credit code."""
    if filing.uscc:
        yield from _places(filing, scene)
        yield from _dormancy(filing, scene)
        yield from _standing(filing, scene)
        yield from _identity(filing, scene)
        yield from _term(filing, scene)


def _row_1(filing: Filing, rule: str, field: str) -> Finding:
    # the credit code is the one its institution goes by
    value = filing.uscc if field == "uscc" else filing.form.get(field, "")
    return Finding(filing.no, rule, "applications", 1, field, value)


def _at(filing: Filing, row: Requested, rule: str, field: str) -> Finding:
    return Finding(filing.no, rule, "occupations", row.row, field, row.cells.get(field, ""))


def place(facts: Facts, trade: Trade) -> Trade:
    """The unit the cap counts: the occupation, or the work type where the policy says so."""
    return trade if facts.policy["cap"]["unit"] == "work_type" else Trade(trade.occupation, "")


def places(facts: Facts, trades: Iterable[Trade]) -> set[Trade]:
    return {place(facts, trade) for trade in trades}


def cap_is_exceeded(filing: Filing, scene: Scene, day: date) -> bool:
    """CAP-1: on file, under way elsewhere and requested come to more than the cap, and something is new."""
    cap, register = scene.facts.policy["cap"], scene.register
    if filing.type not in cap["capped"]:
        return False
    held = places(scene.facts, register.trades(filing.uscc, scene.deadline))
    new = places(scene.facts, register.present(filing.trades())) - held
    together = register.trades(filing.uscc, day) | register.present(scene.elsewhere | scene.requested)
    return bool(new) and len(places(scene.facts, together)) > int(cap["occupations"])


def is_saturated(filing: Filing, trade: Trade, scene: Scene, day: date, shown: AbstractSet[str] = frozenset()) -> bool:
    """CAP-2: other holders of an occupation new to the applicant, and those shown as such, have reached saturation."""
    cap, register = scene.facts.policy["cap"], scene.register
    one = place(scene.facts, trade._replace(occupation=register.now(trade.occupation)))
    if filing.type not in cap["capped"] or one in places(scene.facts, register.trades(filing.uscc, scene.deadline)):
        return False
    entries = register.holders(one.occupation, day, cap["saturation_counts"], filing.uscc)
    holders = {
        entry.uscc for entry in entries if place(scene.facts, Trade(entry.item.occupation, entry.item.work_type)) == one
    }
    return len(holders | shown) >= int(cap["saturation"])


def _places(filing: Filing, scene: Scene) -> Iterator[Finding]:
    if cap_is_exceeded(filing, scene, scene.deadline):
        yield _row_1(filing, "CAP-1", "institution_type")
    for row in filing.requested:
        if row.occupation and is_saturated(filing, Trade(row.occupation, row.work_type), scene, scene.deadline):
            yield _at(filing, row, "CAP-2", "occupation_code")


def _dormancy(filing: Filing, scene: Scene) -> Iterator[Finding]:
    """DORM-1 for rows that hold a new item, DORM-3 for what a renewal asks for; DORM-2 where nothing is known."""
    day, on_file = scene.deadline, scene.register.items(filing.uscc, scene.deadline)
    if not on_file or scene.cycle < scene.facts.policy["dormancy"]["first_cycle"]:
        return
    new = [row for row in filing.requested if scene.register.present(row.items()) - on_file]
    renews = filing.kind == "renewal"
    if scene.activities is None:
        if new or renews:
            yield _row_1(filing, "DORM-2", "uscc")
        return
    asleep = dormant(filing.uscc, scene, day)
    for row in new if asleep else ():
        yield _at(filing, row, "DORM-1", "occupation_code")
    for row in filing.requested if renews else ():
        if scene.register.present([Trade(row.occupation, row.work_type)]) & asleep:
            yield _at(filing, row, "DORM-3", "occupation_code")


def dormant(uscc: str, scene: Scene, day: date) -> set[Trade]:
    """What is on file past its grace and without an activity since the earliest filing of its levels."""
    asleep = set()
    now, goes_by = scene.register.now, scene.register.goes_by
    activities = [
        row | {"uscc": goes_by(row["uscc"]), "occupation_code": now(row["occupation_code"])}
        for row in scene.activities or ()
    ]
    for trade in scene.register.trades(uscc, day):
        filed_on = min(
            entry.filed_on
            for entry in scene.register.of(uscc, day)
            if (entry.item.occupation, entry.item.work_type) == trade
        )
        if values.add_months(filed_on, scene.facts.policy["dormancy"]["grace_months"]) <= day and not any(
            _counts(row, uscc, trade, filed_on, day) for row in activities
        ):
            asleep.add(trade)
    return asleep


def _counts(row: Row, uscc: str, trade: Trade, first: date, last: date) -> bool:
    """An activity without work type serves all of its occupation, one with it also the occupation as a whole."""
    held_on, candidates = values.day(row["held_on"]), values.integer(row["candidates"])
    if (row["uscc"], row["occupation_code"]) != (uscc, trade.occupation) or held_on is None or candidates is None:
        return False
    serves = not row.get("work_type") or trade.work_type in ("", row["work_type"])
    return serves and candidates > 0 and first <= held_on <= last


def stands_badly(filing: Filing, scene: Scene, day: date) -> bool:
    """STAND-1: suspended as a whole or in an occupation asked for, or revoked not long ago."""
    if filing.uscc not in scene.register.institutions:
        return False
    bar = int(scene.facts.policy["adjustment"]["bar_months"])
    asked = {"", *map(scene.register.now, filing.occupations())}
    return scene.register.revoked_within(filing.uscc, bar, day) or bool(
        scene.register.suspended(filing.uscc, day) & asked
    )


def _standing(filing: Filing, scene: Scene) -> Iterator[Finding]:
    if stands_badly(filing, scene, scene.deadline):
        yield _row_1(filing, "STAND-1", "uscc")
    if scene.register.of(filing.uscc, scene.deadline) and any(
        scene.register.goes_by(row["uscc"]) == filing.uscc and _unsettled(row, scene.deadline)
        for row in scene.complaints.values()
    ):
        yield _row_1(filing, "STAND-2", "uscc")


def _unsettled(row: Row, day: date) -> bool:
    """An open complaint, or one still to be mended, on the day."""
    received_on, closed_on = values.day(row["received_on"]), values.day(row.get("closed_on", ""))
    if received_on is None or received_on > day or row["outcome"] not in ("open", "rectify"):
        return False
    return closed_on is None or closed_on > day


def _identity(filing: Filing, scene: Scene) -> Iterator[Finding]:
    """IDENT-1, IDENT-2: what the application says differs from the register; what is blank, or no type, does not."""
    if not scene.register.of(filing.uscc, scene.deadline):
        return
    who = scene.register.institutions[filing.uscc].on(scene.deadline)
    stated = filing.form.get("institution_name", "")
    if stated and normalize("NFKC", stated) != normalize("NFKC", who.name):
        yield _row_1(filing, "IDENT-1", "institution_name")
    if filing.form.get("region_code") and filing.region != who.region:
        yield _row_1(filing, "IDENT-1", "region_code")
    if filing.type and filing.type != who.type:
        yield _row_1(filing, "IDENT-2", "institution_type")


def _term(filing: Filing, scene: Scene) -> Iterator[Finding]:
    """RENEW-1 to RENEW-3."""
    day, policy = scene.deadline, scene.facts.policy
    on_file, ends = scene.register.items(filing.uscc, day), scene.register.ends(filing.uscc, day)
    for row in filing.requested if filing.kind == "renewal" else ():
        if scene.register.present(row.items()) - on_file:
            yield _at(filing, row, "RENEW-1", "levels")
    if filing.kind == "renewal" and ends and day < _last_deadline_before(ends[0], policy):
        yield _row_1(filing, "RENEW-2", "cycle")
    if filing.kind == "addition" and ends and (ends[-1] - day).days < max(policy["validity"]["reminder_days"]):
        yield _row_1(filing, "RENEW-3", "cycle")


def _last_deadline_before(end: date, policy: Policy) -> date:
    """The last deadline that, with the wait for results, is on or before the end of a term."""
    cycles = [f"{year}-{month:02d}" for year in (end.year - 1, end.year) for month in policy["cycle"]["months"]]
    wait = timedelta(days=policy.wait_days)
    return max(day for day in map(policy.deadline, cycles) if day + wait <= end)
