"""The command line: one clear sentence for a mistake, and the exit codes of the contract."""

import json
import sys
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from deployments.cli import main
from schemas import office
from schemas.finding import FINDING_COLUMNS
from tests import factories
from tests.registers import COOK, ONE, TWO, take_over


def filing(monkeypatch: pytest.MonkeyPatch, home: Path, *words: str) -> int:
    """Run a command in this process; its exit code."""
    for name in ("FILING_HOME", "PREFECT_HOME"):  # a command sets them for its own process, which is this one
        monkeypatch.setenv(name, str(home))
    monkeypatch.setattr(sys, "argv", ["filing", "--home", str(home), *words])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["run", "2026-05"], "'2026-05' is not a cycle"),
        (["run", "2026-09", "--as-of", "10.9.2026"], "'10.9.2026' is not a day"),
        (["run", "2026-09", "--as-of", "20260910"], "'20260910' is not a day: write YYYY-MM-DD"),
        (["pause", "2026-09", "--reason", "a", "--until", "2026-W40-1"], "'2026-W40-1' is not a day"),
        (["run", "2026-09", "--inbox", "nowhere"], "the inbox nowhere is not a folder"),
        (["items", "september"], "'september' is not a cycle"),
        (["history", "HS1"], "nothing is known of 'HS1'"),
        (["diff", "2026-09.1", "2026-09.2"], "there is no edition 2026-09.1"),
        (["import", "results", "nowhere.csv"], "there is no file nowhere.csv"),
        (["decide", "HS1", "CAP-9", "permit", "--by", "a", "--reason", "b", "--document", "c"], "'CAP-9' is no rule"),
        (["decide", "HS1", "CAP-1", "permit", "--by", "a", "--reason", "b", "--document", "c"], "no application HS1"),
        (["decide", "HS1", "CAP-1", "permit", "--by", " ", "--reason", "b", "--document", "c"], "--by is empty"),
        (["decide", "HS1", "CAP-1", "permit", "--by", "a", "--reason", "\x1b[2J", "--document", "c"], "(U+001B)"),
        (["decide", "HS1", "CAP-1", "permit", "--by", "a" * 1001, "--reason", "b", "--document", "c"], "at most 1,000"),
        (["demo", "--institutions", "3"], "too few"),
        (["items", "2026-09", "--colour"], "No such option: --colour: `filing items --help` shows how to write it"),
        (["run"], "Missing argument 'cycle': `filing run --help` shows how to write it"),
        (["itmes", "2026-09"], "No such command 'itmes'"),
        (["import", "outcomes", "a.csv"], "Invalid value for 'kind': 'outcomes' is not one of 'results', "),
        (["decide", "HS1", "CAP-1", "perhaps"], "'perhaps' is not one of 'permit', 'refuse'"),
    ],
)
def test_wrong_use_is_one_sentence_and_code_2(
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    sentence: str,
) -> None:
    assert filing(monkeypatch, home, *words) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1
    assert sentence in lines[0]


