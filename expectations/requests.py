"""What an application asks for: its occupation rows beside what is on record, and the items that come of them."""

import polars as pl

from expectations import standing
from expectations.levels import Levels
from expectations.recognition import recognised
from expectations.submissions import Submissions, typed
from schemas.submission import AUDIENCES

#: The levels of a row, and those of them that are not on file, as sets.
LEVELS = pl.col("levels!").cast(pl.Int64)
NEW_LEVELS = LEVELS & ~pl.col("filed_levels").fill_null(0)
_ITEM = ["application_no", "occupation_code", "work_type", "level"]


def requested(submissions: Submissions) -> pl.DataFrame:
    """Occupation rows as their rules see them: with what is on file, held by others, taught, asked before."""
    rows = submissions.once(recognised)
    trade = ["uscc", "present_code", "work"]
    for more, key in (
        (submissions.once(standing.on_file), trade),
        (submissions.once(standing.asleep), trade),
        (submissions.once(standing.places), ["uscc", *standing.place(submissions)]),
        (submissions.once(standing.holders), standing.place(submissions)),
        (submissions.once(standing.sleepers), ["uscc"]),
        (_on_register(submissions), ["uscc"]),
        (_taught(submissions), ["application_no", "item_code"]),
    ):
        rows = rows.join(more, on=key, how="left", maintain_order="left")
    return rows.with_columns(_asked_before(rows, Levels.of(submissions.scene.policy)))


def _on_register(submissions: Submissions) -> pl.DataFrame:
    """Institutions with something on file: uscc, on_register (true)."""
    return submissions.once(standing.qualified).select("uscc", pl.lit(True).alias("on_register"))


def _taught(submissions: Submissions) -> pl.DataFrame:
    """Programmes by application and occupation: taught_to (place of the best level), untold (one could not be read)."""
    programmes = submissions.table("programmes").filter(pl.col("occupation_code").is_not_null())
    level = Levels.of(submissions.scene.policy).rank(typed("highest_level"))
    return programmes.group_by("application_no", pl.col("occupation_code").alias("item_code")).agg(
        level.max().alias("taught_to"), level.is_null().any().alias("untold"), pl.lit(True).alias("taught")
    )


def _asked_before(rows: pl.DataFrame, levels: Levels) -> pl.Series:
    """Levels of each row that an earlier row asks for too, for the same occupation, work type and audience, as a mask."""
    key = ["application_no", "item_code", "work", "audience!"]
    candidates = rows.select(*key, "row", LEVELS).with_row_index("place").drop_nulls()
    shared = candidates.filter(pl.len().over(key) > 1).join(levels.single(), on="levels!").sort("row", "place")
    repeated = shared.filter(~pl.struct(*key, "level").is_first_distinct())
    masks = repeated.group_by("place").agg(pl.col("bit").sum().alias("asked_before"))
    places = pl.DataFrame({"place": pl.int_range(len(rows), dtype=pl.get_index_type(), eager=True)})
    return places.join(masks, on="place", how="left", maintain_order="left").get_column("asked_before")


def items_by_row(submissions: Submissions) -> pl.DataFrame:
    """Every level asked for: application_no, row, occupation_code, work_type, level (text), audience, own_name.

    `present_code`: the code the register goes by now; `own_name`: what an enterprise calls an unlisted occupation, else
    blank; `new_place`: whether its place under the cap is not on file; `on_file`: whether the item is.
    """
    rows = submissions.once(requested).filter(pl.col("item_code").is_not_null())
    occupations = rows.select(
        "application_no",
        "row",
        pl.col("item_code").alias("occupation_code"),
        "present_code",
        pl.col("work").alias("work_type"),
        LEVELS,
        "filed_levels",
        pl.col("held").is_null().alias("new_place"),
        typed("audience").cast(pl.String).fill_null("").alias("audience"),
        pl.when(pl.col("neighboured")).then("occupation_name").fill_null("").alias("own_name"),
    )
    on_file = pl.col("filed_levels").fill_null(0) & pl.col("bit") != 0
    return (
        occupations.join(Levels.of(submissions.scene.policy).single(), on="levels!")
        .sort("application_no", "row", "occupation_code", "bit")
        .with_columns(on_file.alias("on_file"))
        .drop("levels!", "bit", "filed_levels")
    )


def without_level(submissions: Submissions) -> pl.DataFrame:
    """Rows that ask for an occupation at levels nobody can read: the columns of `items_by_row` that need no level."""
    rows = submissions.once(requested).filter(pl.col("item_code").is_not_null() & (LEVELS.fill_null(0) == 0))
    return rows.select(
        "application_no",
        pl.col("item_code").alias("occupation_code"),
        "present_code",
        pl.col("work").alias("work_type"),
        pl.col("held").is_null().alias("new_place"),
    )


def items(submissions: Submissions) -> pl.DataFrame:
    """Every item asked for, once, with the first row that asks for it and all its `audiences` (`staff;students`)."""
    rows = submissions.once(items_by_row)
    merged = _audiences(rows)
    return rows.unique(_ITEM, keep="first", maintain_order=True).join(
        merged, on=_ITEM, how="left", maintain_order="left"
    )


def _audiences(rows: pl.DataFrame) -> pl.DataFrame:
    """The audiences of each item in the order of the list, joined by `;`."""
    places = {audience: place for place, audience in enumerate(AUDIENCES)}
    stated_audiences = rows.filter(pl.col("audience") != "").unique([*_ITEM, "audience"])
    ordered = stated_audiences.with_columns(pl.col("audience").replace_strict(places).alias("place")).sort("place")
    joined = ordered.group_by(_ITEM, maintain_order=True).agg(pl.col("audience").str.join(";").alias("audiences"))
    return (
        rows.select(_ITEM).unique().join(joined, on=_ITEM, how="left").with_columns(pl.col("audiences").fill_null(""))
    )
