"""The rule book's checkpoints, the only user of a Great Expectations context: one of each table, and of the directory."""

import logging
from functools import cache

import great_expectations as gx
import pandas as pd
import polars as pl
from great_expectations.core import ExpectationSuiteValidationResult
from great_expectations.data_context.data_context.ephemeral_data_context import EphemeralDataContext
from great_expectations.data_context.types.base import (
    DataContextConfig,
    InMemoryStoreBackendDefaults,
    ProgressBarsConfig,
)
from great_expectations.execution_engine import pandas_execution_engine

from expectations.data_docs import Validation
from expectations.directory_edition import Edition, Unmet
from expectations.submissions import Submissions
from expectations.suites import (
    DIRECTORY,
    UNDER_JUDGEMENT,
    DirectoryJudgement,
    Judgement,
    TableJudgement,
    directory_suite,
    suite,
)
from schemas.submission import FORM_TABLES

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
