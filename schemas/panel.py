"""Drawing the panels of a cycle from the pool of experts, so that anyone can repeat the draw.

Source: Notice, article 3(3). Chance comes from the seed alone: an expert's lot for an application is the SHA-256 of
`seed|application_no|expert_no` in UTF-8, as hexadecimal text, and the lowest lot wins.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from itertools import pairwise
from typing import Any

from schemas.evaluation import Candidate, Panel, PanelDraw, PanelMember


@dataclass(frozen=True)
class Expert:
    """One expert of the pool; a prefix such as `6-18` stands for every occupation code that begins with these parts."""

    expert_no: str
    name: str
    employer_uscc: str = ""
    occupation_prefixes: tuple[str, ...] = ()
    active: bool = True

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "Expert":
        """An expert from a row of text; prefixes parted by `;` `、` `,` or space, active `true` or 是."""
        texts = {name: value.strip() if isinstance(value, str) else "" for name, value in row.items()}
        return cls(
            expert_no=texts["expert_no"],
            name=texts["name"],
            employer_uscc=texts.get("employer_uscc", "").upper(),
            occupation_prefixes=tuple(
                part for part in re.split(r"[;；、,，\s]+", texts["occupation_prefixes"]) if part
            ),
            active=texts.get("active", "true").lower() in {"true", "是", "1"},
        )

    def knows(self, occupation_code: str) -> bool:
        """Whether the occupation is one of theirs: whole parts of the code, so `6-1` is not `6-18`."""
        return f"{occupation_code}-".startswith(self._beginnings)

    @cached_property
    def _beginnings(self) -> tuple[str, ...]:
        """The prefixes as whole parts."""
        return tuple(f"{bare}-" for prefix in self.occupation_prefixes if (bare := prefix.strip("-")))


@dataclass(frozen=True)
class Applicant:
    """What the draw needs of one application of the cycle."""

    application_no: str
    uscc: str
    occupation_codes: frozenset[str]


class Pool:
    """The experts by number, and for each occupation that was asked for who of them may judge it.

    Raises ValueError when an expert number occurs twice.
    """

    def __init__(self, experts: Iterable[Expert]) -> None:
        self.experts = sorted(experts, key=lambda expert: expert.expert_no)
        for one, other in pairwise(self.experts):
            if one.expert_no == other.expert_no:
                raise ValueError(f"expert number '{one.expert_no}' occurs twice in the pool: give each expert one row")
        self.employers = frozenset(expert.employer_uscc for expert in self.experts) - {""}
        self._knowing: dict[str, list[int]] = {}

    def knowing(self, codes: Sequence[str]) -> Iterator[tuple[Expert, tuple[str, ...]]]:
        """The active experts who know one of the occupations, by number, each with those they know."""
        codes_by_place: dict[int, list[str]] = {}
        for code in codes:
            if code not in self._knowing:
                self._knowing[code] = [
                    place for place, expert in enumerate(self.experts) if expert.active and expert.knows(code)
                ]
            for place in self._knowing[code]:
                codes_by_place.setdefault(place, []).append(code)
        for place in sorted(codes_by_place):
            yield self.experts[place], tuple(codes_by_place[place])


def draw_panel(
    seed: str,
    applicant: Applicant,
    experts: Iterable[Expert] | Pool,
    size: int,
    *,
    barred: Iterable[str],
    load: Mapping[str, int],
) -> PanelDraw:
    """Draw the panel of one application: `size` experts, or as many as may sit.

    May sit: active, knows one of the occupations, not employed by a `barred` credit code nor by the applicant. `load`
    is expert number to panels already sat on in the cycle. Raises ValueError when an expert number occurs twice.
    """
    employers = frozenset({applicant.uscc, *barred} - {""})
    codes = tuple(sorted(applicant.occupation_codes))
    pool = experts if isinstance(experts, Pool) else Pool(experts)
    candidates = tuple(
        Candidate(
            expert_no=expert.expert_no,
            name=expert.name,
            knows=occupations,
            load=load.get(expert.expert_no, 0),
        )
        for expert, occupations in pool.knowing(codes)
        if expert.employer_uscc not in employers
    )
    members = _members(seed, applicant.application_no, size, codes, candidates)
    return PanelDraw(
        application_no=applicant.application_no,
        seed=seed,
        size=size,
        occupation_codes=codes,
        barred_employers=tuple(sorted(employers)),
        candidates=candidates,
        panel=_panel(seed, applicant.application_no, members),
        uncovered=tuple(sorted(set(codes).difference(*(member.knows for member in members)))),
    )


def repeat(draw: PanelDraw) -> Panel:
    """The panel that follows from a draw's record; it equals `draw.panel` unless somebody changed the record."""
    members = _members(draw.seed, draw.application_no, draw.size, draw.occupation_codes, draw.candidates)
    return _panel(draw.seed, draw.application_no, members)


