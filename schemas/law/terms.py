"""How long a qualification lasts, and how a renewal goes on from it (Notice, article 3(4))."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import pandas as pd

from schemas.law.cycle import CycleId, add_months
from schemas.policy import Policy


def last_day(starts_on: date, months: int) -> date:
    """The last day of a term: the day before the anniversary (Notice, article 3(4)).

    A term from 29 February ends on 28 February: the month without a corresponding day ends the period
    (Civil Code, article 202).
    """
    anniversary = add_months(starts_on, months)
    shortened = anniversary.day < starts_on.day
    return anniversary if shortened else anniversary - timedelta(days=1)


def last_renewal(end: date, policy: Policy) -> CycleId:
    """The last cycle to renew in: whose deadline plus the wait is on or before the end of a term (RENEW-2)."""
    return policy.last_cycle_on(end - timedelta(days=policy.evaluation.wait_days))


def renewed_term(old_valid_until: date, decided_on: date, months: int) -> tuple[date, date]:
    """First and last day of the term a renewal gives (contract section 3)."""
    after_old = old_valid_until + timedelta(days=1)
    starts_on = after_old if decided_on < after_old else decided_on
    return starts_on, last_day(starts_on, months)


def filed_until(
    filed: pd.DataFrame, ends: Sequence[date | None], steps: Mapping[str, str], months: int, day: date
) -> list[str]:
    """The last days (ISO) of what is filed on a day (contract section 3).

    `filed`: application_no, uscc, kind; `ends`: the end from which each one's term is counted, None where it begins a
    qualification; `steps`: application number to the end (ISO) of what it filed before. A renewal that is filed in steps
    has one term, that of its first step, and what joins a qualification on the day of its renewal shares the renewed one.
    """
    rows = list(zip(filed["application_no"], filed["uscc"], filed["kind"], ends, strict=True))
    renewed: dict[str, str] = {}
    terms = []
    for number, uscc, kind, end in rows:
        if kind == "renewal":
            until = steps.get(number) or _renewed_until(end, day, months)
            renewed[uscc] = max(until, renewed.get(uscc, until))
        else:
            until = (end or last_day(day, months)).isoformat()
        terms.append(until)
    return [
        until if row[2] == "renewal" else renewed.get(row[1], until) for row, until in zip(rows, terms, strict=True)
    ]


def _renewed_until(end: date | None, day: date, months: int) -> str:
    return (renewed_term(end, day, months)[1] if end else last_day(day, months)).isoformat()
