"""A made city that lives through cycles: who applies, what operators decide, when sweeps run."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from random import Random

import pandas as pd

from deployments import sample
from deployments.sample.institutions import Population, make_population
from deployments.sample.material import credit_code, stream
from deployments.simulation import acts, incidents
from schemas.inspection import Inspector
from schemas.law.cycle import CycleId, cycle_id
from schemas.policy import Policy, for_cycle
from schemas.qualification import Adjustment, Merger, Recoding
from schemas.settings import settings
from tasks import adjustment
from tasks.runs.run import begin
from tasks.store import inspections, register
from tasks.store.database import reading
from tasks.store.leases import writing

_SWEEP_EVERY = timedelta(days=30)
_CORRECTED_AFTER = timedelta(days=8)
_UNITS = ("市人社局", "市教育局", "市民政局", "市市场监管局", "市总工会")


@dataclass
class City:
    """The institutions of a made city, and the seed of everything that happens to them."""

    seed: int
    population: Population

    @classmethod
    def make(cls, seed: int, institutions: int, policy: Policy | None = None) -> "City":
        return cls(seed, make_population(seed, institutions, policy))

    def chance(self, *about: object) -> Random:
        """The city's own stream of chance for one matter."""
        return stream(self.seed, "simulation", *about)

    def left(self, uscc: str) -> None:
        """An institution went into another one, and files no more."""
        institutions = tuple(institution for institution in self.population.institutions if institution.uscc != uscc)
        self.population = replace(self.population, institutions=institutions)

    def recoded(self, old: str, new: str) -> None:
        """An institution files under another credit code from now on."""
        institutions = tuple(
            replace(institution, uscc=new) if institution.uscc == old else institution
            for institution in self.population.institutions
        )
        self.population = replace(self.population, institutions=institutions)


def _count(cycle: CycleId) -> int:
    """Which of all cycles it is, counted from the year 0."""
    months = for_cycle(cycle).cycle.months
    return int(cycle[:4]) * len(months) + months.index(int(cycle[-2:]))


def cycles_between(first: CycleId, last: CycleId) -> list[CycleId]:
    """Every cycle from the first to the last, both included."""
    months = for_cycle(first).cycle.months
    years = range(int(first[:4]), int(last[:4]) + 1)
    return [cycle_id(name) for year in years for month in months if first <= (name := f"{year}-{month:02d}") <= last]


def live_cycle(city: City, cycle: CycleId, *, is_first: bool) -> Iterator[date]:
    """Live from a cycle's deadline to the eve of the next one; yields each day on which something was done, afterwards."""
    policy = for_cycle(cycle)
    deadline = policy.deadline(cycle)
    made = _handed_in(city, cycle, deadline, is_first=is_first)
    root, rng = settings().inbox / cycle, city.chance(cycle, "incidents")
    sample.write_csv(made, root / "first")
    acts.run_cycle(cycle, first := sample.hand_in_day(policy, cycle), root / "first")
    _meet(city, cycle, first, 0)
    yield first
    made, chosen = incidents.with_later_versions(made, rng, deadline)
    _write_corrections(made, root / "corrected")
    acts.run_cycle(cycle, corrected := deadline + _CORRECTED_AFTER, root / "corrected")
    incidents.settle(chosen, rng, corrected)
    _meet(city, cycle, corrected, 1)
    yield corrected
    sample.write_results(made, root / "last" / "results")
    acts.run_cycle(cycle, last := deadline + timedelta(days=policy.evaluation.wait_days), root / "last")
    yield last
    ruled = last + timedelta(days=10)
    if incidents.rule_on_holds(cycle, city.chance(cycle, "rulings"), ruled):
        (root / "ruled").mkdir()
        acts.run_cycle(cycle, ruled, root / "ruled")
        yield ruled
    yield from _between(city, cycle, ruled, _next_deadline(cycle))


def _handed_in(city: City, cycle: CycleId, deadline: date, *, is_first: bool) -> sample.SampleCycle:
    if is_first:
        return sample.make_cycle(cycle, city.seed, len(city.population.institutions))
    with reading() as db:
        held = register.on_file(db, deadline)
    return sample.later_cycle(cycle, city.population, held)


def _write_corrections(made: sample.SampleCycle, folder: Path) -> None:
    """The later versions of a cycle alone."""
    empty = {name: frame.iloc[:0] for name, frame in made.tables.items()}
    sample.write_csv(replace(made, tables={**empty, **made.corrected}, attachments={}), folder)


