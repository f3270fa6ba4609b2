"""Each mishap breaks its rule and no other: held against the rule book, and against what it may touch."""

from collections.abc import Mapping
from datetime import timedelta

import pandas as pd
import polars as pl
import pytest

from deployments.sample import SampleCycle, make_cycle, make_population
from deployments.sample.drafts import Case, compose
from deployments.sample.institutions import Institution
from deployments.sample.scenarios import MISHAPS
from deployments.sample.setting import Setting, setting_for
from deployments.sample.takeover import take_over
from deployments.sample.wishes import first
from expectations import rulebook
from expectations.check import check, check_results
from expectations.scene import INSTITUTIONS, Scene
from schemas import policy
from schemas.item import KEYS
from schemas.law.cycle import CycleId
from schemas.reference_data import reference
from schemas.submission import FORM_TABLES
from tasks.gateways.sources.cells.reader import read_table

CYCLES = [("2026-09", 1, 120), ("2026-04", 2, 120), ("2022-04", 3, 120), ("2026-09", 4, 600)]
#: What a mishap changes beside the table of its rule.
ALSO_CHANGES = {
    "FORM-10": {"occupations"},
    "ROUTE-1": {"materials"},
    "OCC-11": {"programmes"},
    "OCC-12": {"programmes"},
    "EVAL-1": {"materials"},
    "CAP-1": {"occupations", "materials"},
    **{name: {"materials"} for name in ("OCC-1", "OCC-2", "OCC-3", "OCC-5", "OCC-6", "OCC-7")},
    **{name: {"materials"} for name in ("CAP-2", "CONTEST", "LATER")},
}
#: What does not come from a first form: it needs a holding, or comes from outside the form.
NOT_FROM_A_FIRST_FORM = {
    *("RENEW-1", "RENEW-2", "NARROWER", "DORM-1", "DORM-3"),
    *("FORM-8", "EVAL-2", "EVAL-3", "EVAL-4", "EVAL-6", "FAILED", "IN-PART"),
}


