"""What day it is: the one place that asks the clock for a date, in the time zone of the policy that is in force."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from schemas.policy import all_policies


def today() -> date:
    """This day where the policy is in force, whichever cycle it is asked for."""
    return day_of(datetime.now(UTC))


def day_of(moment: datetime) -> date:
    """The day a moment falls on, in the time zone of the policy in force on that day; before the first one, of the first."""
    policies = all_policies()
    days = ((moment.astimezone(ZoneInfo(policy.timezone)).date(), policy) for policy in reversed(policies))
    first = moment.astimezone(ZoneInfo(policies[0].timezone)).date()
    return next((day for day, policy in days if policy.in_force_from <= day), first)
