"""Files kept aside: copied once, with every reason, under a name no file system trips over."""

import os
from hashlib import sha256
from pathlib import Path

import pytest

from tasks.gateways.disk import files
from tasks.gateways.disk.taking import Taken, keep, move


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_file_is_kept_with_its_reason(tmp_path: Path) -> None:
    source = tmp_path / "坏的 申报（一）.xlsx"
    source.write_bytes(b"broken")
    kept = keep(tmp_path / "home", source, ["无法打开，请重新提交"])
    assert kept.parent == tmp_path / "home" / "quarantine"
    assert kept.name.endswith("-坏的_申报（一）.xlsx")
    assert kept.read_bytes() == b"broken"
    assert kept.with_name(f"{kept.name}.reason.txt").read_text("utf-8") == "无法打开，请重新提交\n"
    assert source.exists()


def test_keeping_again_changes_nothing_and_another_reason_joins(tmp_path: Path) -> None:
    source = tmp_path / "a.xlsx"
    source.write_bytes(b"broken")
    first = keep(tmp_path, source, ["一"])
    before = contents(tmp_path / "quarantine")
    assert keep(tmp_path, source, ["一"]) == first
    assert contents(tmp_path / "quarantine") == before
    keep(tmp_path, source, ["二"])
    keep(tmp_path, source, ["一"])
    assert first.with_name(f"{first.name}.reason.txt").read_text("utf-8") == "一\n二\n"
    assert len(contents(tmp_path / "quarantine")) == 2


def test_another_content_is_another_file(tmp_path: Path) -> None:
    source = tmp_path / "a.xlsx"
    kept = []
    for content in (b"1", b"2"):
        source.write_bytes(content)
        kept.append(keep(tmp_path, source, ["坏"]))
    assert [path.read_bytes() for path in kept] == [b"1", b"2"]


@pytest.mark.parametrize("name", ["长" * 80 + ".xlsx", ".hidden", "-rf", "a b;$(x).csv", "…", "=cmd|x.csv"])
def test_every_name_becomes_a_safe_one(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"x")
    kept = keep(tmp_path / "home", tmp_path / name, ["坏"])
    assert len(f"{kept.name}.reason.txt".encode()) < 255
    assert not set(kept.name) & set(" ;$|=\\/'\"")
    assert kept.read_bytes() == b"x"


def test_of_what_may_not_be_copied_the_reason_alone_is_kept(tmp_path: Path) -> None:
    secret = tmp_path / "outside" / "secret.xlsx"
    secret.parent.mkdir()
    secret.write_bytes(b"secret")
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    (inbox / "link.xlsx").symlink_to(secret)
    (inbox / "folder.xlsx").mkdir()
    os.mkfifo(inbox / "pipe.xlsx")
    with (inbox / "huge.xlsx").open("wb") as sparse:
        sparse.truncate(10 * 1024**3)
    for name in ("link.xlsx", "folder.xlsx", "pipe.xlsx", "huge.xlsx", "gone.xlsx"):
        reason = keep(tmp_path / "home", inbox / name, ["坏"])
        assert reason.read_text("utf-8") == "坏\n"
        assert reason.name.endswith(f"-{name}.reason.txt")
        assert keep(tmp_path / "home", inbox / name, ["坏"]) == reason
    assert len(contents(tmp_path / "home")) == 5
    assert b"secret" not in contents(tmp_path / "home").values()


def test_what_a_killed_run_left_aside_is_used_up_and_only_the_owner_reads_it(tmp_path: Path) -> None:
    source = tmp_path / "a.xlsx"
    source.write_bytes(b"broken")
    kept = keep(tmp_path, source, ["坏"])
    reason = kept.with_name(f"{kept.name}.reason.txt")
    for path in (kept, reason):
        path.rename(path.with_name(f".{sha256(path.name.encode()).hexdigest()[:16]}.part"))
    keep(tmp_path, source, ["坏"])
    assert contents(tmp_path / "quarantine") == {kept.name: b"broken", reason.name: "坏\n".encode()}
    source.write_bytes(b"other")
    assert keep(tmp_path, source, ["坏"]).stat().st_mode & 0o077 == 0


def test_each_folder_made_for_what_was_taken_is_on_the_device_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[Path] = []
    monkeypatch.setattr(files, "sync_folder", synced.append)
    source = tmp_path / "inbox" / "甲" / "applications.csv"
    source.parent.mkdir(parents=True)
    source.write_bytes(b"x")
    move(tmp_path, [Taken(source, "2026-09/HS1-v1", "甲/applications.csv", "收到")], float("inf"))
    assert not source.exists()
    assert {path.relative_to(tmp_path).as_posix() for path in synced} == {
        "inbox/甲",
        "taken/2026-09/HS1-v1/甲",
        "taken/2026-09/HS1-v1",
        "taken/2026-09",
        "taken",
        ".",
    }


def test_a_kill_between_a_receipt_and_its_file_loses_neither(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "inbox" / "applications.csv"
    source.parent.mkdir()
    source.write_bytes(b"x")
    taken, replace = [Taken(source, "2026-09/HS1-v1", source.name, "收到")], os.replace
    moves: list[Path] = []

    def killed_after_one(part: Path, target: Path) -> None:
        if moves:
            raise KeyboardInterrupt
        moves.append(target)
        replace(part, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", killed_after_one)
        patch.setattr(Path, "replace", killed_after_one)
        with pytest.raises(KeyboardInterrupt):
            move(tmp_path, taken, float("inf"))
    move(tmp_path, taken, float("inf"))
    assert not source.exists()
    assert contents(tmp_path / "taken" / "2026-09" / "HS1-v1") == {
        "applications.csv": b"x",
        "回执.txt": "收到\n".encode(),
    }
