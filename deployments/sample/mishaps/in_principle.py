"""What is not done in principle (rules CAP-1, CAP-2, DORM-1): who it fits, and the occupations that bring it about."""

from random import Random

from deployments.sample.cases import PLAIN, Case
from deployments.sample.drafts import add_occupation
from deployments.sample.setting import Setting
from deployments.sample.wishes import Wish

_LEVELS = 3  # so many of the lowest
_SEVERAL = 2


def below_cap(case: Case) -> bool:
    """One of a capped type that asks for something new."""
    return case.institution.kind.capped and case.kind != "renewal" and not case.dormant


def adds_while_dormant(case: Case) -> bool:
    return case.dormant and case.kind == "addition"


def asks_several(case: Case) -> bool:
    """An application for more than one item, of which one may fail: a first one, or the renewal of several."""
    return case.kind == "initial" or (case.kind == "renewal" and case.items_on_file >= _SEVERAL)


def beyond_cap(case: Case, setting: Setting, rng: Random) -> None:
    """CAP-1: only new occupations, until there is one too many, with places left; a plain form if none is left."""
    institution, on_file = case.institution, case.on_file
    asked = [row for row in case.draft.occupations if row["occupation_code"] not in on_file]
    codes = [row["occupation_code"] for row in asked]
    added: list[str] = []
    while not (codes or added) or len({*codes, *added, *on_file}) <= setting.policy.cap.occupations:
        barred = {*codes, *added, *on_file}
        code = setting.market.take(institution.trade.occupations, institution.uscc, barred, rng)
        if code is None:
            case.scenario = PLAIN
            return
        added.append(code)
    case.draft.occupations = asked
    for code in added:
        add_occupation(case.draft, institution, _wish(case, code), setting)


def saturated(case: Case, setting: Setting, rng: Random) -> None:
    """CAP-2: one occupation more, whose places were full before the cycle."""
    case.occupation = rng.choice(setting.market.saturated())
    add_occupation(case.draft, case.institution, _wish(case, case.occupation), setting)


def last_place(case: Case, setting: Setting, _rng: Random) -> None:
    """CAP-2 at filing: one occupation more, which another applicant asks for too and which has one place left."""
    add_occupation(case.draft, case.institution, _wish(case, case.occupation), setting)


def _wish(case: Case, code: str) -> Wish:
    institution = case.institution
    return Wish(code, institution.levels[:_LEVELS], institution.kind.audience)
