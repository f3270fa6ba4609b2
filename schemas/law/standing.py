"""What may stand against what is on file: suspension and revocation, dormancy, activities outside it, lists that changed.

Source: Notice, articles 3(1) and 4; contract sections 2 (STAND-1), 5 (DORM-1; "what is on file and has left the Dictionary
…") and 6 (county lists).
"""

from collections.abc import Container, Mapping
from dataclasses import dataclass
from datetime import date

import pandas as pd

from schemas.law.cycle import CycleId, add_months
from schemas.policy import Policy


def bars(
    rows: pd.DataFrame, suspensions: pd.DataFrame, revocations: pd.DataFrame, policy: Policy, day: date
) -> "pd.Series[str]":
    """What stands against each row of `asked` (uscc, occupation_code; blank for the application as such), in Chinese.

    `suspensions`: uscc, occupation_code (blank: the institution as a whole) of what is suspended on the day;
    `revocations`: uscc, revoked_on (ISO), those less than `adjustment.bar_months` old count. Blank where nothing does. A
    bar on one row of an application holds all of its items that are not on file (contract section 2).
    """
    suspended = set(zip(suspensions["uscc"], suspensions["occupation_code"].fillna(""), strict=True))
    revoked = {str(uscc): str(on) for uscc, on in _lately(revocations, policy, day).items()}
    texts = []
    for uscc, code in zip(rows["uscc"], rows["occupation_code"], strict=True):
        reasons = [
            "机构备案已暂停" if (uscc, "") in suspended else "",
            f"职业{code}的备案已暂停" if code and (uscc, code) in suspended else "",
            f"{revoked[uscc]}曾被撤销备案" if uscc in revoked else "",
        ]
        texts.append("，".join(filter(None, reasons)))
    return pd.Series(texts, index=rows.index, dtype="str")


def _lately(revocations: pd.DataFrame, policy: Policy, day: date) -> "pd.Series[str]":
    """The last revocation of each institution that still bars on a day, by uscc."""
    days = revocations["revoked_on"].map(date.fromisoformat)
    counts = [on <= day < add_months(on, policy.adjustment.bar_months) for on in days]
    still = revocations[pd.Series(counts, index=revocations.index, dtype="bool")]
    return still.groupby("uscc")["revoked_on"].max()


#: What is dormant or not: one institution's occupation, or one work type of it (blank: the occupation as a whole).
OCCUPATION = ["uscc", "occupation_code", "work_type"]
_CODE = ["uscc", "occupation_code"]


def is_judged(cycle: CycleId, policy: Policy) -> bool:
    """Whether a cycle is late enough for dormancy to matter."""
    return cycle >= policy.dormancy.first_cycle


def states(on_file: pd.DataFrame, activities: pd.DataFrame | None, policy: Policy, day: date) -> pd.DataFrame:
    """uscc, occupation_code, work_type, filed_on (earliest), last_held_on and state of all that is on file, on a day.

    `active` if an activity with candidates was held since it was filed and by the day; else `new` within `grace_months`
    of filing; then `dormant`, or `unknown` where no activities were ever supplied.
    """
    filed: pd.DataFrame = _with_work_type(on_file).groupby(OCCUPATION)["filed_on"].min().reset_index()
    marks = filed.join(_last_held(filed, activities, day), on=OCCUPATION)
    grace = policy.dormancy.grace_months
    over = {start: add_months(date.fromisoformat(start), grace) <= day for start in marks["filed_on"].unique()}
    marks["state"] = "unknown" if activities is None else "dormant"
    marks.loc[~marks["filed_on"].map(over).astype("bool"), "state"] = "new"
    marks.loc[marks["last_held_on"].notna(), "state"] = "active"
    return marks


def _last_held(filed: pd.DataFrame, activities: pd.DataFrame | None, day: date) -> "pd.Series[str]":
    """The last activity with candidates since each was filed, by the day; by OCCUPATION.

    One without work type serves all of its occupation, one with a work type also what is filed for it as a whole.
    """
    if activities is None or activities.empty:
        return pd.Series(dtype="str", name="last_held_on", index=pd.MultiIndex.from_frame(filed[OCCUPATION].iloc[:0]))
    attended = pd.to_numeric(activities["candidates"], errors="coerce") > 0
    held = filed.merge(_with_work_type(activities[attended]), on=_CODE, suffixes=("", "_held"))
    serves = (held["work_type_held"] == held["work_type"]) | (held["work_type_held"] == "") | (held["work_type"] == "")
    timely = (held["filed_on"] <= held["held_on"]) & (held["held_on"] <= day.isoformat())
    return held[serves & timely].groupby(OCCUPATION)["held_on"].max().rename("last_held_on")


def _with_work_type(rows: pd.DataFrame) -> pd.DataFrame:
    if "work_type" not in rows.columns:
        return rows.assign(work_type="")
    return rows.assign(work_type=rows["work_type"].fillna(""))


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
