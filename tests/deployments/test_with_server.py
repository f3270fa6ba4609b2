"""What workers, commands and registrations ask of a Prefect server, asked of a real one: that of a command."""

import json
import logging
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import anyio
import pytest
from prefect import flow, task
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import DeploymentScheduleCreate, DeploymentUpdate
from prefect.client.schemas.objects import State, StateType
from prefect.client.schemas.schedules import CronSchedule
from prefect.exceptions import Pause
from prefect.settings import (
    PREFECT_API_AUTH_STRING,
    PREFECT_API_URL,
    PREFECT_CLIENT_CSRF_SUPPORT_ENABLED,
    PREFECT_FLOWS_HEARTBEAT_FREQUENCY,
    temporary_settings,
)
from prefect.states import Cancelled, Completed, Failed, Running
from prefect.workers.process import ProcessWorker

from deployments import catalogue, command_server, reaping, worker
from deployments.prefect_environment import prefect_home
from flows import filing_cycle
from schemas.run import Counts, RunSummary
from tasks.desk import pauses
from tasks.runs import alerts, custody, on_server, orchestration, progress
from tasks.runs.today import today
from tests import evaluations as made
from tests import homes

CYCLE = made.CYCLE
CHOSEN = ("cycle", "sweeps", "watch", "resume-waiting")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A server of this module's own, which the clients of this process ask."""
    home = tmp_path_factory.mktemp("served")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv(command_server.PASSWORD, raising=False)
        patch.setenv("PREFECT_HOME", str(home / "prefect"))
        patch.setenv(command_server._START_SECONDS, "300")
        server = command_server.CommandServer(home / "server.log")
        patch.setenv(command_server.PASSWORD, server.password)
        stated = {
            PREFECT_API_URL: server.address,
            PREFECT_API_AUTH_STRING: server.password,
            PREFECT_CLIENT_CSRF_SUPPORT_ENABLED: False,
            PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None,
        }
        try:
            server.await_answer()
            with temporary_settings(stated):
                yield
        finally:
            server.stop()


@pytest.fixture(scope="module")
def registered(served: None, tmp_path_factory: pytest.TempPathFactory, migrated: Path) -> Iterator[None]:
    """A few of the deployments on that server: each costs a second."""
    with pytest.MonkeyPatch.context() as patch:
        chosen = tuple(entry for entry in catalogue.ENTRIES if entry.name in CHOSEN)
        patch.setattr(catalogue, "ENTRIES", chosen)
        with homes.new(tmp_path_factory.mktemp("registered") / "home", migrated):
            catalogue.register()
        yield


@pytest.fixture
def client(registered: None, home: Path) -> Iterator[SyncPrefectClient]:
    with get_client(sync_client=True) as client:
        yield client


def started(client: SyncPrefectClient, name: str, state: State[Any], **parameters: object) -> UUID:
    """A run of a deployment `flow/deployment` in that state."""
    deployment = client.read_deployment_by_name(name)
    run = client.create_flow_run_from_deployment(deployment.id, parameters=parameters)
    client.set_flow_run_state(run.id, state, force=True)
    return run.id


def state_of(client: SyncPrefectClient, run: UUID) -> str:
    return str(client.read_flow_run(run).state_name)


