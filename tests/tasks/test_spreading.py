"""Letters and packages in portions: by threads, by processes, and by a real Dask cluster of which a worker is killed."""

import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager
from datetime import date
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import psutil
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


def test_portions_are_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spreading, "PORTION", 4)
    due = [f"{number:02}" for number in range(17)]
    shares = spreading._shares(due)
    assert [len(share) for share in shares] == [3, 3, 4, 3, 4]
    assert [key for share in shares for key in share] == due


class _Helped:
    """Delivery beside made helpers: who was given what, and when they are done."""

    def __init__(self, helpers: int, ready_after: int, speed: float = 1.0, breaks: bool = False) -> None:
        self.helpers, self._ready_after, self._speed, self._breaks = helpers, ready_after, speed, breaks
        self.here: list[list[str]] = []
        self.handed: list[tuple[list[str], int]] = []

    @property
    def _now(self) -> int:
        return sum(map(len, self.here))

    def free(self) -> int:
        started = self.helpers if self._now >= self._ready_after else 0
        return started - sum(until > self._now for _, until in self.handed)

    def hand_out(self, due: list[str]) -> SimpleNamespace:
        until = self._now + round(len(due) / self._speed)
        self.handed.append((due, until))

        def result() -> Delivery:
            if self._breaks:
                raise BrokenProcessPool
            return Delivery(len(due), {due[0]: "there"})

        ended = SimpleNamespace(
            done=lambda: until <= self._now,
            exception=lambda: BrokenProcessPool() if self._breaks else None,
            result=lambda: SimpleNamespace(is_completed=lambda: True),
        )
        return SimpleNamespace(wait=lambda: None, result=result, wrapped_future=ended)

    def deliver_here(self, due: list[str]) -> Delivery:
        self.here.append(due)
        return Delivery(len(due), {})


@pytest.mark.parametrize("number", [501, 1_500, 6_000])
@pytest.mark.parametrize(
    ("helpers", "ready_after", "speed"), [(1, 0, 1.0), (1, 400, 1.0), (3, 0, 1.0), (1, 0, 0.5), (1, 0, 2.0)]
)
def test_the_run_delivers_as_its_helpers_do_until_all_are_done(
    helpers: int, ready_after: int, speed: float, number: int
) -> None:
    due = [f"{number:04}" for number in range(number)]
    made = _Helped(helpers, ready_after, speed)
    delivered = spreading._beside_helpers(cast("Any", made), made.hand_out, made.deliver_here, list(due))
    assert sorted(key for part in [*made.here, *(part for part, _ in made.handed)] for key in part) == due
    assert sum(part.done for part in delivered) == number
    assert sum(len(part.failed) for part in delivered) == len(made.handed) <= 20
    assert all(spreading.SMALLEST <= len(part) <= spreading.LARGEST for part, _ in made.handed)
    over = max([sum(map(len, made.here)), *(until for _, until in made.handed)])
    at_best = (number + helpers * speed * ready_after) / (1 + helpers * speed)
    assert over <= 1.1 * at_best + (1 + helpers) * spreading.SMALLEST


def test_helpers_that_are_never_ready_are_not_waited_for() -> None:
    made = _Helped(1, ready_after=10_000)
    spreading._beside_helpers(cast("Any", made), made.hand_out, made.deliver_here, list(map(str, range(2_500))))
    assert (sum(map(len, made.here)), made.handed) == (2_500, [])


def test_after_a_helper_broke_the_run_delivers_what_is_left_and_fails() -> None:
    made = _Helped(1, 0, speed=10, breaks=True)
    due = [f"{number:04}" for number in range(1_500)]
    with pytest.raises(BrokenProcessPool):
        spreading._beside_helpers(cast("Any", made), made.hand_out, made.deliver_here, list(due))
    assert len(made.handed) == 1
    assert sum(map(len, made.here)) == len(due) - len(made.handed[0][0])


