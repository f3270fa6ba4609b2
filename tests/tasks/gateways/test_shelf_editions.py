"""Editions on the shelf: whole or not at all, in place in one step, the same bytes for the same content."""

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from schemas.directory import DIRECTORY_COLUMNS
from schemas.directory_changes import in_order
from tasks.gateways.disk import files
from tasks.gateways.shelf import ShelfError, build, place, point_latest, read_rows
from tests.editions import AS_OF, edition, ordinary

FILES = [
    "changes.csv",
    "datapackage.json",
    "directory.csv",
    "directory.json",
    "directory.xlsx",
    "feed.xml",
    "index.html",
    "life.json",
    "manifest.json",
]

#: Builds an edition and dies of SIGKILL where the argument says; everything before has really happened.
KILLED = """
import os, signal, sys
from pathlib import Path
from tasks.gateways.disk import files
from tasks.gateways.shelf import build, place, point_latest
from tests.editions import edition, ordinary

published, moment = Path(sys.argv[1]), sys.argv[2]
die = lambda: os.kill(os.getpid(), signal.SIGKILL)
write, written = files.write, []

def write_until(path, content):
    if moment == "half a file" and len(written) == 3:
        path.write_bytes(content[: len(content) // 2])
        die()
    write(path, content)
    written.append(path)

files.write = write_until
content = edition(ordinary().iloc[:3], name="2026-09.2", previous=sys.argv[3])
built = build(published, content)
if moment == "built":
    die()
place(published, built, content.name)
if moment == "placed":
    die()
point_latest(published, content.name)
"""


def publish(published: Path, name: str = "2026-09.1", previous: str | None = None) -> str:
    built = build(published, edition(ordinary(), name=name, previous=previous))
    digest = place(published, built, name)
    point_latest(published, name)
    return digest


def seen(published: Path) -> list[str]:
    return sorted(path.name for path in published.iterdir())


def test_an_edition_has_exactly_its_files_and_latest_points_at_it(tmp_path: Path) -> None:
    digest = publish(tmp_path)
    assert seen(tmp_path) == ["2026-09.1", "latest"]
    assert sorted(path.name for path in (tmp_path / "latest").iterdir()) == FILES
    assert (tmp_path / "latest").readlink() == Path("2026-09.1")
    manifest = json.loads((tmp_path / "latest" / "manifest.json").read_bytes())
    assert sorted(manifest["files"]) == [name for name in FILES if name != "manifest.json"]
    assert (manifest["edition"], manifest["cycle"], manifest["as_of"]) == ("2026-09.1", "2026-09", AS_OF.isoformat())
    assert (manifest["rows"], manifest["changes"]["added"]) == (7, 7)
    assert manifest["policy"]["document"] == "黄人社函〔2021〕26号"
    assert manifest["previous_manifest_sha256"] is None
    assert len(digest) == 64


def test_an_edition_can_be_read_by_everybody(tmp_path: Path) -> None:
    previous = os.umask(0o022)
    try:
        publish(tmp_path)
    finally:
        os.umask(previous)
    assert (tmp_path / "2026-09.1").stat().st_mode & 0o777 == 0o755
    assert {(tmp_path / "2026-09.1" / name).stat().st_mode & 0o777 for name in FILES} == {0o644}


def test_the_rows_come_back_as_they_were(tmp_path: Path) -> None:
    publish(tmp_path)
    back = read_rows(tmp_path / "2026-09.1")
    assert list(back.columns) == DIRECTORY_COLUMNS
    assert back["institution_code"].isna().sum() == 5
    assert in_order(back).equals(in_order(ordinary()))


def test_the_same_content_gives_the_same_bytes_in_whatever_order_and_process(tmp_path: Path) -> None:
    here = build(tmp_path / "here", edition(ordinary()))
    script = """
import sys
from pathlib import Path
from tasks.gateways.shelf import build
from tests.editions import edition, ordinary
print(build(Path(sys.argv[1]), edition(ordinary().sample(frac=1, random_state=3))))
"""
    environment = {**os.environ, "PYTHONHASHSEED": "7", "TZ": "America/New_York", "LC_ALL": "C.UTF-8"}
    command = [sys.executable, "-c", script, str(tmp_path / "there")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    there = Path(done.stdout.strip())
    for name in FILES:
        assert (here / name).read_bytes() == (there / name).read_bytes(), name


@pytest.mark.parametrize("moment", ["half a file", "built", "placed"])
def test_a_kill_leaves_the_former_edition_in_force_and_the_next_run_ends_it(tmp_path: Path, moment: str) -> None:
    previous = publish(tmp_path)
    former = {name: (tmp_path / "2026-09.1" / name).read_bytes() for name in FILES}
    killed = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path), moment, previous], check=False)
    assert killed.returncode == -9
    assert (tmp_path / "latest").readlink() == Path("2026-09.1")
    assert {name: (tmp_path / "2026-09.1" / name).read_bytes() for name in FILES} == former
    assert (tmp_path / "2026-09.2").exists() == (moment == "placed")

    content = edition(ordinary().iloc[:3], name="2026-09.2", previous=previous)
    built = build(tmp_path, content)
    place(tmp_path, built, content.name)
    point_latest(tmp_path, content.name)
    assert seen(tmp_path) == ["2026-09.1", "2026-09.2", "latest"]
    assert (tmp_path / "latest").readlink() == Path("2026-09.2")


