"""A pause holds from when a person says so until its last day or until somebody lifts it, and stays on record."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from schemas import tables
from schemas.errors import WrongUseError
from tasks.desk import pauses
from tasks.runs import run as runs
from tasks.runs.today import today
from tasks.store import history
from tasks.store import runs as store_runs
from tasks.store.database import reading

CYCLE = "2026-09"


def subjects(day: date | None = None) -> list[str]:
    return [pause.subject for pause in pauses.pauses_on(day or today())]


def test_a_pause_holds_until_somebody_lifts_it(installation: Path) -> None:
    pauses.pause(CYCLE, "王芳", "等上级答复")
    pauses.pause("sweeps", "王芳", "系统检修", today() + timedelta(days=2))
    assert subjects() == [CYCLE, "sweeps"]
    assert subjects(today() + timedelta(days=2)) == [CYCLE, "sweeps"], "its last day belongs to it"
    assert subjects(today() + timedelta(days=3)) == [CYCLE]
    with pytest.raises(pauses.AlreadyPausedError, match="王芳 (等上级答复)".replace("(", r"\(").replace(")", r"\)")):
        pauses.pause(CYCLE, "李雷", "也要停")
    pauses.lift(CYCLE, "李雷", "已答复")
    assert subjects() == ["sweeps"]
    with pytest.raises(pauses.NotPausedError, match="nothing to lift"):
        pauses.lift(CYCLE, "李雷", "已答复")
    with reading() as db:
        entries = history.of(db, [CYCLE, "sweeps"])
    assert entries["became"].tolist() == ["paused", "paused", "lifted"]
    assert entries["by"].tolist() == ["王芳", "王芳", "李雷"]
    assert "2026-09 批次暂停自动办理：等上级答复" in entries["because"].tolist()


def test_a_pause_that_is_over_is_lifted_by_itself(installation: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    last = today() + timedelta(days=1)
    pauses.pause(CYCLE, "王芳", "等上级答复", last)
    assert pauses.lift_over() == []
    monkeypatch.setattr(pauses, "today", lambda: last + timedelta(days=1))
    assert [pause.subject for pause in pauses.lift_over()] == [CYCLE]
    pauses.pause(CYCLE, "王芳", "又要停")
    with reading() as db:
        assert history.of(db, [CYCLE])["by"].tolist() == ["王芳", "filing", "王芳"]
        assert len(db.execute(select(tables.pause.c.pause_id)).all()) == 2


@pytest.mark.parametrize("subject", ["2026-13", "nobody", "screening"])
def test_only_what_runs_by_itself_is_paused(subject: str, home: Path) -> None:
    with pytest.raises(WrongUseError, match="sweeps"):
        pauses.pause(subject, "王芳", "等")


def test_a_day_that_has_passed_is_refused(home: Path) -> None:
    with pytest.raises(WrongUseError, match="has passed"):
        pauses.pause(CYCLE, "王芳", "等", today() - timedelta(days=1))


def test_pausing_disturbs_no_run_and_is_no_reason_to_go_on(installation: Path) -> None:
    with runs.begin(CYCLE, today(), work="cycle"):
        pauses.pause(CYCLE, "王芳", "等上级答复")
        pauses.lift(CYCLE, "王芳", "已答复")
    with reading() as db:
        assert store_runs.recorded_since(db, CYCLE, None) is False
        assert history.strays(db) == []
