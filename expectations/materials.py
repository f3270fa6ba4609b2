"""Rules on the materials handed in."""

from collections.abc import Iterable

import polars as pl

from expectations import requests
from expectations.submissions import Submissions, applicants, typed
from expectations.verdict import Breach, absent, breached, unread_cells
from schemas.policy import Policy


def _bits(policy: Policy) -> dict[str, int]:
    return {name: 1 << place for place, name in enumerate(policy.materials)}


def _mask(materials: Iterable[str], policy: Policy) -> int:
    """A set of materials as a whole number."""
    bits = _bits(policy)
    return sum(bits[name] for name in materials)


def handed_in(submissions: Submissions) -> pl.DataFrame:
    """What each application handed in: application_no, handed_in (mask), has_parent_receipt (Notice, article 2(6))."""
    present = submissions.once(_named).group_by("application_no").agg(pl.col("bit").bitwise_or().alias("handed_in"))
    policy = submissions.scene.policy
    receipt = _mask(policy.required.branch, policy)
    return present.with_columns((pl.col("handed_in") & receipt == receipt).alias("has_parent_receipt"))


def _named(submissions: Submissions) -> pl.DataFrame:
    """Material rows that name a material, as bits."""
    bits = _bits(submissions.scene.policy)
    bit = typed("material").cast(pl.String).replace_strict(bits, default=None, return_dtype=pl.UInt64)
    return (
        submissions.table("materials")
        .select("application_no", "occupation_code", pl.col("work_type").fill_null("").alias("work"), bit.alias("bit"))
        .filter(pl.col("bit").is_not_null())
    )


def _institution_materials(submissions: Submissions) -> pl.DataFrame:
    """MAT-1: what an institution of the type must hand in and did not (Notice, article 2(1) to 2(5))."""
    policy = submissions.scene.policy
    needed = {name: _mask(policy.materials_of(name), policy) for name in policy.institution}
    required = pl.col("type").cast(pl.String).replace_strict(needed, default=None, return_dtype=pl.UInt64)
    applications = submissions.once(applicants).filter(pl.col("type").is_not_null())
    rows = applications.join(submissions.once(handed_in), on="application_no", how="left")
    missing = rows.select("application_no", (required & ~pl.col("handed_in").fill_null(0)).alias("missing"))
    title = pl.col("field").replace_strict(policy.materials)
    return absent("MAT-1", "materials", _missing(missing, policy), pl.format("请补交“{}”", title))


def _missing(rows: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    """A row for each bit of `missing`, with the material as `field`."""
    lacking = rows.filter(pl.col("missing") != 0)
    return pl.concat(
        [
            lacking.filter(pl.col("missing") & bit != 0).with_columns(pl.lit(name).alias("field"))
            for name, bit in _bits(policy).items()
        ]
    )


def _occupation_materials(submissions: Submissions) -> pl.DataFrame:
    """MAT-2: what a requested occupation needs and has not (Notice, article 2(2)); an unlisted one is its neighbour.

    A material without work type serves all of its occupation.
    """
    policy = submissions.scene.policy
    needed = _mask(policy.required.every_occupation, policy)
    requested = submissions.once(requests.requested).filter(pl.col("item_code").is_not_null())
    key = ["application_no", "item_code", "work"]
    rows = submissions.once(_named).filter(pl.col("bit") & needed != 0).rename({"occupation_code": "item_code"})
    present = rows.group_by(key).agg(pl.col("bit").bitwise_or())
    for_all = present.filter(pl.col("work") == "").select(*key[:2], pl.col("bit").alias("for_all"))
    joined = requested.select(key).unique().join(present, on=key, how="left").join(for_all, on=key[:2], how="left")
    handed = pl.col("bit").fill_null(0) | pl.col("for_all").fill_null(0)
    missing = joined.select(*key, (pl.lit(needed, pl.UInt64()) & ~handed).alias("missing"))
    title = pl.col("material").replace_strict(policy.materials)
    work = pl.when(pl.col("work") != "").then("work")
    gaps = (
        _missing(missing, policy)
        .rename({"field": "material"})
        .with_columns(pl.concat_str("material", "item_code", work, separator=":", ignore_nulls=True).alias("field"))
    )
    label = pl.concat_str("item_code", pl.format("（{}）", work), ignore_nulls=True)
    return absent("MAT-2", "materials", gaps, pl.format("请补交职业{}的“{}”", label, title))


def _commitments(submissions: Submissions) -> list[Breach]:
    policy = submissions.scene.policy
    allowed = policy.required.commitment_allowed
    committed = typed("form") == "commitment"
    titles = "、".join(policy.materials[name] for name in allowed)
    title = typed("material").cast(pl.String).replace_strict(policy.materials, default="该材料")
    may_be_committed = typed("material").cast(pl.String).is_in(allowed)
    return [
        Breach(
            "MAT-3",
            "form",
            committed & ~may_be_committed,
            f"请提交附件；仅{titles}可以承诺代替",
        ),
        Breach("MAT-5", "form", committed & may_be_committed, pl.format("请于评估时出示“{}”", title)),
    ]


def _files(submissions: Submissions) -> list[Breach]:
    limits = submissions.scene.policy.attachments
    file = typed("form") == "file"
    size, text = typed("size_bytes"), pl.col("size_bytes")
    types = "|".join(limits.types)
    typed_name = pl.col("file_name").str.contains(rf"(?i)\.(?:{types})$").fill_null(False)
    stated_hash, attachment_hash = pl.col("sha256"), pl.col("attachment_sha256")
    megabytes = limits.max_bytes // 2**20
    return [
        Breach(
            "MAT-4",
            "size_bytes",
            file & (text.is_null() | (size == 0) | (size > limits.max_bytes)),
            pl.when(text.is_null())
            .then(pl.lit("未找到该附件，也未填写大小，请提交附件或填写大小"))
            .otherwise(pl.lit(f"附件不得为空，不得超过{megabytes}MB")),
        ),
        Breach("MAT-4", "file_name", file & ~typed_name, f"允许的附件类型：{'、'.join(limits.types)}"),
        Breach(
            "MAT-4",
            "sha256",
            file & (stated_hash.str.to_lowercase() != attachment_hash.str.to_lowercase()),
            "校验值与收到的附件不一致，请重新上传",
        ),
    ]


def verdicts(submissions: Submissions) -> list[pl.DataFrame]:
    """The verdicts on the materials table."""
    breaches = [*unread_cells(submissions, "materials"), *_commitments(submissions), *_files(submissions)]
    faults = breached("materials", submissions.table("materials"), breaches, submissions.raw("materials"))
    return [*faults, _institution_materials(submissions), _occupation_materials(submissions)]