def _between(city: City, cycle: CycleId, day: date, until: date) -> Iterator[date]:
    """Decisions on what is on file, complaints, the inspection, a sweep every month; at last the cycle is closed."""
    for change in _decisions(city, cycle, day):
        _carry_out(city, cycle, change, day)
        yield day
    incidents.complain(cycle, city.chance(cycle, "complaints"), day)
    _employ_inspectors(cycle, day)
    acts.draw(cycle, f"{cycle} 公开抽取", day)
    while day < until:
        acts.sweep(cycle, day)
        yield day
        day += _SWEEP_EVERY
    acts.close(cycle, day)
    yield day


def _meet(city: City, cycle: CycleId, day: date, time: int) -> None:
    """What happens on a day to somebody whose application is under way; `time`: which of the cycle's such days it is."""
    words = {**_words(cycle, day), "ground": "登记机关核准"}
    for change in incidents.changes_under_way(
        cycle, city.chance(cycle, "meeting", time), day, 2 * _count(cycle) + time, words
    ):
        _carry_out(city, cycle, change, day)


def _carry_out(city: City, cycle: CycleId, change: Adjustment | adjustment.Change, day: date) -> None:
    acts.adjust(cycle, change, day)
    if isinstance(change, Recoding):
        city.recoded(change.old_uscc, change.new_uscc)
    if isinstance(change, Merger):
        city.left(change.old_uscc)


def _words(cycle: CycleId, day: date) -> dict[str, object]:
    document = f"{for_cycle(cycle).title[0]}人社监〔{day.year}〕{cycle[-2:]}号"
    return {"document_no": document, "decided_by": acts.OPERATOR, "effective_on": day}


def _decisions(city: City, cycle: CycleId, day: date) -> Iterator[Adjustment | adjustment.Change]:
    """What operators decide: those suspended last time come back, others are suspended, withdraw, are revoked, change."""
    with reading() as db:
        held = register.standings(db, day)
    rng = city.chance(cycle, "decisions")
    words = _words(cycle, day)
    for uscc in sorted(set(held.loc[held["standing"] == "suspended", "uscc"])):
        yield Adjustment.model_validate({"kind": "reinstate", "uscc": uscc, "ground": "整改完成", **words})
    free = _wholly_filed(held)
    grounds = {"suspend": "考评人员配备不足", "withdraw": "机构申请注销", "revoke": "提供虚假材料"}
    for kind, uscc in zip(
        ("suspend", "suspend", "withdraw", "revoke"), rng.sample(free, min(4, len(free))), strict=False
    ):
        one = held.loc[held["uscc"] == uscc, "occupation_code"].iloc[0] if kind in ("suspend", "withdraw") else ""
        yield Adjustment.model_validate(
            {"kind": kind, "uscc": uscc, "occupation_code": one, "ground": grounds[kind], **words}
        )
        free.remove(uscc)
    citizens = {institution.uscc for institution in city.population.institutions}
    for old in [uscc for uscc in free if uscc in citizens][:1]:
        new = credit_code(old[:2], old[2:8], f"MA6{rng.randrange(10**5):05d}")
        yield Recoding.model_validate({"old_uscc": old, "new_uscc": new, "ground": "登记机关换发代码", **words})
        free.remove(old)
    yield from incidents.changes(free, rng, day, _count(cycle), {"ground": "登记机关核准", **words})


def _wholly_filed(held: pd.DataFrame) -> list[str]:
    suspended = set(held.loc[held["standing"] == "suspended", "uscc"])
    return sorted(set(held["uscc"]) - suspended)


def _employ_inspectors(cycle: CycleId, day: date) -> None:
    rows = [
        Inspector(inspector_no=f"J{number:02d}", name=f"检查员{number}", unit=_UNITS[number % len(_UNITS)]).model_dump()
        for number in range(10)
    ]
    with begin(cycle, day) as run, writing(run) as db:
        inspections.add_inspectors(db, pd.DataFrame(rows, dtype="str").assign(active="true"))


def _next_deadline(cycle: CycleId) -> date:
    policy: Policy = for_cycle(cycle)
    year, month = int(cycle[:4]), int(cycle[-2:])
    later = [(year, due) for due in policy.cycle.months if due > month] or [(year + 1, min(policy.cycle.months))]
    return policy.deadline(cycle_id(f"{later[0][0]}-{later[0][1]:02d}"))