def draw_panels(
    seed: str,
    applicants: Sequence[Applicant],
    experts: Iterable[Expert],
    size: int,
    *,
    standing: Mapping[str, Panel] | None = None,
    only: Collection[str] | None = None,
) -> dict[str, PanelDraw]:
    """Draw the panels of a cycle: application number to draw, by application number.

    `applicants` are all applications of the cycle, also those not sent out: nobody employed by one of them judges
    another of the same occupation. `standing` are panels drawn before; they stay, and count in the load. `only` are the
    numbers to draw for, None for all.
    """
    pool, standing = Pool(experts), standing or {}
    load: dict[str, int] = {}
    for panel in standing.values():
        _add(load, panel)
    barred = barred_employers(applicants, pool.employers)
    drawn: dict[str, PanelDraw] = {}
    for applicant in sorted(applicants, key=lambda one: one.application_no):
        number = applicant.application_no
        if number in standing or (only is not None and number not in only):
            continue
        drawn[number] = draw_panel(seed, applicant, pool, size, barred=barred[number], load=load)
        _add(load, drawn[number].panel)
    return drawn


def barred_employers(applicants: Iterable[Applicant], employers: Collection[str]) -> dict[str, frozenset[str]]:
    """Application number to the credit codes whose experts may not judge it: all who ask for one of its occupations.

    `employers`: those of the experts of the pool; others bar nobody and are left out, but for the applicant itself.
    """
    applicants = list(applicants)
    rivals: dict[str, set[str]] = {}
    for applicant in applicants:
        if applicant.uscc in employers:
            for code in applicant.occupation_codes:
                rivals.setdefault(code, set()).add(applicant.uscc)
    return {
        one.application_no: frozenset({one.uscc}.union(*(rivals.get(code, ()) for code in one.occupation_codes)) - {""})
        for one in applicants
    }


def lot(seed: str, application_no: str, expert_no: str) -> str:
    """The expert's lot: hexadecimal SHA-256 of the three joined by `|`."""
    return sha256(f"{seed}|{application_no}|{expert_no}".encode()).hexdigest()


def _members(
    seed: str, application_no: str, size: int, codes: Sequence[str], candidates: Iterable[Candidate]
) -> list[Candidate]:
    """In the order drawn: first somebody for each occupation nobody knows yet, then anyone; lowest load, then lot."""
    pool = sorted(candidates, key=lambda one: (one.load, lot(seed, application_no, one.expert_no)))
    members: list[Candidate] = []
    uncovered = set(codes)
    while pool and len(members) < size:
        chosen = next((one for one in pool if uncovered.intersection(one.knows)), pool[0])
        pool.remove(chosen)
        members.append(chosen)
        uncovered.difference_update(chosen.knows)
    return members


def _panel(seed: str, application_no: str, members: Sequence[Candidate]) -> Panel:
    lead = min(members, key=lambda one: lot(seed, application_no, one.expert_no), default=None)
    return Panel(
        members=tuple(PanelMember(expert_no=one.expert_no, name=one.name) for one in members),
        lead=lead.expert_no if lead else "",
        seed=seed if members else "",
    )


def _add(load: dict[str, int], panel: Panel) -> None:
    for member in panel.members:
        load[member.expert_no] = load.get(member.expert_no, 0) + 1