@pytest.mark.parametrize(
    ("by", "number", "starts"), [("processes", 3, 1), ("processes", 2, 0), ("threads", 3, 0), ("", 3, 0)]
)
def test_helpers_start_for_letters_that_are_expected(
    by: str, number: int, starts: int, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[str] = []

    @contextmanager
    def runner(by: str, _: Settings) -> Iterator[object]:
        started.append(by)
        yield object()

    monkeypatch.setattr(spreading, "WORTH_A_START", 2)
    monkeypatch.setattr(spreading, "task_runner", runner)
    with using(Settings(home=home, task_runner=by)), begin("2026-09") as run, spreading.workers():
        monkeypatch.setattr(spreading, "FlowRunContext", SimpleNamespace(get=object))
        for _ in range(2):
            delivery.expect_letters(run, number)
    assert started == ["processes"] * starts


def whose_flow_run(_: Run, due: list[str]) -> Delivery:
    """Work that delivers nothing and says in which flow run, and by which process."""
    around = FlowRunContext.get()
    return Delivery(0, {key: f"{around.flow_run.id} {os.getpid()}" for key in due})


@pytest.fixture
def ready(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Helpers are ready before anything is delivered, and deliver parts of any size; how large those are."""
    start, submit = spreading._Kept.runner, spreading._submit
    handed: list[int] = []

    def runner(kept: spreading._Kept, run: Run, work: spreading.Work) -> object:
        made = start(kept, run, work)
        while isinstance(made, spreading._Processes) and made.free() < made.helpers:
            time.sleep(0.01)
        return made

    def counted(runner: object, noun: str, run: Run, work: spreading.Work, due: list[str]) -> object:
        handed.append(len(due))
        return submit(cast("Any", runner), noun, run, work, due)

    monkeypatch.setattr(spreading._Kept, "runner", runner)
    monkeypatch.setattr(spreading, "_submit", counted)
    for name, number in {"PORTION": 4, "WORTH_A_START": 4, "SMALLEST": 1, "BETWEEN_LOOKS": 2}.items():
        monkeypatch.setattr(spreading, name, number)
    return handed


@pytest.mark.slow
@pytest.mark.usefixtures("server")
def test_flow_runs_share_a_helper_and_have_portions_of_their_own(home: Path, ready: list[int]) -> None:
    runs: dict[str, list[str]] = {}

    def deliver(run: Run) -> None:
        around = str(FlowRunContext.get().flow_run.id)
        runs[around] = list(spreading.spread(run, "letters", whose_flow_run, list("abcdef")).failed.values())

    @flow
    def cycle() -> None:
        with begin("2026-09") as run, spreading.workers():
            for stage in ("one", "two"):
                spreading.sub_run(stage, stage, run.cycle, partial(deliver, run))

    one = {PREFECT_TASKS_RUNNER_PROCESS_POOL_MAX_WORKERS: 1}
    with temporary_settings(one), using(Settings(home=home, task_runner="processes")):
        cycle()
    assert [[said.split()[0] for said in portions] for portions in runs.values()] == [[around] * 6 for around in runs]
    processes = [[said.split()[1] for said in portions] for portions in runs.values()]
    assert [set(of_run) for of_run in processes] == [{str(os.getpid()), processes[0][-1]}] * 2
    assert processes[0][-1] != str(os.getpid())


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
def test_everything_is_delivered_once_and_is_the_same(by: str, undone: Path, tmp_path: Path, ready: list[int]) -> None:
    expected = _delivered(undone, tmp_path / "here", "", lambda: None)
    with _cluster(tmp_path / "spread") if "dask" in by else _nobody(by) as (runner, kill):
        assert _delivered(undone, tmp_path / "spread", runner, kill if "killed" in by else lambda: None) == expected
    assert len(expected) > 20
    assert sum(ready) > 4


def post_one_and_die(run: Run, due: list[str]) -> Delivery:
    """Letters of which a helper posts the first alone, for it is killed then."""
    if due and multiprocessing.parent_process():
        delivery.post_letters(run, due[:1])
        os.kill(os.getpid(), signal.SIGKILL)
    return delivery.post_letters(run, due)


@pytest.mark.slow
@pytest.mark.usefixtures("server")
def test_what_a_killed_helper_left_is_delivered_by_the_next_run(undone: Path, tmp_path: Path, ready: list[int]) -> None:
    expected = _delivered(undone, tmp_path / "here", "", lambda: None)
    home = tmp_path / "spread"
    shutil.copytree(undone, home)

    @flow
    def deliver() -> None:
        with begin("2026-09", _DAY) as run, reading() as db:
            due = undelivered(db, LETTERS)
            with pytest.raises(BrokenProcessPool):
                spreading.spread(run, "letters", post_one_and_die, due)
        with reading() as db:
            assert len(undelivered(db, LETTERS)) == sum(ready) - 1 > 0

    with using(Settings(home=home, practice=True, task_runner="processes")):
        deliver()
    close_engines()
    assert _delivered(home, tmp_path / "next", "", lambda: None) == expected


_KILLED = """
import multiprocessing, os, signal
from concurrent.futures import ProcessPoolExecutor
from schemas.settings import Settings
from tasks.runs.spreading import _begin_to_help

if __name__ == "__main__":
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(1, context, _begin_to_help, (Settings(),))
    print(pool.submit(os.getpid).result(), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.slow
def test_a_helper_ends_with_the_run_that_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "run.py"
    script.write_text(_KILLED, "utf-8")
    environment = os.environ | {"FILING_HOME": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)}
    run = subprocess.run([sys.executable, str(script)], stdout=subprocess.PIPE, text=True, env=environment, check=False)
    assert run.returncode == -signal.SIGKILL
    psutil.wait_procs([psutil.Process(pid) for pid in map(int, run.stdout.split()) if psutil.pid_exists(pid)], 120)
    assert not any(map(psutil.pid_exists, map(int, run.stdout.split())))


@pytest.mark.slow
@pytest.mark.parametrize("by", ["threads", "processes"])
@pytest.mark.usefixtures("server")
def test_what_lies_in_postgresql_is_delivered_the_same(
    by: str, undone: Path, postgresql: str, tmp_path: Path, ready: list[int]
) -> None:
    expected = _delivered(undone, tmp_path / "here", "", lambda: None)
    there = _leave_undone(tmp_path / "there", postgresql)
    assert _delivered(there, tmp_path / "spread", by, lambda: None, postgresql) == expected
    assert sum(ready) > 4


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
