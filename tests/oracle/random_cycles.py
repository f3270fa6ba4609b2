"""Command: make a seeded, adversarial cycle as the folder of CSVs of contract section 4.

`python tests/oracle/random_cycles.py --seed 1 --institutions 300 --out DIR` prints the cycle and the day to run it on.
Most applications are valid; the others have mishaps over all rules. `--edges` adds what the contract leaves open.
"""

import argparse
import random
from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import made_results
import spoiled_occupations
import spoiled_people_and_papers
from expected import write_csv
from facts import Row, Tables, deadline, facts
from made_filings import Institution, MadeFiling, World, application
from made_register import activities, institution, on_file
from made_values import Maker
from reading import run
from spoiled_forms import EDGES, MISHAPS, Mishap

CYCLES = (
    *("2021-04", "2021-09", "2022-04", "2022-09", "2023-04", "2023-09"),
    *("2024-04", "2024-09", "2025-04", "2025-09", "2025-09", "2026-04", "2026-09", "2026-09"),
)
_TYPES = ("enterprise", "technical_school", "social_organisation")
_SPOILING = (spoiled_occupations, spoiled_people_and_papers)  # their mishaps enter themselves on import


@dataclass(frozen=True)
class MadeCycle:
    """A made cycle: its tables, the day of the run, and how often each mishap was used."""

    seed: int
    cycle: str
    as_of: date
    tables: Tables
    mishaps: Counter[str]


def make_cycle(seed: int, institutions: int, *, edges: bool = False) -> MadeCycle:
    """One cycle, the same for the same seed and size; about a tenth of a second for 30 institutions."""
    rng = random.Random(seed)
    cycle = rng.choice(CYCLES)
    known = facts(cycle)
    skills = [code for code in known.dictionary if code[0] in "3456" and code not in known.access]
    pool = rng.sample(skills, max(6, institutions * 2 // 5))
    world = World(rng, Maker(rng), known, cycle, pool, skills)
    last = deadline(known.policy, cycle)
    wait = int(known.policy["evaluation"]["wait_days"])
    manner, days = rng.choice(
        (
            *(("complete", 3), ("complete", 20), ("complete", 40), ("complete", wait), ("complete", wait + 30)),
            *(("partial", 10), ("partial", wait - 1), ("partial", wait), ("partial", wait + 30), ("none", wait - 1)),
        )
    )
    as_of = last + timedelta(days=days)
    filings, register, used = _filings(world, institutions, as_of, MISHAPS | EDGES if edges else MISHAPS)
    tables = _tables(world, filings, register)
    if rng.random() < 0.8:
        tables["activities"] = activities(world, register)
    tables["decisions"] = made_results.decisions(world, run(tables, cycle, last), as_of)
    tables["results"] = made_results.results(world, run(tables, cycle, last), manner)
    return MadeCycle(seed, cycle, as_of, tables, used)


def _filings(
    world: World, count: int, as_of: date, mishaps: dict[str, Mishap]
) -> tuple[list[MadeFiling], list[Row], Counter[str]]:
    rng = world.rng
    filings: list[MadeFiling] = []
    register: list[Row] = []
    used: Counter[str] = Counter()
    for number in range(count):
        who = institution(world, rng.choices(_TYPES, (40, 20, 40))[0], number)
        kind = "initial"
        if rng.random() < 0.45:
            source = world.pool if who.type == "social_organisation" else world.skills
            register += on_file(world, who, rng.sample(source, min(len(source), rng.choice((1, 2, 2, 3, 5)))), as_of)
            kind = rng.choice(("addition", "addition", "renewal", "initial")) if who.on_file else "addition"
        filing = application(world, who, number, kind)
        times = rng.choices((0, 1, 2, 3), (50, 30, 13, 7))[0]
        for name in dict.fromkeys(rng.choices(_fitting(mishaps, who), k=times)):
            mishaps[name](world, filing)
            used[name] += 1
        filings.append(filing)
        filings += _another(world, who, filing, count + number)
    register += _bystanders(world, count, as_of)
    rng.shuffle(filings)
    return filings, register, used


def _fitting(mishaps: dict[str, Mishap], who: Institution) -> list[str]:
    """All mishaps, those of schools oftener for a school, which are few."""
    own = ("students_above_their_programme", "programme_missing", "level_requested_twice")
    return sorted(mishaps) + list(own) * (5 if who.type == "technical_school" else 0)


def _another(world: World, who: Institution, filing: MadeFiling, number: int) -> list[MadeFiling]:
    """Now and then a second application of the institution, the same number again, or one for another cycle."""
    chance = world.rng.random()
    if chance < 0.015:
        return [application(world, who, number, "addition")]
    if chance < 0.025:
        again = application(world, who, number, "initial")
        again.form["application_no"] = filing.form["application_no"]
        return [MadeFiling(who, again.form, [], [], [], [])]
    if chance < 0.035:
        other = application(world, who, number, "addition")
        other.form["cycle"] = "2020-09"
        return [other]
    return []


def _bystanders(world: World, count: int, as_of: date) -> list[Row]:
    """Institutions that only hold: near saturation in the pool, of counted and uncounted types."""
    rows: list[Row] = []
    for number in range(count // 6):
        who = institution(world, world.rng.choices(_TYPES, (15, 15, 70))[0], 2 * count + number)
        rows += on_file(world, who, world.rng.sample(world.pool, 2), as_of)
    return rows


def _tables(world: World, filings: list[MadeFiling], register: list[Row]) -> Tables:
    tables: Tables = {"applications": [], "occupations": [], "staff": [], "materials": [], "programmes": []}
    for filing in filings:
        tables["applications"].append(filing.form)
        for name, rows in filing.tables():
            tables[name] += rows
    for name in ("staff", "materials"):
        if world.rng.random() < 0.5:  # rows of one application need not stand together
            world.rng.shuffle(tables[name])
    return tables | {"register": register}


def write(made: MadeCycle, folder: Path) -> None:
    """Write each table as `<name>.csv`; a table without rows has its header only."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in made.tables.items():
        write_csv(folder / f"{name}.csv", COLUMNS[name].split(), rows)


COLUMNS = {
    "applications": (
        "application_no cycle kind institution_name uscc institution_type affiliation region_code registered_address "
        "legal_representative contact_name contact_phone contact_email submitted_at social_insurance no_violations"
    ),
    "occupations": "application_no occupation_code occupation_name work_type levels audience neighbour_code",
    "staff": "application_no role name id_type id_number title certificate_no",
    "materials": "application_no material occupation_code form file_name size_bytes sha256",
    "programmes": "application_no programme_code programme_name occupation_code highest_level",
    "activities": "uscc occupation_code level held_on candidates passed",
    "results": (
        "application_no occupation_code level verdict score evaluated_on panel_lead panel_size commitments_shown "
        "remarks"
    ),
    "register": (
        "uscc institution_name institution_type region_code occupation_code level filed_on valid_until institution_code"
    ),
    "decisions": "application_no rule occupation_code verdict decided_by decided_at document_no reason",
}


def main() -> None:
    parser = argparse.ArgumentParser(description="Make a seeded, adversarial cycle as a folder of CSVs.")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--institutions", type=int, default=300)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--edges", action="store_true", help="add mishaps that the contract's text leaves open")
    arguments = parser.parse_args()
    made = make_cycle(arguments.seed, arguments.institutions, edges=arguments.edges)
    write(made, arguments.out)
    print(f"{made.cycle} {made.as_of}")


if __name__ == "__main__":
    main()
