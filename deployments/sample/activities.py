"""Assessments that made institutions held (认定活动) for what they have on file; those that sleep held none."""

from collections.abc import Collection, Mapping
from datetime import date, timedelta

from deployments.sample.holdings import Holding
from deployments.sample.material import WORK_TYPES, Row
from deployments.sample.setting import Setting

_DAYS_TO_FIRST = 14
_MOST = 3


def activities_of(
    holdings: Mapping[str, Holding], sleepers: Collection[str], setting: Setting, since: date | None = None
) -> list[Row]:
    """Assessments up to the deadline, from filing on or from a day on; a sleeper's announced one drew nobody."""
    rows = []
    for uscc in sorted(holdings):
        for occupation, levels in sorted(holdings[uscc].items.items()):
            first = holdings[uscc].filed_on(occupation) + timedelta(days=_DAYS_TO_FIRST)
            first = first if since is None else max(first, since + timedelta(days=1))
            rows += _held((uscc, occupation), sorted(levels), first, setting, asleep=uscc in sleepers)
    return rows


def _held(key: tuple[str, str], levels: list[str], first: date, setting: Setting, *, asleep: bool) -> list[Row]:
    uscc, occupation = key
    rng = setting.stream(uscc, "activities", occupation)
    days = (setting.deadline - first).days
    if days < 0:
        return []
    rows = []
    for day in sorted(rng.randint(0, days) for _ in range(1 if asleep else rng.randint(1, _MOST))):
        candidates = 0 if asleep else rng.randint(8, 120)
        rows.append(
            {
                "uscc": uscc,
                "occupation_code": occupation,
                "work_type": WORK_TYPES.get(occupation, ""),
                "level": rng.choice(levels),
                "held_on": (first + timedelta(days=day)).isoformat(),
                "candidates": str(candidates),
                "passed": str(int(candidates * rng.uniform(0.6, 0.95))),
            }
        )
    return rows
