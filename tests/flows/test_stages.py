"""The stages of a cycle: one table, plain functions for whoever calls them outside a flow run."""

import inspect
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cloudpickle  # type: ignore[import-untyped]
import pytest
from pydantic import SecretStr

from flows import stages
from flows.filing_cycle import go_through
from flows.stages import ALONE, DECISION, STAGES, Stage, carry_out, decision
from flows.sweeps import sweeps
from schemas.run import Counts, Run
from schemas.settings import Settings, using
from tasks.runs.run import CycleBusyError, begin, step
from tasks.runs.today import today
from tasks.store import runs
from tasks.store.database import reading
from tests.registers import BAKER, COOK, ONE, decide, passed, statuses, take_over


def test_every_stage_can_be_started_alone_under_its_name() -> None:
    for stage, alone in zip(STAGES, ALONE, strict=True):
        assert callable(alone.flow_run_name)
        assert (alone.name, alone.flow_run_name()) == (stage.name, f"{stage.title} · {today()}")
        assert list(inspect.signature(stage.work).parameters) == ["run"]


def test_only_the_decision_waits_for_results() -> None:
    assert [stage for stage in STAGES if stage.needs_results] == [DECISION]


def test_the_decision_started_alone_waits_as_the_cycle_does(home: Path) -> None:
    """Places are compared: nothing is decided before all could apply, whoever starts the stage (Notice, article 1(3))."""
    passed("A1", "initial", [(ONE, COOK, "4")], cycle="2026-09")
    summary = decision.fn("2026-09", date(2026, 9, 10))
    assert (summary.done, len(summary.advice)) == ({}, 1)
    assert decision.fn("2026-09", date(2026, 9, 11)).done["filed"] == 1


def test_a_stage_is_handed_its_own_run(home: Path) -> None:
    handed: list[Run] = []

    def work(run: Run) -> Counts:
        handed.append(run)
        return Counts()

    with begin("2026-04", only=["A1"], inbox=str(home)) as outer, begin("2026-09") as inner:
        for run in (outer, inner):
            carry_out(Stage("any", "任一", work, "三", "任一环节"), run)
    assert handed == [outer, inner]
    assert (outer.only, outer.inbox, inner.only, inner.inbox) == (["A1"], str(home), None, str(home / "inbox"))


@pytest.mark.parametrize(("is_trial", "name"), [(True, "2026-09 · 试运行 · 任一 · "), (False, "2026-09 · 任一 · ")])
def test_a_stage_of_a_trial_is_marked_in_its_name(
    home: Path, monkeypatch: pytest.MonkeyPatch, *, is_trial: bool, name: str
) -> None:
    flows = _flows_around(monkeypatch, dry_run=is_trial)
    with begin("2026-09") as run:
        carry_out(Stage("any", "任一", lambda _: Counts(), "三", "任一环节"), run)
        assert [run_name for run_name, _ in flows] == [f"{name}{run.day}"]


def test_no_secret_is_in_the_flow_that_goes_to_workers_with_a_task_of_it(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flows = _flows_around(monkeypatch)
    with using(Settings(home=home, source_password=SecretStr("open sesame"))), begin("2026-09") as run:
        assert b"open sesame" in cloudpickle.dumps(run)
        assert carry_out(Stage("any", "任一", lambda _: Counts.of(done=1), "三", "任一环节"), run).total
    assert [b"open sesame" in cloudpickle.dumps(function) for _, function in flows] == [False]


def _flows_around(monkeypatch: pytest.MonkeyPatch, **parameters: bool) -> list[tuple[str, Callable[..., Any]]]:
    """Have a flow run seem to be around; run name and function of every flow that is made in it."""
    flows: list[tuple[str, Callable[..., Any]]] = []

    def flow(**values: Any) -> Callable[[Any], Any]:
        def made(function: Callable[..., Any]) -> Callable[..., Any]:
            flows.append((values["flow_run_name"], function))
            return function

        return made

    around = SimpleNamespace(get=lambda: SimpleNamespace(parameters={"cycle": "2026-09", **parameters}))
    monkeypatch.setattr(stages, "FlowRunContext", around)
    monkeypatch.setattr("tasks.runs.spreading.flow", flow)
    return flows


def test_a_run_is_begun_once(home: Path) -> None:
    """A second run of the same cycle is refused, also in the same process: no run is taken for another."""
    with begin("2026-09"), pytest.raises(CycleBusyError, match="is working on 2026-09"), begin("2026-09", only=["A1"]):
        pass


def test_a_summary_names_the_stages_in_their_order(home: Path) -> None:
    with begin("2026-09") as run:
        summary = go_through(run)
    assert list(summary.stages) == [stage.name for stage in STAGES]
    assert summary.titles == {stage.name: stage.title for stage in STAGES}


def test_what_is_over_lapses_though_the_cycle_waits(home: Path) -> None:
    """An item of an earlier cycle is shown as it stands on the day of the run, whatever that run waits for."""
    take_over([(ONE, COOK, "4")], date(2023, 8, 21), date(2026, 8, 20))
    passed("A1", "addition", [(ONE, BAKER, "4")], cycle="2026-04")
    decide("2026-04", date(2026, 5, 26))
    with begin("2026-09", date(2026, 8, 21)) as run:
        summary = go_through(run)
    assert summary.outcome == "waiting"
    with reading() as db:
        assert statuses(db) == {("A1", BAKER, "4"): "lapsed"}


def test_outside_a_flow_run_a_step_is_the_function() -> None:
    def work(number: int) -> int:
        raise LookupError(str(number))

    with pytest.raises(LookupError, match="7"):
        step("work-{number}", retries=2)(work)(7)


def test_the_night_is_no_reason_for_a_waiting_cycle_to_go_on(home: Path) -> None:
    passed("A1", "initial", [(ONE, COOK, "4")], cycle="2026-04")
    began = datetime.now(UTC)
    sweeps.fn(date(2026, 9, 20))
    with reading() as db:
        assert not runs.recorded_since(db, "2026-09", began)
        assert not runs.recorded_since(db, "2026-04", began)
