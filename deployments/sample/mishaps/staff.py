"""What goes wrong on 人员队伍 (rules STAFF-1 to STAFF-4)."""

from random import Random

from deployments.sample.cases import Case
from deployments.sample.identities import mistyped
from deployments.sample.setting import Setting


def no_supervisor(case: Case, _setting: Setting, _rng: Random) -> None:
    """STAFF-1."""
    case.draft.staff = [row for row in case.draft.staff if row["role"] != "supervisor"]


def mistyped_number(case: Case, _setting: Setting, rng: Random) -> None:
    """STAFF-2: two digits swapped."""
    row = rng.choice([row for row in case.draft.staff if row["id_type"] == "resident_id"])
    row["id_number"] = mistyped(row["id_number"], rng)


def listed_twice(case: Case, _setting: Setting, rng: Random) -> None:
    """STAFF-3: one row copied and left."""
    row = rng.choice(case.draft.staff)
    case.draft.staff.append(dict(row))


def two_roles(case: Case, _setting: Setting, rng: Random) -> None:
    """STAFF-4: an examiner who also supervises."""
    examiner = rng.choice([row for row in case.draft.staff if row["role"] == "examiner"])
    case.draft.staff.append({**examiner, "role": "supervisor", "title": "质量督导员"})
