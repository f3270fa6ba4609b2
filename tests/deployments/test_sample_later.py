"""Cycles of a population that lives on: each follows from the register, and the register from those before."""

from datetime import date, timedelta
from itertools import pairwise

import pandas as pd
import pytest

from deployments.sample import Population, SampleCycle, later_cycle, make_population
from schemas import policy
from schemas.law.cycle import CycleId
from schemas.law.terms import last_day, renewed_term
from schemas.submission import REGISTER

CYCLES = [CycleId(f"{year}-{month}") for year in range(2021, 2028) for month in ("04", "09")]
_ENDS_UNFILED = ("failed", "dispatched", "held:CAP-2 at filing")
Register = dict[str, tuple[date, dict[tuple[str, str], date]]]


def as_frame(register: Register, population: Population) -> pd.DataFrame:
    known = {institution.uscc: institution for institution in population.institutions}
    rows = [
        {
            "uscc": uscc,
            "institution_name": institution.name,
            "institution_type": institution.institution_type,
            "region_code": institution.region_code,
            "occupation_code": code,
            "level": level,
            "filed_on": str(filed),
            "valid_until": str(end),
        }
        for uscc, (end, items) in register.items()
        for institution in [known[uscc]]
        for (code, level), filed in items.items()
    ]
    return pd.DataFrame(rows, columns=REGISTER.names, dtype="str")


def fold(register: Register, sample: SampleCycle) -> Register:
    """The register after a cycle, as the contract's section 3 has it, from what each application was made for."""
    numbers = policy.for_cycle(sample.cycle)
    decided = numbers.deadline(sample.cycle) + timedelta(days=numbers.evaluation.wait_days + 1)
    forms = pd.concat([sample.tables["applications"], sample.corrected["applications"]])
    forms = forms.drop_duplicates("application_no", keep="last").set_index("application_no")
    results = sample.tables["results"]
    passed = results[(results["verdict"] == "pass") & (results["remarks"] != "现场一并考核")]
    for number in passed["application_no"].unique():
        if sample.intended[number].startswith(_ENDS_UNFILED):
            continue
        uscc, kind = str(forms.loc[number, "uscc"]), forms.loc[number, "kind"]
        rows = passed[passed["application_no"] == number]
        items = list(zip(rows["occupation_code"], rows["level"], strict=True))
        end, held = register.get(uscc, (decided, {}))
        if not held:
            register[uscc] = (last_day(decided, numbers.validity.months), dict.fromkeys(items, decided))
        elif kind == "renewal":
            register[uscc] = (renewed_term(end, decided, numbers.validity.months)[1], {i: held[i] for i in items})
        else:
            register[uscc] = (end, {**dict.fromkeys(items, decided), **held})
    return {uscc: entry for uscc, entry in register.items() if entry[0] >= decided}


@pytest.fixture(scope="module")
def lived() -> list[tuple[SampleCycle, pd.DataFrame]]:
    """Each cycle with the register it began with."""
    population, register, years = make_population(5, 80), Register(), []
    for cycle in CYCLES:
        began = as_frame(register, population)
        made = later_cycle(cycle, population, began)
        years.append((made, began))
        register = fold(register, made)
    return years


def test_the_same_institutions_come_again(lived: list[tuple[SampleCycle, pd.DataFrame]]) -> None:
    known = {institution.uscc for institution in make_population(5, 80).institutions}
    applicants = [set(made.tables["applications"]["uscc"]) for made, _ in lived]
    assert all(len(group) > 3 for group in applicants)
    assert len(set.union(*applicants) & known) > 60
    kinds = {kind for made, _ in lived for kind in made.tables["applications"]["kind"]}
    assert kinds == {"initial", "addition", "renewal"}


def test_renewals_ask_for_what_is_on_file(lived: list[tuple[SampleCycle, pd.DataFrame]]) -> None:
    renewals = 0
    for made, register in lived:
        on_file = set(register[["uscc", "occupation_code", "level"]].itertuples(index=False, name=None))
        forms = made.tables["applications"].merge(made.tables["occupations"], on="application_no")
        for form in forms[forms["kind"] == "renewal"].to_dict("records"):
            if made.intended[form["application_no"]].startswith(("returned:RENEW-1", "returned:FORM")):
                continue
            code = form["occupation_code"] if isinstance(form["occupation_code"], str) else form["occupation_name"]
            renewals += 1
            assert {(form["uscc"], code, level) for level in form["levels"].split(",")} <= on_file
    assert renewals > 20


def test_terms_that_end_are_renewed_by_most(lived: list[tuple[SampleCycle, pd.DataFrame]]) -> None:
    ending = renewed = 0
    for made, register in lived:
        numbers = policy.for_cycle(made.cycle)
        ends = dict(zip(register["uscc"], register["valid_until"], strict=True))
        last = {uscc for uscc, end in ends.items() if numbers.last_cycle_on(date.fromisoformat(end)) == made.cycle}
        forms = made.tables["applications"]
        ending += len(last)
        renewed += len(last & set(forms.loc[forms["kind"] == "renewal", "uscc"]))
    assert ending > 20
    assert 0.75 < renewed / ending <= 1


def test_the_register_is_the_centres_own(lived: list[tuple[SampleCycle, pd.DataFrame]]) -> None:
    assert all(made.tables["register"].empty for made, _ in lived)
    before = lived[0][0].tables["activities"]
    assert before.empty  # nothing was on file
    for (earlier, _), (made, register) in pairwise(lived):
        held_on = made.tables["activities"]["held_on"]
        since = policy.for_cycle(earlier.cycle).deadline(earlier.cycle).isoformat()
        assert (held_on > since).all()
        assert (held_on <= policy.for_cycle(made.cycle).deadline(made.cycle).isoformat()).all()
        assert set(made.tables["activities"]["uscc"]) <= set(register["uscc"])


def test_a_cycle_follows_from_its_register_alone() -> None:
    population = make_population(5, 40)
    empty = pd.DataFrame(columns=REGISTER.names, dtype="str")
    first, again = (later_cycle(CycleId("2024-04"), population, empty) for _ in range(2))
    for name, frame in first.tables.items():
        pd.testing.assert_frame_equal(frame, again.tables[name])
