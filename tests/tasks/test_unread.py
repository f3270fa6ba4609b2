"""Folders that stay as they are: only new and changed files are read, counted in files and never in seconds."""

import os
import shutil
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import delete, select, update

from flows.stages import intake
from schemas import tables
from schemas.settings import settings, using
from tasks.desk import unread
from tasks.gateways.sources.formats import plain_files
from tasks.store import database
from tasks.store.readings import Look, Reading, untouched
from tests.registers import ONE

CYCLE, DAY = "2026-09", date(2026, 9, 1)
FORM = "申报编号,统一社会信用代码,机构名称,提交时间\n"
MATERIALS = "申报编号,材料类型,文件名\n"

Looking = Callable[[], tuple[dict[str, int], list[str]]]


@pytest.fixture
def given(home: Path, tmp_path: Path) -> Iterator[Path]:
    """A folder given to runs, with two submissions; its files are as good as written long ago."""
    folder = tmp_path / "given"
    lay(folder / "甲" / "applications.csv", form("HS1"))
    lay(folder / "甲" / "materials.csv", f"{MATERIALS}HS1,设施设备清单,清单.pdf\n")
    lay(folder / "乙" / "applications.csv", form("HS2"))
    with using(settings().model_copy(update={"quiet_seconds": -60.0})):
        yield folder


@pytest.fixture
def look(given: Path, monkeypatch: pytest.MonkeyPatch) -> Looking:
    """One look at the folder: what was done, and which files were read."""
    content, read = plain_files.content, list[str]()

    def counted(root: Path, name: str, path: Path) -> bytes:
        read.append(name)
        return content(root, name, path)

    monkeypatch.setattr(plain_files, "content", counted)

    def once() -> tuple[dict[str, int], list[str]]:
        read.clear()
        return intake.fn(CYCLE, DAY, inbox=str(given)).done, sorted(read)

    return once


def lay(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def form(number: str, name: str = "甲公司", moment: str = "2026-08-20 09:00") -> str:
    return f"{FORM}{number},{ONE},{name},{moment}\n"


OF_ONE = ["甲/applications.csv", "甲/materials.csv"]
ALL = ["乙/applications.csv", *OF_ONE]


def test_what_is_on_record_and_has_not_changed_is_not_read_again(look: Looking) -> None:
    assert look() == ({"new": 2}, ALL)
    assert look() == ({}, [])


def test_only_the_files_of_an_application_of_which_one_changed_are_read(look: Looking, given: Path) -> None:
    look()
    lay(given / "甲" / "applications.csv", form("HS1", moment="2026-08-21 09:00"))
    assert look() == ({"corrected": 1}, OF_ONE)
    lay(given / "丙" / "applications.csv", form("HS3"))
    assert look() == ({"new": 1}, ["丙/applications.csv"])
    assert look() == ({}, [])


def test_a_file_swapped_under_its_size_and_time_is_read(look: Looking, given: Path) -> None:
    look()
    file = given / "乙" / "applications.csv"
    status = file.stat()
    file.write_text(form("HS2", moment="2026-08-22 09:00"), "utf-8")
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert (file.stat().st_size, file.stat().st_mtime_ns) == (status.st_size, status.st_mtime_ns)
    assert look() == ({"corrected": 1}, ["乙/applications.csv"])


def test_a_copy_of_the_same_bytes_is_not_read(look: Looking, given: Path, tmp_path: Path) -> None:
    """As a restored folder has, or the next copy of a source far away."""
    look()
    shutil.copytree(given, tmp_path / "spare")
    shutil.rmtree(given)
    shutil.copytree(tmp_path / "spare", given)
    assert look() == ({}, [])


def test_a_file_that_was_changed_just_now_is_read_again(look: Looking) -> None:
    with using(settings().model_copy(update={"quiet_seconds": 60.0})):
        look()
    assert look() == ({}, ALL)
    assert look() == ({}, [])


def test_after_the_clock_was_set_no_time_is_believed(look: Looking, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unread, "_CLOCKS_AGREE", -1.0)
    look()
    assert look() == ({}, ALL)


def test_an_attachment_that_comes_later_is_read_with_its_submission(look: Looking, given: Path) -> None:
    look()
    lay(given / "甲" / "清单.pdf", "%PDF 1")
    done, read = look()
    assert done == {"corrected": 1}
    assert set(OF_ONE) <= set(read)
    assert "乙/applications.csv" not in read
    assert look() == ({}, [])
    lay(given / "甲" / "清单.pdf", "%PDF 2")
    assert look()[0] == {"corrected": 1}


def test_whatever_else_reading_depends_on_has_all_read_again(look: Looking, tmp_path: Path) -> None:
    look()
    (tmp_path / "reference").mkdir()
    lay(tmp_path / "reference" / "later.csv", "")
    with using(settings().model_copy(update={"source_tables": "activities"})):
        assert look() == ({}, ALL)
    assert look() == ({}, ALL)


def test_what_is_no_longer_on_record_is_read_again(look: Looking) -> None:
    look()
    with database.begin() as db:
        kept = tables.reading.c.file == "乙/applications.csv"
        contents = str(db.execute(select(tables.reading.c.contents).where(kept)).scalar())
        db.execute(update(tables.reading).where(kept).values(contents=contents.replace('", "', '", "0')))
    assert look() == ({}, ["乙/applications.csv"])
    with database.begin() as db:
        db.execute(delete(tables.reading))
    assert look() == ({}, ALL)


def test_a_file_that_could_not_be_taken_is_read_each_time(look: Looking, given: Path) -> None:
    look()
    lay(given / "丁" / "applications.csv", "甲乙丙\n")
    assert look()[1] == ["丁/applications.csv"]
    assert look()[1] == ["丁/applications.csv"]


LOOK = Look(10, 100, 200, 7)


def reading(file: str, *numbers: str, settled: bool = True) -> Reading:
    return Reading(file, LOOK, "abc", 1_000, settled, tuple((number, "0") for number in numbers))


@pytest.mark.parametrize(
    ("now", "seen", "sha256", "expected", "asked"),
    [
        (2_000, LOOK, "other", True, 0),
        (999, LOOK, "other", False, 1),  # the clock was set back: its times say nothing
        (999, LOOK, "abc", True, 1),
        (2_000, Look(10, 100, 200, 8), "abc", True, 1),
        (2_000, Look(10, 100, 201, 7), "other", False, 1),
        (2_000, Look(11, 100, 200, 7), "abc", False, 0),
    ],
)
def test_times_are_believed_only_while_they_can_be(
    now: int, seen: Look, sha256: str, expected: bool, asked: int
) -> None:
    questions: list[None] = []

    def digest() -> str:
        questions.append(None)
        return sha256

    assert reading("a", "1").is_same(seen, now, digest) == expected
    assert len(questions) == asked


def test_files_are_read_with_all_that_speak_of_the_same_applications() -> None:
    known = [reading("a", "1"), reading("b", "1", "2"), reading("c", "2", "3"), reading("d", "4"), reading("e", "5")]
    looks = {entry.file: LOOK for entry in known}
    assert untouched(known, looks, (), lambda _: True) == set("abcde")
    assert untouched(known, looks, (), lambda entry: entry.file != "a") == {"d", "e"}
    assert untouched(known, looks, ("4",), lambda _: True) == set("abce")
    assert untouched(known, dict.fromkeys("bcde", LOOK), (), lambda _: True) == {"d", "e"}
    unsettled = [*known, reading("f", "5", settled=False)]
    assert untouched(unsettled, {**looks, "f": LOOK}, (), lambda _: True) == set("abcd")
