"""Letters and packages in portions: by threads, by processes, and by a real Dask cluster of which a worker is killed."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import date
from functools import partial
from pathlib import Path

import pytest
from prefect import flow
from prefect.context import FlowRunContext
from prefect.settings import PREFECT_TASKS_RUNNER_PROCESS_POOL_MAX_WORKERS, temporary_settings
from prefect.task_runners import ProcessPoolTaskRunner, ThreadPoolTaskRunner
from prefect.testing.utilities import prefect_test_harness

from schemas.law.cycle import cycle_id
from schemas.run import Run
from schemas.settings import Settings, UnusableSettingsError, using
from tasks import evaluation
from tasks.letters import delivery
from tasks.runs import spreading
from tasks.runs.run import begin
from tasks.store.database import close_engines, reading
from tasks.store.outbox import LETTERS, PACKAGES, Delivery, undelivered
from tests import factories
from tests.ports import HOST, held_port

_DAY = date(2026, 9, 11)


def test_the_setting_names_who_does_it(home: Path) -> None:
    settings = Settings(home=home)
    assert isinstance(spreading.task_runner("threads", settings), ThreadPoolTaskRunner)
    assert isinstance(spreading.task_runner("processes", settings), ProcessPoolTaskRunner)
    assert "Dask" in type(spreading.task_runner("tcp://127.0.0.1:8786", settings)).__name__
    with pytest.raises(UnusableSettingsError, match="FILING_TASK_RUNNER is 'dask': write threads, processes"):
        spreading.task_runner("dask", settings)


def test_outside_a_flow_run_it_is_one_portion_here(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spreading, "PORTION", 1)
    portions: list[list[str]] = []

    def work(run: Run, due: list[str]) -> Delivery:
        portions.append(due)
        return Delivery(len(due), {})

    with using(Settings(home=home, task_runner="threads")), begin("2026-09") as run:
        assert spreading.spread(run, "letters", work, ["a", "b"]).done == 2
    assert portions == [["a", "b"]]


def test_a_worker_of_another_home_delivers_nothing(home: Path) -> None:
    ticket = spreading.Ticket(run_id="r", cycle=cycle_id("2026-09"), day=_DAY, token=1, home="/elsewhere")
    with pytest.raises(spreading.OtherHomeError, match="give both the same FILING_HOME"):
        spreading.carry_out(ticket, lambda *_: pytest.fail("it delivered"), ["a"])


def test_portions_are_alike_and_every_hand_has_as_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spreading, "PORTION", 4)
    due = [f"{number:02}" for number in range(17)]
    for hands, sizes in ((1, [3, 3, 4, 3, 4]), (2, [2, 3, 3, 3, 3, 3]), (64, [3, 3, 4, 3, 4])):
        shares = spreading._shares(due, hands)
        assert [len(share) for share in shares] == sizes
        assert [key for share in shares for key in share] == due


def whose_flow_run(_: Run, due: list[str]) -> Delivery:
    """Work that delivers nothing and says in which flow run, and by which process."""
    around = FlowRunContext.get()
    return Delivery(0, {due[0]: f"{around.flow_run.id} {os.getpid()}"})


@pytest.mark.slow
@pytest.mark.usefixtures("server")
def test_flow_runs_share_processes_and_have_portions_of_their_own(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spreading, "PORTION", 1)
    runs: dict[str, list[str]] = {}

    def deliver(run: Run) -> None:
        around = str(FlowRunContext.get().flow_run.id)
        runs[around] = list(spreading.spread(run, "letters", whose_flow_run, ["a", "b"]).failed.values())

    @flow
    def cycle() -> None:
        with begin("2026-09") as run, spreading.workers():
            for stage in ("one", "two"):
                spreading.sub_run(stage, stage, run.cycle, partial(deliver, run))

    one = {PREFECT_TASKS_RUNNER_PROCESS_POOL_MAX_WORKERS: 1}
    with temporary_settings(one), using(Settings(home=home, task_runner="processes")):
        cycle()
    assert [[said.split()[0] for said in portions] for portions in runs.values()] == [[around] * 2 for around in runs]
    assert len(runs) == 2
    assert len({said.split()[1] for portions in runs.values() for said in portions}) == 1


@pytest.fixture(scope="module")
def undone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which letters and packages of a first run are written and none is delivered."""
    return _leave_undone(tmp_path_factory.mktemp("undone") / "home")


