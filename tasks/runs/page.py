"""What a run's page tells a person, in Chinese, from the database."""

import re
from collections import Counter
from pathlib import PurePosixPath
from typing import Any

from expectations.rulebook import rules_of
from schemas.directory import CHANGE_KINDS
from schemas.directory_changes import changes
from schemas.finding import NATURES_ZH, hidden
from schemas.item import APPLICATION_STATUSES, AWAITED
from schemas.item import STATUSES as ITEM_STATUSES
from schemas.law.cycle import cycle_id
from schemas.office import TITLES
from schemas.policy import for_cycle
from schemas.run import COUNT_TITLES, RunSummary
from schemas.settings import PAGES
from schemas.submission import TABLES
from tasks.runs.waiting import Wait
from tasks.store import complaints, editions, findings, history, letters, overview, public_notices, runs, unfinished
from tasks.store.database import reading

#: Rows of one table on a page; the whole list is a command away.
MOST = 300
#: What Markdown or HTML would act on: names and headers are an applicant's, and may not become links or pictures here. Nor
#: may bare addresses, of which the page makes links by itself: an unseen joiner divides them.
_ADDRESS = re.compile(r"(://|www)", re.IGNORECASE)
_MARKUP = re.compile(r"([\\`*_\[\]<>!~&])")
_WIDE = str.maketrans({sign: chr(ord(sign) + 0xFEE0) for sign in r"\`*_[]<>!~&|"})

Row = dict[str, Any]


def overview_text(summary: RunSummary, wait: Wait, pages: str | None, *, is_trial: bool = False) -> str:
    """Counts by status and type, what waits on whom, and the deadlines, as Markdown; `pages`: where files are served."""
    with reading() as db:
        outcomes = overview.outcomes(db, summary.cycle)
        items = overview.of_cycle(db, summary.cycle)["items"]
    parts = [
        f"# {summary.cycle} 批次 · {summary.title}{'（试运行）' if is_trial else ''}\n\n办理日期 {summary.as_of}",
        _applications(outcomes, summary.cycle),
        _table("申报职业等级", ["状态", "数量"], [[ITEM_STATUSES.get(name, name), n] for name, n in items.items()]),
        _waits(outcomes, items, wait, summary),
        _open(summary),
        _seen_late(summary),
        _deadlines(summary.cycle, wait),
        _stages(summary),
        _table("提示", ["内容"], [[sentence] for sentence in summary.advice]),
        _quarantined(summary.cycle),
        _links(summary, pages),
    ]
    return "\n\n".join(part for part in parts if part)


def work_text(summary: RunSummary, title: str, pages: str) -> str:
    """What a flow did that is not of a whole cycle, what it left undone, what waits for approval, as Markdown."""
    waits = f"## 在等谁\n\n- 中心批准发布：{_cell(summary.waits_for_approval)}" if summary.waits_for_approval else ""
    desk = f"## 在哪里\n\n- 工作台：[今日待办]({pages}/)，[{summary.cycle} 批次]({pages}/cycles/{summary.cycle})"
    return "\n\n".join(
        part for part in (f"# {title}\n\n办理日期 {summary.as_of}", _stages(summary), waits, desk) if part
    )


def _applications(outcomes: list[overview.Outcome], cycle: str) -> str:
    types = for_cycle(cycle_id(cycle)).institution_types
    kinds = [*types.items(), ("", "类型不明")]
    counted = Counter(
        (outcome.status, outcome.institution_type if outcome.institution_type in types else "") for outcome in outcomes
    )
    if not any(counted[status, ""] for status in APPLICATION_STATUSES):
        del kinds[-1]
    rows = [
        [title, *(counted[status, kind] for kind, _ in kinds), sum(counted[status, kind] for kind, _ in kinds)]
        for status, title in APPLICATION_STATUSES.items()
        if any(counted[status, kind] for kind, _ in kinds)
    ]
    return _table("申报（按状态与机构类型）", ["状态", *(title for _, title in kinds), "合计"], rows)


