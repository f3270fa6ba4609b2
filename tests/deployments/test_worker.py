"""A run that is taken up again while its former process is cleared away does not end the worker."""

from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import anyio

from deployments import worker


def test_a_run_that_still_holds_its_place_is_left_for_the_next_look() -> None:
    dying, new = uuid4(), uuid4()

    async def submitted() -> list[Any]:
        limiter = anyio.CapacityLimiter(4)
        taken: list[Any] = []

        async def submit(flow_run_response: list[Any]) -> list[Any]:
            for entry in flow_run_response:
                limiter.acquire_on_behalf_of_nowait(entry.flow_run.id)  # as Prefect does: a second time is an error
                taken.append(entry.flow_run.id)
            return taken

        limiter.acquire_on_behalf_of_nowait(dying)
        made: Any = SimpleNamespace(limiter=limiter, _submit_scheduled_flow_runs=submit)
        worker._take_none_twice(made)
        response = [SimpleNamespace(flow_run=SimpleNamespace(id=identity)) for identity in (dying, new)]
        await made._submit_scheduled_flow_runs(flow_run_response=response)
        limiter.release_on_behalf_of(dying)
        await made._submit_scheduled_flow_runs(flow_run_response=response[:1])
        return taken

    assert anyio.run(submitted) == [new, dying]
