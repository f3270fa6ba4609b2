"""What goes wrong, or otherwise than most, with renewals (rules RENEW-1, RENEW-2, DORM-3)."""

from random import Random

from deployments.sample.cases import Case
from deployments.sample.drafts import compose, occupation_of
from deployments.sample.setting import Setting
from deployments.sample.wishes import lowest_first, missing_levels, renewed

_SEVERAL = 2


def may_overreach(case: Case) -> bool:
    """A renewal with a level next to those on file, by an institution that may add one."""
    if case.kind != "renewal" or case.holding is None or case.dormant:
        return False
    return bool(missing_levels(case.institution, case.holding))


def runs_on(case: Case) -> bool:
    """On file beyond the next cycle's deadline, with assessments in every occupation."""
    return case.kind == "addition" and case.holding is not None and not case.dormant


def may_narrow(case: Case) -> bool:
    """A renewal of more than one item."""
    return case.kind == "renewal" and case.items_on_file >= _SEVERAL


def not_on_file(case: Case, _setting: Setting, rng: Random) -> None:
    """RENEW-1: a renewal that asks for one level more."""
    if case.holding is None:
        return
    code, level = rng.choice(missing_levels(case.institution, case.holding))
    row = next(row for row in case.draft.occupations if occupation_of(row) == code)
    row["levels"] = ",".join(lowest_first(case.institution, [*row["levels"].split(","), level]))


def early(case: Case, setting: Setting, _rng: Random) -> None:
    """RENEW-2: renews what runs on, a cycle or more too soon; DORM-3 where some of it is dormant."""
    if case.holding is None:
        return
    case.kind = "renewal"
    case.draft = compose(case.institution, case.kind, renewed(case.institution, case.holding), setting)


def narrower(case: Case, _setting: Setting, _rng: Random) -> None:
    """A renewal that leaves out the last occupation, or the highest level of the only one."""
    draft = case.draft
    if len(draft.occupations) > 1:
        dropped = occupation_of(draft.occupations.pop())
        draft.materials = [row for row in draft.materials if row["occupation_code"] != dropped]
        return
    row = draft.occupations[0]
    row["levels"] = row["levels"].rpartition(",")[0]
