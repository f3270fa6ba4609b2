"""Cycles: their list, the page of one with stages, counts, deadlines and runs, what is done to it, and pauses (暂停自动办理)."""

from collections.abc import Mapping
from datetime import date
from urllib.parse import quote

from anyio import to_thread
from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, Response

from deployments.desk import runs
from deployments.desk.acts import Act, MissingWordsError, back_to, closing_decision, done, sent
from deployments.desk.pages import render_page, waiting_on
from deployments.gate.people import Role
from flows.stages import STAGES
from schemas.duty import Choice
from schemas.item import OPEN
from schemas.law import deciding
from schemas.law.cycle import CycleId, cycle_id
from schemas.policy import for_cycle
from schemas.run import AUTOMATIC, COUNT_TITLES
from tasks.desk import closing, pauses
from tasks.runs.today import today
from tasks.runs.waiting import waits_for
from tasks.store import cycles as store
from tasks.store import overview
from tasks.store import runs as past_runs
from tasks.store.database import reading
from tasks.store.pauses import Pause

routes = APIRouter(prefix="/cycles")


def existing_cycle(text: str) -> CycleId:
    """The cycle of an address; raises HTTPException (404) where there is no such cycle."""
    try:
        cycle = cycle_id(text)
        for_cycle(cycle)
    except ValueError:
        raise HTTPException(404, f"没有批次 {text}。") from None
    return cycle


@routes.get("")
def listed(request: Request) -> HTMLResponse:
    """Every cycle, newest first, with its applications by status."""
    with reading() as db:
        rows = overview.by_cycle(db)
        closed = store.closed(db)
    return render_page(request, "cycles.html.j2", rows=rows, closed=closed)


@routes.get("/{cycle}")
async def page(request: Request, cycle: str) -> HTMLResponse:
    """One cycle: where it stands, what is waited for, its stages as the last run left them, its runs in Prefect."""
    chosen = existing_cycle(cycle)
    try:
        recent, unreachable = await runs.runs_of(request.app.state.server, chosen), ""
    except (runs.NoServerError, runs.RefusedRunError) as away:
        recent, unreachable = [], str(away)
    return await to_thread.run_sync(lambda: _page(request, chosen, recent, unreachable))


def _page(request: Request, cycle: CycleId, recent: list[runs.RunShown], unreachable: str) -> HTMLResponse:
    day, policy = today(), for_cycle(cycle)
    waiting = waiting_on(day)
    with reading() as db:
        counts = overview.of_cycle(db, cycle)
        summary = past_runs.last_summary(db, cycle)
        former = store.closing(db, cycle)
    opens, _ = policy.window(cycle)
    return render_page(
        request,
        "cycle.html.j2",
        waiting=waiting,
        cycle=cycle,
        policy=policy,
        counted=counts,
        opens=opens.date(),
        deadline=policy.deadline(cycle),
        last=deciding.last_day(policy, cycle),
        waits_for=_in_words(waits_for(cycle, day), counts["items"]),
        summary=summary,
        stages=[(stage, summary.stages.get(stage.name) if summary else None) for stage in STAGES],
        count_titles=COUNT_TITLES,
        former=former,
        pause=of_subject(cycle, day),
        mine=Choice(cycle=cycle).of(waiting),
        runs=recent,
        unreachable=unreachable,
    )


def _in_words(wait: deciding.Wait, by_status: Mapping[str, int]) -> str:
    """For what a cycle waits; once it waits for nothing more, what is open still. Blank where there is nothing."""
    parts = [f"截止日 {wait.deadline}"] if wait.deadline else []
    parts += [f"{wait.corrections} 件补正（至 {wait.corrected_by}）"] if wait.corrections else []
    parts += [f"{wait.results} 个评估结果"] if wait.results else []
    still = sum(number for status, number in by_status.items() if status in OPEN)
    if wait.is_over and still:
        return f"等待期限已过，仍有 {still} 个申报职业等级未办结"
    return "；".join(parts)


@routes.post("/{cycle}/run")
async def start(request: Request, cycle: str) -> Response:
    """Start a run of the cycle in Prefect, in the person's name; a trial writes and sends nothing."""
    act = await sent(request, Role.OPERATOR)
    chosen = existing_cycle(cycle)
    await runs.start(request.app.state.server, chosen, act.person.name, is_trial=act.text("trial") == "yes")
    return back_to(f"/cycles/{chosen}", "started")


@routes.post("/{cycle}/close")
async def close(request: Request, cycle: str) -> Response:
    """End whatever of the cycle is not final, from its last day on, as `filing close` does."""
    act = await sent(request, Role.APPROVER)
    chosen = existing_cycle(cycle)
    decision = closing_decision(act)
    await done(lambda: closing.close_cycle(chosen, decision, act.day))
    return back_to(f"/cycles/{chosen}", "closed")


pause_routes = APIRouter(prefix="/pauses")


def of_subject(subject: str, day: date) -> Pause | None:
    """The pause of a cycle or of an automatic work that holds on a day."""
    return next((entry for entry in pauses.pauses_on(day) if entry.subject == subject), None)


@pause_routes.get("")
def pauses_page(request: Request) -> HTMLResponse:
    """What runs by itself, and what of it is paused."""
    standing = {entry.subject: entry for entry in pauses.pauses_on(today())}
    rows = [(subject, title, standing.pop(subject, None)) for subject, title in AUTOMATIC.items()]
    rows += [(subject, pauses.title_of(subject), entry) for subject, entry in standing.items()]
    return render_page(request, "pauses.html.j2", rows=rows)


@pause_routes.post("/{subject}/pause")
async def pause(request: Request, subject: str) -> Response:
    """Keep a cycle or a work from going on by itself, as `filing pause` does."""
    act = await sent(request, Role.OPERATOR)
    until, reason = _until(act), act.words("reason", "理由")
    await done(lambda: pauses.pause(subject, act.person.name, reason, until))
    return back_to(_place(subject), "paused")


@pause_routes.post("/{subject}/resume")
async def resume(request: Request, subject: str) -> Response:
    """Let it go on again, as `filing resume` does."""
    act = await sent(request, Role.OPERATOR)
    reason = act.words("reason", "理由")
    await done(lambda: pauses.lift(subject, act.person.name, reason))
    return back_to(_place(subject), "resumed")


def _until(act: Act) -> date | None:
    until = act.on("until")
    if until is not None and until < act.day:
        raise MissingWordsError(f"{until} 已过：请写暂停的最后一日，不写即至恢复为止")
    return until


def _place(subject: str) -> str:
    return "/pauses" if subject in AUTOMATIC else f"/cycles/{quote(subject)}"
