"""The database decides what goes on: an open cycle is resumed, begun anew or left alone, whatever became of its run."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from deployments import examination, supervisor
from flows import filing_cycle
from schemas.run import Outcome, RunSummary
from schemas.settings import settings
from tasks.desk import pauses
from tasks.runs import custody, orchestration, waiting
from tasks.runs import run as runs
from tasks.runs.orchestration import CycleRun
from tasks.runs.today import today
from tests import evaluations as made

CYCLE = made.CYCLE
DAY = date(2026, 9, 11)
OVER = "the wait is over since 2026-10-25: 1 of 1 results are missing"


class Prefect:
    """What Prefect knows, as a test says it; what was asked of it."""

    def __init__(self) -> None:
        self.living: list[CycleRun] = []
        self.cancelled: list[CycleRun] = []
        self.has_deployment = True
        self.resumed: list[UUID] = []
        self.begun: list[tuple[str, date | None, str]] = []

    def resume(self, flow_run_id: UUID) -> bool:
        self.resumed.append(flow_run_id)
        return True

    def start_cycle(self, cycle: str, as_of: date | None, because: str, key: str) -> UUID | None:
        if not self.has_deployment:
            return None
        if key not in [known for _, _, known in self.begun]:
            self.begun.append((cycle, as_of, key))
        return UUID(int=1)

    @property
    def cycles(self) -> list[str]:
        return [cycle for cycle, _, _ in self.begun]


@pytest.fixture
def prefect(monkeypatch: pytest.MonkeyPatch) -> Prefect:
    known = Prefect()
    monkeypatch.setattr(orchestration, "living_runs", lambda: known.living)
    monkeypatch.setattr(orchestration, "cancelled_runs", lambda: known.cancelled)
    monkeypatch.setattr(orchestration, "resume", known.resume)
    monkeypatch.setattr(orchestration, "start_cycle", known.start_cycle)
    monkeypatch.setattr(orchestration, "end_abandoned", lambda _cycle: 0)
    return known


@pytest.fixture
def waits(home: Path) -> Iterator[Path]:
    """A cycle of long ago with one item out, whose last run ended waiting."""
    (home / "inbox").mkdir(exist_ok=True)
    made.accepted("A1")
    made.send_out(home)
    ended()
    yield home


def ended(outcome: Outcome = "waiting", *, awaits: bool = True) -> None:
    with runs.begin(CYCLE, DAY, work="cycle") as run:
        summary = RunSummary(run_id=run.run_id, cycle=CYCLE, as_of=DAY, outcome=outcome, awaits_results=awaits)
        runs.end(run, summary)


def of_prefect(state: str, **other: object) -> CycleRun:
    began = datetime.now(UTC)
    run = CycleRun(uuid4(), CYCLE, None, None, None, began, name=f"{CYCLE} · 等待评估结果", state=state, since=began)
    return replace(run, **other)  # type: ignore[arg-type]


def test_one_that_waits_is_resumed_and_no_second_run_begins(waits: Path, prefect: Prefect) -> None:
    prefect.living = [of_prefect("PAUSED")]
    assert filing_cycle.wake() == {CYCLE: OVER}
    assert prefect.resumed == [prefect.living[0].flow_run_id]
    assert prefect.begun == []


@pytest.mark.parametrize("beside", [[], [{"is_trial": True}], [{"only": ["A1"]}]], ids=["gone", "a trial", "only one"])
def test_a_cycle_whose_run_is_gone_is_begun_anew_once(
    waits: Path, prefect: Prefect, beside: list[dict[str, object]]
) -> None:
    prefect.living = [of_prefect("RUNNING", **other) for other in beside]
    assert filing_cycle.wake() == {CYCLE: f"{OVER}, and no run was working on it"}
    filing_cycle.wake()
    assert prefect.cycles == [CYCLE], "a second worker that looks at the same moment begins the same run"


def test_a_deployment_that_is_gone_leaves_the_cycle_named(waits: Path, prefect: Prefect) -> None:
    prefect.has_deployment = False
    assert filing_cycle.wake() == {}
    assert custody.unattended([], settings()) == [custody.Unattended(CYCLE, OVER)]


@pytest.mark.parametrize("api", ["", "http://127.0.0.1:1/api"], ids=["no server", "a server"])
def test_doctor_names_it_and_what_is_paused(
    waits: Path, prefect: Prefect, api: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "api_here", lambda: api)
    pauses.pause("sweeps", "王芳", "系统检修")
    paused, lost = examination._custody()
    assert (paused.name, paused.is_in_order) == ("pauses", True)
    assert "sweeps is paused by 王芳 until it is lifted (系统检修)" in paused.sentence
    assert lost.sentence.startswith(f"nobody works on cycle {CYCLE} although {OVER}")
    assert lost.is_in_order is not bool(api), "without a server it is a person who runs it"
    if api:
        prefect.living = [of_prefect("PAUSED")]
        assert [observation.sentence for observation in examination._custody()][1:] == ["each has who works on it"]


def test_one_that_only_waits_is_named_and_not_begun(
    waits: Path, prefect: Prefect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "today", lambda: DAY)
    assert filing_cycle.wake() == {}
    assert custody.unattended([], settings()) == [custody.Unattended(CYCLE, None)]
    assert custody.unattended([of_prefect("PAUSED")], settings()) == []


def test_a_run_that_works_by_a_command_is_a_run(waits: Path, prefect: Prefect) -> None:
    with runs.begin(CYCLE, DAY, work="cycle"):
        assert filing_cycle.wake() == {}


def test_a_run_that_died_is_begun_anew_more_and_more_seldom(waits: Path, prefect: Prefect) -> None:
    with runs.begin(CYCLE, DAY, work="cycle"):
        pass
    now = datetime.now(UTC)
    assert waiting.reason_to_begin(CYCLE, settings(), now) is None
    later = now + waiting.TRY_AGAIN
    assert waiting.reason_to_begin(CYCLE, settings(), later) == "1 runs in a row did not come to their end"
    with runs.begin(CYCLE, DAY, work="cycle"):
        pass
    assert waiting.reason_to_begin(CYCLE, settings(), later) is None


def test_a_cycle_that_waits_for_no_result_begins_for_what_was_recorded(waits: Path, prefect: Prefect) -> None:
    ended("done", awaits=False)
    assert filing_cycle.wake() == {}
    with runs.begin(CYCLE, DAY):  # a decision, an import
        pass
    assert filing_cycle.wake() == {CYCLE: "something was imported or decided, and no run was working on it"}


def test_a_cancelled_run_pauses_its_cycle_in_the_name_of_who_cancelled_it(waits: Path, prefect: Prefect) -> None:
    prefect.cancelled = [of_prefect("CANCELLED", cancelled_by="王芳")]
    assert filing_cycle.wake() == {}
    (pause,) = pauses.pauses_on(today())
    assert (pause.subject, pause.by, pause.until) == (CYCLE, "王芳", None)
    assert "等待评估结果" in pause.reason
    assert custody.unattended([], settings()) == [], "what a person paused is not lost"

    pauses.lift(CYCLE, "李雷", "可以继续")
    assert filing_cycle.wake() == {CYCLE: f"{OVER}, and no run was working on it"}, (
        "the cancelling was settled by the lifting"
    )


@pytest.mark.parametrize("other", [{"is_trial": True}, {"only": ["A1"]}, {"cycle": "current"}])
def test_cancelling_what_is_not_the_whole_cycle_pauses_nothing(
    waits: Path, prefect: Prefect, other: dict[str, object]
) -> None:
    prefect.cancelled = [of_prefect("CANCELLED", **other)]
    assert custody.respect_cancelling() == []


def test_cancelling_one_of_two_runs_pauses_nothing(waits: Path, prefect: Prefect) -> None:
    prefect.cancelled, prefect.living = [of_prefect("CANCELLED")], [of_prefect("PAUSED")]
    assert custody.respect_cancelling() == []


def test_a_run_since_the_cancelling_settles_it(waits: Path, prefect: Prefect) -> None:
    prefect.cancelled = [of_prefect("CANCELLED", since=datetime.now(UTC) - timedelta(hours=1))]
    assert custody.respect_cancelling() == []


@pytest.mark.parametrize("subject", [CYCLE, "cycle", "resume-waiting"])
def test_what_a_person_paused_stays(waits: Path, prefect: Prefect, subject: str) -> None:
    prefect.living = [of_prefect("PAUSED")]
    pauses.pause(subject, "王芳", "等上级答复")
    assert filing_cycle.wake() == {}
    prefect.living = []
    assert filing_cycle.wake() == {}
    pauses.lift(subject, "王芳", "已答复")
    assert filing_cycle.wake().keys() == {CYCLE}
