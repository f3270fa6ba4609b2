"""What a run tells: its summary, and whether it waits; artifacts for the people who watch it."""

import logging
from datetime import timedelta

from prefect import runtime
from prefect.logging import get_run_logger

from schemas.cycle import cycle_id
from schemas.policy import for_cycle
from schemas.run_summary import Counts, Outcome, RunKey, RunSummary
from tasks import artifacts, runs
from tasks.store import database, editions, results
from tasks.store.database import reading


def _log(sentence: str, level: int = logging.INFO) -> None:
    if runtime.flow_run.id:
        get_run_logger().log(level, sentence)


class Progress:
    """The summary of one run while it grows."""

    def __init__(self, run: RunKey) -> None:
        self.run = run
        self.stages: dict[str, Counts] = {}

    def note(self, stage: str, counts: Counts) -> None:
        """Keep what a stage did."""
        self.stages[stage] = counts
        told = ", ".join(f"{number} {name.replace('_', ' ')}" for name, number in counts.done.items())
        _log(f"cycle {self.run.cycle}, {stage}: {told or 'nothing left to do'}")
        for key, why in sorted(counts.failed.items()):
            _log(f"{key} could not be done: {why}", logging.WARNING)

    def is_waiting(self) -> bool:
        """Whether results are still awaited: some are missing and the wait is not over (contract section 3)."""
        with reading() as db:
            back, sent = results.progress(db, self.run.cycle)
        policy = for_cycle(cycle_id(self.run.cycle))
        over = policy.deadline(cycle_id(self.run.cycle)) + timedelta(days=policy.evaluation.wait_days)
        return back < sent and self.run.as_of < over

    def finish(self, outcome: Outcome) -> RunSummary:
        """End the run; one that did nothing says so."""
        with reading() as db:
            back, sent = results.progress(db, self.run.cycle)
            newest, waiting = editions.newest(db, "published"), editions.newest(db)
        waits = (
            f"{waiting['edition']}：{waiting['waits_because']}"
            if waiting and waiting["standing"] == "waiting"
            else None
        )
        summary = RunSummary(
            run_id=self.run.run_id,
            cycle=self.run.cycle,
            as_of=self.run.as_of,
            outcome=outcome,
            stages=self.stages,
            received_results=back,
            awaited_results=sent,
            edition=newest["edition"] if newest else None,
            waits_for_approval=waits,
        )
        if outcome == "done" and not summary.changed:
            summary.outcome = "nothing_to_do"
        if summary.failed:
            summary.outcome = "failed"
        ended = runs.end(summary)
        artifacts.tell(ended, rehearsal=database.is_rehearsal())
        return ended
