"""`filing demo`: a made cycle from hand-in to directory, narrated in Chinese."""

import shutil
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from deployments import orchestrator
from deployments.commands import EXIT_FAILED
from deployments.commands.readiness import read_cycle, ready, tell_failures
from schemas.errors import RefusedError, WrongUseError
from schemas.item import APPLICATION_STATUSES
from schemas.item import STATUSES as ITEM_STATUSES
from schemas.law.cycle import CycleId, add_workdays
from schemas.policy import for_cycle, last_cycle_on
from schemas.run import COUNT_TITLES, RunSummary
from schemas.settings import DEMO_MARK, settings
from tasks.gateways.disk import files

if TYPE_CHECKING:
    from tasks.store.overview import Outcome

_SMALLEST = 20
#: Where no cycle is named, the last one by this day is made.
_USUAL_DAY = date(2026, 9, 30)
_MARK = "made by filing demo"
#: What an office fills in of the shipped file, so that the made letters show it.
_FILLED_IN = {
    "contact": "王老师",
    "phone": "12333",
    "address": "本市政务服务中心三楼",
    "remedies": "不服本决定的，可以自收到本通知书之日起六十日内依法申请行政复议，"
    "也可以自收到之日起六个月内依法向人民法院提起行政诉讼。",
}


def demo(
    seed: Annotated[int, typer.Option(help="Another seed makes another cycle.")] = 1,
    institutions: Annotated[int, typer.Option(help="How many institutions apply.")] = 72,
    cycle: Annotated[
        str | None, typer.Option(help="The cycle to make. [default: 2026-09, or the last one before it]")
    ] = None,
) -> int:
    """Make a realistic sample cycle and run it whole, without any server to start; a former demo is made anew."""
    chosen = read_cycle(cycle) if cycle else last_cycle_on(_USUAL_DAY)
    if institutions < _SMALLEST:
        raise WrongUseError(f"--institutions {institutions} is too few to show every outcome: give {_SMALLEST} or more")
    _clear_former()
    ready()
    _fill_in_office()
    orchestrator.prepare(runs=True)
    console = Console(width=None if sys.stdout.isatty() else 140)
    with Progress(SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), console=console) as progress:
        summary, failed = _play(chosen, seed, institutions, progress.console.print, progress)
    _tell(console, chosen, summary)
    tell_failures(failed)
    return EXIT_FAILED if failed else 0


def _clear_former() -> None:
    """A demo begins anew, and never touches a home that something else was done in."""
    root, mark = settings().root, settings().root / DEMO_MARK
    if not settings().database.startswith("sqlite"):
        raise RefusedError("the demo works on its own SQLite database: unset FILING_DATABASE_URL, then run it again")
    if (root / "filing.db").exists() and not mark.exists():
        raise RefusedError(f"{root} holds a real installation: give the demo a home of its own with --home DIR")
    if mark.exists():
        for entry in root.iterdir():
            _remove(entry)
    root.mkdir(parents=True, exist_ok=True)
    mark.write_text(_MARK, "utf-8")


def _fill_in_office() -> None:
    """Fill in the shipped office file; one that somebody wrote stays."""
    from schemas import office

    path, text = settings().root / office.FILE, office.shipped()
    if path.read_text("utf-8") == text:
        for field, words in _FILLED_IN.items():
            text = text.replace(f'{field} = ""', f'{field} = "{words}"', 1)
        files.put(path.parent, path.name, text.encode())


@dataclass(frozen=True)
class _Act:
    """A day of a cycle: its Chinese title, and what happens before the run."""

    title: str
    day: date
    prepare: Callable[[], None] = lambda: None


def _remove(entry: Path) -> None:
    """Remove what a former demo made; the office's own file stays."""
    from schemas import office

    if entry.is_dir() and not entry.is_symlink():
        shutil.rmtree(entry)
    elif entry.name != office.FILE:
        entry.unlink()


def _play(
    cycle: CycleId, seed: int, institutions: int, say: Callable[[str], None], progress: Progress
) -> tuple[RunSummary, dict[str, str]]:
    """The acts of a cycle, each followed by a run, and the approval of an edition that waits for one.

    Returns the last run's summary, and what any run left undone.
    """
    from flows.filing_cycle import filing_cycle

    task, failed = progress.add_task("编制示例数据"), dict[str, str]()
    for act in _acts(cycle, seed, institutions):
        progress.update(task, description=f"{act.day} {act.title}")
        act.prepare()
        summary = orchestrator.run(filing_cycle, cycle, act.day)
        failed |= summary.failed
        say(f"[bold]{act.day} {act.title}[/bold]\n{_summed_up(summary)}")
    if summary.waiting_edition:
        failed |= _approve(summary.waiting_edition, act.day)
        summary = summary.model_copy(update={"edition": summary.waiting_edition})
        say(f"[bold]{act.day} 批准发布目录[/bold]")
    progress.update(task, description="完成")
    return summary, failed


