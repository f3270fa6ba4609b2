"""What goes wrong on 申报职业 and 开设专业 (rules OCC-1 to OCC-13)."""

from random import Random

from deployments.sample.cases import Case
from deployments.sample.drafts import add_occupation
from deployments.sample.setting import Setting
from deployments.sample.trades import UNLISTED_WORK
from deployments.sample.wishes import Wish
from schemas.submission import AUDIENCES

_NOT_SKILLS = ("2-02-07-01", "2-02-04-06", "2-06-03-01", "1-06-01-01")
_LEVELS = slice(1, 3)
#: Two levels with one between them, by their places among those of a type.
GAP = (0, 2)
_LATER_WORK = ("智能制造系统运维员", "储能电站运维管理员", "氢基直接还原炼铁工", "电气电子产品环保检测员")


def none_asked(case: Case, _setting: Setting, _rng: Random) -> None:
    """OCC-1: the sheet left empty, and with it whatever is handed in per occupation."""
    case.draft.occupations = []
    case.draft.materials = [row for row in case.draft.materials if not row["occupation_code"]]


def unlisted_code(case: Case, setting: Setting, rng: Random) -> None:
    """OCC-2: work of its own under a code of its own, and no neighbouring occupation named."""
    name, near = rng.choice(UNLISTED_WORK)
    _add(case, setting, _own_code(near), name)


def neighbouring(case: Case, setting: Setting, rng: Random) -> None:
    """OCC-3: work of its own, with the occupation nearest to it, whose code its materials bear (contract section 5)."""
    asked = {row["occupation_code"] for row in case.draft.occupations}
    name, near = rng.choice([work for work in UNLISTED_WORK if work[1] not in asked])
    row = _add(case, setting, near, name)
    row.update(occupation_code=_own_code(near), neighbour_code=near)


def later_by_name(case: Case, setting: Setting, rng: Random) -> None:
    """An occupation published after the Dictionary, without a code in it; before any was, the form stays as it is."""
    published = setting.reference.later_names(setting.window[0].date())
    known = [name for name in _LATER_WORK if name in published]
    if not known:
        return
    _add(case, setting, rng.choice(known))


def other_name(case: Case, _setting: Setting, _rng: Random) -> None:
    """OCC-4: the level put before the name, as people say it."""
    row = case.draft.occupations[0]
    row["occupation_name"] = f"高级{row['occupation_name']}"


def not_a_skill(case: Case, setting: Setting, rng: Random) -> None:
    """OCC-5: an occupation of professionals."""
    counted, listed = setting.policy.occupations.skill_yes, setting.occupation_names
    _add(case, setting, rng.choice([code for code in _NOT_SKILLS if code in listed and code not in counted]))


def access_whole(case: Case, setting: Setting, rng: Random) -> None:
    """OCC-6."""
    _add(case, setting, rng.choice(_access(setting, "whole")))


def access_partial(case: Case, setting: Setting, rng: Random) -> None:
    """OCC-7."""
    _add(case, setting, rng.choice(_access(setting, "partial")))


def no_levels(case: Case, _setting: Setting, _rng: Random) -> None:
    """OCC-8."""
    case.draft.occupations[-1]["levels"] = ""


def asked_twice(case: Case, _setting: Setting, _rng: Random) -> None:
    """OCC-9: one row entered once more, with its lowest level only."""
    row = dict(case.draft.occupations[0])
    row["levels"] = row["levels"].split(",")[0]
    case.draft.occupations.append(row)


def closed_audience(case: Case, _setting: Setting, _rng: Random) -> None:
    """OCC-10: an employer for the public, another one for staff."""
    case.draft.occupations[0]["audience"] = closed_to(case) or ""


def closed_to(case: Case) -> str | None:
    """An audience that the institution's type may not serve, if there is one."""
    return next((each for each in ("public", *AUDIENCES) if each not in case.institution.kind.audiences), None)


def without_programme(case: Case, _setting: Setting, _rng: Random) -> None:
    """OCC-11: an occupation the school teaches no major of."""
    code = case.draft.occupations[0]["occupation_code"]
    case.draft.programmes = [row for row in case.draft.programmes if row["occupation_code"] != code]


def beyond_programme(case: Case, _setting: Setting, _rng: Random) -> None:
    """OCC-12: the major ends one level below the highest asked for."""
    row = next(row for row in case.draft.occupations if row["audience"] == "students")
    levels = case.institution.kind.levels
    below = levels[max(0, levels.index(row["levels"].split(",")[-1]) - 1)]
    for programme in case.draft.programmes:
        if programme["occupation_code"] == row["occupation_code"]:
            programme["highest_level"] = below


def level_skipped(case: Case, _setting: Setting, _rng: Random) -> None:
    """OCC-13."""
    case.draft.occupations[0]["levels"] = ",".join(case.institution.levels[place] for place in GAP)


def _add(case: Case, setting: Setting, code: str, name: str = "") -> dict[str, str]:
    institution = case.institution
    levels = institution.levels[_LEVELS] or institution.levels
    return add_occupation(case.draft, institution, Wish(code, levels, institution.kind.audience), setting, name)


def _own_code(near: str) -> str:
    return f"{near[:7]}-99"


def _access(setting: Setting, coverage: str) -> list[str]:
    access = setting.reference.access_on(setting.deadline)
    return sorted(set(access.loc[access["coverage"] == coverage, "code_2022"]))
