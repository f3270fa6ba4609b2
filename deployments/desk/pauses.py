"""Pauses (暂停自动办理): what runs by itself is kept from going on through a day, and let go on again."""

from datetime import date
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from deployments.desk.acts import Act, MissingWordsError, back_to, done, sent
from deployments.desk.pages import shown
from deployments.gate.people import Role
from schemas.run import AUTOMATIC
from tasks.desk import pauses
from tasks.runs.today import today
from tasks.store.pauses import Pause

routes = APIRouter(prefix="/pauses")


def of_subject(subject: str, day: date) -> Pause | None:
    """The pause of a cycle or of an automatic work that holds on a day."""
    return next((entry for entry in pauses.pauses_on(day) if entry.subject == subject), None)


@routes.get("")
def page(request: Request) -> HTMLResponse:
    """What runs by itself, and what of it is paused."""
    standing = {entry.subject: entry for entry in pauses.pauses_on(today())}
    rows = [(subject, title, standing.pop(subject, None)) for subject, title in AUTOMATIC.items()]
    rows += [(subject, pauses.title_of(subject), entry) for subject, entry in standing.items()]
    return shown(request, "pauses.html.j2", rows=rows)


@routes.post("/{subject}/pause")
async def pause(request: Request, subject: str) -> Response:
    """Keep a cycle or a work from going on by itself, as `filing pause` does."""
    act = await sent(request, Role.OPERATOR)
    until, reason = _until(act), act.words("reason", "理由")
    await done(lambda: pauses.pause(subject, act.person.name, reason, until))
    return back_to(_place(subject), "paused")


@routes.post("/{subject}/resume")
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
