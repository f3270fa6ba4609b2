"""A home that is lost comes back whole from its backup, on either database."""

import hashlib
import os
import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from deployments import examination, safekeeping, schema
from schemas.settings import Settings, settings, using
from tasks.store import database
from tasks.store.database import begin, reading
from tests import factories

Content = dict[str, str]


@pytest.fixture
def filled(installation: Path) -> Iterator[Path]:
    """An installation with a run in its database and files in its home, `latest` among them."""
    with begin() as db:
        db.execute(
            text("INSERT INTO supplied (name, first_on) VALUES (:name, :day)"),
            {"name": "活动\t\n\\", "day": "2026-09-11"},
        )
    (installation / "published" / "2026-09.1").mkdir(parents=True)
    (installation / "published" / "2026-09.1" / "directory.csv").write_text("目录", "utf-8")
    (installation / "published" / "latest").symlink_to("2026-09.1")
    (installation / "inbox" / "空").mkdir(parents=True)
    (installation / "logs").mkdir()
    (installation / "logs" / "server.log").write_text("passing", "utf-8")
    yield installation


def content(home: Path) -> Content:
    files = (path for path in sorted(home.rglob("*")) if path.is_file() and ".db" not in path.name)
    return {str(path.relative_to(home)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def supplied() -> list[tuple[object, ...]]:
    with reading() as db:
        return [tuple(row) for row in db.execute(text("SELECT * FROM supplied"))]


def lose(home: Path) -> None:
    database.close_engines()
    if not settings().database.startswith("sqlite"):
        with database.engine(settings().database).begin() as connection:
            connection.execute(text("DROP SCHEMA public CASCADE"))
            connection.execute(text("CREATE SCHEMA public"))
    database.close_engines()
    shutil.rmtree(home)


def test_a_lost_home_comes_back(filled: Path, tmp_path: Path) -> None:
    archive = tmp_path / "kept.tar.gz"
    safekeeping.backup(archive)
    before, rows = content(filled), supplied()
    assert archive.stat().st_mode & 0o077 == 0, "it holds personal data"
    lose(filled)
    safekeeping.restore(archive)
    assert supplied() == rows
    assert content(filled) == {name: digest for name, digest in before.items() if not name.startswith("logs")}
    assert (filled / "published" / "latest").readlink() == Path("2026-09.1")
    assert (filled / "inbox" / "空").is_dir()
    present, newest = schema.revisions()
    assert present == newest
    if settings().database.startswith("sqlite"):
        assert (filled / "filing.db").stat().st_mode & 0o077 == 0


def test_copies_of_a_source_far_away_are_left_out(filled: Path, tmp_path: Path) -> None:
    copy = filled / "sources" / "sftp-1" / "000001" / "files" / "attachments"
    copy.mkdir(parents=True)
    (copy / "no-database.db").write_bytes(b"an applicant may call a file so")
    safekeeping.backup(tmp_path / "kept.tar.gz")
    with tarfile.open(tmp_path / "kept.tar.gz") as archive:
        assert not [name for name in archive.getnames() if "sources" in name or "no-database" in name]


def test_whatever_lies_in_the_inbox_a_backup_is_made_and_restored(filled: Path, tmp_path: Path) -> None:
    inbox = filled / "inbox"
    (inbox / "Thumbs.db").write_bytes(b"of Windows, no database")
    (inbox / "目录.xlsx.part").write_bytes(b"an upload")
    (inbox / "out.xlsx").symlink_to("/etc/hostname")
    (inbox / "loop.xlsx").symlink_to("loop.xlsx")
    (inbox / "nowhere.db").symlink_to("gone.db")
    for name in ("pipe.xlsx", "pipe.db"):
        os.mkfifo(inbox / name)
    record = safekeeping.backup(tmp_path / "kept.tar.gz")
    link = "a link that leads out or nowhere"
    reasons = {"loop.xlsx": link, "nowhere.db": link, "out.xlsx": link, "pipe.db": "no file", "pipe.xlsx": "no file"}
    assert record.left_out == [f"inbox/{name} ({why})" for name, why in sorted(reasons.items())]
    lose(filled)
    assert safekeeping.restore(tmp_path / "kept.tar.gz").left_out == record.left_out
    assert sorted(path.name for path in inbox.iterdir()) == ["Thumbs.db", "目录.xlsx.part", "空"]


def test_an_archive_with_more_than_files_is_restored_without_it(filled: Path, tmp_path: Path) -> None:
    safekeeping.backup(tmp_path / "kept.tar.gz")
    with tarfile.open(tmp_path / "kept.tar.gz") as kept, tarfile.open(tmp_path / "former.tar.gz", "w:gz") as former:
        for member in kept:
            former.addfile(member, kept.extractfile(member) if member.isreg() else None)
        outside = tarfile.TarInfo("home/inbox/out.xlsx")
        outside.type, outside.linkname = tarfile.SYMTYPE, "/etc/hostname"
        former.addfile(outside)
    lose(filled)
    safekeeping.restore(tmp_path / "former.tar.gz")
    assert sorted(path.name for path in (filled / "inbox").iterdir()) == ["空"]


def test_a_backup_inside_the_home_does_not_hold_itself(filled: Path) -> None:
    first, second = filled / "kept.tar.gz", filled / "again.tar.gz"
    safekeeping.backup(first)
    size = first.stat().st_size
    first.unlink()
    safekeeping.backup(second)
    assert abs(second.stat().st_size - size) < size / 10


def test_restore_touches_no_home_that_holds_something(filled: Path, tmp_path: Path) -> None:
    archive = tmp_path / "kept.tar.gz"
    safekeeping.backup(archive)
    before = content(filled)
    with pytest.raises(safekeeping.NotRestorableError, match="not empty"):
        safekeeping.restore(archive)
    assert content(filled) == before


def flipped(data: bytes, place: int) -> bytes:
    return data[:place] + bytes([data[place] ^ 0x55]) + data[place + 1 :]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data[: len(data) // 2],
        lambda _: b"no archive",
        lambda data: flipped(data, len(data) // 3),
        lambda data: flipped(data, len(data) - 60),
        lambda data: flipped(data, len(data) - 6),
    ],
)
def test_a_spoilt_archive_leaves_nothing_behind(filled: Path, tmp_path: Path, spoil: object) -> None:
    archive = tmp_path / "kept.tar.gz"
    safekeeping.backup(archive)
    archive.write_bytes(spoil(archive.read_bytes()))
    other = tmp_path / "other" / "home"
    with (
        using(Settings(home=other, database_url=settings().database_url)),
        pytest.raises(safekeeping.NotRestorableError, match="no whole backup"),
    ):
        safekeeping.restore(archive)
    assert not other.exists()
    assert list(other.parent.iterdir()) == []


def test_an_archive_of_something_else_is_no_backup(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "other.tar.gz", "w:gz") as tar:
        tar.add(__file__, "test.py")
    with (
        using(Settings(home=tmp_path / "home")),
        pytest.raises(safekeeping.NotRestorableError, match="no backup: give an archive that `filing backup` wrote"),
    ):
        safekeeping.restore(tmp_path / "other.tar.gz")
    assert [path.name for path in tmp_path.iterdir()] == ["other.tar.gz"]


def test_a_server_that_holds_rows_is_not_filled(filled: Path, tmp_path: Path) -> None:
    if settings().database.startswith("sqlite"):
        pytest.skip("an embedded database lies in the home")
    archive = tmp_path / "kept.tar.gz"
    safekeeping.backup(archive)
    rows = supplied()
    shutil.rmtree(filled)
    with pytest.raises(database.DatabaseNotReadyError, match="empty database"):
        safekeeping.restore(archive)
    assert supplied() == rows
    assert not filled.exists()


def test_a_backup_of_another_kind_of_database_says_so(home: Path, tmp_path: Path) -> None:
    archive = tmp_path / "kept.tar.gz"
    safekeeping.backup(archive)
    server = Settings(home=tmp_path / "other", database_url="postgresql://nobody@127.0.0.1:1/none")
    with using(server), pytest.raises(safekeeping.NotRestorableError, match="sqlite"):
        safekeeping.restore(archive)


@pytest.mark.slow
def test_a_cycle_goes_on_in_a_home_that_was_lost_as_if_nothing_had_been(installation: Path, tmp_path: Path) -> None:
    from flows.filing_cycle import filing_cycle

    story = factories.make_story(institutions=20, seed=3)
    for number in (1, 2):
        filing_cycle.fn(story.cycle, story.act(number, installation / "inbox"))
    archive = tmp_path / "kept.tar.gz"
    safekeeping.backup(archive)
    ended = []
    for lost in (False, True):
        if lost:
            lose(installation)
            safekeeping.restore(archive)
        assert filing_cycle.fn(story.cycle, story.act(3, installation / "inbox")).outcome == "done"
        ended.append((factories.output(installation), factories.tables(story.cycle)))
        assert [observation.sentence for observation in examination.examine() if not observation.is_in_order] == []
    assert ended[0] == ended[1]


@pytest.mark.parametrize("with_key", [False, True])
def test_the_key_that_signs_editions_is_kept_only_where_asked_for(filled: Path, tmp_path: Path, with_key: bool) -> None:
    from datetime import date

    from tasks.gateways.shelf import keys

    keys.new(filled, date(2026, 9, 11))
    record = safekeeping.backup(tmp_path / "kept.tar.gz", with_key=with_key)
    with tarfile.open(tmp_path / "kept.tar.gz") as archive:
        names = archive.getnames()
    assert "home/keys/keys.json" in names
    assert ("home/keys/signing.pem" in names) == with_key
    assert any("keys/signing.pem" in line for line in record.left_out) != with_key
