"""What a run reports: its summary in the log, and overview, letters, wait and edition on its page where a server keeps one."""

import logging
from collections.abc import Mapping

from prefect import runtime
from prefect.artifacts import create_markdown_artifact, create_progress_artifact, create_table_artifact
from prefect.logging import get_run_logger
from prefect.settings import get_current_settings

from schemas.run import Counts, Outcome, Run, RunSummary
from schemas.settings import PAGES
from tasks.runs import on_server
from tasks.runs import page as run_page
from tasks.runs import run as runs
from tasks.runs.waiting import awaits_results, wait_of, waits_for
from tasks.store import database, editions, results, unfinished
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
        log(f"cycle {self.run.cycle}, {stage}: {counts.text or 'nothing left to do'}")
        for key, why in sorted(counts.failed.items()):
            log(f"{key} could not be done: {why}", logging.WARNING)

    def finish(self, outcome: Outcome) -> RunSummary:
        """End the run; one that did nothing says so."""
        summary = self.summary(outcome)
        for cycle, number in summary.results_elsewhere.items():
            log(f"{number} results of cycle {cycle} wait to be judged: run that cycle", logging.WARNING)
        ended = runs.end(self.run, summary)
        tell(ended, rehearsal=database.is_rehearsal())
        return ended

    def summary(self, outcome: Outcome, work: str = "cycle") -> RunSummary:
        """What the run did so far, and where the cycle stands; `work`: whose run it is."""
        with reading() as db:
            back, sent = unfinished.results_back(db, self.run.cycle)
            newest, last = editions.newest(db, "published"), editions.newest(db)
            unjudged = results.unjudged(db)
        waiting = last if last and last["standing"] == "waiting" else None
        summary = RunSummary(
            run_id=self.run.run_id,
            work=work,
            cycle=self.run.cycle,
            as_of=self.run.day,
            outcome=outcome,
            awaits_results=outcome == "waiting" or awaits_results(self.run.cycle, self.run.day, back, sent),
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
    if has_page():
        progress = Progress(run)
        for name, part in parts.items():
            progress.note(name, name, part)
        tell_work(progress.summary("failed" if counts.failed else "done", work), title)
    return counts


def tell(summary: RunSummary, *, rehearsal: bool = False) -> None:
    """Put overview, findings, letters, wait, edition and summary of a run on its page; without a server, nothing."""
    if not has_page():
        return
    cycle, mark = summary.cycle, "-rehearsal" if rehearsal else ""
    wait = wait_of(cycle)
    head = "试运行：以下都没有写入、发出或发布。" if rehearsal else f"{cycle} 批次办理概况"
    overview = run_page.overview_text(summary, wait, PAGES, is_trial=rehearsal)
    create_markdown_artifact(overview, on_server.key(f"overview-{cycle}{mark}"), head)
    if finding_rows := run_page.findings_rows(cycle):
        create_table_artifact(finding_rows, on_server.key(f"findings-{cycle}{mark}"), f"{cycle} 批次初审意见")
    if documents := run_page.document_rows(cycle):
        create_table_artifact(documents, on_server.key(f"letters-{cycle}{mark}"), f"{cycle} 批次发文登记簿")
    if wait.items_sent:
        progress = f"{cycle} 批次评估结果：已收 {wait.results_back} / 共 {wait.items_sent}，等到 {wait.over_on}"
        create_progress_artifact(
            100 * wait.results_back / wait.items_sent, on_server.key(f"waiting-{cycle}{mark}"), progress
        )
    if wait.missing:
        rows = run_page.missing_rows(wait, summary.as_of.isoformat())
        create_table_artifact(rows, on_server.key(f"missing-{cycle}{mark}"), f"{cycle} 批次尚缺的评估结果")
    _tell_editions(summary, mark)
    create_markdown_artifact(
        run_page.summary_text(summary), on_server.key(f"summary-{cycle}{mark}"), "运行摘要，供系统管理员用"
    )


def tell_work(summary: RunSummary, title: str) -> None:
    """Put on the page of a flow that is not of a whole cycle what it did, the editions beside it, and its summary."""
    create_markdown_artifact(
        run_page.work_text(summary, title, PAGES), on_server.key(f"overview-{summary.work}"), title
    )
    _tell_editions(summary, "")
    create_markdown_artifact(
        run_page.summary_text(summary), on_server.key(f"summary-{summary.work}"), "运行摘要，供系统管理员用"
    )


def _tell_editions(summary: RunSummary, mark: str) -> None:
    if summary.edition and any(counts.done.get("editions") for counts in summary.stages.values()):
        _tell_edition(summary.edition, mark, "目录")
    if summary.waiting_edition:
        _tell_edition(summary.waiting_edition, mark, "等待批准的目录")


def _tell_edition(name: str, mark: str, title: str) -> None:
    key = on_server.key(f"edition-{name.replace('.', '-')}{mark}")
    create_markdown_artifact(run_page.edition_text(name), key, f"{title} {name} 及其变化")


def has_page() -> bool:
    """Whether a server keeps a page of the run this is part of."""
    return bool(runtime.flow_run.id and get_current_settings().api.url)
