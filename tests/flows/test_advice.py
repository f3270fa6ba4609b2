"""What a run advises of the files it pulled: told to operators, changing nothing."""

import html
import re
from datetime import date
from pathlib import Path

from markdown_it import MarkdownIt

from flows.stages import intake
from schemas.run import Counts, RunSummary
from tasks.runs.page import overview_text
from tasks.runs.waiting import Wait

CYCLE, DAY = "2026-09", date(2026, 9, 11)


def test_a_column_nobody_knows_is_told_once_with_its_table_and_changes_nothing(home: Path) -> None:
    desk = home / "desk"
    desk.mkdir()
    for name in ("activities.csv", "认定活动.csv"):
        (desk / name).write_text("uscc,occupation_code,level,held_on,candidates,passed,天气|<b>\n", "utf-8")
    summary = intake.fn(CYCLE)
    assert summary.advice == ["“认定活动”有不认识的列“天气|<b>”（2个文件），已搁置未用"]
    assert (summary.done, summary.failed) == ({}, {})
    assert not (home / "quarantine").exists()


def test_what_an_applicant_wrote_is_no_markup_on_the_run_s_page(home: Path) -> None:
    hostile = "![](https://evil.example/p.png)[重新登录](https://evil.example)<b>`*"
    counts = Counts(advice=[hostile], failed={hostile: hostile})
    summary = RunSummary(run_id="1", cycle=CYCLE, as_of=DAY, outcome="failed", stages={"intake": counts})
    page = MarkdownIt("commonmark").enable("table").render(overview_text(summary, Wait(CYCLE, 0, 0, DAY, []), None))
    assert page.replace("\u2060", "").count(html.escape(hostile)) == 3
    assert "https://" not in page, "the page makes links of bare addresses"
    assert "<a " not in page
    assert "<img" not in page


def test_what_was_set_aside_is_on_the_run_s_page_with_its_reason(home: Path) -> None:
    (home / "inbox" / "results").mkdir(parents=True)
    (home / "inbox" / "results" / "评分表.xlsx").write_bytes(b"no workbook")
    assert intake.fn(CYCLE).done["quarantined"] == 1
    summary = RunSummary(run_id="1", cycle=CYCLE, as_of=DAY, outcome="nothing_to_do")
    page = overview_text(summary, Wait(CYCLE, 0, 0, DAY, []), None)
    assert re.search(r"\| 评分表\.xlsx \| .+ \|", page)


def test_links_hold_from_every_machine(home: Path) -> None:
    summary = RunSummary(run_id="1", cycle=CYCLE, as_of=DAY, outcome="done", edition="2026-09.1")
    wait = Wait(CYCLE, 0, 0, DAY, [])
    assert "(/filing/data-docs/2026-09/index.html)" in overview_text(summary, wait, "/filing")
    assert "目录 2026-09.1：published/latest/index.html" in overview_text(summary, wait, None)


def test_advice_is_kept_when_counts_are_summed() -> None:
    assert Counts.sum([Counts(advice=["甲"]), Counts(done={"new": 1}), Counts(advice=["乙"])]).advice == ["甲", "乙"]
