"""Frames in, findings out: what stages ask of the rule book, run as Great Expectations checkpoints."""

import importlib
import os
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from expectations import requests, results
from expectations.directory_edition import Edition
from expectations.judging import findings, holds
from expectations.scene import Scene
from expectations.submissions import Submissions
from schemas.item import ALONG, KEYS, TRADE
from schemas.policy import Policy
from schemas.submission import FORM_TABLES

if TYPE_CHECKING:
    from expectations.data_docs import Validation

#: What one stock expectation, on the divergence of two distributions, reckons and draws with.
_OF_DISTRIBUTIONS: Final = ("altair", "scipy.stats")


class _Late(ModuleType):
    """Stands in for a module until something of it is asked for."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # what the import itself asks
            raise AttributeError(name)
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(importlib.import_module(self.__name__), name)


@contextmanager
def coming_late(*names: str) -> Iterator[None]:
    """Who imports one of these modules inside the block is given a stand-in, unless it is there already.

    Who imports it afterwards is given the module.
    """
    stand_ins = {name: _Late(name) for name in names if name not in sys.modules}
    sys.modules.update(stand_ins)
    try:
        yield
    finally:
        for name, stand_in in stand_ins.items():
            if sys.modules.get(name) is stand_in:
                del sys.modules[name]


@cache
def import_great_expectations() -> None:
    """Import it, once in a process; its other parts are imported as ever after this."""
    with coming_late(*_OF_DISTRIBUTIONS):
        importlib.import_module("great_expectations")


# Great Expectations, imported with the first check, would tell its makers of each
os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")

#: A context used by several threads hands them each other's data, so one check runs at a time in a process, whole.
_ONE_AT_A_TIME = threading.Lock()


@dataclass(frozen=True, eq=False)
class Checked:
    """What screening needs of a check; frames as in contract sections 5 and 6, `row` Int64, all else text."""

    findings: pd.DataFrame
    items: pd.DataFrame  # application_no, row, UNIT, ALONG; distinct but for the row
    holds: pd.DataFrame  # application_no, UNIT, rule
    validation: "Validation"


@dataclass(frozen=True, eq=False)
class CheckedResults:
    """What evaluation needs of a check of results: findings, and how each row is to be taken (one a row, in order)."""

    findings: pd.DataFrame
    # application_no, row, UNIT, verdict, score, accepted, failed_by, in_question (EVAL-5)
    readings: pd.DataFrame
    validation: "Validation"


def check(submissions: Mapping[str, pd.DataFrame], scene: Scene) -> Checked:
    """Check the form tables of a batch of applications against the rule book (Notice, articles 1 to 3).

    `submissions`: frames by form table, cells cleaned text with the canonical columns and `row`; applications also
    `first_submitted_at`, `first_seen_on` and `in_time_until` (see `submissions.ADDED`), materials also `attachment_sha256`.
    An application that is taken back (`withdrawn`) has items and no findings. Checking the same again gives the same.
    """
    import_great_expectations()
    from expectations import checkpoints  # noqa: PLC0415  Great Expectations takes seconds to import, and most runs check nothing

    with _ONE_AT_A_TIME:
        batch = Submissions(submissions, scene)
        verdicts, validation = checkpoints.validated(batch, [table.name for table in FORM_TABLES])
        numbers = batch.table("applications").select("application_no").drop_nulls()
        relevant = verdicts.join(numbers, on="application_no", how="semi")
        items = batch.once(requests.items).join(numbers, on="application_no", how="semi", maintain_order="left")
        return Checked(
            findings=findings(relevant, scene.policy).to_pandas(),
            items=items.select("row", *KEYS, *ALONG).to_pandas(),
            holds=holds(batch, relevant).to_pandas(),
            validation=validation,
        )


def check_results(results_frame: pd.DataFrame, sent: pd.DataFrame, scene: Scene) -> CheckedResults:
    """Check evaluation results against the rule book (Notice, article 3(3)).

    `results_frame`: the columns of results as text, and `row`; `sent`: KEYS, has_commitment (bool) and filed (bool;
    whether it is on the register now) of every item ever sent out. The scene's `as_of` is the day they came in.
    """
    import_great_expectations()
    from expectations import checkpoints  # noqa: PLC0415  as above

    with _ONE_AT_A_TIME:
        batch = Submissions({"results": results_frame}, scene, sent)
        verdicts, validation = checkpoints.validated(batch, ["results"])
        readings = results.readings(batch, verdicts)
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
    import_great_expectations()
    from expectations import checkpoints  # noqa: PLC0415  as above

    with _ONE_AT_A_TIME:
        unmet = checkpoints.unmet(rows, Edition(rows, previous, changes, as_of, policies, traces))
        return [fault.sentence for fault in unmet]


def data_docs(validation: "Validation", folder: Path, policy: Policy) -> Path:
    """Write the Data Docs of a check by a policy into a folder; returns its first page."""
    import_great_expectations()
    from expectations import data_docs as pages  # noqa: PLC0415  as above

    return pages.data_docs(validation, folder, policy)


def requested_items(submissions: Mapping[str, pd.DataFrame], scene: Scene) -> pd.DataFrame:
    """The distinct items that applications name (KEYS, ALONG), which are not checked; frames as for `check`."""
    batch = Submissions(submissions, scene)
    numbers = batch.table("applications").select("application_no").drop_nulls()
    items = batch.once(requests.items).join(numbers, on="application_no", how="semi", maintain_order="left")
    return items.select(*KEYS, *ALONG).unique(maintain_order=True).to_pandas()


def occupations_without_level(submissions: Mapping[str, pd.DataFrame], scene: Scene) -> pd.DataFrame:
    """The distinct occupations that applications ask for at levels nobody can read: application_no and TRADE."""
    rows = Submissions(submissions, scene).once(requests.without_level)
    return rows.select("application_no", *TRADE).unique(maintain_order=True).to_pandas()
