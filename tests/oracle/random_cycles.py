"""Command: make a seeded, adversarial history of two cycles as folders of CSVs, an act a folder.

`python tests/oracle/random_cycles.py --seed 1 --institutions 60 --out DIR` writes DIR/act-1, act-2 … (the forms, with
`desk/` and `results/` below), `reference/` where later lists are published, and `plan.json`: a day, a cycle, commands
and whether a run follows, for each act. `--edges` adds what the contract leaves open.
"""

import argparse
import json
import random
import tempfile
from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import made_changes
import made_policies
import spoiled_occupations
import spoiled_people_and_papers
import values
from expected import write_csv
from facts import Row
from made_register import activities
from made_story import Story
from office import Act, Office
from policy import Policy
from spoiled_forms import EDGES, MISHAPS

_SPOILING = (spoiled_occupations, spoiled_people_and_papers)  # their mishaps enter themselves on import


@dataclass(frozen=True)
class MadeHistory:
    """A made history: its acts, the later reference lists, and how often each mishap was used."""

    seed: int
    acts: list[Act]
    reference: dict[str, list[Row]]
    mishaps: Counter[str]
    policies: tuple[Policy, ...] = ()  # empty where the shipped ones govern

    @property
    def cycles(self) -> list[str]:
        return sorted({act.cycle for act in self.acts})


def make_history(seed: int, institutions: int, *, edges: bool = False) -> MadeHistory:
    """Two cycles one after the other, the same for the same seed and size; two seconds for 30 institutions."""
    rng = random.Random(seed)
    setting = made_policies.draw(seed, rng)
    cycle, last = setting.cycle, setting.first.deadline(setting.cycle)
    reference = _reference(rng, last) if rng.random() < 0.4 else {}
    with tempfile.TemporaryDirectory() as folder:
        for name, rows in reference.items():
            write_csv(Path(folder) / name, list(rows[0]), rows)
        office = Office(Path(folder) if reference else None, setting.policies or (Policy(),))
        first = Story(rng, cycle, office, MISHAPS | EDGES if edges else dict(MISHAPS))
        _first_cycle(first, institutions)
        second = Story(rng, setting.first.next_cycle(cycle), office, first.mishaps)
        _second_cycle(second, first)
    return MadeHistory(seed, first.acts + second.acts, reference, first.used + second.used, setting.policies)


def _first_cycle(story: Story, institutions: int) -> None:
    """From the opening of the window to the closing of the cycle, in ten acts and perhaps an eleventh."""
    _while_the_window_is_open(story, institutions)
    _corrections_and_results(story)
    _after_the_decision(story)


