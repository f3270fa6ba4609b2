"""The command line: one clear sentence for a mistake, and the exit codes of the contract."""

import json
import sys
from pathlib import Path

import factories
import pytest

from deployments.cli import main


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
        (["run", "2026-09", "--inbox", "nowhere"], "the inbox nowhere is not a folder"),
        (["items", "september"], "'september' is not a cycle"),
        (["history", "HS1"], "nothing is known of 'HS1'"),
        (["diff", "2026-09.1", "2026-09.2"], "there is no edition 2026-09.1"),
        (["import", "results", "nowhere.csv"], "there is no file nowhere.csv"),
        (["decide", "HS1", "CAP-9", "permit", "--by", "a", "--reason", "b", "--document", "c"], "'CAP-9' is no rule"),
        (["decide", "HS1", "CAP-1", "permit", "--by", "a", "--reason", "b", "--document", "c"], "no application HS1"),
        (["decide", "HS1", "CAP-1", "permit", "--by", " ", "--reason", "b", "--document", "c"], "--by is empty"),
        (["demo", "--institutions", "3"], "too few"),
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
    told = capsys.readouterr().err.strip().splitlines()
    assert len(told) == 1
    assert sentence in told[0]


def test_an_unknown_option_is_wrong_use(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert filing(monkeypatch, home, "items", "2026-09", "--colour") == 2


@pytest.mark.usefixtures("plainly")
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
    assert capsys.readouterr().out == "application_no,uscc,occupation_code,level,status,reason,score\n"
    assert filing(monkeypatch, home, "findings", "2026-09") == 0
    assert capsys.readouterr().out == "application_no,rule,nature,article,table,row,field,value,message\n"


def test_doctor_finds_a_sound_installation_well(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert filing(monkeypatch, home, "doctor") == 0
    told = capsys.readouterr().out
    assert "PROBLEM" not in told
    assert "edition 2022, 1639 rows" in told


@pytest.mark.usefixtures("plainly")
def test_status_names_the_pages_of_the_last_check(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    story = factories.make_story(institutions=20)
    day = story.act(1, home / "inbox")
    assert filing(monkeypatch, home, "run", story.cycle, "--as-of", day.isoformat()) == 0
    assert "waiting: 0 of" in capsys.readouterr().out
    assert filing(monkeypatch, home, "status", story.cycle, "--json") == 0
    (told,) = json.loads(capsys.readouterr().out)
    assert told["items"]["dispatched"] > 0
    assert Path(told["data_docs"]).is_file()
