"""The desk as one application: its pages, its errors as sentences, its files; mounted behind the gate."""

import logging
from importlib.resources import files

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.exc import InterfaceError, OperationalError
from starlette.types import ASGIApp

from deployments.desk import applications, cycles, doors, editions, institutions, letters, resubmission, today
from deployments.desk.pages import plain, render_page
from deployments.desk.signing import SEEN, TOKEN, DeskError, HalfDoneError, NotSignedInError, StaleFormError, Tokens
from schemas.errors import FilingError, WrongUseError
from schemas.settings import PAGES
from tasks.desk.approval import NothingToApproveError
from tasks.desk.closing import NothingToCloseError, NothingToWithdrawError
from tasks.desk.pauses import AlreadyPausedError, NotPausedError
from tasks.desk.refusals import in_chinese
from tasks.desk.rulings import LateRulingError
from tasks.runs.run import CycleBusyError
from tasks.store.dossier import MovedError, Since
from tasks.store.leases import LeaseTakenError

_log = logging.getLogger(__name__)
_STATIC = {
    "desk.css": "text/css; charset=utf-8",
    "desk.js": "text/javascript; charset=utf-8",
    "htmx.min.js": "text/javascript; charset=utf-8",
}
#: Each page is a module with its routes.
_PAGES: tuple[APIRouter, ...] = (
    today.routes,
    applications.routes,
    institutions.routes,
    cycles.routes,
    editions.routes,
    letters.routes,
    doors.routes,
    cycles.pause_routes,
)
#: What others did meanwhile: answered 409.
_CONFLICTS = (
    MovedError,
    CycleBusyError,
    LeaseTakenError,
    NothingToWithdrawError,
    NothingToCloseError,
    NothingToApproveError,
    LateRulingError,
    AlreadyPausedError,
    NotPausedError,
)


def create(server: ASGIApp | None = None) -> FastAPI:
    """The desk of the installation this process works for; `server`: Prefect's, in which runs are started and found."""
    desk = FastAPI(title="备案工作台", docs_url=None, redoc_url=None, openapi_url=None)
    desk.state.tokens = Tokens()
    desk.state.server = server
    for routes in _PAGES:
        desk.include_router(routes, prefix=PAGES)
    desk.add_api_route(f"{PAGES}/static/{{name}}", _file, methods=["GET"])
    desk.add_exception_handler(FilingError, _refused)
    desk.add_exception_handler(OperationalError, _away)
    desk.add_exception_handler(InterfaceError, _away)
    desk.add_exception_handler(404, _missing)
    desk.add_exception_handler(405, _not_to_be_opened)
    desk.add_exception_handler(RequestValidationError, _unreadable)
    return desk


def _file(name: str) -> Response:
    if name not in _STATIC:
        return plain("plain.html.j2", 404, sentence="没有这个页面。", title="没有这个页面")
    content = (files("deployments") / "desk" / "static" / name).read_bytes()
    return Response(content, media_type=_STATIC[name], headers={"Cache-Control": "max-age=3600"})


def _refused(request: Request, error: Exception) -> Response:
    """What could not be done, as a sentence; a form that was only too late is shown again, filled in as it was."""
    if isinstance(error, NotSignedInError):
        return plain("plain.html.j2", error.status, sentence=str(error), title="请先登录")
    sentence, status = _answer(error)
    if isinstance(error, StaleFormError):
        return _again(request, status, sentence, _fields(request), [])
    if isinstance(error, MovedError):
        fields = [(name, str(error.seen) if name == SEEN else text) for name, text in _fields(request)]
        return _again(request, status, sentence, fields, error.since)
    return render_page(
        request,
        "refused.html.j2",
        status,
        sentence=sentence,
        original=str(error),
        is_on_record=isinstance(error, HalfDoneError),
    )


def _again(
    request: Request, status: int, sentence: str, fields: list[tuple[str, str]], since: list[Since]
) -> HTMLResponse:
    return render_page(
        request,
        "again.html.j2",
        status,
        sentence=sentence,
        facts=resubmission.facts_of(request.url.path, fields),
        fields=fields,
        titles=resubmission.WRITTEN,
        since=since,
    )


def _answer(error: Exception) -> tuple[str, int]:
    """The sentence for an error and the status: 409 for what has moved meanwhile, 400 for what cannot be understood."""
    if isinstance(error, DeskError):
        return str(error), error.status
    if isinstance(error, _CONFLICTS):
        return in_chinese(error), 409
    return in_chinese(error), 400 if isinstance(error, WrongUseError) else 403


def _fields(request: Request) -> list[tuple[str, str]]:
    return [(name, text) for name, text in getattr(request.state, "fields", []) if name != TOKEN]


def _away(request: Request, error: Exception) -> HTMLResponse:
    """The database cannot be asked now: why stands in the server's log, without what was asked for."""
    _log.warning("%s %s: %s", request.method, request.scope["path"], getattr(error, "orig", error))
    sentence = "数据库暂时连不上，或正忙：稍候再试；一直如此的，请系统管理员运行 filing doctor。"
    return plain("plain.html.j2", 503, sentence=sentence, title="请稍候")


def _missing(_request: Request, error: Exception) -> HTMLResponse:
    sentence = getattr(error, "detail", "") or ""
    message = sentence if sentence not in ("", "Not Found") else "没有这个页面。"
    return plain("plain.html.j2", 404, sentence=message, title="没有找到")


def _not_to_be_opened(_request: Request, error: Exception) -> HTMLResponse:
    sentence = "这个地址只接收表单，不能直接打开：请从页面上办理。"
    answer = plain("plain.html.j2", 405, sentence=sentence, title="不能直接打开")
    answer.headers.update(getattr(error, "headers", None) or {})
    return answer


def _unreadable(_request: Request, error: Exception) -> HTMLResponse:
    """An address whose parts cannot be read, each named."""
    parts = error.errors() if isinstance(error, RequestValidationError) else []
    names = "、".join(dict.fromkeys(str(part["loc"][-1]) for part in parts))
    sentence = f"地址中的 {names} 缺失，或读不出来：请从页面上的链接打开。"
    return plain("plain.html.j2", 400, sentence=sentence, title="地址读不出来")
