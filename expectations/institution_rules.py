"""Rules on the applicant as an institution of the register: its places, standing, identity and term."""

import polars as pl

from expectations import asking, requests, standing
from expectations.scene import INSTITUTIONS, MATTERS, REVOCATIONS, SUSPENSIONS, texts
from expectations.submissions import Submissions, compared, is_capped, typed
from expectations.verdict import Breach
from schemas.law.standing import bars, is_judged
from schemas.law.terms import last_renewal

_REGISTERED = ("institution_name", "institution_type", "region_code")


def facts(submissions: Submissions, rows: pl.DataFrame) -> pl.DataFrame:
    """Application rows with what the register and the institution's other applications say of them."""
    joined = (
        (submissions.once(standing.qualified), "uscc"),
        (submissions.once(asking.places), "uscc"),
        (submissions.once(asking.twins), "application_no"),
        (submissions.once(_novelty), "application_no"),
        (submissions.once(_registered), "uscc"),
        (submissions.once(_matters), "uscc"),
        (submissions.once(_barred), "application_no"),
    )
    for more, key in joined:
        rows = rows.join(more, on=key, how="left", maintain_order="left")
    return rows


def _novelty(submissions: Submissions) -> pl.DataFrame:
    """application_no, new_place and new_item: whether it asks for a place, or an item, that is not on file."""
    items = submissions.once(requests.items_by_row).select("application_no", "new_place", "on_file")
    others = submissions.once(requests.without_level).select(
        "application_no", "new_place", pl.lit(True).alias("on_file")
    )
    rows = pl.concat([items, others])
    return rows.group_by("application_no").agg(pl.col("new_place").any(), (~pl.col("on_file")).any().alias("new_item"))


def _registered(submissions: Submissions) -> pl.DataFrame:
    """uscc and the register's own name, type and region, each as `registered_…`; blank ones are not known."""
    rows = texts(submissions.scene.institutions, INSTITUTIONS).unique("uscc")
    return rows.select("uscc", *(pl.col(name).alias(f"registered_{name}") for name in _REGISTERED))


def _matters(submissions: Submissions) -> pl.DataFrame:
    """uscc, matters: what is open about an institution, joined."""
    rows = texts(submissions.scene.matters, MATTERS)
    return rows.group_by("uscc").agg(pl.col("matter").unique().sort().str.join("、").alias("matters"))


def _barred(submissions: Submissions) -> pl.DataFrame:
    """application_no, barred: why it is suspended or was lately revoked, in words (contract section 5, STAND-1)."""
    scene = submissions.scene
    occupations = submissions.once(requests.requested).select(
        "application_no", "uscc", pl.col("present_code").alias("occupation_code")
    )
    numbers = submissions.table("applications").select("application_no", "uscc", pl.lit("").alias("occupation_code"))
    suspended, revoked = texts(scene.suspensions, SUSPENSIONS), texts(scene.revocations, REVOCATIONS)
    concerned = pl.concat([suspended.select("uscc"), revoked.select("uscc")]).unique()
    rows = (
        pl.concat([numbers, occupations])
        .drop_nulls()
        .unique(maintain_order=True)
        .join(concerned, on="uscc", how="semi")
    )
    reasons = bars(rows.to_pandas(), suspended.to_pandas(), revoked.to_pandas(), scene.policy, scene.deadline)
    barred = rows.with_columns(pl.Series("reason", reasons.tolist(), pl.String)).filter(pl.col("reason") != "")
    words = barred.select("application_no", pl.col("reason").str.split("，")).explode("reason")
    return words.group_by("application_no").agg(pl.col("reason").unique().sort().str.join("，").alias("barred"))


def breaches(submissions: Submissions) -> list[Breach]:
    """The rules on an institution; its rows are those of `facts`."""
    return [*_places(submissions), *_standing(), *_identity(submissions), *_terms(submissions)]


def _places(submissions: Submissions) -> list[Breach]:
    over = pl.col("places") > submissions.scene.policy.cap.occupations
    unit = "职业" if submissions.scene.policy.cap.unit == "occupation" else "职业（工种）"
    return [
        Breach(
            "CAP-1",
            "institution_type",
            # without a credit code nobody knows what is new to the institution
            is_capped(submissions.scene.policy) & pl.col("uscc").is_not_null() & pl.col("new_place") & over,
            pl.format(f"已备案、正在办理与本次申报的{unit}共{{}}个", "places"),
        ),
        Breach("FORM-8", "uscc", pl.col("twins").is_not_null(), pl.format("申报编号{}，请只保留一份", "twins")),
    ]


def _standing() -> list[Breach]:
    on_file = pl.col("valid_until").is_not_null()
    return [
        Breach("STAND-1", "uscc", pl.col("barred").is_not_null(), pl.col("barred")),
        Breach("STAND-2", "uscc", on_file & pl.col("matters").is_not_null(), pl.col("matters")),
    ]


def _identity(submissions: Submissions) -> list[Breach]:
    policy = submissions.scene.policy
    titles = {"region_code": policy.region_names, "institution_type": policy.institution_types}

    def differs(name: str, rule: str) -> Breach:
        on_form = pl.col("type").cast(pl.String) if name == "institution_type" else pl.col(name)
        registered = pl.col(f"registered_{name}")
        when = pl.col("valid_until").is_not_null() & (registered != "") & (compared(on_form) != compared(registered))
        register_title = registered.replace(titles.get(name, {}))
        return Breach(rule, name, when, pl.format("备案名册为“{}”", register_title))

    return [
        differs("institution_name", "IDENT-1"),
        differs("region_code", "IDENT-1"),
        differs("institution_type", "IDENT-2"),
    ]


def _terms(submissions: Submissions) -> list[Breach]:
    scene = submissions.scene
    policy, cycle = scene.policy, scene.cycle
    renews = (typed("kind") == "renewal").fill_null(False)
    last = _last_cycles(submissions)
    days = pl.col("valid_until").str.to_date("%Y-%m-%d", strict=False) - pl.lit(scene.deadline)
    near = days < pl.duration(days=max(policy.validity.reminder_days))
    breaches = [
        Breach(
            "RENEW-2",
            "cycle",
            renews & (last > cycle),
            pl.format("备案有效期至{}，最后一个有效批次为{}", "first_end", last),
        ),
        Breach(
            "RENEW-3",
            "cycle",
            (typed("kind") == "addition") & near,
            pl.format("现有备案有效期至{}", "valid_until"),
        ),
    ]
    if scene.activities is None and is_judged(cycle, policy):
        on_file = pl.col("valid_until").is_not_null()
        asks = on_file & (renews | pl.col("new_item").fill_null(False))
        breaches.append(Breach("DORM-2", "uscc", asks, "请提供已备案职业的认定活动数据"))
    return breaches


def _last_cycles(submissions: Submissions) -> pl.Expr:
    """The last cycle an institution can renew in: whose wait is over by its first end (Notice, article 3(4))."""
    ends = submissions.once(standing.qualified).get_column("first_end").unique().drop_nulls()
    policy = submissions.scene.policy
    last = {end.isoformat(): str(last_renewal(end, policy)) for end in ends.str.to_date("%Y-%m-%d")}
    return pl.col("first_end").replace_strict(last, default=None, return_dtype=pl.String)
