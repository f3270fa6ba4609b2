"""What goes along with an item from the form: whom it is for, and the enterprise's own name of an unlisted occupation."""

import polars as pl

from expectations.levels import Levels
from expectations.recognition import recognised
from expectations.submissions import Submissions, typed
from schemas.item import KEYS
from schemas.submission import AUDIENCES


def along(submissions: Submissions) -> pl.DataFrame:
    """One row an item: KEYS, audiences (`staff;students`: two of one item are one item with both), own_name (text).

    Of two own names of one item the first row's counts. Source: contract section 5, OCC-3 and OCC-9.
    """
    own_name = pl.when("neighboured").then("occupation_name").fill_null("")
    rows = submissions.once(recognised).select(
        "application_no",
        "row",
        pl.col("item_code").alias("occupation_code"),
        pl.col("work_type").fill_null(""),
        pl.col("levels!").cast(pl.Int64),
        typed("audience").cast(pl.String).alias("audience"),
        own_name.alias("own_name"),
    )
    single = Levels.of(submissions.scene.policy).single()
    asked = rows.join(single, on="levels!").sort("application_no", "row")
    served = pl.concat_str(
        *(pl.when((pl.col("audience") == word).any()).then(pl.lit(word)) for word in AUDIENCES),
        separator=";",
        ignore_nulls=True,
    )
    named = pl.col("own_name").filter(pl.col("own_name") != "").first().fill_null("")
    return asked.group_by(KEYS).agg(served.alias("audiences"), named.alias("own_name"))
