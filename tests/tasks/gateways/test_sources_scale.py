"""A nation's cycle is read in seconds: no work is done row by row where a column will do."""

import time
from pathlib import Path

import polars as pl
import pytest

from tasks.gateways.sources import pull_folder

APPLICATIONS, STAFF, MATERIALS = 32_000, 31, 20


@pytest.mark.slow
def test_a_million_people_are_read_in_seconds(tmp_path: Path) -> None:
    numbers = pl.DataFrame({"place": range(APPLICATIONS)}).select(pl.format("HS{}", "place").alias("application_no"))
    numbers.with_columns(pl.lit("2026年9月").alias("cycle")).write_csv(tmp_path / "applications.csv")
    staff = numbers.select(pl.all().repeat_by(STAFF).explode()).with_row_index("id_number")
    staff = staff.with_columns(pl.lit("考评人员").alias("role"), pl.lit("张　三").alias("name"))
    staff.write_csv(tmp_path / "staff.csv", quote_style="always")
    materials = numbers.select(pl.all().repeat_by(MATERIALS).explode())
    materials.with_columns(pl.lit("题库").alias("material")).write_parquet(tmp_path / "materials.parquet")
    started = time.process_time()
    pull = pull_folder(tmp_path)
    assert time.process_time() - started < 60
    assert [len(pull.tables[name]) for name in ("applications", "staff", "materials")] == [
        *(APPLICATIONS, APPLICATIONS * STAFF, APPLICATIONS * MATERIALS)
    ]
    assert pull.tables["staff"]["row"].max() == STAFF
    assert pull.tables["applications"]["content_hash"].nunique() == APPLICATIONS