def with_rows(tables: Mapping[str, pd.DataFrame], first_version: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The form tables as intake hands them to the rule book."""
    forms = {table.name: read_table(pl.from_pandas(tables[table.name]), table).to_pandas() for table in FORM_TABLES}
    for form in forms.values():
        form["row"] = form.groupby("application_no").cumcount() + 1
    moments = first_version.set_index("application_no")["submitted_at"]
    forms["applications"]["first_submitted_at"] = forms["applications"]["application_no"].map(moments).astype("str")
    forms["materials"]["attachment_sha256"] = pd.Series([None] * len(forms["materials"]), dtype="str")
    return forms


def scene_of(sample: SampleCycle, *, active: bool = True) -> Scene:
    numbers = policy.for_cycle(sample.cycle)
    deadline = numbers.deadline(sample.cycle).isoformat()
    register = sample.tables["register"]
    on_file = register[(register["filed_on"] <= deadline) & (register["valid_until"] >= deadline)]
    return Scene(
        sample.cycle,
        numbers,
        reference(),
        on_file,
        sample.tables["activities"] if active else None,
        sample.tables["applications"][["application_no", "uscc", "kind"]],
        institutions=on_file[list(INSTITUTIONS)].drop_duplicates("uscc"),
        as_of=numbers.deadline(sample.cycle) + timedelta(days=numbers.evaluation.wait_days),
    )


def rules_found(findings: pd.DataFrame) -> dict[str, set[str]]:
    return {str(number): set(rules) for number, rules in findings.groupby("application_no")["rule"]}


def expected(made_for: str, *, second: bool) -> set[str]:
    """The rules an application's form breaks: one, or none where the trouble comes later; `second`: of an institution."""
    rule = made_for.partition(":")[2].split(" ")[0]
    if not rule or made_for.endswith("at filing"):
        return set()
    if rule == "FORM-8" and not second:
        return {rule}  # what is asked for twice counts against the later form alone
    return ({rule} if not rule.startswith("EVAL-") else set()) | MISHAPS[rule].also


@pytest.fixture(
    scope="module", params=CYCLES, ids=lambda parameters: f"{parameters[0]} {parameters[1]} {parameters[2]}"
)
def sample(request: pytest.FixtureRequest) -> SampleCycle:
    cycle, seed, institutions = request.param
    return make_cycle(CycleId(cycle), seed, institutions)


def test_each_application_breaks_what_it_was_made_to_break(sample: SampleCycle) -> None:
    forms = with_rows(sample.tables, sample.tables["applications"])
    broken = rules_found(check(forms, scene_of(sample)).findings)
    applications = sample.tables["applications"]
    second = set(applications.loc[applications["uscc"].duplicated(), "application_no"])
    wrong = {
        number: (made_for, broken.get(number, set()))
        for number, made_for in sample.intended.items()
        if broken.get(number, set()) != expected(made_for, second=number in second)
    }
    assert wrong == {}


def test_corrected_versions_break_nothing(sample: SampleCycle) -> None:
    forms = with_rows(sample.corrected, sample.tables["applications"])
    assert check(forms, scene_of(sample)).findings.empty


def test_what_is_held_is_what_the_outcome_names(sample: SampleCycle) -> None:
    checked = check(with_rows(sample.tables, sample.tables["applications"]), scene_of(sample))
    held = set(checked.holds[["application_no", "rule"]].itertuples(index=False, name=None))
    meant = {
        (number, made_for.split(" ")[0].removeprefix("held:"))
        for number, made_for in sample.intended.items()
        if made_for.startswith("held:") and not made_for.endswith("at filing")
    }
    assert held == meant


def test_results_break_what_they_were_made_to_break(sample: SampleCycle) -> None:
    results = sample.tables["results"].copy()
    results["row"] = results.groupby("application_no").cumcount() + 1
    asked_by_none = results["remarks"] == "现场一并考核"
    sent = results.loc[~asked_by_none, list(KEYS)].drop_duplicates()
    committed = {n for n, o in sample.intended.items() if o in ("filed:MAT-5", "failed:EVAL-1")}
    sent["has_commitment"] = sent["application_no"].isin(committed)
    sent["filed"] = False
    checked = check_results(results, sent, scene_of(sample))
    broken = rules_found(checked.findings)
    meant = {number: {o.partition(":")[2]} for number, o in sample.intended.items() if ":EVAL-" in o}
    assert broken == meant
    kinds = {kind for o in sample.intended.values() if ":EVAL-" in o for kind in [o.partition(":")[0]]}
    assert kinds == {"failed", "dispatched", "filed"}


def test_without_activities_dormancy_is_unknown() -> None:
    sample = make_cycle(CycleId("2026-09"), 1, 60)
    forms = with_rows(sample.tables, sample.tables["applications"])
    broken = rules_found(check(forms, scene_of(sample, active=False)).findings)
    assert sum("DORM-2" in rules for rules in broken.values()) > 10
    assert not any("DORM-1" in rules for rules in broken.values())


@pytest.fixture(scope="module")
def newcomers() -> tuple[Setting, list[Institution]]:
    """A setting, and the institutions in it that have nothing on file."""
    population, cycle = make_population(1, 40), CycleId("2026-09")
    takeover = take_over(population, cycle, policy.for_cycle(cycle))
    setting = setting_for(1, cycle, takeover.register, (*population.institutions, *takeover.neighbours))
    return setting, [institution for institution in population.institutions if institution.uscc not in setting.holdings]


@pytest.mark.parametrize("mishap", sorted(MISHAPS))
def test_a_mishap_touches_only_its_own_tables(mishap: str, newcomers: tuple[Setting, list[Institution]]) -> None:
    setting, institutions = newcomers
    rule = rulebook.rules().get(mishap)
    allowed = {*(rule.table.split("; ") if rule else ["occupations"]), *ALSO_CHANGES.get(mishap, set())}
    cases = [Case(institution, "initial", None, dormant=False) for institution in institutions]
    touched = [changed(mishap, case, setting) for case in cases if MISHAPS[mishap].fits(case)]
    assert set().union(*touched) <= allowed
    assert any(touched) == (mishap not in NOT_FROM_A_FIRST_FORM)


def changed(mishap: str, case: Case, setting: Setting) -> set[str]:
    """The tables of a valid first application that a mishap changes."""
    rng = setting.stream(case.institution.uscc, mishap)
    case.occupation = "4-02-07-08" if mishap == "CONTEST" else ""
    wished = first(case.institution, setting.policy, setting.market, rng)
    case.draft = compose(case.institution, case.kind, wished, setting)
    before = case.draft.copy()
    MISHAPS[mishap].spoil(case, setting, rng)
    return {table.name for table in FORM_TABLES if case.draft.rows_of(table.name) != before.rows_of(table.name)}


def test_of_two_rivals_the_better_gets_the_place_and_of_two_equals_the_earlier() -> None:
    sample = make_cycle(CycleId("2026-09"), 1, 600)
    results, applications = sample.tables["results"], sample.tables["applications"].set_index("application_no")
    losers = [number for number, made_for in sample.intended.items() if made_for == "held:CAP-2 at filing"]
    ties = 0
    for loser in losers:
        code, score = _contested(results, loser)
        rivals = results[(results["occupation_code"] == code) & (results["application_no"] != loser)]
        contenders = {number for number in rivals["application_no"] if sample.intended[number] == "filed"}
        social = [n for n in contenders if applications.loc[n, "institution_type"] == "social_organisation"]
        (winner,) = (n for n in social if applications.loc[n, "kind"] == "initial")
        best = rivals.loc[rivals["application_no"] == winner, "score"].astype(float).max()
        assert best >= score
        if best == score:
            ties += 1
            assert applications.loc[winner, "submitted_at"] < applications.loc[loser, "submitted_at"]
        else:
            assert applications.loc[winner, "submitted_at"] > applications.loc[loser, "submitted_at"]
    assert len(losers) >= 2
    assert 0 < ties < len(losers)


def _contested(results: pd.DataFrame, number: str) -> tuple[str, float]:
    rows = results[(results["application_no"] == number) & results["score"].isin(["71", "83"])]
    counts = rows.groupby("occupation_code").size()
    code = str(counts.idxmax())
    return code, float(rows.loc[rows["occupation_code"] == code, "score"].iloc[0])


def test_permits_and_refusals_answer_what_is_held() -> None:
    sample = make_cycle(CycleId("2026-09"), 1, 120)
    decisions = sample.tables["decisions"]
    meant = {
        (number, made_for.split(":")[1].split(" ")[0], "permit" if made_for.endswith("permitted") else "refuse")
        for number, made_for in sample.intended.items()
        if made_for.endswith((" permitted", " refused"))
    }
    assert set(decisions[["application_no", "rule", "verdict"]].itertuples(index=False, name=None)) == meant
    assert decisions["document_no"].is_unique
    deadline = policy.for_cycle(sample.cycle).deadline(sample.cycle)
    assert (decisions["decided_at"] > (deadline + timedelta(days=1)).isoformat()).all()
