"""Frames in, findings out: the rule book run as Great Expectations checkpoints; the only user of a GX context."""

import logging
import os
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache

os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")

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

from expectations import requests, results
from expectations.data_docs import Validation, data_docs
from expectations.directory_edition import Edition
from expectations.judging import findings, holds
from expectations.scene import Scene
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
from schemas.item import ALONG, KEYS
from schemas.policy import Policy
from schemas.submission import FORM_TABLES

# this logger sets its own level: it would tell of a temporary folder at every start
logging.getLogger("great_expectations.data_context.types.base").setLevel(logging.WARNING)

#: Hashing every frame to name its batch would cost as much as judging it; one batch is checked at a time.
pandas_execution_engine.HASH_THRESHOLD = 0

#: A context used by several threads hands them each other's data, so one check runs at a time in a process, whole.
_ONE_AT_A_TIME = threading.Lock()

__all__ = ["Checked", "CheckedResults", "Scene", "check", "check_directory", "check_results", "data_docs"]

_SOURCE = "submissions"


@dataclass(frozen=True, eq=False)
class Checked:
    """What screening needs of a check; frames as in contract sections 5 and 6, `row` Int64, all else text."""

    findings: pd.DataFrame
    items: pd.DataFrame  # application_no, row, UNIT, ALONG; distinct but for the row
    holds: pd.DataFrame  # application_no, UNIT, rule
    validation: Validation


@dataclass(frozen=True, eq=False)
class CheckedResults:
    """What evaluation needs of a check of results: findings, and how each row is to be taken (one a row, in order)."""

    findings: pd.DataFrame
    # application_no, row, UNIT, verdict, score, accepted, failed_by, in_question (EVAL-5)
    readings: pd.DataFrame
    validation: Validation


def check(submissions: Mapping[str, pd.DataFrame], scene: Scene) -> Checked:
    """Check the form tables of a batch of applications against the rule book (Notice, articles 1 to 3).

    `submissions`: frames by form table, cells cleaned text with the canonical columns and `row`; applications also
    `first_submitted_at`, `first_seen_on` and `in_time_until` (see `submissions.ADDED`), materials also `attachment_sha256`.
    An application that is taken back (`withdrawn`) has items and no findings. Checking the same again gives the same.
    """
    with _ONE_AT_A_TIME:
        taken = Submissions(submissions, scene)
        verdicts, validation = _validated(taken, [table.name for table in FORM_TABLES])
        known = taken.table("applications").select("application_no").drop_nulls()
        relevant = verdicts.join(known, on="application_no", how="semi")
        items = taken.once(requests.items).join(known, on="application_no", how="semi", maintain_order="left")
        return Checked(
            findings=findings(relevant, scene.policy).to_pandas(),
            items=items.select("row", *KEYS, *ALONG).to_pandas(),
            holds=holds(taken, relevant).to_pandas(),
            validation=validation,
        )


def check_results(results_frame: pd.DataFrame, sent: pd.DataFrame, scene: Scene) -> CheckedResults:
    """Check evaluation results against the rule book (Notice, article 3(3)).

    `results_frame`: the columns of results as text, and `row`; `sent`: KEYS, has_commitment (bool) and filed (bool;
    whether it is on the register now) of every item ever sent out. The scene's `as_of` is the day they came in.
    """
    with _ONE_AT_A_TIME:
        taken = Submissions({"results": results_frame}, scene, sent)
        verdicts, validation = _validated(taken, ["results"])
        readings = results.readings(taken, verdicts)
        return CheckedResults(findings(verdicts, scene.policy).to_pandas(), readings.to_pandas(), validation)


def check_directory(
    rows: pd.DataFrame,
    previous: pd.DataFrame,
    changes: pd.DataFrame,
    as_of: date,
    policies: Sequence[Policy],
    traces: pd.DataFrame | None = None,
) -> list[str]:
    """What keeps a directory from being published, one Chinese sentence a broken expectation; [] when nothing does.

    `rows` and `previous` hold DIRECTORY_COLUMNS as text, `changes` CHANGE_COLUMNS between them; blank cells are blank or
    missing; `policies`: every one something on file may have been filed under. Expected: every cell filled (the institution
    code comes later), one row an institution, occupation and work type, valid codes, well-formed levels and dates, no row whose
    validity ended before `as_of`, and changes that account for every row that came, went or differs; where `traces` (uscc,
    UNIT of every filing there was) are given, also that each level of every row was filed.
    """
    with _ONE_AT_A_TIME:
        judgement = DirectoryJudgement(DIRECTORY, rows, Edition(rows, previous, changes, as_of, policies, traces))
        _run(judgement)
        return [fault.sentence for fault in judgement.unmet]


def _validated(submissions: Submissions, tables: list[str]) -> tuple[pl.DataFrame, Validation]:
    """Run the tables' checkpoints; the verdicts and the validation results by table."""
    judgements = [TableJudgement(table, _batch(submissions, table), submissions) for table in tables]
    validation = {judgement.table: _run(judgement) for judgement in judgements}
    return pl.concat([judgement.verdicts for judgement in judgements]), validation


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
