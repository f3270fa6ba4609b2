"""A machine that fails is told of at once and in one sentence."""

import errno
import os
import shutil
from pathlib import Path

import pytest

from deployments import soundness
from schemas.settings import settings
from tasks.store import database
from tests.commands import Filing


def sentence(filing: Filing, *words: str) -> str:
    ended = filing(*words)
    assert ended.code == 3, ended.err
    (line,) = ended.err.splitlines()
    return line


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (errno.ENOSPC, "the disk of {home} is full: make room"),
        (errno.EROFS, "{home} cannot be written: mount it to be written"),
        (errno.EACCES, "{home} cannot be written"),
    ],
)
def test_a_disk_that_refuses(
    filing: Filing, home: Path, monkeypatch: pytest.MonkeyPatch, code: int, message: str
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "posix_fallocate", refuse)
    for words in (("run", "2026-09"), ("migrate",)):
        assert message.format(home=home) in sentence(filing, *words)
    assert f"PROBLEM home: {message.format(home=home)}" in filing("doctor").out
    assert not (home / ".room").exists()


def test_a_database_that_is_damaged(filing: Filing, home: Path) -> None:
    database.engine(settings().database).dispose()
    (home / "filing.db").write_bytes(b"SQLite format 3\0" + b"damaged " * 4096)
    for extra in ("filing.db-wal", "filing.db-shm"):
        (home / extra).unlink(missing_ok=True)
    assert "the database is damaged" in sentence(filing, "status")
    doctor = filing("doctor")
    assert doctor.code == 1
    assert "PROBLEM database: could not be looked at: the database is damaged" in doctor.out
    assert "ok      versions" in doctor.out, "the rest is looked at all the same"


def test_a_lost_database_beside_a_full_shelf(filing: Filing, home: Path) -> None:
    database.engine(settings().database).dispose()
    for path in home.glob("filing.db*"):
        path.unlink()
    (home / "published" / "2026-09.1").mkdir(parents=True)
    for words in (("run", "2026-09"), ("migrate",)):
        assert "a database was lost; restore the last backup" in sentence(filing, *words)
    shutil.rmtree(home / "published")
    (home / "outbox" / "letters" / "correction").mkdir(parents=True)
    assert "holds letters: a database was lost" in sentence(filing, "run", "2026-09")


def test_a_database_of_a_newer_release(filing: Filing) -> None:
    with database.begin() as db:
        db.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    assert "the database is of a newer release (schema 9999" in sentence(filing, "status")


def test_an_inbox_that_is_none(filing: Filing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in ("/usr/share", "/", "/etc"):
        assert "is a folder of the machine itself" in sentence(filing, "run", "2026-09", "--inbox", folder)
    monkeypatch.setattr(soundness, "MOST_FILES", 3)
    many = tmp_path / "many"
    many.mkdir()
    for number in range(4):
        (many / str(number)).touch()
    assert "holds more than 3 files" in sentence(filing, "run", "2026-09", "--inbox", str(many))


def test_a_misspelt_setting_is_told(filing: Filing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FILING_RESULT_TOKEN", "required")
    message = "FILING_RESULT_TOKEN is no setting and does nothing: is FILING_RESULT_TOKENS meant?"
    assert filing("status").err.splitlines() == [f"filing: {message}"]
    assert f"PROBLEM settings: {message}" in filing("doctor").out.splitlines()


_ACCESS = "item,group,qualification,code_2022,occupation_2022,coverage,in_force_from\n1,x,x,6-31-01-01,x,whole,{day}\n"


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("", "", "which is no folder: give the folder of reference lists"),
        ("access_qualifications_2027.csv", _ACCESS.format(day=""), "in_force_from is missing: say from which day"),
        ("access_qualifications_2027.csv", _ACCESS.format(day="2027/1/1"), "in_force_from is '2027/1/1', write a day"),
        ("occupations.csv", "code,name\n6-18-01-01,车工\n", "published_on is missing: say from which day"),
        ("new_occupations_2027.csv", "batch,name\n1,甲\n", "the column document is missing"),
        ("new_occupations_2027.csv", "\udcff", "cannot be read"),
        ("occupation_changes.csv", None, "cannot be read"),
        ("occupatoins_2027.csv", "code,name\n", "is not known: its name begins with"),
    ],
)
def test_a_list_of_the_reference_folder_that_cannot_be_used(
    filing: Filing, home: Path, name: str, text: str | None, message: str
) -> None:
    folder = home / "lists"
    if name:
        folder.mkdir()
        place = folder / name
        place.mkdir() if text is None else place.write_bytes(text.encode("utf-8", "surrogateescape"))
    stated = settings().model_copy(update={"reference": folder})
    doctor = filing("doctor", stated=stated)
    assert doctor.code == 1
    (problem,) = [line for line in doctor.out.splitlines() if line.startswith("PROBLEM")]
    assert problem.startswith("PROBLEM reference: ") and message in problem


def test_the_lists_of_the_reference_folder_are_named(filing: Filing, home: Path) -> None:
    folder = home / "lists"
    folder.mkdir()
    (folder / "access_qualifications_2027.csv").write_text(_ACCESS.format(day="2027-01-01"), "utf-8")
    doctor = filing("doctor", stated=settings().model_copy(update={"reference": folder}))
    assert "access-type lists from 2027-01-01; 0 later occupations; 0 changed codes" in doctor.out
