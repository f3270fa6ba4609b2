"""How a requested occupation is recognised: by the Dictionary, a later list, or a neighbour.

Source: Notice, article 1; contract section 5. Lists count as published on the day of submission, the list of access-type
qualifications as in force on the deadline.
"""

from dataclasses import dataclass
from unicodedata import normalize

import polars as pl

from expectations.submissions import Submissions, applicants, has_trait


def _dictionary(submissions: Submissions) -> pl.DataFrame:
    """Codes with their names as of each day from which a list holds: list_day (Date), occupation_code, dictionary_name."""
    lists = submissions.scene.reference.dictionaries()
    return pl.concat(
        pl.DataFrame(
            {"occupation_code": list(names), "dictionary_name": list(names.values())},
            schema={"occupation_code": pl.String(), "dictionary_name": pl.String()},
        ).with_columns(pl.lit(since).alias("list_day"))
        for since, names in lists.items()
    )


def _later(submissions: Submissions) -> pl.DataFrame:
    """Occupations published after the Dictionary and without a code in it: occupation_name, published_on (Date)."""
    later = pl.from_pandas(submissions.scene.reference.later[["name", "code_2022", "published_on"]])
    uncoded = later.filter(pl.col("code_2022").is_null())
    return uncoded.group_by(pl.col("name").alias("occupation_name")).agg(
        pl.col("published_on").str.to_date("%Y-%m-%d").min()
    )


def _renumbered(submissions: Submissions) -> pl.DataFrame:
    """Codes that were changed: occupation_code, renumbered (the new one), from_day (Date)."""
    changes = submissions.scene.reference.changes
    schema = {"occupation_code": pl.String(), "renumbered": pl.String(), "from_day": pl.Date()}
    if changes.empty:
        return pl.DataFrame(schema=schema)
    rows = pl.from_pandas(changes).select(
        pl.col("old_code").alias("occupation_code"),
        pl.col("new_code").alias("renumbered"),
        pl.col("from_day").str.to_date("%Y-%m-%d"),
    )
    return rows.sort("from_day").unique("occupation_code", keep="last")


@dataclass(frozen=True)
class AccessCodes:
    """Codes that access-type qualifications cover whole or in part, and `code|work type` of each work type covered."""

    whole: list[str]
    partly: list[str]
    work_types: list[str]


def access_codes(submissions: Submissions) -> AccessCodes:
    """The access-type qualifications in force on the deadline."""
    scene = submissions.scene
    rows = scene.reference.access_on(scene.deadline).dropna(subset=["code_2022"])
    partial = rows[rows["coverage"] == "partial"]
    names = [
        normalize("NFKC", f"{code}|{name}")
        for code, text in zip(partial["code_2022"], partial["qualification"], strict=True)
        for name in work_types_of(text)
    ]
    whole = rows.loc[rows["coverage"] == "whole", "code_2022"]
    return AccessCodes(sorted(set(whole)), sorted(set(partial["code_2022"])), names)


def work_types_of(qualification: str) -> list[str]:
    """The work types a qualification names: `甲、乙` are two, of `某（甲、乙）` a and b inside the brackets are."""
    names, depth = [""], 0
    inside: list[str] = []
    for sign in qualification:
        if sign in "（(":
            depth, inside = depth + 1, [""]
        elif sign in "）)" and depth:
            depth -= 1
            names[-1:] = [*inside]
        elif sign == "、":
            (inside if depth else names).append("")
        elif depth:
            inside[-1] += sign
        else:
            names[-1] += sign
    return [name for name in names if name]


def recognised(submissions: Submissions) -> pl.DataFrame:
    """Occupation rows with their applicant and how the occupation is recognised.

    Adds `listed` (in the Dictionary), `later` (recognised by name), `undated` (a later name, day unknown), `neighboured`
    (OCC-3), `known` (one of these, or it might be neighboured if the institution's type could be read), `renumbered` (what
    its code became), `item_code` (the code from here on; null where no occupation can be read), `present_code` (what the
    register calls it since a renumbering) and `work` (the work type, blank for the occupation as a whole).
    """
    rows = submissions.table("occupations").join(
        submissions.once(applicants), on="application_no", how="left", maintain_order="left"
    )
    dictionary = submissions.once(_dictionary)
    day = pl.col("submitted_on").fill_null(submissions.scene.deadline)
    rows = rows.with_columns(_list_day(day, dictionary).alias("list_day"))
    for more, key in (
        (dictionary, ["occupation_code", "list_day"]),
        (submissions.once(_later), ["occupation_name"]),
        (submissions.once(_renumbered), ["occupation_code"]),
    ):
        rows = rows.join(more, on=key, how="left", maintain_order="left")
    by_name = pl.col("dictionary_name").is_null() & pl.col("published_on").is_not_null()
    return (
        rows.with_columns(
            pl.col("dictionary_name").is_not_null().alias("listed"),
            (by_name & (pl.col("published_on") <= pl.col("submitted_on")).fill_null(False)).alias("later"),
            (by_name & pl.col("submitted_on").is_null()).alias("undated"),
            pl.when(pl.col("from_day") <= day).then("renumbered").alias("renumbered"),
            pl.col("work_type").fill_null("").alias("work"),
        )
        .with_columns(_has_neighbour(dictionary).alias("has_neighbour"))
        .with_columns((pl.col("has_neighbour") & has_trait(submissions.scene.policy, "neighbour")).alias("neighboured"))
        .with_columns(
            pl.any_horizontal(
                "listed", "later", "undated", "neighboured", pl.col("has_neighbour") & pl.col("type").is_null()
            ).alias("known")
        )
        .with_columns(_item_code().alias("item_code"))
        .with_columns(pl.col("item_code").replace(dict(submissions.scene.present_codes)).alias("present_code"))
    )


def _list_day(day: pl.Expr, dictionary: pl.DataFrame) -> pl.Expr:
    """The day of the newest list that was published by a day."""
    chosen: pl.Expr = pl.lit(None, pl.Date())
    for since in sorted(set(dictionary.get_column("list_day"))):
        chosen = pl.when(day >= since).then(pl.lit(since)).otherwise(chosen)
    return chosen


def _has_neighbour(dictionary: pl.DataFrame) -> pl.Expr:
    """Whether an unlisted occupation names a neighbour that is listed on the same day."""
    unlisted = ~pl.any_horizontal("listed", "later", "undated")
    neighbours = pl.concat_str(pl.col("neighbour_code"), pl.col("list_day").cast(pl.String), separator="|")
    listed = dictionary.select(pl.concat_str("occupation_code", pl.col("list_day").cast(pl.String), separator="|"))
    return unlisted & neighbours.is_in(listed.to_series().implode()).fill_null(False)


def _item_code() -> pl.Expr:
    """A later occupation's name is its code, whatever stands in the code's cell."""
    return (
        pl.when(pl.col("neighboured"))
        .then(pl.col("neighbour_code"))
        .when(pl.col("later"))
        .then(pl.col("occupation_name"))
        .otherwise(pl.col("occupation_code"))
    )
