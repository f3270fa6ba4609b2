"""The rule book in Great Expectations: a suite and a checkpoint of each table, and of the directory."""

import logging
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache
from typing import Any, ClassVar

import great_expectations as gx
import pandas as pd
import polars as pl
from great_expectations import ExpectationSuite
from great_expectations.core import ExpectationSuiteValidationResult
from great_expectations.data_context.data_context.ephemeral_data_context import EphemeralDataContext
from great_expectations.data_context.types.base import (
    DataContextConfig,
    InMemoryStoreBackendDefaults,
    ProgressBarsConfig,
)
from great_expectations.execution_engine import pandas_execution_engine
from great_expectations.execution_engine.pandas_execution_engine import PandasExecutionEngine
from great_expectations.expectations.expectation import BatchExpectation
from great_expectations.expectations.metadata_types import FailureSeverity
from great_expectations.expectations.metrics.metric_provider import metric_value
from great_expectations.expectations.metrics.table_metric_provider import TableMetricProvider

from expectations import directory_edition
from expectations.data_docs import Validation
from expectations.directory_edition import DEMANDS, Edition, Unmet
from expectations.judging import judge
from expectations.rulebook import Rule, rules, tables_of
from expectations.submissions import Submissions
from schemas.errors import FilingError
from schemas.finding import Nature, hidden
from schemas.policy import Policy
from schemas.submission import FORM_TABLES, ROLES, TABLES

SEVERITY: dict[Nature, FailureSeverity] = {
    "hard": FailureSeverity.CRITICAL,
    "in_principle": FailureSeverity.WARNING,
    "review": FailureSeverity.WARNING,
    "advice": FailureSeverity.INFO,
}


#: How many places a validation result names for a rule.
SHOWN = 20


class ForeignBatchError(FilingError):
    """Great Expectations handed over another frame than the one being checked."""


@dataclass(frozen=True)
class Tally:
    """What a table's expectations read: how many rows there are, and which cells do not meet each rule."""

    rows: int
    unmet: Mapping[str, int]
    places: Mapping[str, list[str]]  # the first of them: application, row, field; never a submitted value


@dataclass(eq=False)
class Judgement(ABC):
    """One table of one check on its way through Great Expectations."""

    table: str
    batch: pd.DataFrame
    fault: Exception | None = field(default=None, init=False)
    reached: bool = field(default=False, init=False)

    def reach(self, batch: pd.DataFrame) -> Tally:
        """Judge the batch; raises ForeignBatchError for a frame that is not the one under judgement."""
        if batch is not self.batch:
            raise ForeignBatchError(
                f"the {self.table} being checked were exchanged: run one check at a time in a process"
            )
        self.reached = True
        return self.judged()

    @abstractmethod
    def judged(self) -> Tally:
        """Judge the table, keep the verdicts, and count them."""


@dataclass(eq=False)
class TableJudgement(Judgement):
    """One form table, or the results, under the rule book."""

    submissions: Submissions
    verdicts: pl.DataFrame = field(default_factory=pl.DataFrame, init=False)

    def judged(self) -> Tally:
        self.verdicts = judge(self.submissions, self.table)
        return _tally(self.table, len(self.batch), self.verdicts, self.submissions.scene.policy)


def _tally(table: str, rows: int, verdicts: pl.DataFrame, policy: Policy) -> Tally:
    titles = {**TABLES[table].titles(), **ROLES, **policy.materials}
    place = pl.format("{} 第{}行 {}", pl.col("application_no").fill_null(""), "row", pl.col("field").replace(titles))
    counted = (
        verdicts.sort("application_no", "row", "field")
        .group_by("rule")
        .agg(pl.len(), place.head(SHOWN).alias("places"))
    )
    by_rule = {name: dict(zip(counted["rule"], counted[name].to_list(), strict=True)) for name in ("len", "places")}
    return Tally(rows, by_rule["len"], by_rule["places"])


UNDER_JUDGEMENT: ContextVar[Judgement] = ContextVar("under_judgement")


class Verdicts(TableMetricProvider):
    """All verdicts on a table, in one pass over its batch; its value is small, for the engine keeps it."""

    metric_name = "filing.verdicts"

    @metric_value(engine=PandasExecutionEngine)
    def _pandas(
        cls,  # noqa: N805  bound to the class by GX
        execution_engine: PandasExecutionEngine,
        metric_domain_kwargs: dict[str, Any],
        **_: Any,
    ) -> Tally:
        batch, _compute, _access = execution_engine.get_compute_domain(metric_domain_kwargs, domain_type="table")
        judgement = UNDER_JUDGEMENT.get()
        try:
            return judgement.reach(batch)
        except Exception as fault:
            # GX would turn it into a failed expectation; `check` raises it
            judgement.fault = fault
            raise


def outcome(tally: Tally, demand: str) -> dict[str, Any]:
    """What an expectation answers for one rule or demand."""
    unmet = tally.unmet.get(demand, 0)
    observed = {"observed_value": unmet, "element_count": tally.rows, "unexpected_count": unmet}
    return {"success": unmet == 0, "result": observed | {"partial_unexpected_list": tally.places.get(demand, [])}}


class ExpectDemandToBeMet(BatchExpectation):
    """Expect every row of a table to meet a rule of the rule book, by its code, or one of the directory's demands."""

    demand: str
    metric_dependencies: ClassVar[tuple[str, ...]] = ("filing.verdicts",)
    success_keys: ClassVar[tuple[str, ...]] = ("demand",)

    def _validate(
        self, metrics: dict[str, Any], runtime_configuration: Any = None, execution_engine: Any = None
    ) -> dict[str, Any]:
        return outcome(metrics["filing.verdicts"], self.demand)


