"""Rules on the occupations an application asks for."""

import polars as pl

from expectations import asking
from expectations.identifiers import public_text
from expectations.levels import Levels
from expectations.recognition import access_codes
from expectations.requests import LEVELS, NEW_LEVELS, requested
from expectations.submissions import (
    Submissions,
    applicants,
    by_type,
    compared,
    has_trait,
    is_capped,
    is_one_of,
    type_title,
    typed,
)
from expectations.verdict import Breach, absent, breached, unread_cells
from schemas.law.standing import is_judged
from schemas.submission import AUDIENCES

_CODE_SHAPE = r"^[0-9]-[0-9]{2}-[0-9]{2}-[0-9]{2}$"


def _recognition() -> list[Breach]:
    return [
        Breach("OCC-2", "occupation_code", ~pl.col("known"), pl.coalesce(_renumbered(), pl.lit(_NOT_LISTED))),
        Breach("OCC-3", "occupation_code", pl.col("neighboured"), pl.format("已按相邻职业{}办理", "neighbour_code")),
        Breach(
            "OCC-4",
            "occupation_name",
            pl.col("listed") & compared(pl.col("occupation_name")).ne_missing(compared(pl.col("dictionary_name"))),
            pl.format("编码{}的职业名称为“{}”", "occupation_code", "dictionary_name"),
        ),
        public_text("occupation_name"),
        public_text("work_type"),
    ]


_NOT_LISTED = "请按《职业分类大典》核对职业编码；企业申报大典未列职业的，请填写相邻职业编码"


def _renumbered() -> pl.Expr:
    """What became of a code that was changed; null for one that was not."""
    return pl.format("该编码已改为{}，请按新编码申报", "renumbered")


def _carried(submissions: Submissions) -> list[Breach]:
    """The rules on the code the item will carry; a code with OCC-2 is not judged (contract section 5)."""
    policy = submissions.scene.policy.occupations
    classes = [str(number) for number in policy.skill_classes]
    code, recognised = pl.col("item_code"), pl.col("known")
    # a later occupation is carried by its name, which has no class: the code that was given with it tells
    class_code = pl.when(pl.col("later")).then(pl.col("occupation_code")).otherwise(code)
    skill = (class_code.str.head(1).is_in(classes) | class_code.is_in(policy.skill_yes)) & ~class_code.is_in(
        policy.skill_no
    )
    classed = (
        pl.col("listed")
        | pl.col("neighboured")
        | (pl.col("later") & class_code.str.contains(_CODE_SHAPE).fill_null(False))
    )
    access = access_codes(submissions)
    whole = code.is_in(access.whole)
    covered = compared(pl.concat_str(code, "work", separator="|")).is_in(access.work_types)
    return [
        Breach("OCC-5", "occupation_code", classed & ~skill, "仅受理大典第三至第六大类的技能类职业，请删除该职业"),
        Breach(
            "OCC-6",
            "occupation_code",
            recognised & (whole | covered),
            pl.when(whole).then(pl.lit("请删除该职业")).otherwise(pl.lit("请删除该工种")),
        ),
        Breach(
            "OCC-7",
            "occupation_code",
            recognised & code.is_in(access.partly) & ~whole & ~covered,
            "准入类工种不在评价范围内，请在工种栏写明申报的工种",
        ),
    ]


def _forms(submissions: Submissions) -> list[Breach]:
    policy = submissions.scene.policy
    types, order = policy.institution, Levels.of(policy)
    levels = {name: "、".join(order.names[level] for level in kind.levels) for name, kind in types.items()}
    audiences = {name: "、".join(AUDIENCES[word] for word in kind.audiences) for name, kind in types.items()}
    return [
        Breach(
            "OCC-8",
            "levels",
            pl.col("known")
            & (pl.col("levels").is_null() | (LEVELS & ~_allowed_levels(submissions) != 0).fill_null(False)),
            pl.when(pl.col("type").is_null())
            .then(pl.lit("请填写申报等级"))
            .otherwise(pl.format("{}可申报的等级为{}", type_title(policy), by_type(levels))),
        ),
        Breach(
            "OCC-9",
            "levels",
            pl.col("asked_before") > 0,
            pl.format("{}已在前面的行申报，请删除重复的等级", order.titles(pl.col("asked_before"))),
        ),
        Breach(
            "OCC-10",
            "audience",
            ~is_one_of(typed("audience"), {name: kind.audiences for name, kind in types.items()}),
            pl.format("{}的服务对象为{}", type_title(policy), by_type(audiences)),
        ),
        Breach("OCC-13", "levels", order.has_gap(LEVELS), "请核对是否漏报中间的等级"),
    ]