def test_the_home_may_stand_behind_the_command(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert filing(monkeypatch, tmp_path / "elsewhere", "items", "2026-09", "--home", str(home)) == 0
    assert filing(monkeypatch, tmp_path / "elsewhere", "items", f"--home={home}", "2026-09") == 0
    assert not (tmp_path / "elsewhere").exists()
    assert capsys.readouterr().out.startswith("application_no,uscc")


@pytest.mark.usefixtures("without_pages")
def test_a_cycle_somebody_works_on_is_refused_with_code_3(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from tasks.store import database, leases

    with database.begin() as db:
        leases.take(db, "2026-09")
    assert filing(monkeypatch, home, "run", "2026-09", "--as-of", "2026-09-11") == 3
    assert "another run" in capsys.readouterr().err


def test_nothing_to_approve_is_refused_with_code_3(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert filing(monkeypatch, home, "approve", "2026-09.1") == 3


def test_an_unexpected_failure_is_one_sentence_and_code_1(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from tasks.store import findings

    def fails(*_: object) -> None:
        raise RuntimeError("the disk is on fire\nand more")

    monkeypatch.setattr(findings, "of_cycle", fails)
    assert filing(monkeypatch, home, "findings", "2026-09") == 1
    assert capsys.readouterr().err.startswith("filing: the disk is on fire (run")


def test_empty_tables_have_their_headers(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert filing(monkeypatch, home, "items", "2026-09") == 0
    assert capsys.readouterr().out == "application_no,uscc,occupation_code,work_type,level,status,reason,score\n"
    assert filing(monkeypatch, home, "findings", "2026-09") == 0
    assert capsys.readouterr().out == "application_no,rule,nature,article,table,row,field,value,message\n"


def test_what_is_printed_runs_in_no_spreadsheet(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from tasks.store import findings

    row = dict.fromkeys(FINDING_COLUMNS, "") | {"row": 1, "value": "=cmd|' /C calc'!A0", "field": "+86 0714-6300000"}
    monkeypatch.setattr(findings, "of_cycle", lambda *_: pd.DataFrame([row]))
    assert filing(monkeypatch, home, "findings", "2026-09") == 0
    assert capsys.readouterr().out.splitlines()[1] == ",,,,,1,+86 0714-6300000,'=cmd|' /C calc'!A0,"


@pytest.mark.parametrize(
    ("name", "value", "code", "sentence"),
    [
        ("FILING_DATABASE_URL", "foo", 2, "FILING_DATABASE_URL is no address"),
        ("FILING_DATABASE_URL", "mysql+nosuch://h/x", 2, "FILING_DATABASE_URL is no address"),
        ("FILING_DATABASE_URL", "postgresql://u:secret@h:abc/db", 2, "FILING_DATABASE_URL is no address"),
        ("FILING_SMTP_PORT", "many", 2, "FILING_SMTP_PORT cannot be used"),
        ("FILING_POLICIES", "/nowhere", 3, "FILING_POLICIES"),
    ],
)
def test_a_setting_that_cannot_be_used_is_one_sentence(
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
    value: str,
    code: int,
    sentence: str,
) -> None:
    monkeypatch.setenv(name, value)
    monkeypatch.setenv("FILING_HOME", str(home))
    monkeypatch.setattr("schemas.settings._stated", [])
    assert filing(monkeypatch, home, "directory") == code
    message = capsys.readouterr().err.strip()
    assert sentence in message
    assert len(message.splitlines()) == 1
    assert "secret" not in message


def test_a_backup_of_nothing_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    nowhere = tmp_path / "nowhere"
    monkeypatch.setenv("FILING_HOME", str(nowhere))
    monkeypatch.setattr("schemas.settings._stated", [])
    words = ["--home", str(nowhere), "backup", str(tmp_path / "kept.tar.gz")]
    assert filing(monkeypatch, nowhere, *words) == 3
    assert f"there is no installation in {nowhere}" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_new_home_gets_the_office_file_to_fill_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    new = tmp_path / "new"
    monkeypatch.setattr("schemas.settings._stated", [])
    monkeypatch.setenv("FILING_HOME", str(new))
    assert filing(monkeypatch, new, "migrate") == 0
    assert (new / "office.toml").read_text("utf-8") == office.shipped()
    (new / "office.toml").write_text('name = "甲"\nauthority = "乙"\n', "utf-8")
    assert filing(monkeypatch, new, "migrate") == 0
    assert office.read(new).name == "甲", "a file that is there stays"


def test_doctor_finds_a_sound_installation_well(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert filing(monkeypatch, home, "doctor") == 0
    output = capsys.readouterr().out
    assert "PROBLEM" not in output
    assert "edition 2022, 1639 rows" in output


@pytest.mark.usefixtures("without_pages")
def test_status_names_the_pages_of_the_last_check(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    story = factories.make_story(institutions=20)
    day = story.act(1, home / "inbox")
    assert filing(monkeypatch, home, "run", story.cycle, "--as-of", day.isoformat()) == 0
    assert "waiting: 0 of" in capsys.readouterr().out
    assert filing(monkeypatch, home, "status", story.cycle, "--json") == 0
    (report,) = json.loads(capsys.readouterr().out)
    assert report["items"]["dispatched"] > 0
    assert Path(report["data_docs"]).is_file()


@pytest.fixture
def on_file(home: Path) -> Path:
    """An installation with two institutions on file and no edition yet; its home."""
    take_over([(ONE, COOK, "4"), (TWO, COOK, "4")], date(2025, 5, 25), date(2028, 5, 24))
    return home


@pytest.mark.usefixtures("without_pages")
def test_a_sweep_that_cannot_publish_does_not_end_well(
    on_file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from tasks.gateways.shelf import editions as shelf

    def full(*_: object) -> None:
        raise shelf.ShelfError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(shelf, "build", full)
        assert filing(patch, on_file, "sweep", "expiry", "--as-of", "2026-11-02") == 1
    assert "failed 2026-09.1: the disk is full" in capsys.readouterr().err
    assert filing(monkeypatch, on_file, "sweep", "expiry", "--as-of", "2026-11-02") == 0
    assert "1 editions" in capsys.readouterr().out
    assert filing(monkeypatch, on_file, "sweep", "expiry", "--as-of", "2026-11-02") == 0
    assert capsys.readouterr().out == "nothing to do\n"


@pytest.mark.usefixtures("without_pages")
def test_a_draw_publishes_the_directory_it_is_made_from(
    on_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    people = tmp_path / "inspectors.csv"
    people.write_text("inspector_no,name,unit,active\nJ1,张一,市人社局,是\nJ2,李二,市教育局,是\n", "utf-8")
    assert filing(monkeypatch, on_file, "import", "inspectors", str(people)) == 0
    assert filing(monkeypatch, on_file, "draw", "2026-09", "--seed", "种子", "--as-of", "2026-11-02") == 0
    file = on_file / "published" / "inspections" / "2026-09" / "draw.json"
    assert json.loads(file.read_text("utf-8"))["source"]["edition"] == "2026-09.1"
    assert filing(monkeypatch, on_file, "draw", "--verify", str(file)) == 0
    assert filing(monkeypatch, on_file, "draw", "2026-09", "--seed", "另一", "--as-of", "2026-11-02") == 3
    assert filing(monkeypatch, on_file, "draw", "--verify", str(tmp_path / "nowhere.json")) == 2
    assert "give the file of a draw" in capsys.readouterr().err
