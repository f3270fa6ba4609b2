"""Made cycles as files: read back they say what the frames say, and the same bytes come out every time."""

import hashlib
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from zipfile import ZipFile

import openpyxl
import pandas as pd
import polars as pl
import pytest

from deployments import sample as samples
from deployments.sample import SampleCycle, make_cycle
from schemas.law.cycle import CycleId
from schemas.policy import shipped
from schemas.submission import BOOLEANS, FORM_TABLES, TABLES, Table
from tasks.gateways.sources.cells.reader import read_table
from tasks.gateways.sources.contents import Pull
from tasks.gateways.sources.folder import pull_folder

BULK: dict[str, Callable[..., None]] = {"csv": samples.write_csv, "json": samples.write_json}


@pytest.fixture(scope="module")
def sample() -> SampleCycle:
    return make_cycle(CycleId("2026-09"), 1, 30)


@pytest.fixture(scope="module")
def inbox(sample: SampleCycle, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("inbox")
    samples.write_inbox(sample, folder, folder)
    samples.write_decisions(sample, folder)
    return folder


@pytest.fixture(scope="module")
def pulled(inbox: Path) -> Pull:
    return pull_folder(inbox)


def digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def in_order(frame: pd.DataFrame) -> pd.DataFrame:
    """Applications in the order of their numbers; rows within one stay as they are."""
    key = "application_no"
    return frame.sort_values(key, kind="stable").reset_index(drop=True) if key in frame else frame


def test_the_same_bytes_every_time(sample: SampleCycle, inbox: Path, tmp_path: Path) -> None:
    samples.write_inbox(make_cycle(CycleId("2026-09"), 1, 30), tmp_path, tmp_path)
    samples.write_decisions(sample, tmp_path)
    assert digests(tmp_path) == digests(inbox)


def test_workbooks_read_back_as_the_frames(sample: SampleCycle, pulled: Pull) -> None:
    for name in (*(table.name for table in FORM_TABLES), "activities", "register", "decisions"):
        read, made = in_order(pulled.tables[name][TABLES[name].names]), in_order(sample.tables[name])
        for column in TABLES[name].columns:
            if column.kind not in ("level", "levels") or name in ("activities", "register"):
                pd.testing.assert_series_equal(read[column.name], made[column.name])
    assert "results" not in pulled.supplied


def test_levels_are_written_in_all_fashions_and_mean_the_same(sample: SampleCycle, pulled: Pull) -> None:
    rows = in_order(pulled.tables["occupations"])
    made = in_order(sample.tables["occupations"])
    levels = Table("occupations", "", (TABLES["occupations"].column("levels"),))
    meant = read_table(pl.DataFrame({"levels": pl.Series(made["levels"].to_list(), dtype=pl.String)}), levels)
    assert rows["levels"].fillna("").to_list() == meant["levels"].fill_null("").to_list()
    text = "|".join([*rows["levels"].dropna(), *rows["written"].dropna()])
    assert all(fashion in text for fashion in ("5,4", "五级、四级", "-3级", "初级工/中级工"))


def test_one_workbook_cannot_be_read_and_one_says_more(sample: SampleCycle, inbox: Path, pulled: Pull) -> None:
    (broken,) = pulled.quarantined
    assert broken.file.removesuffix(".xlsx") not in set(sample.tables["applications"]["institution_name"])
    (unknown,) = pulled.unknown_columns
    assert (unknown.table, unknown.column) == ("occupations", "是否紧缺工种")
    workbooks = {path.stem for path in inbox.glob("*.xlsx")} - {broken.file.removesuffix(".xlsx")}
    assert workbooks == set(sample.tables["applications"]["institution_name"])


def test_attachments_are_real_files_of_the_stated_content(sample: SampleCycle, inbox: Path, pulled: Pull) -> None:
    materials = pulled.tables["materials"]
    attached = materials[materials["attachment_sha256"].notna()]
    assert len(attached) == len(sample.attachments) > 0
    assert (attached["attachment_sha256"] == attached["sha256"]).all()
    for name in sample.attachments:
        with ZipFile(inbox / "attachments" / name) as document:
            assert document.testzip() is None
            assert "word/document.xml" in document.namelist()


def test_workbooks_look_as_people_hand_them_in(inbox: Path) -> None:
    book = openpyxl.load_workbook(sorted(inbox.glob("黄石*.xlsx"))[0])
    assert book.sheetnames == [table.title for table in FORM_TABLES]
    form = book["基本信息"]
    cells = dict(zip((str(cell.value) for cell in form[2]), form[3], strict=True))
    assert isinstance(cells["提交时间"].value, datetime)
    assert cells["统一社会信用代码"].number_format == "@"
    assert str(cells["机构类型"].value) in shipped()[-1].institution_types.values()
    assert str(cells["依法参保"].value) in BOOLEANS.values()
    assert form.freeze_panes == "A3"


def test_bulk_tables_have_a_byte_order_mark_and_chinese_headers(inbox: Path) -> None:
    for name in ("activities", "register", "decisions"):
        assert (inbox / f"{name}.csv").read_bytes().startswith(b"\xef\xbb\xbf")
        head = (inbox / f"{name}.csv").read_text("utf-8-sig").splitlines()[0]
        assert head == ",".join(TABLES[name].titles().values())


@pytest.mark.parametrize("form", sorted(BULK))
def test_bulk_formats_read_back_as_the_frames(sample: SampleCycle, form: str, tmp_path: Path) -> None:
    BULK[form](sample, tmp_path)
    pull = pull_folder(tmp_path)
    assert pull.quarantined == []
    assert pull.unknown_columns == []
    assert pull.supplied == set(sample.tables) - {"results"}
    for name in pull.supplied:
        read = in_order(pull.tables[name][TABLES[name].names])
        pd.testing.assert_frame_equal(read, in_order(sample.tables[name]), check_dtype=False)


def test_corrections_replace_the_workbooks_of_those_that_mend(sample: SampleCycle, tmp_path: Path) -> None:
    samples.write_inbox(sample, tmp_path, tmp_path)
    before = digests(tmp_path)
    samples.write_corrections(sample, tmp_path)
    after = digests(tmp_path)
    mended = {f"{name}.xlsx" for name in sample.corrected["applications"]["institution_name"]}
    assert {name for name in after if after[name] != before.get(name)} == mended
    assert set(after) == set(before)
    pull = pull_folder(tmp_path)
    moments = pull.tables["applications"].set_index("application_no")["submitted_at"]
    for number, moment in sample.corrected["applications"][["application_no", "submitted_at"]].itertuples(index=False):
        assert moments[number] == moment


def test_results_are_canonical(sample: SampleCycle, tmp_path: Path) -> None:
    samples.write_results(sample, tmp_path)
    read = pd.read_csv(tmp_path / "results.csv", dtype="str")
    pd.testing.assert_frame_equal(read, sample.tables["results"])
