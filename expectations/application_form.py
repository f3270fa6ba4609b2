"""Rules on the application form and on the applicant as a whole."""

from datetime import UTC

import polars as pl

from expectations import identifiers, institution_rules, reading
from expectations.identifiers import PUBLIC, public_text
from expectations.materials import handed_in
from expectations.submissions import Submissions, by_type, is_one_of, type_title, typed
from expectations.verdict import Breach, breached, unread_cells
from schemas.submission import APPLICATIONS


def _rows(submissions: Submissions) -> pl.DataFrame:
    """Application rows with what the register, the other tables and the other applications say of them."""
    rows = submissions.table("applications").with_columns(
        typed("institution_type").alias("type"),
        identifiers.is_credit_code(pl.col("uscc")).alias("sound_code"),
        _first_submitted(submissions).alias("first_submitted"),
        pl.col("first_seen_on").str.to_date("%Y-%m-%d", strict=False).alias("first_seen"),
    )
    rows = rows.join(submissions.once(handed_in), on="application_no", how="left", maintain_order="left")
    return institution_rules.facts(submissions, rows)


def _first_submitted(submissions: Submissions) -> pl.Expr:
    return reading.moment(pl.col("first_submitted_at"), submissions.scene.policy.timezone)


def _form(submissions: Submissions) -> list[Breach]:
    policy = submissions.scene.policy
    opens, closes = policy.window(submissions.scene.cycle)
    regions = "、".join(policy.region_names.values())
    first = pl.col("first_submitted")
    if policy.cycle.moment == "received":  # no portal states the moment: not before the day it was seen
        noon = pl.col("first_seen").cast(pl.Datetime("us")).dt.offset_by("12h")
        seen = noon.dt.replace_time_zone(policy.timezone).dt.convert_time_zone("UTC")
        first = pl.when(first.is_not_null()).then(pl.max_horizontal(first, seen))
    period = f"本批次申报期为{opens:%Y-%m-%d}至{policy.deadline(submissions.scene.cycle):%Y-%m-%d}"
    return [
        Breach(
            "WINDOW-1",
            "submitted_at",
            typed("cycle").is_not_null() & ~first.is_between(opens.astimezone(UTC), closes.astimezone(UTC)),
            period,
            pl.coalesce("first_submitted_at", "submitted_at"),
        ),
        Breach(
            "WINDOW-2",
            "submitted_at",
            pl.col("in_time_until").is_not_null(),
            pl.format("最迟应于{}提交", "in_time_until"),
        ),
        Breach("FORM-3", "region_code", ~pl.col("region_code").is_in(policy.regions.codes), f"应为：{regions}"),
        Breach("FORM-5", "social_insurance", ~typed("social_insurance"), "参加社会保险后方可申报"),
        Breach("FORM-6", "no_violations", ~typed("no_violations"), "无违法违规失信记录的机构方可申报"),
        Breach(
            "FORM-7",
            "contact_phone",
            ~identifiers.is_telephone(pl.col("contact_phone")),
            "请填写11位手机号码或带区号的固定电话",
        ),
        Breach(
            "ROUTE-1",
            "affiliation",
            typed("affiliation").cast(pl.String).is_in(["central", "provincial"])
            & ~pl.col("has_parent_receipt").fill_null(not policy.required.branch),
            "请补交上级或省级的备案回执",
        ),
    ]


def _codes(submissions: Submissions) -> list[Breach]:
    policy = submissions.scene.policy
    prefixes = {name: kind.credit_code_prefixes for name, kind in policy.institution.items()}
    # of an institution that went into another the form's code goes with the form's type
    uscc, sound = pl.coalesce("stated_uscc", "uscc"), pl.col("sound_code")
    listed = {name: "、".join(starts) for name, starts in prefixes.items()}
    area = policy.regions.area_prefix
    return [
        Breach("FORM-2", "uscc", ~sound, "请按登记证书核对18位代码"),
        Breach(
            "FORM-4",
            "uscc",
            sound & ~is_one_of(uscc.str.head(2), prefixes),
            pl.format("{}的代码应以{}开头", type_title(policy), by_type(listed)),
            uscc,
        ),
        Breach("FORM-9", "uscc", sound & ~uscc.str.slice(2).str.starts_with(area), f"代码第3至8位不以{area}开头", uscc),
    ]


def _required() -> list[Breach]:
    columns = (column for column in APPLICATIONS.columns if not column.optional)
    return [
        Breach("FORM-1", column.name, pl.col(column.name).is_null(), f"请填写“{column.title}”") for column in columns
    ]


def _where_present(breach: Breach) -> Breach:
    """A missing value has FORM-1 and no other finding for its field (contract section 5)."""
    assert isinstance(breach.field, str)
    return Breach(
        breach.rule, breach.field, pl.col(breach.field).is_not_null() & breach.when, breach.mend, breach.value
    )


def verdicts(submissions: Submissions) -> list[pl.DataFrame]:
    """The verdicts on the applications table."""
    judged = [
        *unread_cells(submissions, "applications"),
        *_form(submissions),
        *_codes(submissions),
        *institution_rules.breaches(submissions),
        *(public_text(name) for name in PUBLIC["applications"]),
    ]
    breaches = [*_required(), *map(_where_present, judged)]
    return breached("applications", _rows(submissions), breaches, submissions.raw("applications"))
