"""Rules on the application form and on the applicant as a whole; what it asks for is judged in `occupations`."""

from datetime import UTC

import polars as pl

from expectations import identifiers, occupations, reading, standing
from expectations.applicants import by_type, is_one_of, type_title
from expectations.materials import handed_in
from expectations.submissions import Submissions, typed
from expectations.verdict import Breach, breached, unread_cells
from schemas.law.dormancy import is_judged
from schemas.submission import APPLICATIONS


def _rows(submissions: Submissions) -> pl.DataFrame:
    """Application rows with what the register, the other tables and the other applications say of them."""
    rows = submissions.table("applications").with_columns(
        typed("institution_type").alias("type"),
        identifiers.is_credit_code(pl.col("uscc")).alias("sound_code"),
        _first_submitted(submissions).alias("first_submitted"),
    )
    for more, key in (
        (submissions.once(standing.qualified), "uscc"),
        (_requested_count(submissions), "application_no"),
        (_others(submissions), "uscc"),
        (submissions.once(handed_in), "application_no"),
    ):
        rows = rows.join(more, on=key, how="left", maintain_order="left")
    return rows


def _first_submitted(submissions: Submissions) -> pl.Expr:
    return reading.moment(pl.col("first_submitted_at"), submissions.scene.policy.timezone)


def _requested_count(submissions: Submissions) -> pl.DataFrame:
    """Distinct occupations an application asks for that its institution does not hold: application_no, new_count."""
    rows = submissions.once(occupations.requested).filter(
        pl.col("item_code").is_not_null() & pl.col("filed_levels").is_null()
    )
    return rows.group_by("application_no").agg(pl.col("item_code").n_unique().alias("new_count"))


def _others(submissions: Submissions) -> pl.DataFrame:
    """Credit codes with several current applications: uscc, numbers (all of them, joined)."""
    peers = submissions.scene.peers
    schema = {"application_no": pl.String(), "uscc": pl.String()}
    texts = pl.DataFrame(schema=schema) if peers.empty else pl.from_pandas(peers[list(schema)].reset_index(drop=True))
    everyone = (
        pl.concat(
            [
                texts.select(pl.col(name).cast(pl.String) for name in schema),
                submissions.table("applications").select(*schema),
            ]
        )
        .drop_nulls()
        .unique()
    )
    several = everyone.group_by("uscc").agg(pl.col("application_no").sort().alias("numbers"))
    return several.filter(pl.col("numbers").list.len() > 1).with_columns(pl.col("numbers").list.join("、"))


def _form(submissions: Submissions) -> list[Breach]:
    policy = submissions.scene.policy
    opens, closes = policy.window(submissions.scene.cycle)
    regions = "、".join(policy.region_names.values())
    first = pl.col("first_submitted")
    period = f"本批次申报期为{opens:%Y-%m-%d}至{policy.deadline(submissions.scene.cycle):%Y-%m-%d}"
    return [
        Breach(
            "WINDOW-1",
            "submitted_at",
            typed("cycle").is_not_null() & ~first.is_between(opens.astimezone(UTC), closes.astimezone(UTC)),
            period,
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
    prefixes = {name: each.credit_code_prefixes for name, each in policy.institution.items()}
    uscc, sound = pl.col("uscc"), pl.col("sound_code")
    listed = {name: "、".join(each) for name, each in prefixes.items()}
    area = policy.regions.area_prefix
    return [
        Breach("FORM-2", "uscc", ~sound, "请按登记证书核对18位代码"),
        Breach(
            "FORM-4",
            "uscc",
            sound & ~is_one_of(uscc.str.head(2), prefixes),
            pl.format("{}的代码应以{}开头", type_title(policy), by_type(listed)),
        ),
        Breach("FORM-8", "uscc", pl.col("numbers").is_not_null(), pl.format("申报编号{}，请只保留一份", "numbers")),
        Breach("FORM-9", "uscc", sound & ~uscc.str.slice(2).str.starts_with(area), f"代码第3至8位不以{area}开头"),
    ]


def _standing(submissions: Submissions) -> list[Breach]:
    policy, cycle = submissions.scene.policy, submissions.scene.cycle
    total = pl.col("filed_count").fill_null(0) + pl.col("new_count")
    over = (
        typed("institution_type").cast(pl.String).is_in(policy.cap.capped)
        & pl.col("uscc").is_not_null()  # without a code nobody knows what is new to the institution
        & (pl.col("new_count") > 0)
        & (total > policy.cap.occupations)
    )
    last = _last_cycles(submissions)
    breaches = [
        Breach("CAP-1", "institution_type", over, pl.format("已备案与本次新申报的职业共{}个", total)),
        Breach(
            "RENEW-2",
            "cycle",
            (typed("kind") == "renewal") & (last > cycle),
            pl.format("备案有效期至{}，最后一个有效批次为{}", "valid_until", last),
        ),
    ]
    if submissions.scene.activities is None and is_judged(cycle, policy):
        breaches.append(Breach("DORM-2", "uscc", pl.col("valid_until").is_not_null(), "请提供已备案职业的认定活动数据"))
    return breaches


def _last_cycles(submissions: Submissions) -> pl.Expr:
    """The last cycle an institution can renew in, from its `valid_until` (Notice, article 3(4))."""
    ends = submissions.once(standing.qualified).get_column("valid_until").unique().drop_nulls()
    policy = submissions.scene.policy
    last = {end.isoformat(): str(policy.last_cycle_on(end)) for end in ends.str.to_date("%Y-%m-%d")}
    return pl.col("valid_until").replace_strict(last, default=None, return_dtype=pl.String)


def _required() -> list[Breach]:
    columns = (column for column in APPLICATIONS.columns if not column.optional)
    return [Breach("FORM-1", each.name, pl.col(each.name).is_null(), f"请填写“{each.title}”") for each in columns]


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
        *_standing(submissions),
    ]
    breaches = [*_required(), *map(_where_present, judged)]
    return breached("applications", _rows(submissions), breaches, submissions.raw("applications"))
