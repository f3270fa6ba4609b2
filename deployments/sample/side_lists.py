"""Lists beside a cycle's applications: the assessments institutions held (认定活动), and a pool of experts."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta

from deployments.sample.cases import Case
from deployments.sample.holdings import Holding
from deployments.sample.material import WORK_TYPES, Row, person_name
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


_SMALLEST_POOL, _LARGEST_POOL = 24, 300  # a city's pool does not grow with what a nation would hand in
_INACTIVE = 12  # one in so many has left the pool
_FIELDS = (2, 4)


def experts_of(cases: Sequence[Case], setting: Setting) -> list[Row]:
    """The pool: about one expert for two applications up to 300, a third of them employed by applicants, some by nobody."""
    rng = setting.stream("experts")
    fields = sorted({row["occupation_code"][:4] for case in cases for row in case.draft.occupations if _is_code(row)})
    employers = sorted({case.institution.uscc for case in cases})
    if not fields:
        return []
    return [
        {
            "expert_no": f"ZJ{number:04d}",
            "name": person_name(rng),
            "employer_uscc": rng.choice(employers) if rng.random() < 1 / 3 else "",
            "occupation_prefixes": "、".join(sorted(rng.sample(fields, min(len(fields), rng.randint(*_FIELDS))))),
            "active": "false" if number % _INACTIVE == 0 else "true",
            "email": f"expert{number:04d}@example.com" if number % 5 else "",
        }
        for number in range(1, min(_LARGEST_POOL, max(_SMALLEST_POOL, len(cases) // 2)) + 1)
    ]


def _is_code(row: Row) -> bool:
    code = row.get("occupation_code", "")
    return len(code) > 4 and code[1] == "-" and code[:1].isdigit() and code[2:4].isdigit()  # noqa: PLR2004
