"""Putting on a run's page what `tasks.runs.page` says; only where a server keeps the page."""

from prefect import runtime
from prefect.artifacts import create_markdown_artifact, create_progress_artifact, create_table_artifact
from prefect.settings import get_current_settings

from schemas.run_summary import RunSummary
from schemas.settings import PAGES
from tasks.runs import page as run_page
from tasks.runs.waiting import wait_of


def tell(summary: RunSummary, *, rehearsal: bool = False) -> None:
    """Put overview, findings, letters, wait, edition and summary of a run on its page; without a server, nothing."""
    if not has_page():
        return
    cycle, mark = summary.cycle, "-rehearsal" if rehearsal else ""
    wait = wait_of(cycle)
    head = "试运行：以下都没有写入、发出或发布。" if rehearsal else f"{cycle} 批次办理概况"
    overview = run_page.overview_text(summary, wait, PAGES, is_trial=rehearsal)
    create_markdown_artifact(overview, f"overview-{cycle}{mark}", head)
    if finding_rows := run_page.findings_rows(cycle):
        create_table_artifact(finding_rows, f"findings-{cycle}{mark}", f"{cycle} 批次初审意见")
    if documents := run_page.document_rows(cycle):
        create_table_artifact(documents, f"letters-{cycle}{mark}", f"{cycle} 批次发文登记簿")
    if wait.sent:
        progress = f"{cycle} 批次评估结果：已收 {wait.back} / 共 {wait.sent}，等到 {wait.over_on}"
        create_progress_artifact(100 * wait.back / wait.sent, f"waiting-{cycle}{mark}", progress)
    if wait.missing:
        rows = run_page.missing_rows(wait, summary.as_of.isoformat())
        create_table_artifact(rows, f"missing-{cycle}{mark}", f"{cycle} 批次尚缺的评估结果")
    _tell_editions(summary, mark)
    create_markdown_artifact(run_page.summary_text(summary), f"summary-{cycle}{mark}", "运行摘要，供系统管理员用")


def tell_work(summary: RunSummary, title: str) -> None:
    """Put on the page of a flow that is not of a whole cycle what it did, the editions beside it, and its summary."""
    create_markdown_artifact(run_page.work_text(summary, title, PAGES), f"overview-{summary.work}", title)
    _tell_editions(summary, "")
    create_markdown_artifact(run_page.summary_text(summary), f"summary-{summary.work}", "运行摘要，供系统管理员用")


def _tell_editions(summary: RunSummary, mark: str) -> None:
    if summary.edition and any(counts.done.get("editions") for counts in summary.stages.values()):
        _tell_edition(summary.edition, mark, "目录")
    if summary.waiting_edition:
        _tell_edition(summary.waiting_edition, mark, "等待批准的目录")


def _tell_edition(name: str, mark: str, what: str) -> None:
    key = f"edition-{name.replace('.', '-')}{mark}"
    create_markdown_artifact(run_page.edition_text(name), key, f"{what} {name} 及其变化")


def has_page() -> bool:
    """Whether a server keeps a page of the run this is part of."""
    return bool(runtime.flow_run.id and get_current_settings().api.url)
