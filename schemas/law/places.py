"""The places of the cap (CAP-1) and those left in an occupation (CAP-2): how they are counted, and who takes them."""

import pandas as pd

from schemas.policy import Policy
from schemas.rows import tuples

#: The rules of the cap: how many occupations an institution has, how many institutions an occupation.
CAPS = ("CAP-1", "CAP-2")
_NEVER = "9999-12-31"


def unit(policy: Policy) -> list[str]:
    """The columns that tell one place from another (policy: cap.unit)."""
    return ["occupation_code"] if policy.cap.unit == "occupation" else ["occupation_code", "work_type"]


def places_used(rows: pd.DataFrame, policy: Policy) -> "pd.Series[int]":
    """How many places an institution's rows take, by uscc; rows: uscc, occupation_code, work_type."""
    return rows.drop_duplicates(["uscc", *unit(policy)]).groupby("uscc").size()


def take_in_turn(
    candidates: pd.DataFrame,
    on_file: pd.DataFrame,
    earlier: pd.DataFrame,
    permits: set[tuple[str, str, str]],
    policy: Policy,
) -> "pd.Series[str]":
    """The rules by which passed items find no place at filing, joined by `;`, blank where they have one.

    `candidates`: application_no, occupation_code, work_type, level, uscc, institution_type, score, submitted_utc, and
    shown_on, the day (ISO) of the public notice that shows it, blank where none does, or no such column;
    `on_file`: the register on the day of filing (uscc, institution_type, occupation_code, work_type); `earlier`: what is not
    new to its applicant, on file on the cycle's deadline (or, filed meanwhile, on that day); `permits`: (rule,
    application_no, occupation_code) of what is permitted under CAP-1 and CAP-2. Frames without work_type have none.

    One institution's place at a time is taken: by the highest score of its items, then the earliest submission,
    application number and occupation code; what was taken counts for those after. What a public notice shows goes before
    what it does not show yet: it is filed on the day after its notice (contract section 3). A new place that would make what is
    on file more than the cap is CAP-1's, one whose holders have reached saturation CAP-2's (contract section 5).
    """
    place = unit(policy)
    rows, filed, holdings = (_with_work_type(frame) for frame in (candidates, on_file, earlier))
    # what else is on file takes nobody's place here
    concerned = filed["uscc"].isin(rows["uscc"]) | filed["occupation_code"].isin(rows["occupation_code"])
    present = _Present(filed[concerned], place, policy)
    held = set(tuples(holdings[["uscc", *place]]))
    reasons: dict[tuple[str, ...], str] = {}
    for turn in _turns(rows, place).to_dict("records"):
        key = tuple(turn[name] for name in place)
        is_new = (turn["uscc"], *key) not in held
        broken = present.broken(turn["uscc"], key) if is_new and turn["institution_type"] in policy.cap.capped else []
        broken = [rule for rule in broken if (rule, turn["application_no"], turn["occupation_code"]) not in permits]
        if broken:
            reasons[(turn["application_no"], *key)] = ";".join(broken)
        else:
            present.take(turn["uscc"], key, turn["institution_type"])
    keys = tuples(rows[["application_no", *place]])
    return pd.Series([reasons.get(key, "") for key in keys], index=candidates.index, dtype="str")


class _Present:
    """Who holds which place while they are taken."""

    def __init__(self, filed: pd.DataFrame, place: list[str], policy: Policy) -> None:
        self._policy = policy
        self._counted: dict[tuple[str, ...], set[str]] = {}
        self._held: dict[str, set[tuple[str, ...]]] = {}
        for uscc, kind, *key in tuples(filed[["uscc", "institution_type", *place]]):
            self.take(uscc, tuple(key), kind)

    def broken(self, uscc: str, key: tuple[str, ...]) -> list[str]:
        """The rules that one more place of an institution would break."""
        cap = self._policy.cap
        over = len(self._held.get(uscc, set()) | {key}) > cap.occupations
        saturated = len(self._counted.get(key, set()) - {uscc}) >= cap.saturation
        return [rule for rule, broken in (("CAP-1", over), ("CAP-2", saturated)) if broken]

    def take(self, uscc: str, key: tuple[str, ...], institution_type: str) -> None:
        """Let an institution hold a place."""
        self._held.setdefault(uscc, set()).add(key)
        if institution_type in self._policy.cap.saturation_counts:
            self._counted.setdefault(key, set()).add(uscc)


def _turns(candidates: pd.DataFrame, place: list[str]) -> pd.DataFrame:
    """One row an application and place, in the order in which places are taken."""
    notice_days = candidates["shown_on"] if "shown_on" in candidates.columns else pd.Series("", index=candidates.index)
    best = (
        candidates.assign(shown_on=notice_days.replace("", _NEVER))
        .groupby(["application_no", *place], as_index=False)
        .agg(
            {"shown_on": "min", "score": "max", "submitted_utc": "first", "uscc": "first", "institution_type": "first"}
        )
    )
    order = ["shown_on", "score", "submitted_utc", "application_no", *place]
    return best.sort_values(order, ascending=[name != "score" for name in order], na_position="last")


def _with_work_type(rows: pd.DataFrame) -> pd.DataFrame:
    return rows if "work_type" in rows.columns else rows.assign(work_type="")
