"""Who has what on file on the cycle's deadline, and what of it is dormant; what follows from that is the rules'."""

import polars as pl

from expectations.levels import Levels
from expectations.scene import ON_FILE, texts
from expectations.submissions import Submissions
from schemas.law.places import unit
from schemas.law.standing import states


def register(submissions: Submissions) -> pl.DataFrame:
    """What is on file (columns of `scene.ON_FILE`), the work type as `work` and the code as `present_code`."""
    rows = texts(submissions.scene.on_file, ON_FILE)
    return rows.rename({"occupation_code": "present_code", "work_type": "work"})


def on_file(submissions: Submissions) -> pl.DataFrame:
    """One row an institution, occupation and work type: uscc, present_code, work, filed_levels (mask)."""
    bit = Levels.of(submissions.scene.policy).bit(pl.col("level")).fill_null(0)
    rows = submissions.once(register)
    return rows.group_by("uscc", "present_code", "work").agg(bit.bitwise_or().alias("filed_levels"))


def place(submissions: Submissions) -> list[str]:
    """The columns that tell one place from another under the cap (policy: cap.unit)."""
    names = {"occupation_code": "present_code", "work_type": "work"}
    return [names[name] for name in unit(submissions.scene.policy)]


def places(submissions: Submissions) -> pl.DataFrame:
    """The places an institution has on file: uscc, the columns of `place`, held (true)."""
    rows = submissions.once(register)
    return rows.select("uscc", *place(submissions)).unique().with_columns(pl.lit(True).alias("held"))


def qualified(submissions: Submissions) -> pl.DataFrame:
    """One row an institution: uscc, valid_until (latest) and first_end (earliest), ISO text."""
    rows = submissions.once(register)
    return rows.group_by("uscc").agg(pl.col("valid_until").max(), pl.col("valid_until").min().alias("first_end"))


def holders(submissions: Submissions) -> pl.DataFrame:
    """One row a place: holders (institutions of the types the policy counts; Notice, article 1(3))."""
    counted = submissions.scene.policy.cap.saturation_counts
    rows = submissions.once(register).filter(pl.col("institution_type").is_in(counted))
    return rows.group_by(place(submissions)).agg(pl.col("uscc").n_unique().alias("holders"))


def asleep(submissions: Submissions) -> pl.DataFrame:
    """What is dormant on the deadline: uscc, present_code, work, dormant (true)."""
    scene = submissions.scene
    if scene.on_file.empty:
        return pl.DataFrame(
            schema={"uscc": pl.String(), "present_code": pl.String(), "work": pl.String(), "dormant": pl.Boolean()}
        )
    marks = pl.from_pandas(states(scene.on_file, scene.activities, scene.policy, scene.deadline))
    dormant = marks.filter(pl.col("state") == "dormant")
    return dormant.select(
        "uscc",
        pl.col("occupation_code").alias("present_code"),
        pl.col("work_type").alias("work"),
        pl.lit(True).alias("dormant"),
    )


def sleepers(submissions: Submissions) -> pl.DataFrame:
    """Institutions with something dormant on the deadline: uscc, sleeping (in words; Notice, article 3(1))."""
    title = pl.when(pl.col("work") == "").then("present_code").otherwise(pl.format("{}（{}）", "present_code", "work"))
    rows = submissions.once(asleep).select("uscc", title.alias("sleeping"))
    return rows.group_by("uscc").agg(pl.col("sleeping").sort().str.join("、"))