@pytest.mark.parametrize("nth", range(len(FILES) + 1))
def test_a_full_disk_leaves_nothing_half(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, nth: int) -> None:
    publish(tmp_path)
    sync, calls = os.fsync, []

    def full(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) == nth + 1:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ShelfError, match="No space left on device; the former edition stays in force"):
        build(tmp_path, edition(ordinary(), name="2026-09.2"))
    assert len(calls) == nth + 1
    assert seen(tmp_path) == ["2026-09.1", "latest"]


def test_an_interrupted_build_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(path: Path, content: bytes) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(files, "write", interrupted)
    with pytest.raises(KeyboardInterrupt):
        build(tmp_path, edition(ordinary()))
    assert seen(tmp_path) == []


def test_placing_again_changes_nothing(tmp_path: Path) -> None:
    digest = publish(tmp_path)
    inode = (tmp_path / "2026-09.1").stat().st_ino
    assert publish(tmp_path) == digest
    assert (tmp_path / "2026-09.1").stat().st_ino == inode
    assert seen(tmp_path) == ["2026-09.1", "latest"]


def test_an_edition_is_never_replaced(tmp_path: Path) -> None:
    publish(tmp_path)
    former = (tmp_path / "2026-09.1" / "directory.csv").read_bytes()
    built = build(tmp_path, edition(ordinary().iloc[:3]))
    with pytest.raises(ShelfError, match="already published with other content"):
        place(tmp_path, built, "2026-09.1")
    assert (tmp_path / "2026-09.1" / "directory.csv").read_bytes() == former


@pytest.mark.parametrize("name", FILES)
def test_what_is_not_whole_is_not_placed(tmp_path: Path, name: str) -> None:
    built = build(tmp_path, edition(ordinary()))
    content = bytearray((built / name).read_bytes())
    content[len(content) // 2] ^= 1
    (built / name).write_bytes(content)
    with pytest.raises(ShelfError, match="build it again"):
        place(tmp_path, built, "2026-09.1")
    assert not (tmp_path / "2026-09.1").exists()


def test_a_built_edition_is_placed_only_under_its_own_name(tmp_path: Path) -> None:
    built = build(tmp_path, edition(ordinary()))
    with pytest.raises(ShelfError, match=r"not the edition 2026-09\.2"):
        place(tmp_path, built, "2026-09.2")
    with pytest.raises(ShelfError):
        place(tmp_path, tmp_path / "nowhere", "2026-09.1")


def test_latest_points_only_at_what_is_in_place(tmp_path: Path) -> None:
    publish(tmp_path)
    with pytest.raises(ShelfError, match="publish it before"):
        point_latest(tmp_path, "2026-09.2")
    assert (tmp_path / "latest").readlink() == Path("2026-09.1")
    (tmp_path / "latest").unlink()
    (tmp_path / "latest").mkdir()
    with pytest.raises(ShelfError, match="is not a link"):
        point_latest(tmp_path, "2026-09.1")
    assert seen(tmp_path) == ["2026-09.1", "latest"]


def test_an_edition_belongs_to_its_cycle() -> None:
    with pytest.raises(ValueError, match=r"2026-04\.1 is not one of cycle 2026-09"):
        edition(ordinary(), name="2026-04.1")


def test_what_a_killed_publisher_left_is_gone_once_latest_is_looked_after(tmp_path: Path) -> None:
    publish(tmp_path)
    (tmp_path / ".building-latest-0a1b2c3d").symlink_to("2026-09.1", target_is_directory=True)
    (tmp_path / ".building-2026-09.1-1-0a1b2c3d").mkdir()
    point_latest(tmp_path, "2026-09.1")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["2026-09.1", "latest"]