def suite(table: str) -> ExpectationSuite:
    """The suite of a table: one expectation a rule, in the order of the book."""
    book = [rule for rule in rules().values() if table in tables_of(rule)]
    return ExpectationSuite(name=table, expectations=[_of_rule(rule) for rule in book])


def _of_rule(rule: Rule) -> ExpectDemandToBeMet:
    meta = {"article": rule.article, "nature": rule.nature, "meaning": rule.meaning}
    severity = SEVERITY[rule.nature]
    return ExpectDemandToBeMet(demand=rule.code, description=rule.message_zh, severity=severity, meta=meta)


#: The name of the suite and its checkpoint, beside those of the submitted tables.
DIRECTORY = "directory"


@dataclass(eq=False)
class DirectoryJudgement(Judgement):
    """A directory about to be published, on its way through Great Expectations."""

    edition: Edition
    unmet: list[Unmet] = field(default_factory=list, init=False)

    def judged(self) -> Tally:
        self.unmet = directory_edition.unmet(self.edition)
        places: dict[str, list[str]] = defaultdict(list)
        for fault in self.unmet:
            places[fault.demand] += [hidden(" ".join(filter(None, key))) for key in fault.keys] or [fault.sentence]
        counts = {demand: len(faulty) for demand, faulty in places.items()}
        return Tally(len(self.batch), counts, {demand: faulty[:SHOWN] for demand, faulty in places.items()})


def directory_suite() -> ExpectationSuite:
    """The suite a directory must pass before it is published: one expectation a demand, in their order."""
    return ExpectationSuite(name=DIRECTORY, expectations=[_of_demand(demand) for demand in DEMANDS])


def _of_demand(demand: str) -> ExpectDemandToBeMet:
    says = DEMANDS[demand].format(title="……", as_of="发布日")
    return ExpectDemandToBeMet(demand=demand, description=says, severity=FailureSeverity.CRITICAL)


# this logger sets its own level: it would tell of a temporary folder at every start
logging.getLogger("great_expectations.data_context.types.base").setLevel(logging.WARNING)

#: Hashing every frame to name its batch would cost as much as judging it; one batch is checked at a time.
pandas_execution_engine.HASH_THRESHOLD = 0

_SOURCE = "submissions"


def validated(submissions: Submissions, tables: list[str]) -> tuple[pl.DataFrame, Validation]:
    """Run the tables' checkpoints; the verdicts and the validation results by table."""
    judgements = [TableJudgement(table, _batch(submissions, table), submissions) for table in tables]
    validation = {judgement.table: _run(judgement) for judgement in judgements}
    return pl.concat([judgement.verdicts for judgement in judgements]), validation


def unmet(rows: pd.DataFrame, edition: Edition) -> list[Unmet]:
    """Run the directory's checkpoint; the demands that are not met."""
    judgement = DirectoryJudgement(DIRECTORY, rows, edition)
    _run(judgement)
    return judgement.unmet


def _batch(submissions: Submissions, table: str) -> pd.DataFrame:
    return submissions.frames.get(table, pd.DataFrame())


def _run(judgement: Judgement) -> ExpectationSuiteValidationResult:
    """Run the checkpoint of the table; the judgement keeps its verdicts. Raises what went wrong while judging."""
    context = _context()
    token = UNDER_JUDGEMENT.set(judgement)
    try:
        outcome = context.checkpoints.get(judgement.table).run(batch_parameters={"dataframe": judgement.batch})
    finally:
        UNDER_JUDGEMENT.reset(token)
        _tidy(context)
    if judgement.fault is not None:
        raise judgement.fault
    assert judgement.reached, "what was never judged must not pass for sound"
    (result,) = outcome.run_results.values()
    return result


def _tidy(context: EphemeralDataContext) -> None:
    """Let go of frames and results: the context lives as long as the process, and would keep every one of them."""
    results_kept = context.validation_results_store
    for key in results_kept.list_keys():
        results_kept.remove_key(key)  # type: ignore[no-untyped-call]
    batches = context.data_sources.get(_SOURCE).get_execution_engine().batch_manager
    batches.reset_batch_cache()
    batches.batch_data_cache.clear()


@cache
def _context() -> EphemeralDataContext:
    """The process's one GX context, with a suite and a checkpoint a table."""
    # without a docs site of its own: GX would leave a temporary folder behind for it
    config = DataContextConfig(
        store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
        progress_bars=ProgressBarsConfig(globally=False),
        analytics_enabled=False,
    )
    context = gx.get_context(mode="ephemeral", project_config=config)
    source = context.data_sources.add_pandas(_SOURCE)
    tables = [*(table.name for table in FORM_TABLES), "results"]
    for table_suite in (*(suite(table) for table in tables), directory_suite()):
        batch = source.add_dataframe_asset(table_suite.name).add_batch_definition_whole_dataframe("batch")
        definition = gx.ValidationDefinition(name=table_suite.name, data=batch, suite=context.suites.add(table_suite))
        checkpoint = gx.Checkpoint(
            name=table_suite.name,
            validation_definitions=[context.validation_definitions.add(definition)],
            result_format="BASIC",
        )
        context.checkpoints.add(checkpoint)
    return context
