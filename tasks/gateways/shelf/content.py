"""What an edition says, before it is any file: its rows, its changes, and the published life of every row that ever stood."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

import pandas as pd

from schemas.directory import (
    CAME,
    CHANGE_COLUMNS,
    CHANGE_KINDS,
    DIRECTORY_COLUMNS,
    DIRECTORY_KEY,
    GONE,
    INSTITUTION_COLUMNS,
    edition_name,
    region_titles,
    type_titles,
)
from schemas.directory_changes import change_counts, in_order
from schemas.office import Office
from schemas.policy import Policy
from schemas.run import Head

#: An earlier edition: its name, its `as_of`, and its changes (CHANGE_COLUMNS) or only their counts by kind.
EarlierEdition = tuple[str, date, pd.DataFrame | Mapping[str, int]]


@dataclass(frozen=True, eq=False)
class EditionContent:
    """One edition (目录版次): its rows, what changed, and the edition it follows (contract section 6).

    `rows` holds DIRECTORY_COLUMNS and `changes` CHANGE_COLUMNS, both as text. `chain`: every edition before with its day,
    the oldest first. `past`: the published life up to the edition before (LIFE_COLUMNS). `phones`: telephones by credit
    code, where the policy shows them. Raises ValueError for a name that is no edition of the cycle.
    """

    name: str
    cycle: str
    as_of: date
    policy: Policy
    office: Office
    rows: pd.DataFrame
    changes: pd.DataFrame
    previous_manifest_sha256: str | None = None
    earlier: Sequence[EarlierEdition] = ()
    chain: Sequence[tuple[str, date]] = ()
    past: pd.DataFrame | None = None
    phones: Mapping[str, str] = field(default_factory=dict)
    #: The head of the history it was drafted from; copies of it lie wherever the edition goes.
    history: Head = field(default_factory=Head)

    def __post_init__(self) -> None:
        if not edition_name(self.name).startswith(f"{self.cycle}."):
            raise ValueError(f"edition {self.name} is not one of cycle {self.cycle}")

    @cached_property
    def listed(self) -> pd.DataFrame:
        """The rows in the order of every file: by uscc and occupation_code, blanks as empty text."""
        return in_order(self.rows)

    @cached_property
    def changed(self) -> pd.DataFrame:
        """The changes, blanks as empty text."""
        return self.changes[CHANGE_COLUMNS].fillna("").astype("str").reset_index(drop=True)

    @cached_property
    def life(self) -> pd.DataFrame:
        """The published life of the directory, this edition included (LIFE_COLUMNS)."""
        past = unborn() if self.past is None else self.past
        return grown(past, self.listed, self.changed, self.name, self.as_of)

    @property
    def editions(self) -> list[tuple[str, date]]:
        """Every edition up to this one with its day, the oldest first."""
        before = self.chain or [(name, as_of) for name, as_of, _ in reversed(self.earlier)]
        return [*before, (self.name, self.as_of)]

    @cached_property
    def counts(self) -> dict[str, int]:
        """Number of changes of each kind."""
        return change_counts(self.changed)

    @cached_property
    def institutions(self) -> pd.DataFrame:
        """INSTITUTION_COLUMNS of every institution listed, one row each, by uscc."""
        return self.listed[INSTITUTION_COLUMNS].drop_duplicates("uscc", ignore_index=True)

    @cached_property
    def type_titles(self) -> dict[str, str]:
        """Institution types and their Chinese titles, in the policy's order."""
        return type_titles(self.policy)

    @cached_property
    def region_names(self) -> dict[str, str]:
        """Region code to name, in the policy's order."""
        return region_titles(self.policy)

    @property
    def title(self) -> str:
        """The directory's title."""
        return f"{self.policy.title}职业技能等级认定评价机构备案目录"

    @property
    def rows_before(self) -> int:
        """Rows the edition before must have had if the changes are all there is."""
        return len(self.rows) - sum(map(self.counts.__getitem__, CAME)) + sum(map(self.counts.__getitem__, GONE))

    def institutions_by_type(self) -> dict[str, int]:
        """Number of institutions of each type of the policy, zeros named."""
        counted = self.institutions["institution_type"].value_counts()
        return {code: int(counted.get(code, 0)) for code in self.type_titles}


def chinese_date(day: date) -> str:
    """A day as documents write it, `2026年9月10日`."""
    return f"{day.year}年{day.month}月{day.day}日"


#: A row as it stood (DIRECTORY_COLUMNS), the edition it came in and its day, the first one it was no more in and its day
#: (blank while it stands), and what became of it: a kind of change, with reason and document number.
LIFE_COLUMNS = [
    *DIRECTORY_COLUMNS,
    "came_in",
    "came_on",
    "gone_in",
    "gone_on",
    "became",
    "reason",
    "document_no",
]
_ENDING = LIFE_COLUMNS[LIFE_COLUMNS.index("gone_in") :]


def unborn() -> pd.DataFrame:
    """The life of a directory before its first edition."""
    return pd.DataFrame({column: pd.Series(dtype="str") for column in LIFE_COLUMNS})


def grown(life: pd.DataFrame, rows: pd.DataFrame, changed: pd.DataFrame, edition: str, as_of: date) -> pd.DataFrame:
    """The life continued by one edition: rows (DIRECTORY_COLUMNS) and changes (CHANGE_COLUMNS) are that edition's.

    LIFE_COLUMNS as text, by DIRECTORY_KEY, the spells of one key in the order of time.
    """
    rows = in_order(rows)
    standing = life["gone_in"] == ""
    stays = _among(life, rows) & standing
    former = life[standing & ~stays].drop(columns=["became", "reason", "document_no"])
    ended = former.merge(_endings(changed), on=DIRECTORY_KEY, how="left").assign(
        gone_in=edition, gone_on=as_of.isoformat()
    )
    # a row that nothing changed and that is another one all the same was altered behind the editions' back
    ended["became"] = ended["became"].fillna("details_changed")
    new = rows[~_among(rows, life[stays])].assign(
        came_in=edition, came_on=as_of.isoformat(), **dict.fromkeys(_ENDING, "")
    )
    whole = pd.concat([life[~standing], ended[LIFE_COLUMNS], life[stays], new[LIFE_COLUMNS]])
    return whole.fillna("").astype("str").sort_values([*DIRECTORY_KEY, "came_on"], kind="stable", ignore_index=True)


def _among(rows: pd.DataFrame, life: pd.DataFrame) -> "pd.Series[bool]":
    """Which rows stand, cell by cell, among the known ones."""
    if rows.empty or life.empty:
        return pd.Series(False, index=rows.index)
    keys = pd.MultiIndex.from_frame(rows[DIRECTORY_COLUMNS])
    return pd.Series(keys.isin(pd.MultiIndex.from_frame(life[DIRECTORY_COLUMNS])), index=rows.index)


def _endings(changed: pd.DataFrame) -> pd.DataFrame:
    """What became of each key that changed: of several kinds the one that stands first in CHANGE_KINDS."""
    order = {kind: place for place, kind in enumerate(CHANGE_KINDS)}
    first = changed.sort_values("change", key=lambda kinds: kinds.map(order), kind="stable").drop_duplicates(
        DIRECTORY_KEY
    )
    return first.rename(columns={"change": "became"})[[*DIRECTORY_KEY, "became", "reason", "document_no"]].fillna("")
