"""What comes beside and after made applications: activities, experts, panels' results, the operator's decisions, corrections."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from random import Random

from deployments.sample.drafts import Case, Draft, occupation_of, working_moment
from deployments.sample.material import WORK_TYPES, Row, person_name
from deployments.sample.setting import Holding, Setting
from schemas.item import UNIT
from schemas.policy import Policy

_PLACE_SCORES = (("92.5", "71"), ("83", "83"))  # for a last place: the better one, and a tie that the earlier one wins
_ASKED_BY_NONE = "6-18-02-04"  # a welder is asked for only where OCC-7 is shown
_OPERATOR = "周明（市职业技能鉴定指导中心）"
_REASONS = {
    "CAP-1": ("该机构师资场地充足，社会评价良好，同意突破{cap}个职业", "现有职业尚未开展认定，暂不同意突破{cap}个职业"),
    "CAP-2": ("该职业本地评价需求旺盛，同意增设一家", "该职业现有机构已能满足需求，不再新增"),
    "DORM-1": ("已提交年度认定计划并书面承诺，同意受理", "已备案职业未开展认定，不同意新增"),
    "WINDOW-1": ("因系统故障未能按时提交，情况属实，同意受理", "逾期无正当理由，不予受理"),
}


def corrected_version(draft: Draft, setting: Setting, rng: Random) -> Draft:
    """The mended application, handed in within the days after the deadline."""
    opens_again = datetime.combine(setting.deadline + timedelta(days=3), time())
    mended = draft.copy()
    mended.application["submitted_at"] = working_moment(opens_again, opens_again + timedelta(days=6), rng)
    return mended


def results_of(case: Case, setting: Setting) -> list[Row]:
    """What a panel returns for the items of an application that are sent out; nothing for those that are not."""
    if not case.scenario.is_sent_out:
        return []
    rng = setting.stream(case.institution.uscc, "results")
    shared = {
        "application_no": case.application_no,
        "evaluated_on": (
            setting.deadline + timedelta(days=min(rng.randint(12, 30), setting.policy.evaluation.wait_days))
        ).isoformat(),
        "panel_lead": person_name(rng),
        "panel_size": str(setting.policy.evaluation.panel_size + rng.choice((0, 0, 2))),
        "commitments_shown": "true",
    }
    rows = [
        {**shared, **passing(setting.policy, rng), **dict(zip(UNIT, item, strict=True))} for item in sent_items(case)
    ]
    return _turned(case.scenario.mishap, rows, setting.policy, rng)


def sent_items(case: Case) -> list[tuple[str, str, str]]:
    """Occupation as the register will name it, work type and level, in the order of the form, each once."""
    held_back = case.scenario.mishap == "CAP-2" and not case.scenario.outcome.endswith(" permitted")
    items = dict.fromkeys(
        (occupation_of(row), row["work_type"], level)
        for row in case.final.occupations
        for level in row["levels"].split(",")
    )
    return [item for item in items if not (held_back and item[0] == case.occupation)]


def settle_contest(number: int, winner: Case, loser: Case, results: dict[str, list[Row]]) -> None:
    """Scores for two applicants of one last place: in turn a clear winner, and a tie."""
    for case, score in zip((winner, loser), _PLACE_SCORES[number % len(_PLACE_SCORES)], strict=True):
        for row in results[case.application_no]:
            if row["occupation_code"] == case.occupation:
                row["score"] = score


def decision_of(case: Case, number: int, setting: Setting) -> Row | None:
    """The operator's permission or refusal of what an application was held for, if there was one."""
    held, _, verdict = case.scenario.outcome.partition(" ")
    if not held.startswith("held:") or verdict not in ("permitted", "refused"):
        return None
    rule = case.scenario.mishap
    day = setting.deadline + timedelta(days=4 + number % 5)
    return {
        "application_no": case.application_no,
        "rule": rule,
        "occupation_code": case.occupation,
        "verdict": "permit" if verdict == "permitted" else "refuse",
        "decided_by": _OPERATOR,
        "decided_at": f"{day.isoformat()}T10:{number % 60:02d}:00",
        "document_no": f"{setting.policy.title[0]}职鉴审〔{day.year}〕{number}号",
        "reason": _REASONS[rule][verdict == "refused"].format(cap=setting.policy.cap.occupations),
    }


def decisions_of(cases: Iterable[Case], setting: Setting) -> list[Row]:
    """The decisions of a cycle, with document numbers in the order of the applications."""
    rows: list[Row] = []
    for case in cases:
        row = decision_of(case, len(rows) + 1, setting)
        if row is not None:
            rows.append(row)
    return rows


def passing(policy: Policy, rng: Random) -> Row:
    """A pass with a score that earns it."""
    return {"verdict": "pass", "score": _half_points(policy.evaluation.pass_mark + 1, 98, rng)}


def failing(policy: Policy, rng: Random) -> Row:
    """A fail, with the reason a panel gives."""
    remark = rng.choice(("题库与考核标准不一致", "实操工位不足", "考评人员与申报等级不匹配"))
    return {"verdict": "fail", "score": _half_points(30, policy.evaluation.pass_mark - 1, rng), "remarks": remark}


def _half_points(low: float, high: float, rng: Random) -> str:
    return f"{rng.randint(int(low * 2), int(high * 2)) / 2:g}"


def _turned(mishap: str, rows: list[Row], policy: Policy, rng: Random) -> list[Row]:
    """The results as the scenario has them."""
    turned = rows
    match mishap:
        case "FAILED":
            turned = [row | failing(policy, rng) for row in rows]
        case "IN-PART":
            turned = [*rows[:-1], rows[-1] | failing(policy, rng)]
        case "EVAL-1":
            turned = [row | {"commitments_shown": "false"} for row in rows]
        case "EVAL-2":
            turned = [row | {"panel_size": str(policy.evaluation.panel_size - 1)} for row in rows]
        case "EVAL-3":
            turned = [*rows, rows[-1] | {"occupation_code": _ASKED_BY_NONE, "remarks": "现场一并考核"}]
        case "EVAL-4":
            turned = _contradicting(rows, policy, rng)
        case "EVAL-6":
            turned = [row | {"panel_lead": ""} for row in rows]
    return turned


def _contradicting(rows: list[Row], policy: Policy, rng: Random) -> list[Row]:
    """A pass below the pass mark for every item, or two unlike results for every item."""
    if rng.random() < 0.5:  # noqa: PLR2004  half and half
        return [row | {"score": failing(policy, rng)["score"]} for row in rows]
    return [*rows, *(row | failing(policy, rng) for row in rows)]


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
