"""The draw: anyone repeats it from its file, shares are kept in every stratum, loads are even, units differ."""

import re
from collections import Counter
from datetime import date
from math import ceil
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.inspection import Draw, ImpossibleDrawError, Inspector, Institution, differences, draw

TYPES, REGIONS = ("enterprise", "technical_school", "social_organisation"), ("420202", "420203", "HS-KFQ")


def made_institutions(count: int) -> list[Institution]:
    return [
        Institution(
            uscc=f"CODE{number:04d}",
            institution_name=f"机构{number}",
            institution_type=TYPES[number % 3],
            region_code=REGIONS[number * number % 3],
        )
        for number in range(count)
    ]


def made_inspectors(count: int, units: int) -> list[Inspector]:
    return [Inspector(inspector_no=f"J{n:02d}", name=f"检查员{n}", unit=f"单位{n % units}") for n in range(count)]


def made_draw(institutions: int = 60, inspectors: int = 8, units: int = 8, seed: str = "第0926期") -> Draw:
    return draw(
        "2026-09",
        seed,
        date(2026, 11, 1),
        share=0.1,
        inspectors_per_visit=2,
        institutions=made_institutions(institutions),
        inspectors=made_inspectors(inspectors, units),
    )


@given(
    institutions=st.integers(1, 80), inspectors=st.integers(2, 9), share=st.sampled_from([0.05, 0.1, 0.34, 1.0]),
    seed=st.text(min_size=1, max_size=12), order=st.randoms(use_true_random=False),
)  # fmt: skip
def test_shares_loads_and_order(institutions: int, inspectors: int, share: float, seed: str, order: Random) -> None:
    given_institutions, given_inspectors = made_institutions(institutions), made_inspectors(inspectors, inspectors)
    words: dict[str, Any] = {"share": share, "inspectors_per_visit": 2}
    made = draw(
        "2026-09", seed, date(2026, 11, 1), institutions=given_institutions, inspectors=given_inspectors, **words
    )
    order.shuffle(given_institutions)
    order.shuffle(given_inspectors)
    again = draw(
        "2026-09", seed, date(2026, 11, 1), institutions=given_institutions, inspectors=given_inspectors, **words
    )
    assert made == again
    assert differences(made) == []
    assert len(made.visits) == len({visit.uscc for visit in made.visits}) == ceil(round(share * institutions, 9))
    sizes = Counter(institution.stratum for institution in given_institutions)
    drawn = Counter(visit.stratum for visit in made.visits)
    assert all(abs(drawn[name] - len(made.visits) * size / institutions) < 1 for name, size in sizes.items())
    load = Counter(inspector.inspector_no for visit in made.visits for inspector in visit.inspectors)
    loads = [load[inspector.inspector_no] for inspector in given_inspectors]
    assert max(loads) - min(loads) <= 1


def test_nobody_visits_with_or_inspects_their_own_unit() -> None:
    people = [*made_inspectors(6, 3), Inspector(inspector_no="J99", name="自家人", unit="机构0")]
    made = draw(
        "2026-09", "种子", date(2026, 11, 1), share=1, inspectors_per_visit=2,
        institutions=made_institutions(40), inspectors=people,
    )  # fmt: skip
    for visit in made.visits:
        units = {inspector.unit for inspector in visit.inspectors}
        assert len(units) == 2 and visit.institution_name not in units


def test_another_seed_draws_others() -> None:
    drawn = {tuple(visit.uscc for visit in made_draw(seed=f"种子{n}").visits) for n in range(20)}
    assert len(drawn) > 15


def test_every_institution_is_as_likely_as_any_other() -> None:
    times = Counter(visit.uscc for n in range(400) for visit in made_draw(30, seed=f"第{n}次").visits)
    assert len(times) == 30
    assert all(15 <= count <= 70 for count in times.values()), "3 of 30 in 400 draws: 40 times each on the average"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seed": "另一个种子"}, "not drawn|was drawn|not the one"),
        ({"share": "0.2"}, "was drawn and is not in the file"),
        ({"visits": ()}, "was drawn and is not in the file"),
        ({"inspectors_per_visit": 1}, "its inspectors are"),
        ({"institutions": tuple(made_institutions(30))}, "drawn"),
        ({"institutions": ()}, "nobody to draw"),
        ({"institutions": tuple(made_institutions(60))[:1] * 2}, "listed twice"),
        ({"method": "抓阄"}, "method"),
    ],
)
def test_a_changed_file_is_told_apart(change: dict[str, object], message: str) -> None:
    changed = made_draw().model_copy(update=change)
    assert any(re.search(message, sentence) for sentence in differences(changed))


def test_a_swapped_inspector_and_a_swapped_order_are_told_apart() -> None:
    made = made_draw()
    first = made.visits[0]
    swapped = first.model_copy(update={"inspectors": first.inspectors[::-1]})
    assert (
        f"the visit to {first.uscc}" in differences(made.model_copy(update={"visits": (swapped, *made.visits[1:])}))[0]
    )
    assert "order" in differences(made.model_copy(update={"visits": made.visits[::-1]}))[0]
    assert "twice" in differences(made.model_copy(update={"visits": (*made.visits, first)}))[0]


def test_too_few_units_are_told() -> None:
    with pytest.raises(ImpossibleDrawError, match="different units and there are 1"):
        made_draw(inspectors=5, units=1)


def test_the_draw_of_today_is_the_draw_of_tomorrow() -> None:
    """The first lots under a fixed seed: a change of the method must not go unnoticed."""
    made = made_draw(20, seed="2026-11-01 收盘 3386.79")
    assert [(visit.uscc, [inspector.inspector_no for inspector in visit.inspectors]) for visit in made.visits] == [
        ("CODE0019", ["J07", "J06"]),
        ("CODE0012", ["J02", "J01"]),
    ]
