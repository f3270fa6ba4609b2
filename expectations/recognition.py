"""How a requested occupation is recognised: by the Dictionary, a later list, or a neighbour; the rules are `occupations`'.

Source: Notice, article 1; contract section 5.
"""

import polars as pl

from expectations.applicants import applicants, has_trait
from expectations.submissions import Submissions


def _dictionary(submissions: Submissions) -> pl.DataFrame:
    occupations = submissions.scene.reference.occupations
    return pl.from_pandas(occupations[["code", "name"]]).rename({"code": "occupation_code", "name": "dictionary_name"})


def _later(submissions: Submissions) -> pl.DataFrame:
    """Occupations published after the Dictionary and without a code in it: occupation_name, published_on (Date)."""
    later = pl.from_pandas(submissions.scene.reference.later[["name", "code_2022", "published_on"]])
    uncoded = later.filter(pl.col("code_2022").is_null())
    return uncoded.group_by(pl.col("name").alias("occupation_name")).agg(
        pl.col("published_on").str.to_date("%Y-%m-%d").min()
    )


def recognised(submissions: Submissions) -> pl.DataFrame:
    """Occupation rows with their applicant and how the occupation is recognised.

    Adds `listed` (in the Dictionary), `later` (recognised by name), `undated` (a later name, day unknown),
    `neighboured` (OCC-3) and `item_code` (the code from here on; null where no occupation can be read).
    """
    rows = submissions.table("occupations").join(
        submissions.once(applicants), on="application_no", how="left", maintain_order="left"
    )
    rows = rows.join(_dictionary(submissions), on="occupation_code", how="left", maintain_order="left")
    rows = rows.join(_later(submissions), on="occupation_name", how="left", maintain_order="left")
    named = pl.col("dictionary_name").is_null() & pl.col("published_on").is_not_null()
    neighbours = submissions.scene.reference.occupations["code"].tolist()
    may_neighbour = has_trait(submissions.scene.policy, "neighbour")
    return (
        rows.with_columns(
            pl.col("dictionary_name").is_not_null().alias("listed"),
            (named & (pl.col("published_on") <= pl.col("submitted_on")).fill_null(False)).alias("later"),
            (named & pl.col("submitted_on").is_null()).alias("undated"),
        )
        .with_columns(
            (
                ~(pl.col("listed") | pl.col("later") | pl.col("undated"))
                & may_neighbour
                & pl.col("neighbour_code").is_in(neighbours).fill_null(False)
            ).alias("neighboured")
        )
        .with_columns(_item_code().alias("item_code"))
    )


def _item_code() -> pl.Expr:
    by_name = pl.when(pl.col("later")).then(pl.col("occupation_name"))
    return (
        pl.when(pl.col("neighboured")).then(pl.col("neighbour_code")).otherwise(pl.coalesce("occupation_code", by_name))
    )
