"""Made policies: the shipped city's, variants of it, and an invented city's, with the cycles worked under them."""

import random
import re
from dataclasses import dataclass
from pathlib import Path

from policy import SHIPPED, Policy

_SECOND_CITY = (Path(__file__).resolve().parent.parent / "cities" / "qinghe.toml").read_text("utf-8")
_CYCLES = (
    *("2021-04", "2021-09", "2022-04", "2022-09", "2023-04", "2023-09"),
    *("2024-04", "2024-09", "2025-04", "2025-09", "2025-04", "2025-09"),
)

#: What a city may fix otherwise, and what it may be: section and name to values.
_CHOICES: dict[str, tuple[str, ...]] = {
    "cycle.months": ("[3, 6, 9, 12]", "[1, 5, 9]"),
    "cycle.deadline_day": ("20", "28", "1"),
    "cycle.window_months": ("2",),
    "cycle.roll": ('"next_workday"',),
    "cycle.moment": ('"received"',),
    "correction.workdays": ("3", "8"),
    "evaluation.panel_size": ("2", "5"),
    "evaluation.pass_mark": ("70", "75"),
    "evaluation.wait_days": ("20", "30", "40"),
    "decision.together": ("false",),
    "publication.public_notice_workdays": ("3", "5", "7"),
    "publication.release": ('"approved"',),
    "validity.months": ("12", "24", "60"),
    "validity.reminder_days": ("[400, 15]", "[60]"),
    "dormancy.first_cycle": ('"2024-09"',),
    "dormancy.grace_months": ("3", "12"),
    "cap.capped": ("[]", '["social_organisation", "technical_school"]'),
    "cap.occupations": ("2", "3"),
    "cap.saturation": ("1", "3"),
    "cap.saturation_counts": ('["social_organisation", "technical_school", "enterprise"]',),
    "cap.unit": ('"work_type"',),
    "adjustment.bar_months": ("1", "24"),
    "occupations.skill_classes": ("[4, 6]",),
}
#: What weighs most on how a cycle goes is drawn oftener.
_OFTEN = ("cycle.moment", "decision.together", "publication.public_notice_workdays", "cap.unit")
_OF_A_SECOND_CITY = {
    "cap.capped": ('["association"]', '["association", "college"]'),
    "cap.occupations": ("3",),
    "cap.saturation": ("2",),
    "cap.saturation_counts": ('["association"]',),
    "cap.unit": ('"occupation"',),
    "decision.together": ("true",),
    "cycle.moment": ('"stated"',),
    "cycle.roll": ('"next_workday"',),
    "publication.public_notice_workdays": ("0", "3"),
    "dormancy.first_cycle": ('"2022-03"',),
}
#: What may change from one cycle to the next without another calendar.
_CHANGES = ("correction", "evaluation.p", "decision", "publication", "validity", "dormancy.g", "cap", "adjustment")


@dataclass(frozen=True)
class Setting:
    """The policies of an installation, empty where they are the shipped ones, and the first cycle worked under them."""

    policies: tuple[Policy, ...]
    cycle: str

    @property
    def first(self) -> Policy:
        return self.policies[0] if self.policies else Policy()


def draw(seed: int, rng: random.Random) -> Setting:
    """The shipped policy as it is, a variant of it, or another city's; now and then it changes between the cycles."""
    chance = random.Random(f"policy of {seed}")
    if seed % 3 == 1:
        return Setting((), rng.choice(_CYCLES))
    if seed % 3 == 2:
        text = _with(SHIPPED, _drawn(chance, _CHOICES, 5))
        years = [2021, 2022, 2023, 2024, 2025]
    else:
        text = _with(_SECOND_CITY, {"in_force_from": "2021-01-01"} | _drawn(chance, _OF_A_SECOND_CITY, 3))
        years = [2023, 2024, 2024, 2025]
    policy = Policy(text)
    cycle = f"{rng.choice(years)}-{rng.choice(policy['cycle']['months']):02d}"
    if policy.deadline(cycle) < policy["in_force_from"]:
        cycle = policy.next_cycle(cycle)
    if chance.random() < 0.75:
        return Setting((policy,), cycle)
    changes = {name: choices for name, choices in _CHOICES.items() if name.startswith(_CHANGES) and "types" not in name}
    changes = {name: choices for name, choices in changes.items() if "social" not in "".join(choices)}
    later = {"in_force_from": f"{policy.next_cycle(cycle)}-01"} | _drawn(chance, changes, 3)
    return Setting((policy, Policy(_with(text, later))), cycle)


def _drawn(chance: random.Random, choices: dict[str, tuple[str, ...]], most: int) -> dict[str, str]:
    names = chance.sample(sorted(choices), chance.randrange(1, most + 1))
    names += [name for name in _OFTEN if name in choices and chance.random() < 0.35]
    return {name: chance.choice(choices[name]) for name in names}


def _with(text: str, numbers: dict[str, str]) -> str:
    """The policy's text with other values, each named by its section and name."""
    section, lines, put = "", [], set()
    for line in text.splitlines():
        if header := re.match(r"\[([^]]+)\]", line):
            section = f"{header[1]}."
        name = section + line.partition(" = ")[0]
        if name in numbers:
            put.add(name)
        lines.append(f"{line.partition(' = ')[0]} = {numbers[name]}" if name in numbers else line)
    if missing := numbers.keys() - put:
        raise ValueError(f"the policy has no {', '.join(sorted(missing))}")
    return "\n".join(lines) + "\n"
