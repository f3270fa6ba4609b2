"""What supervision looks at beside complaints: activities outside what is on file, occupations the lists no longer have.

Source: contract sections 5 ("what is on file and has left the Dictionary …") and 6 (county lists).
"""

from collections.abc import Container, Mapping
from dataclasses import dataclass

import pandas as pd

_ITEM = ["uscc", "occupation_code", "work_type", "level"]


def outside(activities: pd.DataFrame, entries: pd.DataFrame) -> pd.DataFrame:
    """Activities with candidates that no filing covers: _ITEM, times, first_on and last_on (ISO), sorted.

    `activities`: _ITEM, held_on, candidates; `entries`: _ITEM, filed_on, valid_until, expired and ended ones too. An
    activity without a work type is covered by any of its occupation, and one with a work type by the occupation as a
    whole.
    """
    held = activities[pd.to_numeric(activities["candidates"], errors="coerce") > 0]
    held = held.reset_index(drop=True).rename_axis("place").reset_index()
    both = held.merge(entries, on=["uscc", "occupation_code", "level"], suffixes=("", "_filed"))
    same = (both["work_type"] == both["work_type_filed"]) | (both["work_type"] == "") | (both["work_type_filed"] == "")
    valid = (both["filed_on"] <= both["held_on"]) & (both["held_on"] <= both["valid_until"])
    rest = held[~held["place"].isin(both.loc[same & valid, "place"])]
    counts = rest.groupby(_ITEM)["held_on"].agg(times="size", first_on="min", last_on="max")
    return counts.reset_index().sort_values(_ITEM, ignore_index=True)


@dataclass(frozen=True)
class Lists:
    """What the lists of a day say of occupations: codes in force, codes that ever were, changes of code, access-type."""

    present: Container[str]
    ever: Container[str]
    changed: Mapping[str, str]  # old code: in words, what it is now and since when
    access: Container[str]  # codes that an access-type qualification covers whole
    access_work_types: Container[tuple[str, str]]  # code and work type that one covers

    def flag(self, code: str, work_type: str) -> str:
        """Why what is on file under a code is no longer as the lists have it; blank where it is."""
        if code in self.changed:
            return self.changed[code]
        if code in self.ever and code not in self.present:
            return "已不在现行职业目录内"
        if code in self.access:
            return "已列入准入类职业资格"
        if (code, work_type) in self.access_work_types:
            return f"工种“{work_type}”已列入准入类职业资格"
        return ""
