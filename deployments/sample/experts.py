"""A made pool of experts for the occupations of a cycle."""

from collections.abc import Sequence

from deployments.sample.cases import Case
from deployments.sample.material import Row, person_name
from deployments.sample.setting import Setting

_FEWEST, _MOST = 24, 300  # a city's pool does not grow with what a nation would hand in
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
        for number in range(1, min(_MOST, max(_FEWEST, len(cases) // 2)) + 1)
    ]


def _is_code(row: Row) -> bool:
    code = row.get("occupation_code", "")
    return len(code) > 4 and code[1] == "-" and code[:1].isdigit() and code[2:4].isdigit()  # noqa: PLR2004
