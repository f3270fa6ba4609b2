"""What spoils a form where a changed cell is not enough: one function a mishap, named in `mishaps.toml`."""

from datetime import timedelta
from random import Random

from deployments.sample.drafts import PLAIN, Case, add_occupation, compose, occupation_of
from deployments.sample.institutions import area_of, other_code
from deployments.sample.material import UNLISTED_WORK, Row, mistyped
from deployments.sample.setting import Setting
from deployments.sample.wishes import Wish, lowest_first, missing_levels, renewed
from schemas.submission import AUDIENCES

#: An individual business, no independent legal person; then what else a type may not be registered as.
_TRADERS = ("92", "93", "51", "91", "12", "11")
_LATE_SHARE = 0.5
_TOO_MUCH = 7  # bytes beyond the limit
_NOT_SKILLS = ("2-02-07-01", "2-02-04-06", "2-06-03-01", "1-06-01-01")
_SOME_LEVELS, _LOWEST_LEVELS = slice(1, 3), slice(3)
#: Two levels with one between them, by their places among those of a type.
GAP = (0, 2)
_LATER_WORK = ("智能制造系统运维员", "储能电站运维管理员", "氢基直接还原炼铁工", "电气电子产品环保检测员")


def out_of_window(case: Case, setting: Setting, rng: Random) -> None:
    """WINDOW-1: some days before the window opens, or the morning after the deadline."""
    opens, closes = setting.window
    late = rng.random() < _LATE_SHARE
    day = closes.date() if late else (opens - timedelta(days=rng.randint(1, 4))).date()
    case.draft.application["submitted_at"] = f"{day.isoformat()}T{rng.randint(8, 11):02d}:{rng.randint(0, 59):02d}:00"


def mistyped_code(case: Case, _setting: Setting, rng: Random) -> None:
    """FORM-2: two digits swapped."""
    case.draft.application["uscc"] = mistyped(case.draft.application["uscc"], rng)


def trader(case: Case, setting: Setting, _rng: Random) -> None:
    """FORM-4: gives the credit code of its owner's shop."""
    allowed = setting.policy.institution[case.institution.institution_type].credit_code_prefixes
    prefix = next(prefix for prefix in _TRADERS if prefix not in allowed)
    case.draft.application["uscc"] = other_code(case.institution, setting.seed, prefix, area_of(case.institution))


def registered_elsewhere(case: Case, setting: Setting, _rng: Random) -> None:
    """FORM-9: moved here and kept the code it was registered under."""
    prefix = case.draft.application["uscc"][:2]
    area = setting.locality.elsewhere["registered_in"]
    case.draft.application["uscc"] = other_code(case.institution, setting.seed, prefix, area)


def branch_without_receipt(case: Case, setting: Setting, _rng: Random) -> None:
    """ROUTE-1: a branch of a provincial body that hands in no receipt of it."""
    draft = case.draft
    if draft.application["affiliation"] == "municipal":
        draft.application["affiliation"] = "provincial"
    draft.materials = [row for row in draft.materials if row["material"] not in setting.policy.required.branch]


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
    requested = {row["occupation_code"] for row in case.draft.occupations}
    name, near = rng.choice([work for work in UNLISTED_WORK if work[1] not in requested])
    row = _add(case, setting, near, name)
    row.update(occupation_code=_own_code(near), neighbour_code=near)


def later_by_name(case: Case, setting: Setting, rng: Random) -> None:
    """An occupation published after the Dictionary, without a code in it; before any was, the form stays as it is."""
    published = setting.reference.later_names(setting.window[0].date())
    names = [name for name in _LATER_WORK if name in published]
    if not names:
        return
    _add(case, setting, rng.choice(names))


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
    return next(
        (audience for audience in ("public", *AUDIENCES) if audience not in case.institution.kind.audiences), None
    )


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


def _own_code(near: str) -> str:
    return f"{near[:7]}-99"


def _access(setting: Setting, coverage: str) -> list[str]:
    access = setting.reference.access_on(setting.deadline)
    return sorted(set(access.loc[access["coverage"] == coverage, "code_2022"]))


def beyond_cap(case: Case, setting: Setting, rng: Random) -> None:
    """CAP-1: only new occupations, until there is one too many, with places left; a plain form if none is left."""
    institution, on_file = case.institution, case.on_file
    new_rows = [row for row in case.draft.occupations if row["occupation_code"] not in on_file]
    codes = [row["occupation_code"] for row in new_rows]
    added: list[str] = []
    while not (codes or added) or len({*codes, *added, *on_file}) <= setting.policy.cap.occupations:
        barred = {*codes, *added, *on_file}
        code = setting.market.take(institution.trade.occupations, institution.uscc, barred, rng)
        if code is None:
            case.scenario = PLAIN
            return
        added.append(code)
    case.draft.occupations = new_rows
    for code in added:
        _add(case, setting, code, levels=_LOWEST_LEVELS)


def saturated(case: Case, setting: Setting, rng: Random) -> None:
    """CAP-2: one occupation more, whose places were full before the cycle."""
    case.occupation = rng.choice(setting.market.saturated())
    _add(case, setting, case.occupation, levels=_LOWEST_LEVELS)


def last_place(case: Case, setting: Setting, _rng: Random) -> None:
    """CAP-2 at filing: one occupation more, which another applicant asks for too and which has one place left."""
    _add(case, setting, case.occupation, levels=_LOWEST_LEVELS)


def _add(case: Case, setting: Setting, code: str, name: str = "", levels: slice = _SOME_LEVELS) -> Row:
    institution = case.institution
    chosen = institution.levels[levels] or institution.levels
    return add_occupation(case.draft, institution, Wish(code, chosen, institution.kind.audience), setting, name)


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
