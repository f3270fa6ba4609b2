"""The stages of a cycle as a Dagster job in process, or as an Airflow DAG; run in their own environments."""

import sys
from datetime import UTC, date, datetime
from typing import Any


def work(name: str, cycle: str, day: str) -> int:
    """One stage, under a lease of its own; returns how much it did."""
    from flows.stages import STAGES  # noqa: PLC0415
    from tasks.runs.run import begin  # noqa: PLC0415

    stage = next(candidate for candidate in STAGES if candidate.name == name)
    with begin(cycle, date.fromisoformat(day)) as run:
        return sum(stage.work(run).done.values())


def names() -> list[str]:
    """The stages in their order."""
    from flows.stages import STAGES  # noqa: PLC0415

    return [stage.name for stage in STAGES]


def dagster(cycle: str, day: str) -> None:
    """A job of one op a stage, each after the one before."""
    from dagster import In, Nothing, graph, op  # noqa: PLC0415

    def made(name: str, *, first: bool) -> Any:
        @op(name=name, ins={} if first else {"before": In(Nothing)})  # type: ignore[untyped-decorator]
        def stage() -> int:
            return work(name, cycle, day)

        return stage

    ops = [made(name, first=place == 0) for place, name in enumerate(names())]

    @graph(name="filing_cycle")  # type: ignore[untyped-decorator]
    def whole() -> None:
        done = ops[0]()
        for stage in ops[1:]:
            done = stage(done)

    if not whole.execute_in_process().success:
        raise SystemExit(1)


def airflow(cycle: str, day: str) -> Any:
    """A DAG of one task a stage, each after the one before, for `airflow dags test`."""
    from airflow.sdk import dag, task  # noqa: PLC0415

    @dag(dag_id="filing_cycle", schedule=None, start_date=datetime(2026, 1, 1, tzinfo=UTC))  # type: ignore[untyped-decorator]
    def whole() -> None:
        before: Any = None
        for name in names():
            step = task(task_id=name)(work)(name, cycle, day)
            if before is not None:
                before >> step
            before = step

    return whole()


if __name__ == "__main__":
    dagster(*sys.argv[1:])
