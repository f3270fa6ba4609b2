"""What the product writes is its owner's alone, and what it shows is what lies in the folders it shows."""

import os
import subprocess
import sys
from datetime import date
from pathlib import Path

from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient

from deployments import safekeeping
from deployments.prefect_server import with_files
from tasks.runs import page
from tasks.runs.waiting import Missing, Wait


def test_nothing_is_for_others_to_read_whatever_the_callers_mask(tmp_path: Path) -> None:
    home = tmp_path / "home"
    command = [
        sys.executable,
        "-P",
        "-m",
        "deployments.cli",
        "--home",
        str(home),
        "users",
        "add",
        "王",
        "--role",
        "admin",
    ]
    subprocess.run(command, check=True, capture_output=True, preexec_fn=lambda: os.umask(0))
    written = [home, *home.rglob("*")]
    assert len(written) > 2
    assert [path for path in written if path.stat().st_mode & 0o077] == []


def test_what_a_killed_backup_left_is_swept(installation: Path, tmp_path: Path) -> None:
    left = installation / ".filing-backup-killed"
    (left / "database").mkdir(parents=True)
    (left / "database" / "filing.db").write_bytes(b"SQLite format 3\0 with identity numbers")
    made = safekeeping.backup(tmp_path / "kept.tar.gz")
    assert not left.exists()
    assert made.left_out == []
    assert not list(installation.glob(".filing-backup-*"))


def test_a_link_out_of_what_is_shown_leads_nowhere_and_a_missing_file_is_404(tmp_path: Path) -> None:
    edition = tmp_path / "published" / "2026-09.1"
    edition.mkdir(parents=True)
    (edition / "index.html").write_text("目录", "utf-8")
    (tmp_path / "published" / "latest").symlink_to("2026-09.1")
    (tmp_path / "machine.secret").write_text("secret", "utf-8")
    (edition / "out").symlink_to(tmp_path / "machine.secret")
    (edition / "up").symlink_to(tmp_path)
    client = TestClient(with_files(PlainTextResponse("prefect"), tmp_path), base_url="http://127.0.0.1:4200")
    assert client.get("/filing/published/latest/index.html").text == "目录"
    for path in ("2026-09.1/out", "2026-09.1/up/machine.secret", "2026-09.1/none.html", "..%2fmachine.secret"):
        assert client.get(f"/filing/published/{path}").status_code == 404, path
    assert client.get("/filing/data-docs/2026-09/index.html").status_code == 404


def test_a_name_is_text_in_the_table_of_missing_results() -> None:
    name = "[点这里](https://evil.example) <img src=x> ![x](//y)"
    missing = Missing("HS-1", name, 1, date(2026, 9, 11), date(2026, 9, 30))
    (row,) = page.missing_rows(Wait("2026-09", 0, 1, date(2026, 9, 30), [missing]), "2026-09-12")
    assert not set(row["机构"]) & set("[]<>!`*_|")
    assert "https://" not in row["机构"]
