"""A made cycle put together: who applies, with what, made for which outcome."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from hashlib import sha256

import pandas as pd

from deployments.sample import outcomes, wishes
from deployments.sample.drafts import PLAIN, Case, compose, working_moment
from deployments.sample.institutions import Institution, Population, make_population
from deployments.sample.material import frame
from deployments.sample.outcomes import activities_of, experts_of
from deployments.sample.scenarios import MISHAPS, TROUBLES, assign, mishaps_without_rule, pair_contests
from deployments.sample.setting import Setting, cycle_before, is_dormant, setting_for
from deployments.sample.takeover import take_over
from deployments.sample.workbooks import document
from schemas import policy as policies
from schemas.law.cycle import CycleId
from schemas.policy import Policy
from schemas.submission import ACTIVITIES, DECISIONS, EXPERTS, FORM_TABLES, REGISTER, RESULTS, TABLES

_WITH_ATTACHMENTS = 3  # applications whose documents lie beside the workbook
_ATTACHED_AS = ".docx"
_NEWCOMERS = 0.18  # share of those not on file that apply in a cycle
_ADDERS = 0.10
_RENEWERS = 0.93


@dataclass(frozen=True, eq=False)
class SampleCycle:
    """A cycle's made input and what it was made for.

    `tables`: every input table by name, canonical columns as text. `results` is what panels will return for what is
    sent out, `decisions` what the operator will decide. `corrected`: the form tables of later versions of some returned
    applications. `attachments`: files by `application_no/file_name`. `intended`: application_no to its outcome:
    `filed`, `filed in part`, `filed narrower`, `filed:RULE` (with a review or advice), `returned:RULE`,
    `returned:RULE corrected` (then filed), `held:RULE`, `held:RULE permitted`, `held:RULE refused`,
    `held:CAP-2 at filing`, `failed`, `failed:EVAL-1`, `dispatched:RULE` (its results are not accepted).
    """

    cycle: CycleId
    tables: dict[str, pd.DataFrame]
    corrected: dict[str, pd.DataFrame]
    intended: dict[str, str]
    attachments: dict[str, bytes] = field(default_factory=dict)


def make_cycle(cycle: CycleId, seed: int, institutions: int) -> SampleCycle:
    """A first cycle in which every institution applies, with the register taken over from earlier ones.

    From 120 institutions on, every rule that a first cycle with activities can break is broken at least once.
    """
    policy = policies.for_cycle(cycle)
    population = make_population(seed, institutions, policy)
    takeover = take_over(population, cycle, policy)
    everyone = (*population.institutions, *takeover.neighbours)
    setting = setting_for(seed, cycle, takeover.register, everyone)
    cases = [_case(institution, setting) for institution in population.institutions]
    return _assemble(setting, cases, everyone, register=takeover.register)


def later_cycle(cycle: CycleId, population: Population, register: pd.DataFrame) -> SampleCycle:
    """The applications of a cycle of a population that lives on, given what is on file.

    `register`: uscc, institution_name, institution_type, region_code, occupation_code, level, filed_on, valid_until as
    text, any order. Most of those whose term ends renew, some of the others add or come for the first time.
    Activities are those since the cycle before. The `register` table of the sample is empty. What is renewed brings its
    own review findings and advice along (OCC-7, OCC-13), whatever the outcome it was made for.
    """
    policy = policies.for_cycle(cycle)
    setting = setting_for(population.seed, cycle, register, population.institutions)
    cases = [
        case
        for case in (_case(institution, setting) for institution in population.institutions)
        if _applies(case, setting)
    ]
    since = policy.deadline(cycle_before(cycle, 1, policy))
    return _assemble(setting, cases, population.institutions, since=since, left_out=("FORM-9",))


def hand_in_day(policy: Policy, cycle: CycleId) -> date:
    """The day of the first run: the one after the deadline, or where arrival counts the deadline itself."""
    return policy.deadline(cycle) + timedelta(days=policy.cycle.moment == "stated")


def _case(institution: Institution, setting: Setting) -> Case:
    """The application an institution may make, by what it has on file; not yet written."""
    holding = setting.holdings.get(institution.uscc)
    kind = "initial"
    if holding is not None:
        last = setting.policy.last_cycle_on(holding.valid_until) == setting.cycle
        kind = "renewal" if last else "addition"
    dormant = holding is not None and institution.sleeps and is_dormant(holding, setting.cycle, setting.policy)
    return Case(institution, kind, holding, dormant)


def _applies(case: Case, setting: Setting) -> bool:
    share = {"initial": _NEWCOMERS, "addition": _ADDERS, "renewal": _RENEWERS}[case.kind]
    return setting.stream(case.institution.uscc, "applies").random() < share


def _assemble(
    setting: Setting,
    cases: list[Case],
    everyone: Sequence[Institution],
    *,
    register: pd.DataFrame | None = None,
    since: date | None = None,
    left_out: Collection[str] = (),
) -> SampleCycle:
    impossible = mishaps_without_rule(setting.policy) | (set() if setting.market.saturated() else {"CAP-2"})
    rng = setting.stream("scenarios")
    first = 0 if since is None else rng.randrange(len(TROUBLES))
    assign(cases, rng, {*left_out, *impossible}, first)
    contests = _reserve_contests(setting, cases)
    cases = [case for case in cases if _write(case, setting)]
    cases += [_second_form(case, setting) for case in cases if case.scenario.mishap == "FORM-8"]
    _number(setting, cases, contests)
    attachments = _attach(cases, setting)
    results = {case.application_no: outcomes.results_of(case, setting) for case in cases}
    for number, (winner, loser) in enumerate(contests):
        outcomes.settle_contest(number, winner, loser, results)
    sleepers = {institution.uscc for institution in everyone if institution.sleeps}
    tables = _forms(cases) | {
        "activities": frame(ACTIVITIES, activities_of(setting.holdings, sleepers, setting, since)),
        "results": frame(RESULTS, [row for rows in results.values() for row in rows]),
        "register": frame(REGISTER, []) if register is None else register,
        "decisions": frame(DECISIONS, outcomes.decisions_of(cases, setting)),
        "experts": frame(EXPERTS, experts_of(cases, setting) if since is None else []),
    }
    return SampleCycle(
        setting.cycle,
        {name: tables[name] for name in TABLES if name in tables},
        _forms([case for case in cases if case.mended is not None], mended=True),
        {case.application_no: case.scenario.outcome for case in cases},
        attachments,
    )


def _reserve_contests(setting: Setting, cases: Sequence[Case]) -> list[tuple[Case, Case]]:
    """Pairs of applicants for occupations with one place left, whose holders stay beyond the wait for results."""
    contests = sum(case.scenario.mishap == "CONTEST" and case.scenario.outcome == "filed" for case in cases)
    beyond = setting.deadline + timedelta(days=2 * setting.policy.evaluation.wait_days)
    return pair_contests(cases, setting.market.reserve_contested(contests, beyond))


def _write(case: Case, setting: Setting) -> bool:
    """Fill in the form as the case has it; False if its institution finds nothing to ask for."""
    rng = setting.stream(case.institution.uscc, "case")
    wished = _wished(case, setting)
    if not wished and not case.occupation:
        return False
    case.draft = compose(case.institution, case.kind, wished, setting)
    if case.scenario.is_corrected:
        case.mended = outcomes.corrected_version(case.draft, setting, rng)
    if case.scenario.mishap:
        MISHAPS[case.scenario.mishap].spoil(case, setting, rng)
    return True


def _wished(case: Case, setting: Setting) -> list[wishes.Wish]:
    rng = setting.stream(case.institution.uscc, "wishes")
    if case.holding is None:
        return wishes.first(case.institution, setting.policy, setting.market, rng)
    if case.kind == "renewal":
        return wishes.renewed(case.institution, case.holding)
    return wishes.further(case.institution, case.holding, setting.policy, setting.market, rng)


def _second_form(case: Case, setting: Setting) -> Case:
    """The same institution's second application of the cycle, handed in at another time (FORM-8)."""
    opens, closes = setting.window
    second = replace(case, draft=case.draft.copy())
    rng = setting.stream(case.institution.uscc, "second form")
    second.draft.application["submitted_at"] = working_moment(opens, closes - timedelta(days=1), rng)
    return second


