"""Who has what on file on the cycle's deadline, and what of it is dormant; what follows from that is the rules'."""

import polars as pl

from expectations.levels import Levels
from expectations.scene import ON_FILE, texts
from expectations.submissions import Submissions
from schemas.law.dormancy import states


def _register(submissions: Submissions) -> pl.DataFrame:
    return texts(submissions.scene.on_file, ON_FILE)


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
    if scene.on_file.empty:
        return pl.DataFrame(schema={"uscc": pl.String(), "dormant": pl.String()})
    marks = pl.from_pandas(states(scene.on_file, scene.activities, scene.policy, scene.policy.deadline(scene.cycle)))
    asleep = marks.filter(pl.col("state") == "dormant")
    return asleep.group_by("uscc").agg(pl.col("occupation_code").sort().str.join("、").alias("dormant"))
