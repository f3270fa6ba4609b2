"""The commands by which a house is kept: accounts, backups, pauses, signed scans, and what is shown of a cycle."""

import json
from datetime import date
from pathlib import Path

import pytest

from deployments.commands import showing
from deployments.gate import access_log
from deployments.gate.accounts import Accounts
from deployments.supervisor import Running
from schemas.finding import FINDING_COLUMNS
from schemas.settings import Settings, settings
from tasks.gateways.shelf import build, place, point_latest
from tests import evaluations as made
from tests.commands import Filing
from tests.editions import edition, ordinary
from tests.registers import COOK, ONE, take_over


def test_an_account_from_its_link_to_its_end(filing: Filing) -> None:
    lines = filing.lines("users", "add", "王芳", "--role", "admin", "--server", "http://10.0.0.1/")
    assert lines[0] == "王芳 sets the password here, once, within 24 hours:"
    address, _, token = lines[1].partition("?token=")
    assert address == "http://10.0.0.1/gate/first"
    assert filing.lines("users", "list") == ["王芳  admin  (no password yet)"]
    accounts = Accounts(filing.home)
    accounts.accept(token, "王芳", "a password of hers")
    assert filing.lines("users", "list") == ["王芳  admin"]
    assert "already" in filing("users", "add", "王芳", "--role", "viewer").err
    assert "is no role" in filing("users", "add", "李雷", "--role", "chief").err
    assert "nobody would be administrator" in filing("users", "role", "王芳", "viewer").err
    filing.lines("users", "add", "李雷", "--role", "operator")
    assert filing.lines("users", "role", "李雷", "approver") == ["李雷: approver"]
    filing.lines("users", "link", "王芳")
    assert accounts.verify("王芳", "a password of hers") is None, "a new link takes the old password away"
    assert filing.lines("users", "remove", "李雷") == ["removed: 李雷"]
    assert "there is no account 李雷" in filing("users", "remove", "李雷").err
    assert "nobody would be administrator" in filing("users", "remove", "王芳").err
    noted = (filing.home / access_log.FILE).read_text("utf-8")
    for what in ("account 李雷 made (operator)", "李雷: approver", "account 王芳: new link", "account 李雷 removed"):
        assert what in noted


def test_a_link_leads_to_where_the_pages_are_served(filing: Filing, monkeypatch: pytest.MonkeyPatch) -> None:
    assert filing.lines("users", "add", "王芳", "--role", "admin")[1].startswith("http://127.0.0.1:4200/gate/first?")
    monkeypatch.setattr("deployments.supervisor.serving", lambda: Running("http://127.0.0.1:4391", 1))
    assert filing.lines("users", "link", "王芳")[1].startswith("http://127.0.0.1:4391/gate/first?")
    named = filing.lines("users", "link", "王芳", "--server", "https://filing.example.gov.cn")
    assert named[1].startswith("https://filing.example.gov.cn/gate/first?")


def test_acts_stand_under_the_account_where_no_operator_is_set(filing: Filing, monkeypatch: pytest.MonkeyPatch) -> None:
    # as under cron and systemd
    monkeypatch.delenv("USER", raising=False)
    monkeypatch.setenv("LOGNAME", "wangfang")
    assert Settings(home=filing.home).operator == "wangfang"


def test_a_backup_is_never_overwritten_and_comes_back_into_an_empty_home(filing: Filing, tmp_path: Path) -> None:
    take_over([(ONE, COOK, "4")], date(2026, 1, 1), date(2028, 12, 31))
    register = filing.lines("directory", "--as-of", "2026-06-01")
    archive = tmp_path / "kept.tar.gz"
    assert filing.lines("backup", str(archive))[0].startswith(f"backup of {filing.home}: {archive} (")
    again = filing("backup", str(archive))
    assert (again.code, "backups are never overwritten" in again.err) == (2, True)
    assert (
        f"there is no file {tmp_path / 'no.age'}"
        in filing("restore", str(archive), "--key", str(tmp_path / "no.age")).err
    )
    assert "there is no file" in filing("restore", str(tmp_path / "nowhere")).err
    empty = Settings(home=tmp_path / "new", database_url="")
    restored = filing("restore", str(archive), stated=empty)
    assert restored.out.startswith(f"restored: {tmp_path / 'new'} as of "), restored.err
    assert filing("directory", "--as-of", "2026-06-01", stated=empty).out.splitlines() == register


def test_a_pause_is_listed_until_it_is_lifted(filing: Filing) -> None:
    (line,) = filing.lines("pause", "2026-09", "--reason", "等上级答复", "--by", "王芳")
    assert line.startswith("2026-09: paused since ") and line.endswith("until it is lifted, by 王芳: 等上级答复")
    lines = filing.lines("pause", "sweeps", "--reason", "检修", "--by", "王芳", "--until", "2099-12-31")
    assert "until 2099-12-31, by 王芳: 检修" in lines[1]
    assert filing.lines("pause") == lines
    assert "--reason is empty" in filing("pause", "watch", "--by", "王芳").err
    assert "--by is empty" in filing("resume", "sweeps", "--reason", "好了", "--by", " ").err
    assert filing.lines("resume", "sweeps", "--reason", "好了") == ["sweeps: goes on by itself again"]
    assert filing.lines("pause") == lines[:1]


def test_a_signed_scan_is_put_beside_a_published_edition(filing: Filing, tmp_path: Path) -> None:
    shelf, scan = settings().published, tmp_path / "扫描件.pdf"
    place(shelf, build(shelf, edition(ordinary())), "2026-09.1")
    point_latest(shelf, "2026-09.1")
    scan.write_bytes(b"%PDF-1.7 signed and sealed")
    (line,) = filing.lines("attach", "2026-09.1", str(scan))
    assert Path(line.removeprefix("attached: ")).read_bytes() == scan.read_bytes()
    assert filing("attach", "September", str(scan)).code == 2
    assert "there is no file" in filing("attach", "2026-09.1", str(tmp_path / "none.pdf")).err


def test_what_waits_is_shown_to_people_and_to_machines(filing: Filing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(showing, "_MOST_OPEN", 1)
    assert "no cycle yet" in filing.lines("status")[0]
    assert filing.lines("status", "--who") == ["nothing waits for anybody"]
    for number in range(3):
        made.accepted(f"A[{number}]")
    made.send_out(filing.home)
    shown = filing.lines("status", "--who", "2026-09")
    assert any("A[0]" in line for line in shown), "a name is no markup"
    duties = json.loads("\n".join(filing.lines("status", "2026-09", "--who", "--json")))
    assert {duty["subject"] for duty in duties} >= {"A[0]", "A[2]"}
    assert all(duty["title"] for duty in duties)
    shown = filing.lines("status")
    assert shown[0].strip() == "2026-09"
    assert shown[-1] == "and 2 more: `filing status --json` names all"
    (report,) = json.loads("\n".join(filing.lines("status", "--json")))
    assert len(report["open"]) == 3
    assert filing.lines("quarantine", "2026-09") == ["file,sheet,row,application_no,reason"]
    life = filing.lines("history", "A[2]")
    assert len(life) > 1 and "dispatched" in "".join(life)


def test_the_directory_is_printed_for_machines_as_well(filing: Filing) -> None:
    take_over([(ONE, COOK, "4")], date(2026, 1, 1), date(2028, 12, 31))
    (row,) = json.loads("\n".join(filing.lines("directory", "--as-of", "2026-06-01", "--format", "json")))
    assert (row["uscc"], row["occupation_code"]) == (ONE, COOK)
    assert filing.lines("findings", "2026-09") == [",".join(FINDING_COLUMNS)]