def _number(setting: Setting, cases: list[Case], contests: Sequence[tuple[Case, Case]]) -> None:
    """Numbers in the order of arrival; of two rivals the better comes later, of two equals the winner earlier."""
    for number, rivals in enumerate(contests):
        moments = sorted((case.draft.application["submitted_at"] for case in rivals), reverse=number % 2 == 0)
        for case, moment in zip(rivals, moments, strict=True):
            case.draft.application["submitted_at"] = moment
    cases.sort(key=lambda case: (case.draft.application["submitted_at"], case.institution.uscc))
    for order, case in enumerate(cases, 1):
        case.application_no = f"{setting.locality.application_numbers}{setting.cycle.replace('-', '')}-{order:04d}"


def _attach(cases: Sequence[Case], setting: Setting) -> dict[str, bytes]:
    """Real files for a few plain applications; their sizes and hashes go into the forms."""
    attached: dict[str, bytes] = {}
    for case in [case for case in cases if case.scenario == PLAIN][:_WITH_ATTACHMENTS]:
        for row in case.draft.materials:
            if row["file_name"].endswith(_ATTACHED_AS) and not row["occupation_code"]:
                content = document(
                    setting.policy.materials[row["material"]], case.institution.name, case.application_no
                )
                row.update(size_bytes=str(len(content)), sha256=sha256(content).hexdigest())
                attached[f"{case.application_no}/{row['file_name']}"] = content
    return attached


def _forms(cases: Sequence[Case], *, mended: bool = False) -> dict[str, pd.DataFrame]:
    """The five form tables, applications in the order of their numbers."""
    versions = [(case.application_no, case.final if mended else case.draft) for case in cases]
    return {
        table.name: frame(table, [row for number, draft in versions for row in draft.numbered(table.name, number)])
        for table in FORM_TABLES
    }
