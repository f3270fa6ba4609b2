"""The one place where Prefect's tasks are made: a step of a stage, which is a plain function wherever no flow runs."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from prefect import Task, task
from prefect.cache_policies import NO_CACHE
from prefect.context import FlowRunContext

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")


def tracked(run_name: str, function: Callable[_Arguments, _Result], *, retries: int = 0) -> Task[_Arguments, _Result]:
    """A function as a task of Prefect; nothing is taken from a cache, for the database is the memory."""
    return task(task_run_name=run_name, retries=retries, cache_policy=NO_CACHE)(function)


def step(
    run_name: str, *, retries: int = 0
) -> Callable[[Callable[_Arguments, _Result]], Callable[_Arguments, _Result]]:
    """Have a function be a task run of the flow run around it, under a name that may hold its arguments.

    Outside a flow run (in the simulation, in tests) the function is called as it is and never repeated.
    """

    def decorate(function: Callable[_Arguments, _Result]) -> Callable[_Arguments, _Result]:
        made = tracked(run_name, function, retries=retries)

        @wraps(function)
        def call(*args: _Arguments.args, **kwargs: _Arguments.kwargs) -> _Result:
            return function(*args, **kwargs) if FlowRunContext.get() is None else made(*args, **kwargs)

        return call

    return decorate
