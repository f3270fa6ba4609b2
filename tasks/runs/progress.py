"""What a run tells: its summary, and whether it waits; artifacts for the people who watch it."""

import logging
from collections.abc import Mapping

from prefect import runtime
from prefect.logging import get_run_logger

from schemas.run import Run
from schemas.run_summary import Counts, Outcome, RunSummary
from tasks.runs import artifacts
from tasks.runs import run as runs
from tasks.runs.waiting import awaits_results, waits_for
from tasks.store import database, editions, results
from tasks.store.database import reading


def log(sentence: str, level: int = logging.INFO) -> None:
    """Write a sentence to the log of the flow run this is part of, if it is part of one."""
    if runtime.flow_run.id:
        get_run_logger().log(level, sentence)


class Progress:
    """The summary of one run while it grows."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.stages: dict[str, Counts] = {}
        self.titles: dict[str, str] = {}

    def note(self, stage: str, title: str, counts: Counts) -> None:
        """Keep what a stage did, with the title people know it by."""
        self.stages[stage], self.titles[stage] = counts, title
        numbers = ", ".join(f"{number} {name.replace('_', ' ')}" for name, number in counts.done.items())
        log(f"cycle {self.run.cycle}, {stage}: {numbers or 'nothing left to do'}")
        for key, why in sorted(counts.failed.items()):
            log(f"{key} could not be done: {why}", logging.WARNING)

    def finish(self, outcome: Outcome) -> RunSummary:
        """End the run; one that did nothing says so."""
        summary = self.summary(outcome)
        for cycle, number in summary.results_elsewhere.items():
            log(f"{number} results of cycle {cycle} wait to be judged: run that cycle", logging.WARNING)
        ended = runs.end(self.run, summary)
        artifacts.tell(ended, rehearsal=database.is_rehearsal())
        return ended

    def summary(self, outcome: Outcome, work: str = "cycle") -> RunSummary:
        """What the run did so far, and where the cycle stands; `work`: whose run it is."""
        with reading() as db:
            back, sent = results.progress(db, self.run.cycle)
            newest, last = editions.newest(db, "published"), editions.newest(db)
            unjudged = results.unjudged(db)
        waiting = last if last and last["standing"] == "waiting" else None
        summary = RunSummary(
            run_id=self.run.run_id,
            work=work,
            cycle=self.run.cycle,
            as_of=self.run.day,
            outcome=outcome,
            awaits_results=outcome == "waiting" or awaits_results(self.run.cycle, self.run.day),
            wait=waits_for(self.run.cycle, self.run.day),
            results_elsewhere={
                backlog.cycle: backlog.number for backlog in unjudged if backlog.cycle != self.run.cycle
            },
            stages=self.stages,
            titles=self.titles,
            received_results=back,
            awaited_results=sent,
            edition=newest["edition"] if newest else None,
            waiting_edition=waiting["edition"] if waiting else None,
            waits_for_approval=f"{waiting['edition']}：{waiting['waits_because']}" if waiting else None,
        )
        if outcome == "done" and not summary.changed:
            summary.outcome = "nothing_to_do"
        if summary.failed:
            summary.outcome = "failed"
        return summary


def paged(run: Run, work: str, title: str, parts: Mapping[str, Counts]) -> Counts:
    """What a flow did that is not of a whole cycle, put on its page with the editions beside it; the sum of its parts.

    `parts`: what was done by its Chinese title.
    """
    counts = Counts.sum(list(parts.values()))
    if artifacts.has_page():
        progress = Progress(run)
        for name, part in parts.items():
            progress.note(name, name, part)
        artifacts.tell_work(progress.summary("failed" if counts.failed else "done", work), title)
    return counts
