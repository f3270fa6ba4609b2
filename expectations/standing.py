"""Who has what on file on the cycle's deadline, and what of it is dormant; what follows from that is the rules'."""

import polars as pl

from expectations.levels import Levels
from expectations.submissions import Submissions
from schemas.law.cycle import add_months

_ON_FILE = ("uscc", "institution_type", "occupation_code", "level", "filed_on", "valid_until")
_ACTIVITIES = ("uscc", "occupation_code", "held_on", "candidates")


def _register(submissions: Submissions) -> pl.DataFrame:
    frame = submissions.scene.on_file
    if frame.empty:
        return pl.DataFrame(schema=dict.fromkeys(_ON_FILE, pl.String()))
    texts = pl.from_pandas(frame[list(_ON_FILE)].reset_index(drop=True))
    return texts.select(pl.col(name).cast(pl.String) for name in _ON_FILE)


def on_file(submissions: Submissions) -> pl.DataFrame:
    """One row an institution and occupation: uscc, item_code, filed_levels (mask), filed_on (earliest, ISO text)."""
    bit = Levels.of(submissions.scene.policy).bit(pl.col("level")).fill_null(0)
    return (
        submissions.once(_register)
        .group_by("uscc", pl.col("occupation_code").alias("item_code"))
        .agg(bit.bitwise_or().alias("filed_levels"), pl.col("filed_on").min())
    )


def qualified(submissions: Submissions) -> pl.DataFrame:
    """One row an institution: uscc, valid_until (latest, ISO text), filed_count (occupations)."""
    register = submissions.once(_register)
    return register.group_by("uscc").agg(
        pl.col("valid_until").max(), pl.col("occupation_code").n_unique().alias("filed_count")
    )


def holders(submissions: Submissions) -> pl.DataFrame:
    """One row an occupation: item_code, holders (institutions of the types the policy counts; Notice, article 1(3))."""
    counted = submissions.scene.policy.cap.saturation_counts
    register = submissions.once(_register).filter(pl.col("institution_type").is_in(counted))
    return register.group_by(pl.col("occupation_code").alias("item_code")).agg(
        pl.col("uscc").n_unique().alias("holders")
    )


def dormant(submissions: Submissions) -> pl.DataFrame:
    """Institutions with a dormant occupation on the deadline: uscc, dormant (codes; Notice, article 3(1))."""
    scene = submissions.scene
    deadline = scene.policy.deadline(scene.cycle).isoformat()
    grace_over = _after_grace(submissions)
    active = _activities(submissions).filter(
        (pl.col("candidates").cast(pl.Int64, strict=False) > 0) & (pl.col("held_on") <= deadline)
    )
    held = active.group_by("uscc", "item_code").agg(pl.col("held_on").max().alias("last_held_on"))
    asleep = grace_over.join(held, on=["uscc", "item_code"], how="left").filter(
        pl.col("last_held_on").is_null() | (pl.col("last_held_on") < pl.col("filed_on"))
    )
    return asleep.group_by("uscc").agg(pl.col("item_code").sort().str.join("、").alias("dormant"))


def _after_grace(submissions: Submissions) -> pl.DataFrame:
    """Occupations on file whose months of grace are over on the deadline."""
    scene = submissions.scene
    deadline, grace = scene.policy.deadline(scene.cycle), scene.policy.dormancy.grace_months
    filed = submissions.once(on_file)
    days = filed.select(pl.col("filed_on").unique().str.to_date("%Y-%m-%d")).to_series().to_list()
    over = [day.isoformat() for day in days if add_months(day, grace) <= deadline]
    return filed.filter(pl.col("filed_on").is_in(over))


def _activities(submissions: Submissions) -> pl.DataFrame:
    frame = submissions.scene.activities
    if frame is None or frame.empty:
        return pl.DataFrame(
            schema={"uscc": pl.String(), "item_code": pl.String(), "held_on": pl.String(), "candidates": pl.String()}
        )
    texts = pl.from_pandas(frame[list(_ACTIVITIES)].reset_index(drop=True))
    return texts.select(pl.col(name).cast(pl.String) for name in _ACTIVITIES).rename({"occupation_code": "item_code"})
