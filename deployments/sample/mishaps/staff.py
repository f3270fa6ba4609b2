"""What goes wrong on 人员队伍 (rules STAFF-1 to STAFF-4)."""

from random import Random

from deployments.sample.cases import PLAIN, Case
from deployments.sample.identities import mistyped
from deployments.sample.setting import Setting


def no_supervisor(case: Case, setting: Setting, _rng: Random) -> None:
    """STAFF-1: nobody who supervises, or whoever else the city asks for."""
    lacking = next(role for role in ("supervisor", *setting.policy.staff) if setting.policy.staff[role])
    case.draft.staff = [row for row in case.draft.staff if row["role"] != lacking]


def mistyped_number(case: Case, _setting: Setting, rng: Random) -> None:
    """STAFF-2: two digits swapped."""
    residents = [row for row in case.draft.staff if row["id_type"] == "resident_id"]
    if not residents:
        case.scenario = PLAIN
        return
    row = rng.choice(residents)
    row["id_number"] = mistyped(row["id_number"], rng)


def listed_twice(case: Case, _setting: Setting, rng: Random) -> None:
    """STAFF-3: one row copied and left."""
    if not case.draft.staff:
        case.scenario = PLAIN
        return
    row = rng.choice(case.draft.staff)
    case.draft.staff.append(dict(row))


def two_roles(case: Case, _setting: Setting, rng: Random) -> None:
    """STAFF-4: an examiner who also supervises."""
    examiners = [row for row in case.draft.staff if row["role"] == "examiner"]
    if not examiners:
        case.scenario = PLAIN
        return
    examiner = rng.choice(examiners)
    case.draft.staff.append({**examiner, "role": "supervisor", "title": "质量督导员"})