def _waits(outcomes: list[overview.Outcome], items: dict[str, int], wait: Wait, summary: RunSummary) -> str:
    returned = sum(1 for outcome in outcomes if outcome.status == "returned")
    lines = {
        f"申报机构补正：{returned} 件": returned,
        f"中心作出例外审批：{items.get('held', 0)} 个申报职业等级": items.get("held", 0),
        f"专家组交回评估结果：已收 {wait.results_back} / 共 {wait.items_sent}": wait.items_sent - wait.results_back,
        f"中心批准发布：{_cell(summary.waits_for_approval)}": summary.waits_for_approval,
    }
    for cycle, number in sorted(summary.results_elsewhere.items()):
        lines[f"中心运行 {cycle} 批次：该批次有 {number} 条评估结果待审（filing run {cycle}）"] = number
    waiting = [f"- {line}" for line, due in lines.items() if due]
    with reading() as db:
        unsettled = complaints.unsettled(db, summary.as_of)
        notices = public_notices.shown(db, summary.cycle)
    for complaint in unsettled.to_dict("records"):
        until = f"，整改期限 {complaint['due_on']}" if isinstance(complaint["due_on"], str) else ""
        waiting.append(
            f"- {_cell(complaint['handled_by'])}办结举报投诉 {_cell(complaint['complaint_no'])}（{complaint['uscc']}{until}）"
        )
    for name, ends_on in sorted(set(zip(notices["notice"], notices["ends_on"], strict=True))):
        if ends_on >= summary.as_of.isoformat():
            count = int((notices["notice"] == name).sum())
            waiting.append(f"- 公示 {name} 期满：{count} 个申报职业等级，公示至 {ends_on}")
    return "## 在等谁\n\n" + ("\n".join(waiting) or "- 不等任何人")


def _open(summary: RunSummary) -> str:
    """What is open, the oldest first, with its age and who must act."""
    with reading() as db:
        rows = unfinished.open_of(db, [summary.cycle], summary.as_of)[:MOST]
    lines = [
        [row.application_no, waits.title, row.items, row.days, waits.who_zh]
        for row in rows
        for waits in [AWAITED[row.status]]
    ]
    return _table("未办结的", ["申报编号", "状态", "数量", "已多少天", "该谁办"], lines)


def _seen_late(summary: RunSummary) -> str:
    """Versions whose stated time is within the window, and that were first seen after the deadline."""
    with reading() as db:
        rows = overview.seen_late(db, summary.cycle)
    lines = [list(row) for row in rows[:MOST]]
    title = "自报在申报期内、截止后才收到的版本"
    return _table(title, ["申报编号", "版本", "自报提交时间", "首次收到"], lines)


def _deadlines(cycle: str, wait: Wait) -> str:
    policy = for_cycle(cycle_id(cycle))
    opens = policy.window(cycle_id(cycle))[0]
    return (
        f"## 期限\n\n- 受理 {opens:%Y-%m-%d} 至 {policy.deadline(cycle_id(cycle))} 24:00\n- 评估结果等到 {wait.over_on}"
    )


def _stages(summary: RunSummary) -> str:
    rows = [
        [
            summary.title_of(stage),
            "，".join(f"{COUNT_TITLES.get(name, name)} {n}" for name, n in counts.done.items()) or "—",
        ]
        for stage, counts in summary.stages.items()
    ]
    failed = [[key, why] for key, why in sorted(summary.failed.items())]
    parts = [_table("本次运行", ["环节", "办了什么"], rows), _table("未办成的", ["编号", "原因"], failed)]
    return "\n\n".join(part for part in parts if part)


def _quarantined(cycle: str) -> str:
    """Files, and rows of files, that were set aside in the cycle: nobody else tells the one who sent them."""
    with reading() as db:
        entries = runs.quarantine(db, cycle)
    rows = [[file, reason] for file, reason in entries[:MOST]]
    return _table("隔离过的文件和申报（文件的原件在 quarantine 文件夹）", ["文件或申报", "原因"], rows)


def _links(summary: RunSummary, pages: str | None) -> str:
    desk = f"[今日待办]({PAGES}/?cycle={summary.cycle})，[{summary.cycle} 批次]({PAGES}/cycles/{summary.cycle})"
    lines = [f"- 工作台：{desk}"] if pages else []
    lines += [f"- 运行摘要：runs/{summary.run_id}.json", "- 文书：outbox/letters；评估材料包：outbox/evaluation"]
    places = {"数据校验": f"data-docs/{summary.cycle}/index.html"}
    if summary.edition:
        places[f"目录 {summary.edition}"] = "published/latest/index.html"
    lines += [f"- [{title}]({pages}/{file})" if pages else f"- {title}：{file}" for title, file in places.items()]
    return "## 在哪里\n\n" + "\n".join(lines)


