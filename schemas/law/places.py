"""The places left in an occupation (CAP-2) at filing: who takes them in which order; moving items is the decision's."""

import pandas as pd

from schemas.policy import Policy


def take_in_turn(
    candidates: pd.DataFrame,
    on_file: pd.DataFrame,
    own: pd.DataFrame,
    permits: set[tuple[str, str]],
    policy: Policy,
) -> "pd.Series[bool]":
    """Which passed items find their occupation saturated (contract section 5, CAP-2), one bool a candidate row.

    `candidates`: application_no, occupation_code, level, uscc, institution_type, score, submitted_utc; `on_file`: the
    register on the day of filing; `own`: what is not new to its applicant, on file on that day or on the cycle's
    deadline; `permits`: (application_no, occupation_code) with a permit under CAP-2.
    An occupation is taken by one institution at a time: by the highest score of its items, then the earliest
    submission, application number and occupation code; what was taken counts for those after.
    """
    counted = on_file[on_file["institution_type"].isin(policy.cap.saturation_counts)]
    holders = counted.groupby("occupation_code")["uscc"].agg(set).to_dict()
    known = set(zip(own["uscc"], own["occupation_code"], strict=True))
    refused: set[tuple[str, str]] = set()
    for turn in _turns(candidates).to_dict("records"):
        uscc, code, number = turn["uscc"], turn["occupation_code"], turn["application_no"]
        present = holders.setdefault(code, set())
        is_new = (uscc, code) not in known
        capped = turn["institution_type"] in policy.cap.capped and is_new and (number, code) not in permits
        if capped and len(present - {uscc}) >= policy.cap.saturation:
            refused.add((number, code))
        elif turn["institution_type"] in policy.cap.saturation_counts:
            present.add(uscc)
    asked = pd.MultiIndex.from_frame(candidates[["application_no", "occupation_code"]])
    return pd.Series(asked.isin(list(refused)), index=candidates.index)


def _turns(candidates: pd.DataFrame) -> pd.DataFrame:
    """One row an application and occupation, in the order in which places are taken."""
    best = candidates.groupby(["application_no", "occupation_code"], as_index=False).agg(
        {"score": "max", "submitted_utc": "first", "uscc": "first", "institution_type": "first"}
    )
    order = ["score", "submitted_utc", "application_no", "occupation_code"]
    return best.sort_values(order, ascending=[False, True, True, True], na_position="last")
