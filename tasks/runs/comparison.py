"""Work of which nothing is kept: a dry run (试运行), and a comparison (比对) of a cycle's outcome with another policy's."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
from pydantic import SecretStr

from schemas.item import ENDED_BY_PEOPLE
from schemas.law.cycle import CycleId
from schemas.policy import Policy, for_cycle, instead
from schemas.run import Run
from schemas.settings import Settings, settings, using
from tasks.gateways.evaluators.dispatch_tokens import known_key
from tasks.store import cycles, database, items, register
from tasks.store.database import reading
from tasks.store.leases import writing


@contextmanager
def rehearsed(rehearse: bool) -> Iterator[None]:
    """In a dry run: what is written to the database is undone, what would be sent or published goes to a spare home."""
    if not rehearse:
        yield
        return
    with (
        TemporaryDirectory(prefix="filing-rehearsal-") as spare,
        using(_rehearsing(settings(), Path(spare))),
        database.rehearsal(),
    ):
        yield


def _rehearsing(real: Settings, spare: Path) -> Settings:
    """An installation like the real one, but with a home of no consequence, and nothing leaves it."""
    places = {"database_url": real.database, "inbox_folder": real.inbox, "desk_folder": real.desk}
    ways = {"evaluation_channel": "folder", "letter_channel": "folder"}
    # results that lie in the inbox were signed with the key of the real home; where it has none, the spare one makes its own
    key = {"result_key": SecretStr(known_key(real))}
    return real.model_copy(update={"home": spare, **places, **ways, **key})


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


def compared(cycle: CycleId, policy: Policy, judge: Callable[[], None], today: date) -> Compared:
    """Where every item stands, and where `judge` brings it under a policy, which nothing is kept of.

    What was filed and is over today is over under the other policy too, unless that files for longer; what people withdrew
    or ended is so under both.
    """
    present, ended = _standing(cycle), _ended(cycle)
    is_longer = policy.validity.months > for_cycle(cycle).validity.months
    with rehearsed(True), instead(policy):
        judge()
        other = _standing(cycle)
        lasting = _lasting(cycle, today) if is_longer else other.iloc[:0][items.KEYS]
    renamed = other.rename(columns={name: f"other_{name}" for name in _STANDING})
    both = present.merge(renamed, on=items.KEYS, how="outer")
    lasts = _among(both, lasting) & ~_among(both, ended)
    over = (both["status"] == "lapsed") & (both["other_status"] == "filed") & ~lasts
    both.loc[over, "other_status"] = "lapsed"
    given_up = both["status"].isin(list(ENDED_BY_PEOPLE))
    both.loc[given_up, ["other_status", "other_reason"]] = both.loc[given_up, _STANDING].to_numpy()
    return Compared(both[COLUMNS].fillna("").sort_values(items.KEYS, ignore_index=True))


def _ended(cycle: CycleId) -> pd.DataFrame:
    """Keys of what the cycle filed and a decision ended since."""
    with reading() as db:
        entries = register.current_entries(db)
    return entries[(entries["cycle"] == cycle) & entries["ended_by"].notna()][items.KEYS]


def _lasting(cycle: CycleId, today: date) -> pd.DataFrame:
    """Keys of what the cycle filed and is valid today."""
    with reading() as db:
        filed = register.filed_by(db, cycle)
    return filed[filed["valid_until"] >= today.isoformat()][items.KEYS]


def _among(rows: pd.DataFrame, keys: pd.DataFrame) -> "pd.Series[bool]":
    index = pd.MultiIndex.from_frame(keys)
    return pd.Series(pd.MultiIndex.from_frame(rows[items.KEYS]).isin(index), index=rows.index)


def take_back(run: Run) -> None:
    """Take a cycle back to the day it was handed in."""
    with writing(run) as db:
        cycles.rewind(db, run.cycle)


def _standing(cycle: CycleId) -> pd.DataFrame:
    with reading() as db:
        return items.listing(db, cycle)[[*items.KEYS, *_STANDING]]
