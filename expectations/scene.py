"""What the rules need beside the submissions: numbers, facts, and what is on record."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import pandas as pd
import polars as pl

from schemas.law.cycle import CycleId
from schemas.policy import Policy
from schemas.reference_data import Reference

#: The columns of each frame; all text, dates ISO, blank or missing where there is nothing.
ON_FILE = ("uscc", "institution_type", "occupation_code", "work_type", "level", "filed_on", "valid_until")
ACTIVITIES = ("uscc", "occupation_code", "work_type", "held_on", "candidates")
PEERS = ("application_no", "uscc", "kind", "submitted_utc")
PEER_ITEMS = ("application_no", "uscc", "occupation_code", "work_type", "level", "status")
UNDER_WAY = ("application_no", "cycle", "uscc", "occupation_code", "work_type", "level")
INSTITUTIONS = ("uscc", "institution_name", "institution_type", "region_code")
SUSPENSIONS = ("uscc", "occupation_code")
REVOCATIONS = ("uscc", "revoked_on")
MATTERS = ("uscc", "matter")


def _none(columns: Sequence[str]) -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(dtype="str") for name in columns})


@dataclass(frozen=True, eq=False)
class Scene:
    """The state of the world a cycle is judged against, as it stands on the cycle's deadline (contract section 5).

    Frames have the columns named above each of them in this module; a column that is not there counts as blank.

    `on_file`: one row an item on file and valid on the deadline, suspended ones too (they keep term and place).
    `activities`: every activity ever supplied, `candidates` as a number or its text; None when none ever was.
    `peers`: every current application of the cycle that is neither withdrawn nor ended, returned ones too; those being
    checked may be among them. `submitted_utc`: the current version's moment in microseconds since 1970, number or text.
    `peer_items`: the items of those applications as they stand in the database, with their status; with a blank level, what
    they ask for at levels nobody can read.
    `under_way`: items of other cycles that are held, accepted, dispatched or passed.
    `institutions`: the register's own name, type and region of every institution with something on file.
    `suspensions`: what is suspended on the deadline; occupation_code blank for an institution as a whole.
    `revocations`: every revocation on or before the deadline, with the day it took effect.
    `matters`: what is open about an institution on the deadline, in the words an official is to read: `举报J-1未办结` for an
    open complaint, `举报J-1整改未完成` and `2026-03-01抽查整改未完成` for what is to be mended.
    `present_codes`: occupation codes that were changed, each with the one the register goes by now; every frame has the
    latter, submissions keep the code they were made with.
    `as_of`: the day of the check; results are not dated later (EVAL-6). None where no results are checked.
    """

    cycle: CycleId
    policy: Policy
    reference: Reference
    on_file: pd.DataFrame
    activities: pd.DataFrame | None
    peers: pd.DataFrame
    peer_items: pd.DataFrame = field(default_factory=lambda: _none(PEER_ITEMS))
    under_way: pd.DataFrame = field(default_factory=lambda: _none(UNDER_WAY))
    institutions: pd.DataFrame = field(default_factory=lambda: _none(INSTITUTIONS))
    suspensions: pd.DataFrame = field(default_factory=lambda: _none(SUSPENSIONS))
    revocations: pd.DataFrame = field(default_factory=lambda: _none(REVOCATIONS))
    matters: pd.DataFrame = field(default_factory=lambda: _none(MATTERS))
    as_of: date | None = None
    present_codes: Mapping[str, str] = field(default_factory=dict)

    @property
    def deadline(self) -> date:
        """The cycle's last day."""
        return self.policy.deadline(self.cycle)


def texts(frame: pd.DataFrame, columns: Sequence[str]) -> pl.DataFrame:
    """A frame of the scene as text columns, blank where there is nothing."""
    if frame.empty:
        return pl.DataFrame(schema=dict.fromkeys(columns, pl.String()))
    rows = pl.from_pandas(frame[[name for name in columns if name in frame.columns]].reset_index(drop=True))
    return rows.select(
        pl.col(name).cast(pl.String).fill_null("") if name in rows.columns else pl.lit("").alias(name)
        for name in columns
    )