def _allowed_levels(submissions: Submissions) -> pl.Expr:
    """The policy's levels of the row's institution type as a mask; null without a type."""
    policy = submissions.scene.policy
    masks = {name: Levels.of(policy).mask(kind.levels) for name, kind in policy.institution.items()}
    return pl.col("type").cast(pl.String).replace_strict(masks, default=None, return_dtype=pl.Int64)


def _schools(submissions: Submissions) -> list[Breach]:
    order = Levels.of(submissions.scene.policy)
    school = has_trait(submissions.scene.policy, "programmes")
    above = pl.col("taught_to") < order.highest(LEVELS)
    taught = pl.col("taught_to").replace_strict(dict(enumerate(order.names.values())), return_dtype=pl.String)
    return [
        Breach(
            "OCC-11",
            "occupation_code",
            school & pl.col("known") & pl.col("occupation_code").is_not_null() & pl.col("taught").is_null(),
            "请补充与该职业对应的开设专业，或删除该职业",
        ),
        Breach(
            "OCC-12",
            "levels",
            school & pl.col("known") & (typed("audience") == "students") & above & ~pl.col("untold"),
            pl.format("所设专业的培养层次为{}，请删除更高的等级", taught),
        ),
    ]


def _register(submissions: Submissions) -> list[Breach]:
    policy = submissions.scene.policy
    # without a credit code nobody knows what the institution has on file
    identified = pl.col("uscc").is_not_null() & pl.col("item_code").is_not_null()
    newcomer = is_capped(policy) & identified & pl.col("held").is_null()
    has_term = pl.col("on_register").fill_null(False)
    otherwise = pl.when(has_term).then(pl.lit("另行提交增项申报")).otherwise(pl.lit("按首次备案申报"))
    return [
        Breach(
            "CAP-2",
            "occupation_code",
            newcomer & (pl.col("holders") >= policy.cap.saturation),
            pl.format("该职业已有{}家机构备案，须经例外审批", "holders"),
        ),
        Breach(
            "RENEW-1",
            "levels",
            (pl.col("kind") == "renewal") & identified & (NEW_LEVELS != 0),
            pl.format("{}不在备案目录内，请删除，或{}", Levels.of(policy).titles(NEW_LEVELS), otherwise),
        ),
        *_dormancy(submissions),
    ]


def _dormancy(submissions: Submissions) -> list[Breach]:
    scene = submissions.scene
    if scene.activities is None or not is_judged(scene.cycle, scene.policy):
        return []
    asks_new = pl.col("sleeping").is_not_null() & pl.col("item_code").is_not_null() & (NEW_LEVELS != 0)
    renews = (pl.col("kind") == "renewal") & pl.col("dormant").fill_null(False)
    return [
        Breach("DORM-1", "occupation_code", asks_new, pl.format("未开展认定的已备案职业：{}", "sleeping")),
        Breach("DORM-3", "occupation_code", renews, "备案后没有开展认定的记录"),
    ]


def _elsewhere(submissions: Submissions) -> Breach:
    titles = Levels.of(submissions.scene.policy).titles(pl.col("clashing"))
    return Breach(
        "OCC-14", "levels", pl.col("clashing") > 0, pl.format("{}见申报{}，请删除重复的等级", titles, "others")
    )


def verdicts(submissions: Submissions) -> list[pl.DataFrame]:
    """The verdicts on the occupations table."""
    rows = submissions.once(requested).join(
        submissions.once(asking.clashes), on=["application_no", "row"], how="left", maintain_order="left"
    )
    breaches = [
        *unread_cells(submissions, "occupations"),
        *_recognition(),
        *_carried(submissions),
        *_forms(submissions),
        *_schools(submissions),
        *_register(submissions),
        _elsewhere(submissions),
    ]
    return [*breached("occupations", rows, breaches, submissions.raw("occupations")), _none_requested(submissions)]


def _none_requested(submissions: Submissions) -> pl.DataFrame:
    without = submissions.once(applicants).join(submissions.table("occupations"), on="application_no", how="anti")
    return absent(
        "OCC-1", "occupations", without.with_columns(pl.lit("occupation_code").alias("field")), "请至少填写一个申报职业"
    )
