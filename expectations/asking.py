"""What applications of one institution ask for, beside one another, elsewhere and on file (FORM-8, OCC-14, CAP-1)."""

import pandas as pd
import polars as pl

from expectations import requests
from expectations.levels import Levels
from expectations.scene import ON_FILE, PEER_ITEMS, PEERS, UNDER_WAY, texts
from expectations.submissions import Submissions, applicants
from schemas.law.places import places_used

#: Items that are asked for no more.
_GIVEN_UP = ("withdrawn", "ended", "lapsed")
#: Items that end without a place on the register.
_WITHOUT_PLACE = ("failed", "refused", *_GIVEN_UP)
_LAST_MOMENT = 2**62
_ITEM = ["uscc", "item_code", "work", "level"]


def everyone(submissions: Submissions) -> pl.DataFrame:
    """Current applications of the cycle with a credit code: application_no, uscc, renews, moment (Int64, µs), checked."""
    applications = submissions.once(applicants).filter(~pl.col("withdrawn"))
    checked = applications.select(
        "application_no",
        "uscc",
        (pl.col("kind") == "renewal").alias("renews"),
        pl.col("submitted_at").dt.epoch("us").alias("moment"),
        pl.lit(True).alias("checked"),
    )
    peers = texts(submissions.scene.peers, PEERS)
    batch = submissions.table("applications").select("application_no").drop_nulls()
    others = peers.join(batch, on="application_no", how="anti").select(
        "application_no",
        pl.when(pl.col("uscc") != "").then("uscc").alias("uscc"),
        pl.when(pl.col("kind") != "").then(pl.col("kind") == "renewal").alias("renews"),
        pl.col("submitted_utc").cast(pl.Float64, strict=False).cast(pl.Int64, strict=False).alias("moment"),
        pl.lit(False).alias("checked"),
    )
    rows = pl.concat([checked, others.unique("application_no", maintain_order=True)])
    return rows.filter(pl.col("uscc").is_not_null()).with_columns(pl.col("moment").fill_null(_LAST_MOMENT))


def twins(submissions: Submissions) -> pl.DataFrame:
    """Applications of an institution with another of their kind, renewal or not: application_no, twins (all, joined)."""
    rows = submissions.once(everyone).filter(pl.col("renews").is_not_null())
    several = rows.group_by("uscc", "renews").agg(pl.col("application_no").unique().sort().alias("twins"))
    several = several.filter(pl.col("twins").list.len() > 1).with_columns(pl.col("twins").list.join("、"))
    return rows.filter(pl.col("checked")).join(several, on=["uscc", "renews"]).select("application_no", "twins")


def _requested_items(submissions: Submissions) -> pl.DataFrame:
    """Every item that a current application of the cycle asks for: application_no, _ITEM, moment, row (null if a peer's).

    `given_up`: whether it was withdrawn or ended since.
    """
    who = submissions.once(everyone)
    rows = submissions.once(requests.items_by_row).select(
        "application_no",
        "row",
        pl.col("present_code").alias("item_code"),
        pl.col("work_type").alias("work"),
        "level",
    )
    requested = rows.join(who.filter("checked").select("application_no", "uscc", "moment"), on="application_no")
    others = texts(submissions.scene.peer_items, PEER_ITEMS).select(
        "application_no",
        pl.col("occupation_code").alias("item_code"),
        pl.col("work_type").alias("work"),
        "level",
        pl.col("status").is_in(_GIVEN_UP).alias("given_up"),
    )
    requested = requested.join(
        others, on=["application_no", "item_code", "work", "level"], how="left", maintain_order="left"
    )
    requested = requested.with_columns(pl.col("given_up").fill_null(False))
    elsewhere = others.join(
        who.filter(~pl.col("checked")).select("application_no", "uscc", "moment"), on="application_no"
    )
    order = ["application_no", "row", *_ITEM, "moment", "given_up"]
    return pl.concat(
        [requested.select(order), elsewhere.with_columns(pl.lit(None, pl.Int64).alias("row")).select(order)]
    )


def clashes(submissions: Submissions) -> pl.DataFrame:
    """Rows that ask for what is asked for or under way elsewhere: application_no, row, clashing (mask), others (joined).

    Of two applications of a cycle the one submitted later has it, then the one with the larger number.
    """
    items_requested = submissions.once(_requested_items)
    rows = items_requested.filter(pl.col("row").is_not_null() & ~pl.col("given_up"))
    standing = items_requested.filter(~pl.col("given_up")).drop("row").unique()
    pairs = rows.join(standing, on=_ITEM, suffix="_other").filter(
        pl.col("application_no") != pl.col("application_no_other")
    )
    later = (pl.col("moment") > pl.col("moment_other")) | (
        (pl.col("moment") == pl.col("moment_other")) & (pl.col("application_no") > pl.col("application_no_other"))
    )
    here = pairs.filter(later).select("application_no", "row", "level", pl.col("application_no_other").alias("other"))
    under_way = texts(submissions.scene.under_way, UNDER_WAY).rename(
        {"occupation_code": "item_code", "work_type": "work", "application_no": "other"}
    )
    elsewhere = rows.join(under_way, on=_ITEM).filter(pl.col("other") != pl.col("application_no"))
    clashing = pl.concat([here, elsewhere.select("application_no", "row", "level", "other")])
    bit = Levels.of(submissions.scene.policy).bit(pl.col("level")).fill_null(0)
    return clashing.group_by("application_no", "row").agg(
        bit.bitwise_or().alias("clashing"), pl.col("other").unique().sort().str.join("、").alias("others")
    )


def places(submissions: Submissions) -> pl.DataFrame:
    """Places on file, under way in other cycles and asked for in this one, by an institution: uscc, places (Int64)."""
    place = ["uscc", "occupation_code", "work_type"]
    scene = submissions.scene
    items = texts(scene.peer_items, PEER_ITEMS)
    # what has items that all ended without a place asks for none any more
    trade = ["application_no", "occupation_code", "work_type"]
    ended = items.group_by(trade).agg(pl.col("status").is_in(_WITHOUT_PLACE).all())
    with_level = submissions.once(_requested_items).rename({"item_code": "occupation_code", "work": "work_type"})
    checked = submissions.once(everyone).filter("checked").select("application_no", "uscc")
    without_level = submissions.once(requests.without_level).join(checked, on="application_no")
    without_level = without_level.with_columns(pl.col("present_code").alias("occupation_code"))
    columns = [*trade, "uscc"]
    asked_for = pl.concat([with_level.select(columns), without_level.select(columns)]).join(
        ended.filter("status"), on=trade, how="anti"
    )
    sources = [texts(scene.on_file, ON_FILE), texts(scene.under_way, UNDER_WAY), asked_for]
    rows: pd.DataFrame = pl.concat([frame.select(place) for frame in sources]).unique().to_pandas()
    used = places_used(rows, scene.policy)
    return pl.DataFrame(
        {"uscc": used.index.tolist(), "places": used.tolist()}, schema={"uscc": pl.String(), "places": pl.Int64()}
    )
