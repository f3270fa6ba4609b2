"""What an edition says, before it is any file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

import pandas as pd

from schemas.directory import CAME, CHANGE_COLUMNS, GONE, INSTITUTION_COLUMNS, change_counts, edition_name, in_order
from schemas.office import Office
from schemas.policy import Policy
from schemas.published_life import grown, unborn
from schemas.run import Head
from schemas.titles import region_titles, type_titles

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
