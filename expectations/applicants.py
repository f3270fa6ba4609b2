"""What other tables need of an applicant: type, kind, code, day."""

from collections.abc import Mapping
from typing import Literal

import polars as pl

from expectations.submissions import Submissions, typed
from schemas.policy import Policy


def applicants(submissions: Submissions) -> pl.DataFrame:
    """One row an application: application_no, uscc, type, kind (Enums), submitted_at (UTC), submitted_on, withdrawn."""
    zone = submissions.scene.policy.timezone
    rows = submissions.table("applications").select(
        "application_no",
        "uscc",
        typed("institution_type").alias("type"),
        typed("kind").alias("kind"),
        typed("submitted_at").alias("submitted_at"),
        typed("submitted_at").dt.convert_time_zone(zone).dt.date().alias("submitted_on"),
        (pl.col("withdrawn") == "true").fill_null(False).alias("withdrawn"),
    )
    # a second row of a number would double every row that is joined to it
    return rows.unique("application_no", keep="first", maintain_order=True)


def withdrawn(submissions: Submissions) -> pl.DataFrame:
    """Numbers of applications that are taken back: they are not checked."""
    return submissions.once(applicants).filter("withdrawn").select("application_no")


def by_type(texts: Mapping[str, str]) -> pl.Expr:
    """A text for each institution type."""
    return pl.col("type").cast(pl.String).replace_strict(dict(texts), default="", return_dtype=pl.String)


def type_title(policy: Policy) -> pl.Expr:
    """The institution type in Chinese."""
    return by_type(policy.institution_types)


def has_trait(policy: Policy, trait: Literal["neighbour", "programmes"]) -> pl.Expr:
    """Whether the row's institution type has a trait in the policy; false without a type."""
    types = [name for name, kind in policy.institution.items() if getattr(kind, trait)]
    return pl.col("type").cast(pl.String).is_in(types).fill_null(False)


def is_capped(policy: Policy) -> pl.Expr:
    """Whether the row's institution type is under the cap; false without a type."""
    return pl.col("type").cast(pl.String).is_in(policy.cap.capped).fill_null(False)


def is_one_of(column: pl.Expr, allowed: Mapping[str, list[str]]) -> pl.Expr:
    """Whether a text is among what the policy allows the row's institution type; null without a type."""
    chosen: pl.Expr = pl.lit(None, pl.Boolean())
    for institution_type, values in allowed.items():
        chosen = (
            pl.when(pl.col("type") == institution_type).then(column.cast(pl.String).is_in(values)).otherwise(chosen)
        )
    return chosen
