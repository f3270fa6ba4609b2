"""A made cycle as a whole: always the same for a seed, well formed, and every outcome in it."""

import hashlib
import os
import subprocess
import sys
from collections import Counter

import pandas as pd
import pytest

from deployments.sample import SampleCycle, make_cycle
from deployments.sample.scenarios import MISHAPS
from expectations import rulebook
from schemas import policy
from schemas.law.cycle import CycleId
from schemas.reference_data import reference
from schemas.submission import FORM_TABLES, TABLES

CYCLE = CycleId("2026-09")
#: Rules that no form or result of a first cycle breaks, for want of what went before.
NOT_IN_A_FIRST_CYCLE = {
    "DORM-2",  # a cycle without activities
    "WINDOW-2",  # a correction handed in after its period, or an amendment after the deadline
    "STAND-1",  # a suspension or revocation
    "STAND-2",  # a complaint or an inspection
    *("IDENT-1", "IDENT-2"),  # an institution that changed after it was filed
    "RENEW-3",  # an addition to what ends soon, which a first cycle has renewed instead
    "EVAL-5",  # a corrected result after a filing
}
DIGEST = """
import hashlib
from deployments.sample import make_cycle
sample = make_cycle("2026-09", 3, 80)
print(hashlib.sha256("".join(f.to_csv() for f in sample.tables.values()).encode()).hexdigest())
"""


@pytest.fixture(scope="module")
def sample() -> SampleCycle:
    return make_cycle(CYCLE, 1, 120)


def test_a_seed_always_gives_the_same_cycle() -> None:
    first, again, other = (make_cycle(CYCLE, seed, 40) for seed in (5, 5, 6))
    for name in first.tables:
        pd.testing.assert_frame_equal(first.tables[name], again.tables[name])
    assert (first.intended, first.attachments) == (again.intended, again.attachments)
    assert not first.tables["applications"].equals(other.tables["applications"])


def test_the_same_in_every_process() -> None:
    made = make_cycle(CYCLE, 3, 80)
    here = hashlib.sha256("".join(frame.to_csv() for frame in made.tables.values()).encode()).hexdigest()
    environment = {**os.environ, "PYTHONHASHSEED": "1"}
    run = subprocess.run([sys.executable, "-c", DIGEST], capture_output=True, text=True, check=True, env=environment)
    assert run.stdout.strip() == here


def test_tables_are_cleaned_text_in_canonical_columns(sample: SampleCycle) -> None:
    for name, table in ((name, TABLES[name]) for name in sample.tables):
        frame = sample.tables[name]
        assert list(frame.columns) == table.names
        assert set(frame.dtypes.map(str)) == {"str"}
        assert not (frame == "").any(axis=None)
        assert not frame.apply(lambda cells: cells != cells.str.strip())[frame.notna()].fillna(False).any(axis=None)
    assert {table.name for table in FORM_TABLES} == set(sample.corrected)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_rule_is_shown_from_120_institutions_on(seed: int) -> None:
    made_for = {
        intention.partition(":")[2].split(" ")[0] for intention in make_cycle(CYCLE, seed, 120).intended.values()
    }
    beside = {rule for mishap in made_for & set(MISHAPS) for rule in MISHAPS[mishap].also}
    assert set(rulebook.rules()) - made_for - beside == NOT_IN_A_FIRST_CYCLE


@pytest.mark.parametrize("institutions", [60, 120, 600])
def test_most_applications_are_filed_at_once(institutions: int) -> None:
    outcomes = make_cycle(CYCLE, 1, institutions).intended.values()
    at_once = sum(made_for.startswith("filed") for made_for in outcomes)
    assert 0.58 <= at_once / len(outcomes) <= 0.72


def test_sixty_institutions_show_every_kind_of_outcome() -> None:
    outcomes = Counter(make_cycle(CYCLE, 1, 60).intended.values())
    kinds = {made_for.partition(":")[0] for made_for in outcomes}
    assert kinds == {"filed", "filed in part", "filed narrower", "returned", "held", "failed", "dispatched"}
    for rule in ("WINDOW-1", "CAP-1", "CAP-2", "DORM-1"):
        assert any(made_for.startswith(f"held:{rule}") for made_for in outcomes)
    for ending in (" corrected", " permitted", " refused", " at filing"):
        assert any(made_for.endswith(ending) for made_for in outcomes)


