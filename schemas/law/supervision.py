"""What supervision looks at beside complaints: activities outside what is on file (contract section 6, county lists)."""

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
    found = rest.groupby(_ITEM)["held_on"].agg(times="size", first_on="min", last_on="max")
    return found.reset_index().sort_values(_ITEM, ignore_index=True)
