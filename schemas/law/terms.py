"""How long a qualification lasts, and how a renewal goes on from it (Notice, article 3(4))."""

from datetime import date, timedelta

from schemas.law.cycle import add_months


def last_day(starts_on: date, months: int) -> date:
    """The last day of a term: the day before the anniversary (Notice, article 3(4)).

    A term from 29 February ends on 28 February: the month without a corresponding day ends the period
    (Civil Code, article 202).
    """
    anniversary = add_months(starts_on, months)
    shortened = anniversary.day < starts_on.day
    return anniversary if shortened else anniversary - timedelta(days=1)


def renewed_term(old_valid_until: date, decided_on: date, months: int) -> tuple[date, date]:
    """First and last day of the term a renewal gives (contract section 3)."""
    after_old = old_valid_until + timedelta(days=1)
    starts_on = after_old if decided_on < after_old else decided_on
    return starts_on, last_day(starts_on, months)