def _leave_undone(home: Path, database_url: str = "") -> Path:
    story = factories.make_story(institutions=24)
    with pytest.MonkeyPatch.context() as patch, using(Settings(home=home, practice=True, database_url=database_url)):
        for module in (delivery, evaluation):
            patch.setattr(module, "spread", lambda *_: Delivery(0, {}))
        from deployments import schema
        from flows.filing_cycle import go_through

        schema.migrate()
        day = story.act(1, home / "inbox")
        with begin(story.cycle, day) as run:
            go_through(run)
    close_engines()
    return home


@pytest.fixture(scope="module")
def server() -> Iterator[None]:
    with prefect_test_harness(server_startup_timeout=300):
        yield


@pytest.mark.slow
@pytest.mark.parametrize("by", ["threads", "processes", "dask", "dask, a worker killed"])
@pytest.mark.usefixtures("server")
def test_everything_is_delivered_once_and_is_the_same(
    by: str, undone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spreading, "PORTION", 4)
    expected = _delivered(undone, tmp_path / "here", "", lambda: None)
    with _cluster(tmp_path / "spread") if "dask" in by else _nobody(by) as (runner, kill):
        assert _delivered(undone, tmp_path / "spread", runner, kill if "killed" in by else lambda: None) == expected
    assert len(expected) > 20


@pytest.mark.slow
@pytest.mark.parametrize("by", ["threads", "processes"])
@pytest.mark.usefixtures("server")
def test_what_lies_in_postgresql_is_delivered_the_same(
    by: str, undone: Path, postgresql: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spreading, "PORTION", 4)
    expected = _delivered(undone, tmp_path / "here", "", lambda: None)
    there = _leave_undone(tmp_path / "there", postgresql)
    assert _delivered(there, tmp_path / "spread", by, lambda: None, postgresql) == expected


def _delivered(
    undone: Path, home: Path, by: str, meanwhile: Callable[[], None], database_url: str = ""
) -> dict[str, bytes]:
    """What a flow run delivers, whoever does it; nothing is left over."""
    shutil.copytree(undone, home)

    @flow
    def deliver() -> None:
        with begin("2026-09", _DAY) as run:
            delivery.deliver_letters(run)
            evaluation.deliver_packages(run)

    with using(Settings(home=home, practice=True, task_runner=by, database_url=database_url)):
        meanwhile()
        deliver()
        with reading() as db:
            assert [undelivered(db, box) for box in (LETTERS, PACKAGES)] == [[], []]
    close_engines()
    return {name: data for name, data in factories.output(home).items() if name.startswith("outbox/")}


@contextmanager
def _nobody(by: str) -> Iterator[tuple[str, Callable[[], None]]]:
    yield by, lambda: None


@contextmanager
def _cluster(home: Path) -> Iterator[tuple[str, Callable[[], None]]]:
    """A scheduler and two workers of a home as processes; its address, and what kills a worker at its work."""
    address = f"tcp://{HOST}:{held_port()}"
    environment = os.environ | {"FILING_HOME": str(home), "PYTHONPATH": os.pathsep.join(sys.path)}
    dask = [sys.executable, "-m", "dask"]
    with ExitStack() as stack:

        def start(*command: str) -> subprocess.Popen[bytes]:
            process = stack.enter_context(subprocess.Popen([*dask, *command], env=environment, start_new_session=True))
            stack.callback(_end, process)
            return process

        start("scheduler", "--host", HOST, "--port", address.rpartition(":")[2], "--no-dashboard")
        workers = [start("worker", address, "--nthreads", "1", "--no-nanny", "--no-dashboard") for _ in range(2)]
        yield address, lambda: _kill_at_work(workers[0], home)


def _kill_at_work(worker: subprocess.Popen[bytes], home: Path) -> None:
    """Kill a worker once it has put its first file into place."""
    from threading import Thread

    def watch() -> None:
        until = time.monotonic() + 120
        while time.monotonic() < until and not any((home / "outbox").rglob("*.docx")):
            time.sleep(0.005)
        worker.send_signal(signal.SIGKILL)

    Thread(target=watch, daemon=True).start()


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)
