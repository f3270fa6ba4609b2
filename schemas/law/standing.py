"""Whether an institution may ask for something new while it is suspended, or after a revocation (STAND-1)."""

from datetime import date

import pandas as pd

from schemas.law.cycle import add_months
from schemas.policy import Policy


def bars(
    asked: pd.DataFrame, suspensions: pd.DataFrame, revocations: pd.DataFrame, policy: Policy, day: date
) -> "pd.Series[str]":
    """What stands against each row of `asked` (uscc, occupation_code; blank for the application as such), in Chinese.

    `suspensions`: uscc, occupation_code (blank: the institution as a whole) of what is suspended on the day;
    `revocations`: uscc, revoked_on (ISO), those less than `adjustment.bar_months` old count. Blank where nothing does. A
    bar on one row of an application holds all of its items that are not on file (contract section 2).
    """
    suspended = set(zip(suspensions["uscc"], suspensions["occupation_code"].fillna(""), strict=True))
    revoked = {str(uscc): str(on) for uscc, on in _lately(revocations, policy, day).items()}
    texts = []
    for uscc, code in zip(asked["uscc"], asked["occupation_code"], strict=True):
        reasons = [
            "机构备案已暂停" if (uscc, "") in suspended else "",
            f"职业{code}的备案已暂停" if code and (uscc, code) in suspended else "",
            f"{revoked[uscc]}曾被撤销备案" if uscc in revoked else "",
        ]
        texts.append("，".join(filter(None, reasons)))
    return pd.Series(texts, index=asked.index, dtype="str")


def _lately(revocations: pd.DataFrame, policy: Policy, day: date) -> "pd.Series[str]":
    """The last revocation of each institution that still bars on a day, by uscc."""
    days = revocations["revoked_on"].map(date.fromisoformat)
    counts = [on <= day < add_months(on, policy.adjustment.bar_months) for on in days]
    still = revocations[pd.Series(counts, index=revocations.index, dtype="bool")]
    return still.groupby("uscc")["revoked_on"].max()
