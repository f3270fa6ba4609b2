"""Files below a folder: whole or not at all, never outside, the same again is nothing."""

import errno
import os
from hashlib import sha256
from multiprocessing import get_context
from pathlib import Path
from threading import Event, Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.gateways.disk import files as post
from tasks.gateways.disk.files import OutsideFolderError, put, put_once, safe_name


def _files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_file_is_put_and_replaced(tmp_path: Path) -> None:
    path = put(tmp_path / "outbox", "letters/补正.docx", b"one")
    assert path == tmp_path / "outbox" / "letters" / "补正.docx"
    put(tmp_path / "outbox", "letters/补正.docx", b"two")
    assert _files(tmp_path) == {"outbox/letters/补正.docx": b"two"}


def test_the_same_bytes_are_not_written_again(tmp_path: Path) -> None:
    path = put(tmp_path, "a", b"same")
    os.utime(path, ns=(1, 1))
    inode = path.stat().st_ino
    put(tmp_path, "a", b"same")
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == (1, inode)


@pytest.mark.parametrize("name", ["", ".", "..", "../a", "a/../../b", "/etc/passwd", "a\0b", "a\\..\\b", "a/.."])
def test_nothing_leaves_the_folder(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "outbox"
    folder.mkdir()
    with pytest.raises(OutsideFolderError, match="give a plain relative name"):
        put(folder, name, b"x")
    assert _files(tmp_path) == {}


def test_a_link_that_leads_out_is_not_followed(tmp_path: Path) -> None:
    folder, outside = tmp_path / "outbox", tmp_path / "outside"
    folder.mkdir()
    outside.mkdir()
    (folder / "link").symlink_to(outside)
    with pytest.raises(OutsideFolderError):
        put(folder, "link/a", b"x")
    (outside / "victim").write_bytes(b"theirs")
    (folder / "file").symlink_to(outside / "victim")
    put(folder, "file", b"ours")
    assert (outside / "victim").read_bytes() == b"theirs"
    assert (folder / "file").read_bytes() == b"ours"


def test_a_full_disk_leaves_the_former_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, "a", b"old")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        put(tmp_path, "a", b"new")
    assert _files(tmp_path) == {"a": b"old"}


def _killed_while_writing(folder: Path, before: str) -> None:
    def die(*_: object) -> None:
        os._exit(9)

    if before == "fsync":
        os.fsync = die  # type: ignore[assignment]
    else:
        os.replace = die  # type: ignore[assignment]
    put(folder, "a", b"new" * 1000)


@pytest.mark.parametrize("before", ["fsync", "rename"])
def test_a_killed_writer_leaves_the_former_file_and_the_next_leaves_no_trace_of_it(tmp_path: Path, before: str) -> None:
    put(tmp_path, "a", b"old")
    writer = get_context("spawn").Process(target=_killed_while_writing, args=(tmp_path, before))
    writer.start()
    writer.join(60)
    assert writer.exitcode == 9
    assert (tmp_path / "a").read_bytes() == b"old"
    put(tmp_path, "a", b"newer")
    assert _files(tmp_path) == {"a": b"newer"}


def test_a_second_writer_waits_for_the_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writing, may_finish, fsync = Event(), Event(), os.fsync

    def held_up(handle: int) -> None:
        if not writing.is_set():
            writing.set()
            may_finish.wait(10)
        fsync(handle)

    monkeypatch.setattr(os, "fsync", held_up)
    first, second = (Thread(target=put, args=(tmp_path, "a", letter * 1000)) for letter in (b"1", b"2"))
    first.start()
    assert writing.wait(10)
    second.start()
    second.join(0.3)
    assert second.is_alive()
    assert _files(tmp_path).keys().isdisjoint({"a"})
    may_finish.set()
    first.join(10)
    second.join(10)
    assert _files(tmp_path) == {"a": b"2" * 1000}


def _write_many(folder: Path, letter: bytes) -> None:
    for _ in range(200):
        put(folder, "a", letter * 50_000)


def test_two_writers_at_once_never_make_half_a_file(tmp_path: Path) -> None:
    put(tmp_path, "a", b"0" * 50_000)
    writers = [get_context("spawn").Process(target=_write_many, args=(tmp_path, letter)) for letter in (b"1", b"2")]
    for writer in writers:
        writer.start()
    seen = set()
    while any(writer.is_alive() for writer in writers):
        content = (tmp_path / "a").read_bytes()
        assert len(content) == 50_000
        seen.add(content[:1])
        assert len(set(content)) == 1
    assert [writer.exitcode for writer in writers] == [0, 0]
    assert len(seen) > 1
    assert list(_files(tmp_path)) == ["a"]


@pytest.mark.parametrize("name", ["HS-2026-09-0012", "评分表.xlsx", "黄石（市）·〔2021〕"])
def test_a_harmless_name_stays(name: str) -> None:
    assert safe_name(name) == name


@given(st.text(st.characters()))
def test_any_text_makes_one_file_name_of_its_own(text: str) -> None:
    name = safe_name(text)
    assert len(name.encode()) <= 200
    assert name not in {"", ".", ".."}
    assert not {"/", "\\", "\0", "\n"} & set(name)
    assert not name.startswith(".")
    assert safe_name(text + "/") != name


def test_a_process_that_sleeps_over_a_file_keeps_that_file_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import fcntl

    monkeypatch.setattr(post, "_PATIENCE_SECONDS", 0.1)
    put(tmp_path, "a", b"old")
    part = tmp_path / f".{sha256(b'a').hexdigest()[:16]}.part"
    with part.open("ab") as asleep:
        fcntl.flock(asleep, fcntl.LOCK_EX)
        with pytest.raises(OSError, match="another process is writing into"):
            put(tmp_path, "a", b"new")
        put(tmp_path, "b", b"other")
    put(tmp_path, "a", b"new")
    assert _files(tmp_path) == {"a": b"new", "b": b"other"}, "what was left aside is used up"


def test_a_file_put_once_stays_as_the_first_writer_left_it(tmp_path: Path) -> None:
    put_once(tmp_path, "key", b"first", private=True)
    put_once(tmp_path, "key", b"second", private=True)
    assert _files(tmp_path) == {"key": b"first"}
    assert (tmp_path / "key").stat().st_mode & 0o077 == 0


def test_of_two_that_put_once_the_later_takes_what_the_faster_wrote(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writing, may_finish, fsync = Event(), Event(), os.fsync

    def held_up(handle: int) -> None:
        if not writing.is_set():
            writing.set()
            may_finish.wait(10)
        fsync(handle)

    monkeypatch.setattr(os, "fsync", held_up)
    first, second = (Thread(target=put_once, args=(tmp_path, "key", letter)) for letter in (b"1", b"2"))
    first.start()
    assert writing.wait(10)
    second.start()
    may_finish.set()
    first.join(10)
    second.join(10)
    assert _files(tmp_path) == {"key": b"1"}