def findings_rows(cycle: str) -> list[Row]:
    """Findings without the values that were handed in: what they say is in the letters."""
    with reading() as db:
        rows = findings.of_cycle(db, cycle).head(MOST)
    rules = rules_of(for_cycle(cycle_id(cycle)))
    return [
        {
            "申报编号": finding["application_no"],
            "规则": finding["rule"],
            "性质": NATURES_ZH.get(finding["nature"], finding["nature"]),
            "初审意见": rules[finding["rule"]].message_zh if finding["rule"] in rules else "",
            "数据表": TABLES[finding["table"]].title if finding["table"] in TABLES else finding["table"],
            "行": str(finding["row"] or "—"),
            "字段": TABLES[finding["table"]].titles().get(finding["field"], finding["field"])
            if finding["table"] in TABLES
            else finding["field"],
        }
        for finding in rows.to_dict("records")
    ]


def document_rows(cycle: str) -> list[Row]:
    """The cycle's part of the register of documents (发文登记簿), the newest last."""
    with reading() as db:
        register = letters.register(db, cycle).tail(MOST)
    return [
        {
            "文号": row["number"] or "—",
            "文书": TITLES.get(row["kind"], row["kind"]),
            "发往": row["addressee"],
            "申报编号": row["subject"],
            "日期": row["written_on"],
            "文件": PurePosixPath(row["file"]).name,
        }
        for row in register.to_dict("records")
    ]


def missing_rows(wait: Wait, day: str) -> list[Row]:
    """Whose results are missing, since when, and whether they are overdue on the day."""
    return [
        {
            "申报编号": application.application_no,
            "机构": _plain(application.institution_name),
            "缺结果数": application.items,
            "送评日期": application.sent_on.isoformat(),
            "情况": f"自 {application.due_on} 起逾期"
            if day >= application.due_on.isoformat()
            else f"等到 {application.due_on}",
        }
        for application in wait.missing[:MOST]
    ]


def edition_text(name: str) -> str:
    """An edition with its changes against the one before, as Markdown."""
    with reading() as db:
        edition = editions.get(db, name)
        assert edition is not None
        rows = editions.rows_of(db, name)
        before = editions.rows_of(db, edition["previous"]) if edition["previous"] else rows.iloc[:0]
        causes = history.causes(db, edition["previous"], name)
    changed = changes(before, rows, edition["as_of"], causes)
    counted = changed["change"].value_counts()
    kinds = [[title, int(counted.get(kind, 0))] for kind, title in CHANGE_KINDS.items()]
    lines = [
        [CHANGE_KINDS[change["change"]], change["institution_name"], change["occupation_code"]]
        for change in changed.head(MOST).to_dict("records")
    ]
    head = f"# 目录 {name}\n\n{edition['as_of']}，{len(rows)} 行；上一版：{edition['previous'] or '无'}"
    if edition["standing"] == "waiting":
        head += f"\n\n**等待批准**：{_cell(edition['waits_because'])}"
    return "\n\n".join(
        [head, _table("变化", ["种类", "数量"], kinds), _table("明细", ["变化", "机构", "职业编码"], lines)]
    )


def summary_text(summary: RunSummary) -> str:
    """The run summary as it also lies in the home, for a person and for a re-run."""
    again = (
        f"\n\n只重办未办成的：`filing run {summary.cycle} --only-failed-of {summary.run_id}`" if summary.failed else ""
    )
    return (
        f"# 运行摘要\n\n运行号 `{summary.run_id}`{again}\n\n```json\n{hidden(summary.model_dump_json(indent=2))}\n```"
    )


def _table(title: str, head: list[str], rows: list[list[Any]]) -> str:
    if not rows:
        return ""
    lines = [head, ["---"] * len(head), *rows]
    return f"## {title}\n\n" + "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def _cell(value: object) -> str:
    plain = _ADDRESS.sub("\u2060\\1\u2060", hidden(str(value)).replace("|", "｜").replace("\n", " "))
    return _MARKUP.sub(r"\\\1", plain)


def _plain(text: str) -> str:
    """A text for a table's cell, where the page may act on markup but shows no escapes: its signs become wide ones."""
    return _ADDRESS.sub("\u2060\\1\u2060", hidden(text)).translate(_WIDE)