def _acts(cycle: CycleId, seed: int, institutions: int) -> list[_Act]:
    """Hand-in, corrections and decisions, results, and the end of the public notice where the policy has one."""
    from deployments import sample as made

    policy, inbox, desk = for_cycle(cycle), settings().inbox, settings().desk
    deadline, sample = policy.deadline(cycle), made.make_cycle(cycle, seed, institutions)
    decided_on = deadline + timedelta(days=policy.evaluation.wait_days)
    packages = settings().outbox / "evaluation" / cycle

    def mend_and_decide() -> None:
        made.write_corrections(sample, inbox)
        made.write_decisions(sample, desk)

    acts = [
        _Act(
            "申报截止，机构交来申报材料",
            made.hand_in_day(policy, cycle),
            lambda: made.write_inbox(sample, inbox, desk),
        ),
        _Act("机构补正，中心作出例外审批", deadline + timedelta(days=8), mend_and_decide),
        _Act("专家组交回评估结果", decided_on, lambda: made.write_results(sample, inbox / "results", packages)),
    ]
    if shown_for := policy.publication.public_notice_workdays:
        acts.append(_Act("公示期满，予以备案", add_workdays(decided_on, shown_for) + timedelta(days=1)))
    return acts


def _approve(edition: str, day: date) -> dict[str, str]:
    """Publish an edition on the operator's word; what could not be done."""
    from flows.decided import approval

    return orchestrator.run(approval, edition, settings().operator, day).failed


def _summed_up(summary: RunSummary) -> str:
    lines = [
        f"  {summary.title_of(stage)}："
        + "，".join(f"{COUNT_TITLES.get(name, name)} {number}" for name, number in counts.done.items())
        for stage, counts in summary.stages.items()
        if counts.total
    ]
    if summary.awaits_results:
        lines.append(f"  等待评估结果：已收 {summary.received_results} / 共 {summary.awaited_results}")
    return "\n".join(lines)


def _tell(console: Console, cycle: CycleId, summary: RunSummary) -> None:
    """Print what became of every application, the rules behind it, and where the files lie."""
    from expectations.rulebook import rules_of
    from tasks.store import overview
    from tasks.store.database import reading

    with reading() as db:
        rows = overview.outcomes(db, cycle)
    policy = for_cycle(cycle)
    console.print(_outcomes_table(f"{cycle} 批次各申报的结果", rows, policy.institution_types))
    statuses = Counter(APPLICATION_STATUSES[row.status] for row in rows)
    console.print(
        f"共 {len(rows)} 件申报：" + "，".join(f"{title} {number}" for title, number in statuses.most_common())
    )
    book = rules_of(policy)
    for code in sorted({code for row in rows for code in row.rules}):
        console.print(f"  {code:<8}  {book[code].message_zh}", highlight=False)
    _tell_places(console, summary.edition)


def _outcomes_table(title: str, rows: "Iterable[Outcome]", types: Mapping[str, str]) -> Table:
    """`types`: the Chinese names of institution types."""
    table = Table(title=title, title_justify="left")
    for header in ("申报编号", "机构名称", "类型", "申报状态", "职业等级", "涉及规则"):
        table.add_column(header, overflow="fold")
    for row in rows:
        table.add_row(
            row.application_no,
            row.institution_name,
            types.get(row.institution_type, row.institution_type),
            APPLICATION_STATUSES[row.status],
            "，".join(f"{ITEM_STATUSES[status]} {number}" for status, number in row.items),
            "、".join(row.rules),
        )
    return table


def _tell_places(console: Console, edition: str | None) -> None:
    root = settings().root
    console.print(f"\n目录版次 {edition}，请用浏览器打开：", highlight=False)
    console.print(f"  {root / 'published' / 'latest' / 'index.html'}", soft_wrap=True)
    for title, folder in (
        ("文书", "outbox/letters"),
        ("评估材料包", "outbox/evaluation"),
        ("报省材料", "outbox/province"),
        ("隔离文件", "quarantine"),
    ):
        console.print(f"{title}：{root / folder}", soft_wrap=True)
    console.print(f"接着看：filing --home {root} status", soft_wrap=True)