@pytest.mark.parametrize("institutions", [0, 1, 2, 7, 20])
def test_few_institutions_are_enough(institutions: int) -> None:
    made = make_cycle(CYCLE, 1, institutions)
    names = set(made.tables["applications"]["institution_name"])
    assert len(names) == institutions
    assert len(made.tables["applications"]) - len(names) == list(made.intended.values()).count("returned:FORM-8") // 2


def test_numbers_follow_arrival_within_the_window(sample: SampleCycle) -> None:
    applications = sample.tables["applications"]
    assert list(applications["application_no"]) == [f"HS202609-{n:04d}" for n in range(1, len(applications) + 1)]
    assert applications["submitted_at"].is_monotonic_increasing
    opens, closes = (f"{edge.replace(tzinfo=None).isoformat()}" for edge in policy.for_cycle(CYCLE).window(CYCLE))
    outside = applications[(applications["submitted_at"] < opens) | (applications["submitted_at"] > closes)]
    window = {number for number, made_for in sample.intended.items() if made_for.startswith("held:WINDOW-1")}
    assert set(outside["application_no"]) == window
    assert {opens, "2026-09-10T23:59:59"} <= set(applications["submitted_at"])


def test_corrections_come_later_than_what_they_mend(sample: SampleCycle) -> None:
    mended = sample.corrected["applications"].set_index("application_no")["submitted_at"]
    first = sample.tables["applications"].set_index("application_no")["submitted_at"]
    meant = {number for number, made_for in sample.intended.items() if made_for.endswith(" corrected")}
    assert set(mended.index) == meant
    assert (mended > first[mended.index]).all()


def test_results_are_those_of_what_is_sent_out(sample: SampleCycle) -> None:
    returned = sample.tables["results"]["application_no"].map(sample.intended)
    assert not returned.str.match(r"returned:[^ ]*$|held:(CAP-1|DORM-1|WINDOW-1)( refused)?$").any()
    silent = set(sample.intended) - set(sample.tables["results"]["application_no"])
    assert all(sample.intended[number].startswith(("returned:", "held:")) for number in silent)


def test_the_register_has_terms_of_every_kind(sample: SampleCycle) -> None:
    register, deadline = sample.tables["register"], policy.for_cycle(CYCLE).deadline(CYCLE).isoformat()
    ends = register["valid_until"]
    assert (ends < deadline).any()
    assert (ends == deadline).any()
    assert ((ends > deadline) & (ends < "2026-10-25")).any()  # lapses while the cycle waits for results
    assert (ends > "2027-04-10").any()
    assert register["institution_code"].dropna().str.fullmatch(r"[YS]\d{4}42\d{6}").all()
    assert not register.duplicated(["uscc", "occupation_code", "level"]).any()
    assert (register.groupby("uscc")["valid_until"].nunique() == 1).all()


def test_occupations_of_trades_may_be_filed() -> None:
    from deployments.sample.locality import filable_occupations
    from deployments.sample.material import PROGRAMMES, TRADES, UNLISTED_WORK, WORK_TYPES

    filable = set(filable_occupations(policy.for_cycle(CYCLE), reference()))
    named = {code for trades in TRADES.values() for trade in trades for code in trade.occupations}
    assert {*named, *PROGRAMMES, *WORK_TYPES, *(near for _, near in UNLISTED_WORK)} <= filable


def test_names_are_awkward_but_legal(sample: SampleCycle) -> None:
    names = sample.tables["applications"]["institution_name"]
    assert names.str.contains("·").any()
    assert names.str.contains("（").any()
    assert names.str.len().max() > 40
    assert not names.str.contains(r"[/\\:*?<>|\n]").any()


@pytest.mark.slow
def test_a_nation_of_institutions_is_made() -> None:
    made = make_cycle(CYCLE, 1, 3000)
    assert len(made.tables["applications"]) > 3000
