"""The draw: who may sit, that load is even, and that anyone can repeat it with nothing but SHA-256."""

from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.evaluation import PanelDraw
from schemas.panel import Applicant, Expert, draw_panel, draw_panels, lot, repeat

WELDING, COOKING, DRIVING = "6-18-02-04", "4-03-02-01", "6-30-05-01"


def _experts(count: int, **same: object) -> list[Expert]:
    return [
        Expert(**{"expert_no": f"E{n:03}", "name": f"专家{n}", "occupation_prefixes": ("6-18",), **same})  # type: ignore[arg-type]
        for n in range(count)
    ]


def _applicant(number: str, uscc: str = "", *codes: str) -> Applicant:
    return Applicant(number, uscc or f"U-{number}", frozenset(codes or (WELDING,)))


def _numbers(draw: PanelDraw) -> list[str]:
    return [member.expert_no for member in draw.panel.members]


@pytest.mark.parametrize(
    ("prefixes", "code", "known"),
    [
        (("6-18",), WELDING, True),
        (("6-18-02-04",), WELDING, True),
        (("6",), WELDING, True),
        (("6-1",), WELDING, False),
        (("6-18-02-04-01",), WELDING, False),
        (("4-03", "6-18-02"), WELDING, True),
        (("6-18-",), WELDING, True),
        (("",), WELDING, False),
        ((), WELDING, False),
    ],
)
def test_a_prefix_is_whole_parts_of_a_code(prefixes: tuple[str, ...], code: str, known: bool) -> None:
    assert Expert("E", "王", "", prefixes).knows(code) is known


def test_an_expert_is_read_from_a_row_of_text() -> None:
    row = {
        "expert_no": " E1 ",
        "name": "王",
        "employer_uscc": "91a",
        "occupation_prefixes": "6-18、4-03",
        "active": "是",
    }
    assert Expert.of(row) == Expert("E1", "王", "91A", ("6-18", "4-03"), True)
    assert Expert.of({**row, "active": "否"}).active is False
    assert Expert.of({**row, "active": float("nan")}).active is False
    assert Expert.of({name: row[name] for name in ("expert_no", "name", "occupation_prefixes")}).active is True


def test_nobody_sits_who_is_barred_inactive_or_of_another_trade() -> None:
    pool = [
        Expert("E1", "本单位", "U-A1", ("6-18",)),
        Expert("E2", "同职业另一申报单位", "U-A2", ("6-18",)),
        Expert("E3", "停用", "", ("6-18",), active=False),
        Expert("E4", "别的职业", "", ("4-03",)),
        Expert("E5", "可抽", "U-OTHER", ("6-18",)),
        Expert("E6", "只申报烹调的单位", "U-A3", ("6-18",)),
    ]
    applicants = [_applicant("A1"), _applicant("A2"), _applicant("A3", "", COOKING)]
    drawn = draw_panels("种子", applicants, pool, 3)
    assert sorted(_numbers(drawn["A1"])) == ["E5", "E6"]
    assert drawn["A1"].missing == 1
    assert drawn["A1"].barred_employers == ("U-A1", "U-A2")
    assert _numbers(drawn["A3"]) == ["E4"]


def test_without_a_pool_the_panel_is_empty() -> None:
    draw = draw_panels("s", [_applicant("A1")], [], 3)["A1"]
    assert draw.panel.members == ()
    assert draw.panel.lead == ""
    assert (draw.missing, draw.uncovered) == (3, (WELDING,))


def test_the_lead_is_one_of_the_panel() -> None:
    draw = draw_panels("s", [_applicant("A1")], _experts(9), 3)["A1"]
    assert draw.panel.lead in _numbers(draw)


def test_every_requested_occupation_finds_somebody_who_knows_it() -> None:
    pool = [*_experts(20), Expert("E900", "厨师", "", ("4-03",)), Expert("E901", "司机", "", ("6-30",))]
    draw = draw_panels("s", [_applicant("A1", "", WELDING, COOKING, DRIVING)], pool, 3)["A1"]
    assert draw.uncovered == ()
    assert {"E900", "E901"} < set(_numbers(draw))


def test_an_expert_number_occurs_once() -> None:
    with pytest.raises(ValueError, match="'E000' occurs twice"):
        draw_panels("s", [_applicant("A1")], [*_experts(2), *_experts(1)], 3)


def test_anyone_can_repeat_a_draw_with_a_checksum_tool() -> None:
    draw = draw_panel("上证指数 3021.45", _applicant("A1"), _experts(12), 3, barred=(), load={})
    lots = {f"E{n:03}": sha256(f"上证指数 3021.45|A1|E{n:03}".encode()).hexdigest() for n in range(12)}
    assert _numbers(draw) == sorted(lots, key=lots.__getitem__)[:3]


def test_a_drawn_record_is_held_against_its_own_data() -> None:
    draw = draw_panels("s", [_applicant("A1")], _experts(12), 3)["A1"]
    read = PanelDraw.model_validate_json(draw.model_dump_json())
    assert repeat(read) == read.panel == draw.panel
    chosen = set(_numbers(draw))
    left_out = tuple(candidate for candidate in draw.candidates if candidate.expert_no not in chosen)
    assert repeat(draw.model_copy(update={"candidates": left_out})) != draw.panel


def test_draws_made_before_stand_and_count() -> None:
    pool = _experts(6)
    first = draw_panels("s", [_applicant("A1")], pool, 3)["A1"]
    later = draw_panels("s", [_applicant("A1"), _applicant("A2")], pool, 3, standing={"A1": first.panel})
    assert set(later) == {"A2"}
    assert not set(_numbers(first)) & set(_numbers(later["A2"]))


@settings(max_examples=60, deadline=None)
@given(
    seed=st.text(max_size=12),
    applications=st.integers(1, 25),
    experts=st.integers(3, 20),
    size=st.integers(1, 5),
    order=st.randoms(use_true_random=False),
)
def test_load_is_even_and_the_order_of_input_is_nothing(
    seed: str, applications: int, experts: int, size: int, order: object
) -> None:
    applicants = [_applicant(f"A{n:03}") for n in range(applications)]
    pool = _experts(experts)
    drawn = draw_panels(seed, applicants, pool, size)
    load = {expert.expert_no: 0 for expert in pool}
    for draw in drawn.values():
        assert len(set(_numbers(draw))) == len(_numbers(draw)) == min(size, experts)
        for number in _numbers(draw):
            load[number] += 1
    assert max(load.values()) - min(load.values()) <= 1
    order.shuffle(applicants)  # type: ignore[attr-defined]
    order.shuffle(pool)  # type: ignore[attr-defined]
    assert draw_panels(seed, applicants, pool, size) == drawn


def test_another_seed_draws_other_panels() -> None:
    applicants, pool = [_applicant(f"A{n}") for n in range(8)], _experts(40)
    panels = [[_numbers(draw) for draw in draw_panels(seed, applicants, pool, 3).values()] for seed in ("a", "b")]
    assert panels[0] != panels[1]


def test_every_expert_has_the_same_chance() -> None:
    pool = _experts(10)
    counts = dict.fromkeys((expert.expert_no for expert in pool), 0)
    for n in range(2000):
        draw = draw_panel(f"seed {n}", _applicant("A1"), pool, 3, barred=(), load={})
        for number in _numbers(draw):
            counts[number] += 1
    # 600 expected each, standard deviation 20
    assert all(500 < count < 700 for count in counts.values())


def test_a_lot_depends_on_all_three() -> None:
    assert len({lot("s", "A", "E"), lot("t", "A", "E"), lot("s", "B", "E"), lot("s", "A", "F")}) == 4
