"""Rules on the occupations an application asks for, and the items that come of them."""

import polars as pl

from expectations import standing
from expectations.applicants import applicants, by_type, has_trait, is_one_of, type_title
from expectations.levels import Levels
from expectations.recognition import recognised
from expectations.submissions import Submissions, typed
from expectations.verdict import Breach, absent, breached, unread_cells
from schemas.item import KEYS
from schemas.law.dormancy import is_judged
from schemas.submission import AUDIENCES

_CODE_SHAPE = r"^[0-9]-[0-9]{2}-[0-9]{2}-[0-9]{2}$"
_LEVELS = pl.col("levels!").cast(pl.Int64)
_NEW_LEVELS = _LEVELS & ~pl.col("filed_levels").fill_null(0)


def requested(submissions: Submissions) -> pl.DataFrame:
    """Occupation rows as their rules see them: with what is on file, held by others, taught, asked before."""
    rows = submissions.once(recognised)
    rows = rows.join(submissions.once(standing.on_file), on=["uscc", "item_code"], how="left", maintain_order="left")
    rows = rows.join(submissions.once(standing.holders), on="item_code", how="left", maintain_order="left")
    rows = rows.join(submissions.once(standing.dormant), on="uscc", how="left", maintain_order="left")
    rows = rows.join(_taught(submissions), on=["application_no", "occupation_code"], how="left", maintain_order="left")
    return rows.with_columns(_asked_before(rows, Levels.of(submissions.scene.policy)))


def _taught(submissions: Submissions) -> pl.DataFrame:
    """Programmes by application and occupation: taught_to (place of the best level), untold (one could not be read)."""
    programmes = submissions.table("programmes").filter(pl.col("occupation_code").is_not_null())
    level = Levels.of(submissions.scene.policy).rank(typed("highest_level"))
    return programmes.group_by("application_no", "occupation_code").agg(
        level.max().alias("taught_to"), level.is_null().any().alias("untold"), pl.lit(True).alias("taught")
    )


def _asked_before(rows: pl.DataFrame, levels: Levels) -> pl.Series:
    """Levels of each row that an earlier row asks for too, for the same occupation and audience, as a mask."""
    key = ["application_no", "item_code", "work_type", "audience!"]
    candidates = rows.with_columns(pl.col("work_type").fill_null("")).select(*key, "row", _LEVELS)
    candidates = candidates.with_row_index("place").drop_nulls()
    shared = candidates.filter(pl.len().over(key) > 1).join(levels.single(), on="levels!").sort("row", "place")
    repeated = shared.filter(~pl.struct(*key, "level").is_first_distinct())
    masks = repeated.group_by("place").agg(pl.col("bit").sum().alias("asked_before"))
    places = pl.DataFrame({"place": pl.int_range(len(rows), dtype=pl.get_index_type(), eager=True)})
    return places.join(masks, on="place", how="left", maintain_order="left").get_column("asked_before")


def items_by_row(submissions: Submissions) -> pl.DataFrame:
    """Every level asked for: application_no, row, UNIT (text), new_occupation, on_file."""
    rows = submissions.once(requested).filter(pl.col("item_code").is_not_null())
    asked = rows.select(
        "application_no",
        "row",
        pl.col("item_code").alias("occupation_code"),
        pl.col("work_type").fill_null(""),
        _LEVELS,
        "filed_levels",
    )
    on_file = pl.col("filed_levels").fill_null(0) & pl.col("bit") != 0
    return (
        asked.join(Levels.of(submissions.scene.policy).single(), on="levels!")
        .sort("application_no", "row", "occupation_code", "work_type", "bit")
        .with_columns(pl.col("filed_levels").is_null().alias("new_occupation"), on_file.alias("on_file"))
        .drop("levels!", "bit", "filed_levels")
    )


def items(submissions: Submissions) -> pl.DataFrame:
    """Every item asked for, once, with the first row that asks for it (columns of `items_by_row`)."""
    return submissions.once(items_by_row).unique(KEYS, keep="first", maintain_order=True)


def _recognition(submissions: Submissions) -> list[Breach]:
    scene = submissions.scene
    classes = [str(each) for each in scene.policy.occupations.skill_classes]
    code = pl.col("occupation_code")
    skill = (code.str.head(1).is_in(classes) | code.is_in(scene.policy.occupations.skill_yes)) & ~code.is_in(
        scene.policy.occupations.skill_no
    )
    classed = pl.col("listed") | (pl.col("later") & code.str.contains(_CODE_SHAPE).fill_null(False))
    access = scene.reference.access
    whole = access.loc[access["coverage"] == "whole", "code_2022"].dropna().unique().tolist()
    partly = access.loc[access["coverage"] == "partial", "code_2022"].dropna().unique().tolist()
    unknown = ~(pl.col("listed") | pl.col("later") | pl.col("undated") | pl.col("neighboured"))
    return [
        Breach(
            "OCC-2",
            "occupation_code",
            unknown,
            "请按《职业分类大典》核对职业编码；企业申报大典未列职业的，请填写相邻职业编码",
        ),
        Breach("OCC-3", "occupation_code", pl.col("neighboured"), pl.format("已按相邻职业{}办理", "neighbour_code")),
        Breach(
            "OCC-4",
            "occupation_name",
            pl.col("listed") & pl.col("occupation_name").ne_missing(pl.col("dictionary_name")),
            pl.format("编码{}的职业名称为“{}”", "occupation_code", "dictionary_name"),
        ),
        Breach("OCC-5", "occupation_code", classed & ~skill, "仅受理大典第三至第六大类的技能类职业，请删除该职业"),
        Breach("OCC-6", "occupation_code", code.is_in(whole), "请删除该职业"),
        Breach(
            "OCC-7",
            "occupation_code",
            code.is_in(partly) & ~code.is_in(whole),
            "准入类工种不在评价范围内，请在工种栏写明申报的工种",
        ),
    ]


