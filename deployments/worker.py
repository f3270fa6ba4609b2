"""One worker of the process pool and its caretaker, who asks every few seconds what died and what may go on.

Started as `python -m deployments.worker [NUMBER]`.
"""

import logging
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import anyio
from prefect.client.schemas.objects import FlowRun
from prefect.client.schemas.responses import WorkerFlowRunResponse
from prefect.workers.process import ProcessWorker

from deployments.catalogue import register_missing
from deployments.gate.secrets_of_home import present
from deployments.prefect_environment import end_with_parent, hold_anywhere, prefect_home
from deployments.reaping import reap, worker_name
from deployments.schedules import name_upcoming
from deployments.soundness import unknown_settings
from flows.filing_cycle import wake
from flows.sweeps import look
from schemas.settings import settings
from tasks.runs import on_server
from tasks.runs.custody import carry_over
from tasks.runs.orchestration import forget_idle

_EVERY_SECONDS = 20.0
_WATCH_SECONDS = 300.0
#: Runs of one worker at a time; a cycle is one of them.
LIMIT = 4
_log = logging.getLogger("prefect.filing.worker")


async def work(number: int) -> None:
    """Take runs from the pool until SIGTERM or SIGINT, and look after those whose process died."""
    name = worker_name(number)
    worker = ProcessWorker(work_pool_name=on_server.pool(), name=name, limit=LIMIT, create_pool_if_not_found=False)
    _take_none_twice(worker)
    _close_when_cut_off(worker)
    async with anyio.create_task_group() as group:
        group.start_soon(_stop_on_signal, group.cancel_scope)
        group.start_soon(_look_after, number)
        await worker.start()
    # what we ended ourselves is reported at once, so that the next worker takes it up
    await anyio.to_thread.run_sync(_reap)


def _take_none_twice(worker: ProcessWorker) -> None:
    """Have the worker leave a run for its next look while its former process is still being cleared away.

    Prefect 3.8 ends the whole worker over a run that is taken up again before it has given back its place.
    """
    submit = worker._submit_scheduled_flow_runs

    async def submit_others(flow_run_response: list[WorkerFlowRunResponse]) -> list[FlowRun]:
        held = set(worker.limiter.statistics().borrowers)
        return await submit([entry for entry in flow_run_response if entry.flow_run.id not in held])

    worker._submit_scheduled_flow_runs = submit_others  # type: ignore[method-assign]


def _close_when_cut_off(worker: ProcessWorker) -> None:
    """Have the worker close what it opened when it is ended while it starts.

    Prefect 3.8 leaves its group of tasks open then, and the process ends with a traceback about scopes.
    """
    setup = worker.setup

    async def set_up() -> None:
        try:
            await setup()
        except BaseException as failed:
            await worker.teardown(type(failed), failed, failed.__traceback__)
            raise

    worker.setup = set_up  # type: ignore[method-assign]


async def _stop_on_signal(scope: anyio.CancelScope) -> None:
    with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        async for _ in signals:
            scope.cancel()
            return


async def _look_after(number: int) -> None:
    next_watch = time.monotonic()
    seen = prefect_home() / f"worker-{number}.seen"
    while True:
        # its age is the worker's health
        await anyio.Path(seen).touch()
        await anyio.to_thread.run_sync(_reap)
        await anyio.to_thread.run_sync(_keep)
        await anyio.to_thread.run_sync(_wake)
        if time.monotonic() >= next_watch:
            await anyio.to_thread.run_sync(_watch)
            next_watch = time.monotonic() + _WATCH_SECONDS
        await anyio.sleep(_EVERY_SECONDS)


def _reap() -> None:
    with _spoken("look after the runs"):
        for done in reap():
            _log.warning(done)


def _keep() -> None:
    """What a person deleted by mistake is made again, pauses are carried over, and runs that did nothing are gone."""
    with _spoken("look after the deployments"):
        for done in [*register_missing(), *carry_over()]:
            _log.warning(done)
        forget_idle()


def _wake() -> None:
    with _spoken("ask what waits"):
        for cycle, reason in wake().items():
            _log.info("cycle %s goes on: %s", cycle, reason)


def _watch() -> None:
    with _spoken("name what is to come"):
        name_upcoming()
    with _spoken("see what operators must know"):
        for why in look().failed.values():
            _log.warning(why)


@contextmanager
def _spoken(work: str) -> Iterator[None]:
    """A look that fails is logged and taken again in seconds: server or database may be away for a while."""
    try:
        yield
    except Exception as failed:  # noqa: BLE001  whatever it is, the next look must come
        _log.warning("the worker could not %s, it tries again: %s: %s", work, type(failed).__name__, failed)


def main() -> None:
    """Work under the fixed name of this machine's worker NUMBER."""
    end_with_parent()
    hold_anywhere()
    for sentence in unknown_settings():
        _log.warning(sentence)
    present(settings().root)
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    prefect_home().mkdir(parents=True, exist_ok=True)
    anyio.run(work, number)


if __name__ == "__main__":
    main()
