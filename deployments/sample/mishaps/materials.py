"""What goes wrong on 申报材料 (rules MAT-1 to MAT-5)."""

from random import Random

from deployments.sample.cases import Case
from deployments.sample.setting import Setting
from deployments.sample.tabulating import Row

_TOO_MUCH = 7  # bytes beyond the limit


def one_missing(case: Case, setting: Setting, rng: Random) -> None:
    """MAT-1."""
    required = setting.policy.materials_of(case.institution.institution_type)
    case.draft.materials.remove(_one_of(case, required, rng))


def occupation_one_missing(case: Case, setting: Setting, rng: Random) -> None:
    """MAT-2."""
    case.draft.materials.remove(_one_of(case, setting.policy.required.every_occupation, rng))


def commitment_not_allowed(case: Case, setting: Setting, rng: Random) -> None:
    """MAT-3: promises what must be handed in."""
    materials = setting.policy.required
    _promise(_one_of(case, [m for m in materials.every_institution if m not in materials.commitment_allowed], rng))


def unfit_file(case: Case, setting: Setting, rng: Random) -> None:
    """MAT-4: an empty file, one too large, or one of a type nobody can open."""
    row = rng.choice(case.draft.materials)
    turn = rng.randrange(3)
    if turn == 0:
        row["size_bytes"] = "0"
    elif turn == 1:
        row["size_bytes"] = str(setting.policy.attachments.max_bytes + _TOO_MUCH)
    else:
        row["file_name"] = row["file_name"].rsplit(".", 1)[0] + ".rar"


def commitment(case: Case, setting: Setting, rng: Random) -> None:
    """MAT-5: promises what may be promised (Notice, article 3(2))."""
    _promise(_one_of(case, setting.policy.required.commitment_allowed, rng))


def _one_of(case: Case, materials: list[str], rng: Random) -> Row:
    return rng.choice([row for row in case.draft.materials if row["material"] in materials])


def _promise(row: Row) -> None:
    row.update(form="commitment", file_name="", size_bytes="", sha256="")