def _forms(submissions: Submissions) -> list[Breach]:
    policy = submissions.scene.policy
    types, order = policy.institution, Levels.of(policy)
    levels = {name: "、".join(order.names[level] for level in each.levels) for name, each in types.items()}
    audiences = {name: "、".join(AUDIENCES[word] for word in each.audiences) for name, each in types.items()}
    return [
        Breach(
            "OCC-8",
            "levels",
            pl.col("levels").is_null() | (_LEVELS & ~_allowed_levels(submissions) != 0).fill_null(False),
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
            ~is_one_of(typed("audience"), {name: each.audiences for name, each in types.items()}),
            pl.format("{}的服务对象为{}", type_title(policy), by_type(audiences)),
        ),
        Breach("OCC-13", "levels", order.has_gap(_LEVELS), "请核对是否漏报中间的等级"),
    ]


def _allowed_levels(submissions: Submissions) -> pl.Expr:
    """The policy's levels of the row's institution type as a mask; null without a type."""
    policy = submissions.scene.policy
    masks = {name: Levels.of(policy).mask(each.levels) for name, each in policy.institution.items()}
    return pl.col("type").cast(pl.String).replace_strict(masks, default=None, return_dtype=pl.Int64)


def _schools(submissions: Submissions) -> list[Breach]:
    order = Levels.of(submissions.scene.policy)
    school = has_trait(submissions.scene.policy, "programmes")
    above = pl.col("taught_to") < order.highest(_LEVELS)
    taught = pl.col("taught_to").replace_strict(dict(enumerate(order.names.values())), return_dtype=pl.String)
    return [
        Breach(
            "OCC-11",
            "occupation_code",
            school & pl.col("occupation_code").is_not_null() & pl.col("taught").is_null(),
            "请补充与该职业对应的开设专业，或删除该职业",
        ),
        Breach(
            "OCC-12",
            "levels",
            school & (typed("audience") == "students") & above & ~pl.col("untold"),
            pl.format("所设专业的培养层次为{}，请删除更高的等级", taught),
        ),
    ]


def _register(submissions: Submissions) -> list[Breach]:
    policy, cycle = submissions.scene.policy, submissions.scene.cycle
    # without a credit code nobody knows what the institution has on file
    known = pl.col("uscc").is_not_null() & pl.col("item_code").is_not_null()
    newcomer = pl.col("type").cast(pl.String).is_in(policy.cap.capped) & known & pl.col("filed_levels").is_null()
    breaches = [
        Breach(
            "CAP-2",
            "occupation_code",
            newcomer & (pl.col("holders") >= policy.cap.saturation),
            pl.format("该职业已有{}家机构备案，须经例外审批", "holders"),
        ),
        Breach(
            "RENEW-1",
            "levels",
            (pl.col("kind") == "renewal") & known & (_NEW_LEVELS != 0),
            pl.format("{}不在备案目录内，请删除或另按增项申报", Levels.of(policy).titles(_NEW_LEVELS)),
        ),
    ]
    if is_judged(cycle, policy) and submissions.scene.activities is not None:
        asleep = pl.col("dormant").is_not_null() & pl.col("item_code").is_not_null() & (_NEW_LEVELS != 0)
        breaches.append(Breach("DORM-1", "occupation_code", asleep, pl.format("未开展认定的已备案职业：{}", "dormant")))
    return breaches


def verdicts(submissions: Submissions) -> list[pl.DataFrame]:
    """The verdicts on the occupations table."""
    rows = submissions.once(requested)
    breaches = [
        *unread_cells(submissions, "occupations"),
        *_recognition(submissions),
        *_forms(submissions),
        *_schools(submissions),
        *_register(submissions),
    ]
    return [*breached("occupations", rows, breaches, submissions.raw("occupations")), _none_requested(submissions)]


def _none_requested(submissions: Submissions) -> pl.DataFrame:
    without = submissions.once(applicants).join(submissions.table("occupations"), on="application_no", how="anti")
    return absent(
        "OCC-1", "occupations", without.with_columns(pl.lit("occupation_code").alias("field")), "请至少填写一个申报职业"
    )
