"""A comparison (比对): where a cycle's items stand, and where they would stand had another policy been in force."""

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from schemas.law.cycle import CycleId
from schemas.policy import Policy, instead
from schemas.run import Run
from tasks.runs.rehearsal import rehearsed
from tasks.store import items, rewinding
from tasks.store.database import reading
from tasks.store.leases import writing

#: A row an item: where it stands, and where it would stand.
COLUMNS = [*items.KEYS, "status", "reason", "other_status", "other_reason"]
_STANDING = ["status", "reason"]


@dataclass(frozen=True, eq=False)
class Compared:
    """Rows of COLUMNS as text, sorted; an item that one of the two policies does not have is blank there."""

    rows: pd.DataFrame

    @property
    def differing(self) -> int:
        """How many items would stand otherwise."""
        alike = [self.rows[name] == self.rows[f"other_{name}"] for name in _STANDING]
        return int((~(alike[0] & alike[1])).sum())


def compared(cycle: CycleId, policy: Policy, judge: Callable[[], None]) -> Compared:
    """Where every item stands, and where `judge` brings it under a policy, which nothing is kept of.

    What has lapsed since then counts as filed.
    """
    present = _standing(cycle).replace({"status": "lapsed"}, "filed")
    with rehearsed(True), instead(policy):
        judge()
        other = _standing(cycle)
    renamed = other.rename(columns={name: f"other_{name}" for name in _STANDING})
    both = present.merge(renamed, on=items.KEYS, how="outer")
    return Compared(both[COLUMNS].fillna("").sort_values(items.KEYS, ignore_index=True))


def take_back(run: Run) -> None:
    """Take a cycle back to the day it was handed in."""
    with writing(run) as db:
        rewinding.rewind(db, run.cycle)


def _standing(cycle: CycleId) -> pd.DataFrame:
    with reading() as db:
        return items.listing(db, cycle)[[*items.KEYS, *_STANDING]]
