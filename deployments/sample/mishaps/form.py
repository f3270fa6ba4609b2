"""What goes wrong on 基本信息 (rules WINDOW-1, FORM-1 to FORM-11, ROUTE-1)."""

from datetime import timedelta
from random import Random

from deployments.sample.cases import Case
from deployments.sample.identities import mistyped
from deployments.sample.institutions import area_of, other_code
from deployments.sample.setting import Setting

_MAY_BE_FORGOTTEN = ("registered_address", "legal_representative", "contact_name", "contact_phone")
_UNREADABLE = (("affiliation", "市属国企"), ("social_insurance", "办理中"), ("no_violations", "见附件"))
_UNREADABLE_LEVELS = "按培训大纲"
#: An individual business, no independent legal person; then what else a type may not be registered as.
_TRADERS = ("92", "93", "51", "91", "12", "11")
_LATE_SHARE = 0.5


def out_of_window(case: Case, setting: Setting, rng: Random) -> None:
    """WINDOW-1: some days before the window opens, or the morning after the deadline."""
    opens, closes = setting.window
    late = rng.random() < _LATE_SHARE
    day = closes.date() if late else (opens - timedelta(days=rng.randint(1, 4))).date()
    case.draft.application["submitted_at"] = f"{day.isoformat()}T{rng.randint(8, 11):02d}:{rng.randint(0, 59):02d}:00"


def blank_field(case: Case, _setting: Setting, rng: Random) -> None:
    """FORM-1."""
    case.draft.application[rng.choice(_MAY_BE_FORGOTTEN)] = ""


def mistyped_code(case: Case, _setting: Setting, rng: Random) -> None:
    """FORM-2: two digits swapped."""
    case.draft.application["uscc"] = mistyped(case.draft.application["uscc"], rng)


def other_city(case: Case, setting: Setting, _rng: Random) -> None:
    """FORM-3: has its seat elsewhere."""
    seat = setting.locality.elsewhere
    case.draft.application.update(region_code=seat["region_code"], registered_address=seat["address"])


def trader(case: Case, setting: Setting, _rng: Random) -> None:
    """FORM-4: gives the credit code of its owner's shop."""
    allowed = setting.policy.institution[case.institution.institution_type].credit_code_prefixes
    prefix = next(prefix for prefix in _TRADERS if prefix not in allowed)
    case.draft.application["uscc"] = other_code(case.institution, setting.seed, prefix, area_of(case.institution))


def uninsured(case: Case, _setting: Setting, _rng: Random) -> None:
    """FORM-5."""
    case.draft.application["social_insurance"] = "false"


def violations(case: Case, _setting: Setting, _rng: Random) -> None:
    """FORM-6."""
    case.draft.application["no_violations"] = "false"


def short_telephone(case: Case, _setting: Setting, rng: Random) -> None:
    """FORM-7: a landline without its area code, or a mobile number with a digit lost."""
    case.draft.application["contact_phone"] = rng.choice(
        (f"6{rng.randint(200000, 599999)}", f"139{rng.randint(0, 9999999):07d}")
    )


def registered_elsewhere(case: Case, setting: Setting, _rng: Random) -> None:
    """FORM-9: moved here and kept the code it was registered under."""
    prefix = case.draft.application["uscc"][:2]
    area = setting.locality.elsewhere["registered_in"]
    case.draft.application["uscc"] = other_code(case.institution, setting.seed, prefix, area)


def unreadable(case: Case, _setting: Setting, rng: Random) -> None:
    """FORM-10: words where one of a list was asked for, or levels that name none."""
    if rng.random() < 1 / (len(_UNREADABLE) + 1):
        case.draft.occupations[-1]["levels"] = _UNREADABLE_LEVELS
    else:
        field, words = rng.choice(_UNREADABLE)
        case.draft.application[field] = words


def telephone_in_address(case: Case, _setting: Setting, rng: Random) -> None:
    """FORM-11: a mobile number behind the address, which the public will read."""
    case.draft.application["registered_address"] += f"，电话139{rng.randint(0, 99999999):08d}"


def branch_without_receipt(case: Case, setting: Setting, _rng: Random) -> None:
    """ROUTE-1: a branch of a provincial body that hands in no receipt of it."""
    draft = case.draft
    if draft.application["affiliation"] == "municipal":
        draft.application["affiliation"] = "provincial"
    draft.materials = [row for row in draft.materials if row["material"] not in setting.policy.required.branch]
