"""What a run advises of the files it pulled: told to operators, changing nothing."""

from pathlib import Path

import pytest

from flows.intake import intake
from schemas.run_summary import Counts

pytestmark = pytest.mark.usefixtures("plainly")

CYCLE = "2026-09"


def test_a_column_nobody_knows_is_told_once_with_its_table_and_changes_nothing(home: Path) -> None:
    inbox = home / "inbox"
    inbox.mkdir()
    for name in ("activities.csv", "认定活动.csv"):
        (inbox / name).write_text("uscc,occupation_code,level,held_on,candidates,passed,天气|<b>\n", "utf-8")
    told = intake(CYCLE)
    assert told.advice == ["“认定活动”有不认识的列“天气|<b>”（2个文件），已搁置未用"]
    assert (told.done, told.failed) == ({}, {})
    assert not (home / "quarantine").exists()


def test_advice_is_kept_when_counts_are_summed() -> None:
    assert Counts.sum([Counts(advice=["甲"]), Counts(done={"new": 1}), Counts(advice=["乙"])]).advice == ["甲", "乙"]