def test_what_a_person_changed_stays_when_all_is_registered_again(
    client: SyncPrefectClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweeps = client.read_deployment_by_name("sweeps/sweeps")
    (nightly,) = sweeps.schedules
    added = DeploymentScheduleCreate(schedule=CronSchedule(cron="0 12 * * *", timezone="Asia/Shanghai"), slug="mine")
    client.create_deployment_schedules(sweeps.id, [(added.schedule, True)])
    client.update_deployment_schedule(
        sweeps.id, nightly.id, schedule=CronSchedule(cron="0 5 * * *", timezone="Asia/Shanghai")
    )
    client.update_deployment(sweeps.id, DeploymentUpdate(parameters={"as_of": "2026-09-11"}, paused=True))
    pauses.pause("watch", "王芳", "检修")
    kept = catalogue.register().kept_changes
    assert "kept: sweeps: it stays paused" in kept and "kept: watch: it stays paused" in kept
    assert 'kept: sweeps: its parameters stay {"as_of": "2026-09-11"}' in kept
    assert any("stays at 0 5 * * *" in line for line in kept)
    assert any("the added schedule 0 12 * * * Asia/Shanghai stays" in line for line in kept)
    # what the program no longer has, and nobody touched, goes
    watch = client.read_deployment_by_name("watch/watch")
    entry = next(entry for entry in catalogue.ENTRIES if entry.name == "watch")
    others = tuple(other for other in catalogue.ENTRIES if other is not entry)
    with monkeypatch.context() as without:
        without.setattr(catalogue, "ENTRIES", (*others, catalogue.Entry(entry.name, entry.flow, "值守", entry.tags)))
        catalogue.register()
        assert client.read_deployment(watch.id).schedules == []
    client.delete_deployment(sweeps.id)
    assert catalogue.register_missing() == ["the deployment sweeps was gone and is registered anew"]
    assert catalogue.register_missing() == []
    assert client.read_work_pool(on_server.pool()).base_job_template == catalogue.JOB_TEMPLATE


def test_pauses_are_carried_over_both_ways(client: SyncPrefectClient) -> None:
    sweeps, watch = (client.read_deployment_by_name(f"{name}/{name}").id for name in ("sweeps", "watch"))
    for deployment in (sweeps, watch):
        client.resume_deployment(deployment)
    pauses.pause("sweeps", "王芳", "检修")
    client.pause_deployment(watch)
    assert sorted(custody.carry_over()) == [
        "sweeps is paused, as the database has it: lift it with `filing resume sweeps`",
        "watch was paused on its page: the pause is on record now",
    ]
    assert client.read_deployment(sweeps).paused
    assert {pause.subject: pause.by for pause in pauses.pauses_on(today())}["watch"] == "在运行页面上暂停的人"
    assert custody.carry_over() == []
    for name in ("sweeps", "watch"):
        pauses.lift(name, "王芳", "好了")
    assert sorted(custody.carry_over()) == ["sweeps runs by itself again", "watch runs by itself again"]
    assert not client.read_deployment(watch).paused


def test_runs_of_a_lost_machine_are_taken_up_until_the_third_death(
    client: SyncPrefectClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.send_worker_heartbeat(on_server.pool(), "elsewhere-1")
    monkeypatch.setattr(reaping, "SEEN", timedelta(0))
    monkeypatch.setattr(reaping, "SETTLED", timedelta(0))
    run = started(client, "watch/watch", Running())
    client.update_flow_run_labels(run, {"prefect.worker.name": "elsewhere-1"})
    became = []
    for _ in range(reaping.ATTEMPTS):
        client.set_flow_run_state(run, Running(), force=True)
        assert reaping.reap() == [], "a machine that gave a sign of life within minutes is not lost"
        with monkeypatch.context() as later:
            later.setattr(reaping, "SILENT", timedelta(0))
            assert reaping.reap()[0].endswith("lost its process and is Crashed")
        became.append(state_of(client, run))
    assert became == ["AwaitingRetry", "AwaitingRetry", "Crashed"]
    assert alerts.broken_runs() == [], "it may be about to be taken up"
    monkeypatch.setattr(alerts, "_TAKEN_UP_WITHIN", timedelta(0))
    assert [ended.flow_run_id for ended in alerts.broken_runs()] == [run]


@task
def part_of_a_run() -> None:
    """What a run within a run hangs on."""


def test_a_run_that_was_asked_to_stop_and_lost_its_process_is_cancelled(
    client: SyncPrefectClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reaping, "SEEN", timedelta(0))
    run = started(client, "watch/watch", Running())
    client.update_flow_run(run, infrastructure_pid="elsewhere:1")  # without one the server cancels it itself
    client.set_flow_run_state(run, State(type=StateType.CANCELLING), force=True)
    place = client.create_task_run(part_of_a_run, run, "0")
    part = client.create_flow_run(filing_cycle.resume_waiting, parent_task_run_id=place.id, state=Running())
    client.update_flow_run_labels(run, {"prefect.worker.name": reaping.worker_name(1)})
    reaping.reap()
    assert (state_of(client, run), state_of(client, part.id)) == ("Cancelled", "Crashed")


def test_a_worker_looks_after_its_house_until_it_is_ended(
    client: SyncPrefectClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    looks: list[str] = []

    def wake() -> dict[str, str]:
        looks.append("wake")
        raise ConnectionError("the database is away")

    def watch() -> Counts:
        looks.append("watch")
        return Counts(failed={"mail": "no mail server"})

    async def end_after_a_look(scope: anyio.CancelScope) -> None:
        while looks != ["wake", "watch"] or not await anyio.to_thread.run_sync(known_workers):
            await anyio.sleep(0.05)
        scope.cancel()

    def known_workers() -> list[str]:
        return [known.name for known in client.read_workers_for_work_pool(on_server.pool())]

    monkeypatch.setattr(worker, "wake", wake)
    monkeypatch.setattr(worker, "look", watch)
    monkeypatch.setattr(worker, "_stop_on_signal", end_after_a_look)
    client.delete_deployment(client.read_deployment_by_name("watch/watch").id)
    with caplog.at_level("WARNING", "prefect.filing.worker"):
        monkeypatch.setattr(worker._log, "propagate", True)
        monkeypatch.setattr(logging.getLogger("prefect"), "propagate", True)
        anyio.run(worker.work, 1)
    assert client.read_deployment_by_name("watch/watch").name == "watch", "what was deleted is there again"
    assert reaping.worker_name(1) in known_workers()
    assert (prefect_home() / "worker-1.seen").is_file()
    assert "the deployment watch was gone and is registered anew" in caplog.messages
    assert (
        "the worker could not ask what waits, it tries again: ConnectionError: the database is away" in caplog.messages
    )
    assert "no mail server" in caplog.messages, "a look that fails ends no other"


def test_a_worker_that_is_ended_while_the_server_keeps_it_waiting_ends_quietly(
    client: SyncPrefectClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut_off: list[anyio.CancelScope] = []
    reports: list[bool] = []
    waiting = anyio.Event()

    def report() -> list[str]:
        reports.append(bool(cut_off))
        return []

    async def keep_waiting(_worker: ProcessWorker) -> None:
        waiting.set()
        await anyio.sleep_forever()

    async def end_while_it_waits(scope: anyio.CancelScope) -> None:
        await waiting.wait()
        cut_off.append(scope)
        scope.cancel()

    monkeypatch.setattr(ProcessWorker, "sync_with_backend", keep_waiting)
    monkeypatch.setattr(worker, "_stop_on_signal", end_while_it_waits)
    monkeypatch.setattr(worker, "reap", report)
    anyio.run(worker.work, 1)
    assert reports[-1], "what was cut off is reported at once"


def test_runs_of_a_cycle_are_asked_for_once_and_known_by_what_they_do(client: SyncPrefectClient) -> None:
    day = date(2026, 9, 11)
    run = orchestration.start_cycle(CYCLE, day, "结果收齐", "key")
    assert run is not None and orchestration.start_cycle(CYCLE, day, "结果收齐", "key") == run
    (begun,) = [living for living in orchestration.living_runs() if living.flow_run_id == run]
    assert (begun.cycle, begun.as_of, begun.is_whole, begun.is_suspended) == (CYCLE, day, True, False)
    assert begun.name == f"{CYCLE} · 办理 · {day}"
    assert not orchestration.resume(run), "what does not wait cannot be resumed"
    client.set_flow_run_state(run, State(type=StateType.PAUSED, name="Suspended"), force=True)
    assert run in [waits.flow_run_id for waits in orchestration.suspended_runs()]
    client.update_flow_run_labels(run, {orchestration.CANCELLED_BY: "王芳"})
    client.set_flow_run_state(run, Cancelled(), force=True)
    (cancelled,) = [other for other in orchestration.cancelled_runs() if other.flow_run_id == run]
    assert cancelled.cancelled_by == "王芳"
    trial = started(client, "filing-cycle/cycle", Running(), cycle=CYCLE, dry_run=True)
    assert [living.is_trial for living in orchestration.living_runs() if living.flow_run_id == trial] == [True]


def test_a_suspended_run_whose_deployment_is_gone_is_ended_and_nothing_is_begun_without_one(
    client: SyncPrefectClient,
) -> None:
    waits = State[Any](type=StateType.PAUSED, name="Suspended")
    run = started(client, "filing-cycle/cycle", waits, cycle=CYCLE)
    other = started(client, "filing-cycle/cycle", waits, cycle="2026-04")
    assert orchestration.end_abandoned(CYCLE) == 0
    client.delete_deployment(client.read_deployment_by_name("filing-cycle/cycle").id)
    assert orchestration.end_abandoned(CYCLE) == 1
    assert (state_of(client, run), state_of(client, other)) == ("Cancelled", "Suspended")
    assert orchestration.start_cycle(CYCLE, None, "结果收齐", "another key") is None
    assert catalogue.register_missing() == ["the deployment cycle was gone and is registered anew"]


def test_runs_that_did_nothing_are_forgotten(client: SyncPrefectClient, monkeypatch: pytest.MonkeyPatch) -> None:
    run = started(client, "watch/watch", Running())
    monkeypatch.setattr(orchestration, "runtime", runtime(run, tags=client.read_flow_run(run).tags))
    orchestration.leave_no_row()
    client.set_flow_run_state(run, Completed(), force=True)
    assert orchestration.forget_idle() == 0, "a worker may still be clearing away its process"
    monkeypatch.setattr(orchestration, "_CLEARED_AWAY", timedelta(0))
    assert orchestration.forget_idle() == 1
    assert orchestration.forget_idle() == 0


def test_a_run_keeps_the_cycle_that_was_meant_and_waits_under_a_name_of_its_own(
    client: SyncPrefectClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = started(client, "filing-cycle/cycle", Running(), cycle="current", as_of="2026-09-11")
    monkeypatch.setattr(orchestration, "runtime", runtime(run, cycle="current", as_of=date(2026, 9, 11)))
    assert orchestration.cycle_run_name() == "current · 办理 · 2026-09-11"
    orchestration.name_cycle(CYCLE)
    stored = client.read_flow_run(run)
    assert (stored.parameters["cycle"], stored.name) == (CYCLE, f"{CYCLE} · 办理 · 2026-09-11")
    monkeypatch.setattr(orchestration, "propose_state_sync", lambda client, state, flow_run_id: state)
    monkeypatch.setattr(filing_cycle, "get_run_logger", logging.getLogger)
    summary = RunSummary(
        run_id="1", cycle=CYCLE, as_of=date(2026, 9, 11), outcome="waiting", received_results=1, awaited_results=3
    )
    with pytest.raises(Pause) as pause:
        filing_cycle.wait_for_results(summary)
    assert "评估结果（已收 1 / 共 3）" in str(pause.value.state.message)
    assert client.read_flow_run(run).name == f"{CYCLE} · 等待评估结果 · 2026-09-11"
    monkeypatch.setattr(orchestration, "propose_state_sync", lambda *_, **__: Failed(name="Late"))
    with pytest.raises(RuntimeError, match="the server answered Late"):
        orchestration.suspend(60, "名字", "等待")
    client.set_flow_run_state(run, State(type=StateType.PAUSED, name="Suspended"), force=True)
    filing_cycle.wait_for_results(summary)  # one run waits for a whole cycle: this one ends
    client.set_flow_run_state(run, Cancelled(), force=True)


def runtime(run: UUID, tags: list[str] | None = None, **parameters: object) -> SimpleNamespace:
    """What Prefect says inside a run of a deployment."""
    of_run = SimpleNamespace(id=str(run), parameters=parameters, parent_flow_run_id=None, tags=tags)
    return SimpleNamespace(flow_run=of_run, deployment=SimpleNamespace(id="1"))


def test_the_page_of_a_run_holds_what_it_did_and_what_is_missing(served: None, home: Path) -> None:
    made.accepted("A1")
    made.send_out(home)
    summary = RunSummary(run_id="1", cycle=CYCLE, as_of=made.DAY, outcome="waiting")

    @flow(name="page")
    def page() -> list[dict[str, Any]]:
        progress.tell(summary)
        progress.tell_work(summary.model_copy(update={"work": "sweeps"}), "每日清理")
        with get_client(sync_client=True) as client:
            answer = client.request("POST", "/artifacts/filter", json={})
            return list(answer.json())

    told = {artifact["key"]: artifact for artifact in page()}
    assert set(told) == {
        *(f"{name}-{CYCLE}" for name in ("overview", "letters", "waiting", "missing", "summary")),
        *("overview-sweeps", "summary-sweeps"),
    }
    assert told[f"waiting-{CYCLE}"]["data"] == 0.0
    assert "A1" in json.dumps(told[f"missing-{CYCLE}"]["data"])
    progress.tell(summary)  # outside a run there is no page
