"""Rules on the people an institution names."""

import polars as pl

from expectations import identifiers
from expectations.submissions import Submissions, applicants, typed
from expectations.verdict import Breach, absent, breached, masked, unread_cells
from schemas.submission import ROLES


def _person() -> pl.Expr:
    """The identity number as a person is told apart by it: x and X are the same check character."""
    return pl.col("id_number").str.to_uppercase()


def _repeated(submissions: Submissions) -> pl.DataFrame:
    """Staff rows whose person stands in some other row too, in the order of their numbers, with their `place`."""
    rows = submissions.table("staff").select("application_no", "row", "role!", "id_type!", "id_number")
    # few people are named twice: a hash finds them among a million, whom the rules then compare in full
    twice = _person().hash().is_duplicated() & pl.col("id_number").is_not_null() & pl.col("role!").is_not_null()
    repeated = rows.with_row_index("place").filter(twice)
    return repeated.with_columns(_person().alias("person")).sort("row", "place")


def _rows(submissions: Submissions) -> pl.DataFrame:
    """Staff rows with `sound_number`, `listed_before` (same role) and `examines` (also an examiner)."""
    rows = submissions.table("staff").with_row_index("place")
    repeated = submissions.once(_repeated)
    identified = repeated.filter(pl.col("id_type!").is_not_null())
    again = identified.filter(~pl.struct("application_no", "role!", "id_type!", "person").is_first_distinct())
    examiners = repeated.filter(pl.col("role!") == "examiner")
    both = repeated.filter(pl.col("role!") == "supervisor").join(examiners, on=["application_no", "person"], how="semi")
    return rows.with_columns(
        identifiers.are_resident_ids(rows.get_column("id_number")).alias("sound_number"),
        pl.col("place").is_in(again.get_column("place").implode()).alias("listed_before"),
        pl.col("place").is_in(both.get_column("place").implode()).alias("examines"),
    )


def _too_few(submissions: Submissions) -> pl.DataFrame:
    """STAFF-1: roles with fewer distinct people than the policy requires; rows without a number count each."""
    required = submissions.scene.policy.staff
    needed = pl.DataFrame({"field": list(required), "needed": list(required.values())})
    roles = submissions.once(applicants).select("application_no").join(needed, how="cross")
    key = ["application_no", "field"]
    people = roles.join(_counted(submissions), on=key, how="left").with_columns(pl.col("found").fill_null(0))
    few = people.filter(pl.col("found") < pl.col("needed")).with_columns(pl.col("found").cast(pl.String).alias("value"))
    title = pl.col("field").replace_strict(ROLES, default="")
    return absent("STAFF-1", "staff", few, pl.format("{}须不少于{}人，现有{}人", title, "needed", "found"))


def _counted(submissions: Submissions) -> pl.DataFrame:
    """Distinct people by application and role: application_no, field (the role), found."""
    key = ["application_no", "role!"]
    rows = submissions.table("staff").group_by(key).agg(pl.len().cast(pl.Int64).alias("rows"))
    again = pl.len() - pl.col("person").n_unique()
    twice = submissions.once(_repeated).group_by(key).agg(again.cast(pl.Int64).alias("twice"))
    counts = rows.join(twice, on=key, how="left").with_columns(pl.col("rows") - pl.col("twice").fill_null(0))
    return counts.select(
        "application_no", pl.col("role!").cast(pl.String).alias("field"), pl.col("rows").alias("found")
    )


def _people(submissions: Submissions) -> list[Breach]:
    number = pl.col("id_number")
    unsound = (typed("id_type") == "resident_id") & ~pl.col("sound_number")
    role = typed("role").cast(pl.String).replace_strict(ROLES, default="")
    hidden = masked(number)
    return [
        Breach("STAFF-2", "id_number", unsound, "请按身份证核对18位号码", hidden),
        Breach(
            "STAFF-3", "id_number", pl.col("listed_before"), pl.format("此人已列入{}，请删除重复的行", role), hidden
        ),
        Breach("STAFF-4", "id_number", pl.col("examines"), "请核定是否符合回避要求", hidden),
    ]


def verdicts(submissions: Submissions) -> list[pl.DataFrame]:
    """The verdicts on the staff table."""
    breaches = [*unread_cells(submissions, "staff"), *_people(submissions)]
    return [*breached("staff", _rows(submissions), breaches, submissions.raw("staff")), _too_few(submissions)]
