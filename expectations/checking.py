"""The checks that stages make; Great Expectations is imported with the first of them, for most runs check nothing.

`expectations.check` says what they take and give.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from expectations import requests
from expectations.scene import Scene
from expectations.submissions import Submissions
from schemas.item import ALONG, KEYS, TRADE
from schemas.policy import Policy

if TYPE_CHECKING:
    from expectations.check import Checked, CheckedResults
    from expectations.data_docs import Validation


def check(submissions: Mapping[str, pd.DataFrame], scene: Scene) -> "Checked":
    """Check the form tables of a batch of applications against the rule book (Notice, articles 1 to 3)."""
    from expectations import check as checks  # noqa: PLC0415  Great Expectations takes seconds to import

    return checks.check(submissions, scene)


def check_results(results_frame: pd.DataFrame, sent: pd.DataFrame, scene: Scene) -> "CheckedResults":
    """Check evaluation results against the rule book (Notice, article 3(3))."""
    from expectations import check as checks  # noqa: PLC0415  as above

    return checks.check_results(results_frame, sent, scene)


def check_directory(
    rows: pd.DataFrame,
    previous: pd.DataFrame,
    changes: pd.DataFrame,
    as_of: date,
    policies: Sequence[Policy],
    traces: pd.DataFrame | None = None,
) -> list[str]:
    """What keeps a directory from being published, one Chinese sentence a broken expectation; [] when nothing does."""
    from expectations import check as checks  # noqa: PLC0415  as above

    return checks.check_directory(rows, previous, changes, as_of, policies, traces)


def data_docs(validation: "Validation", folder: Path) -> Path:
    """Write the Data Docs of a check into a folder; returns its first page."""
    from expectations import data_docs as pages  # noqa: PLC0415  as above

    return pages.data_docs(validation, folder)


def requested_items(submissions: Mapping[str, pd.DataFrame], scene: Scene) -> pd.DataFrame:
    """The distinct items that applications name (KEYS, ALONG), which are not checked; frames as for `check`."""
    taken = Submissions(submissions, scene)
    known = taken.table("applications").select("application_no").drop_nulls()
    items = taken.once(requests.items).join(known, on="application_no", how="semi", maintain_order="left")
    return items.select(*KEYS, *ALONG).unique(maintain_order=True).to_pandas()


def occupations_without_level(submissions: Mapping[str, pd.DataFrame], scene: Scene) -> pd.DataFrame:
    """The distinct occupations that applications ask for at levels nobody can read: application_no and TRADE."""
    rows = Submissions(submissions, scene).once(requests.without_level)
    return rows.select("application_no", *TRADE).unique(maintain_order=True).to_pandas()