def _while_the_window_is_open(story: Story, institutions: int) -> None:
    rng, office, recorder = story.rng, story.office, story.recorder
    opening = story.begin(-27)
    story.establish(institutions)
    story.first_desk(opening)
    story.play(opening)
    people = list(story.people)
    rng.shuffle(people)
    early, late = people[: len(people) * 6 // 10], people[len(people) * 9 // 10 :]

    act = story.begin(-14)
    made_changes.supervise(story, act, 0.12)
    story.hand_in(act, early)
    story.play(act)

    act = story.begin(-4)
    story.hand_in(act, people[len(early) : len(people) - len(late)])
    story.amend(act, 0.25)
    story.strangers(act)
    story.withdraw(act, 0.02)
    story.decide(act, 0.2)
    story.play(act)

    act = story.begin(2)
    story.hand_in(act, late)
    story.withdraw(act, 0.03)
    story.decide(act, 0.4)
    act.results = recorder.results(office, act.day, 0.3)
    story.play(act)


def _corrections_and_results(story: Story) -> None:
    rng, office, recorder = story.rng, story.office, story.recorder
    act = story.begin(7)
    story.correct(act, 0.5)
    story.amend_unasked(act, 0.1)
    act.desk["decisions"] = recorder.turned(office, act.day)
    story.play(act)

    wait = story.world.policy.wait_days
    act = story.begin(wait * rng.choice((72, 100)) // 180)
    story.correct(act, 0.4)
    story.permit_late(act, 0.5)
    story.decide(act, 0.5)
    made_changes.supervise(story, act, 0.12)
    made_changes.reorganise(story, act)
    act.results = recorder.results(office, act.day, 0.8)
    story.play(act)

    act = story.begin(wait * 7 // 9)
    story.withdraw(act, 0.01)
    story.decide(act, 0.3)
    act.desk["decisions"] += recorder.turned(office, act.day)
    act.results = recorder.results(office, act.day, rng.choice((0.7, 1.0)))
    story.play(act)

    act = story.begin(wait + rng.choice((-1, 0, 2)))
    act.results = recorder.results(office, act.day, 0.7)
    story.play(act)


def _after_the_decision(story: Story) -> None:
    rng, office, recorder = story.rng, story.office, story.recorder
    wait = story.world.policy.wait_days
    _while_the_notice_runs(story)
    act = story.begin(wait + 10)
    story.end_some(act, 0.05)
    made_changes.free_places(story, act)
    story.decide(act, 0.3)
    act.results = [*recorder.results(office, act.day, 0.6), *recorder.corrected(office, act.day)]
    story.play(act)

    act = story.begin(wait + 20)
    story.on_corrected(act)
    act.desk["decisions"] += recorder.turned(office, act.day)
    act.results = recorder.results(office, act.day, 0.9)
    story.play(act)
    if rng.random() < 0.4:
        act = story.begin(wait + 25)
        story.close_cycle(act)
        story.play(act, run=False)


def _while_the_notice_runs(story: Story) -> None:
    """Objections to what is shown, upheld and dismissed, beside results and rulings that go on."""
    if not story.world.policy.notice_workdays:
        return
    act = story.begin(story.world.policy.wait_days + 4)
    story.object_to(act, 0.3)
    made_changes.supervise(story, act, 0.05)
    if story.rng.random() < 0.5:
        made_changes.reorganise(story, act)
    act.results = story.recorder.results(story.office, act.day, 0.4)
    story.play(act)
    act = story.begin(story.world.policy.wait_days + 6)
    story.object_to(act, 0.3)
    story.play(act)


def _second_cycle(story: Story, before: Story) -> None:
    """The next cycle, with what the former left pending beside it."""
    rng, office, recorder = story.rng, story.office, story.recorder
    closed = before.world.cycle in office.closed_cycles
    opening = story.begin(-20)
    people = rng.sample(before.people, max(2, len(before.people) * 2 // 3))
    for who in people:
        story.refresh(who, story.world.facts.deadline)
    waiting = [app for app in before.open_applications() if not app.closed]
    story.register = before.register
    story.hand_in(opening, people)
    if closed and waiting:  # a version for a closed cycle is late
        before.version(opening, waiting[0])
    if office.activities is not None:
        opening.desk["activities"] = activities(story.world, office.register.rows(opening.day))
    story.play(opening)

    act = story.begin(-8)
    if not closed:
        before.close_cycle(act)
    story.amend(act, 0.15)
    story.play(act)

    act = story.begin(3)
    story.decide(act, 0.5)
    story.withdraw(act, 0.03)
    story.play(act)

    act = story.begin(story.world.policy.wait_days * 4 // 9)
    made_changes.supervise(story, act, 0.1)
    if rng.random() < 0.5:
        made_changes.reorganise(story, act)
    story.decide(act, 0.4)
    act.results = recorder.results(office, act.day, 0.7)
    story.play(act)

    wait = story.world.policy.wait_days
    act = story.begin(wait + 1)
    act.results = recorder.results(office, act.day, 1.0)
    story.play(act)
    if story.world.policy.notice_workdays:
        act = story.begin(wait + rng.choice((5, 8, 12)))
        story.object_to(act, 0.3)
        story.play(act)
    if rng.random() < 0.6:  # long after: what an addition shared has lapsed
        act = story.begin(rng.choice((60, 150, 400)))
        story.play(act)


def _reference(rng: random.Random, last: date) -> dict[str, list[Row]]:
    """Later lists: new occupations published about the window, an access-type list in force about a deadline."""
    published = values.add_months(last, -1).replace(day=rng.choice((1, 20, 28))).isoformat()
    in_force = (last + timedelta(days=rng.choice((0, 1)))).isoformat()
    names = ("矿山生态修复工", "铜冶炼智控员")
    new = [
        {"batch": "99", "document": "人社厅发〔2099〕1号", "published_on": published, "name": name, "code_2022": code}
        for name, code in zip(names, ("", "6-97-01-01"), strict=True)
    ]
    access = [
        {"item": "1", "group": "焊工", "qualification": "民用核安全设备焊工、焊接操作工", "code_2022": "6-18-02-04"}
        | {"occupation_2022": "焊工", "coverage": "partial", "in_force_from": in_force},
        {"item": "2", "group": "服务", "qualification": "保安员", "code_2022": "4-07-05-01"}
        | {"occupation_2022": "保安员", "coverage": "whole", "in_force_from": in_force},
    ]
    return {"new_occupations_later.csv": new, "access_qualifications_later.csv": access}


def write(made: MadeHistory, folder: Path) -> None:
    """Write each act's folder and `plan.json`; a table without rows has its header only."""
    for number, act in enumerate(made.acts, 1):
        write_act(act, folder / f"act-{number}")
    for name, rows in made.reference.items():
        write_csv(folder / "reference" / name, list(rows[0]), rows)
    for number, policy in enumerate(made.policies, 1):
        (folder / "policies").mkdir(parents=True, exist_ok=True)
        (folder / "policies" / f"{number}.toml").write_text(policy.text, "utf-8")
    plan = [
        {"day": act.day.isoformat(), "cycle": act.cycle, "commands": act.commands, "run": act.run} for act in made.acts
    ]
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"seed": made.seed, "cycles": made.cycles, "acts": plan}, ensure_ascii=False, indent=1)
    (folder / "plan.json").write_text(text + "\n", "utf-8")


def write_act(act: Act, here: Path) -> None:
    """Write what one act lays in."""
    here.mkdir(parents=True, exist_ok=True)
    for name, rows in act.forms.items():
        write_csv(here / f"{name}.csv", COLUMNS[name].split(), rows)
    for name, rows in act.desk.items():
        write_csv(here / "desk" / f"{name}.csv", COLUMNS[name].split(), rows)
    if act.results:
        write_csv(here / "results" / "results.csv", COLUMNS["results"].split(), act.results)


COLUMNS = {
    "applications": (
        "application_no cycle kind institution_name uscc institution_type affiliation region_code registered_address "
        "legal_representative contact_name contact_phone contact_email submitted_at social_insurance no_violations "
        "withdrawn"
    ),
    "occupations": "application_no occupation_code occupation_name work_type levels audience neighbour_code",
    "staff": "application_no role name id_type id_number title certificate_no",
    "materials": "application_no material occupation_code work_type form file_name size_bytes sha256",
    "programmes": "application_no programme_code programme_name occupation_code highest_level",
    "activities": "uscc occupation_code work_type level held_on candidates passed",
    "results": (
        "application_no occupation_code work_type level verdict score evaluated_on panel_lead panel_size "
        "commitments_shown remarks"
    ),
    "register": (
        "uscc institution_name institution_type region_code registered_address occupation_code work_type level "
        "audience filed_on valid_until institution_code"
    ),
    "decisions": "application_no rule occupation_code verdict decided_by decided_at document_no reason",
    "complaints": "complaint_no uscc received_on summary handled_by outcome due_on closed_on document_no",
}


def main() -> None:
    parser = argparse.ArgumentParser(description="Make a seeded, adversarial history as folders of CSVs.")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--institutions", type=int, default=60)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--edges", action="store_true", help="add mishaps that the contract's text leaves open")
    arguments = parser.parse_args()
    made = make_history(arguments.seed, arguments.institutions, edges=arguments.edges)
    write(made, arguments.out)
    print(f"{' '.join(made.cycles)}: {len(made.acts)} acts")


if __name__ == "__main__":
    main()
