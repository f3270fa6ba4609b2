"""Letters: the list with what was sent off and what arrived, and letters, packages and scoring sheets to take away."""

from collections.abc import Callable, Iterator
from typing import IO
from urllib.parse import quote

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, Response, StreamingResponse
from sqlalchemy import Connection
from sqlalchemy.exc import NoResultFound
from starlette.background import BackgroundTask

from deployments.desk.acts import Act, MissingWordsError, back_to, done, sent
from deployments.desk.cycles import existing_cycle
from deployments.desk.pages import render_page
from deployments.desk.signing import require
from deployments.gate.people import Role
from schemas.letter_text import LETTER_KINDS
from schemas.settings import settings
from tasks.desk import downloads, posting
from tasks.store import frames, overview, postings
from tasks.store.database import reading

routes = APIRouter()
_PER_PAGE = 100
_PIECE = 65_536
#: At most so many letters are noted at once.
_EVERY = 5_000
_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
#: What is put on record of a letter.
POSTED = {"posted": "已寄出", "served": "已送达"}
STATES = {"outbox": "待寄出", "posted": "已寄出，未送达", "served": "已送达"}


@routes.get("/letters")
def listed(request: Request, cycle: str = "", state: str = "", page: int = 1) -> HTMLResponse:
    """Letters, newest first, by cycle and by how far they are."""
    with reading() as db:
        rows, number = postings.listed(db, cycle, state, _PER_PAGE, (page - 1) * _PER_PAGE)
        cycles = overview.cycles(db)[::-1]
    pages = max((number + _PER_PAGE - 1) // _PER_PAGE, 1)
    return render_page(
        request,
        "letters.html.j2",
        rows=frames.records(rows),
        number=number,
        cycles=cycles,
        chosen={"cycle": cycle, "state": state},
        states=STATES,
        letter_kinds=LETTER_KINDS,
        page=min(max(page, 1), pages),
        pages=pages,
    )


@routes.post("/letters/posted")
async def post(request: Request) -> Response:
    """Note that letters were sent off, or arrived, on a day."""
    act = await sent(request, Role.OPERATOR)
    what = act.text("what")
    chosen = _every(act) if act.text("every") else [str(occasion) for occasion in act.form.getlist("occasion")]
    if what not in POSTED or not chosen:
        raise MissingWordsError("没有勾选文书，或没有选择“寄出”或“送达”：请选择后再提交")
    on = act.on("on") or act.day
    kind: posting.Posted = "posted" if what == "posted" else "served"
    await done(lambda: posting.record_posting(chosen, kind, on, act.person.name, act.day))
    return back_to("/letters", "posted", cycle=act.text("cycle"), state=act.text("state"))


def _every(act: Act) -> list[str]:
    """Every letter of the list the form stood below that is not noted yet; raises MissingWordsError where it has changed."""
    with reading() as db:
        rows, number = postings.listed(db, act.text("cycle"), act.text("state"), _EVERY, 0)
    if number > _EVERY:
        raise MissingWordsError(f"筛选出 {number} 封，一次至多登记 {_EVERY} 封：请先按批次和状态筛选")
    if str(number) != act.text("number"):
        raise MissingWordsError(f"筛选出的文书已有变化（现有 {number} 封）：请重新打开文书页，核对后再登记")
    return rows.loc[rows[f"{act.text('what')}_on"].isna(), "occasion"].tolist() if act.text("what") in POSTED else []


@routes.get("/letters/file")
def letter(request: Request, occasion: str) -> Response:
    """One letter as its Word file."""
    require(request, Role.OPERATOR)
    with reading() as db:
        try:
            name, content = downloads.letter_file(db, settings(), occasion)
        except (NoResultFound, downloads.MissingFileError) as unknown:
            raise HTTPException(404, "没有这份文书，或它的文件已不在。") from unknown
    return Response(content, media_type=_WORD, headers=_attached(name))


@routes.get("/letters/{cycle}.zip")
def letters(request: Request, cycle: str) -> Response:
    """Every letter of a cycle."""
    require(request, Role.OPERATOR)
    chosen = existing_cycle(cycle)
    return _zip(f"{chosen}-文书.zip", lambda db: downloads.letter_files(db, settings(), chosen))


@routes.get("/packages/all/{cycle}.zip")
def packages(request: Request, cycle: str, kind: str = "packages") -> Response:
    """Every package of a cycle, or its scoring sheets alone."""
    require(request, Role.OPERATOR)
    chosen, whole = existing_cycle(cycle), kind != "sheets"
    name = f"{chosen}-{'评估材料包' if whole else '评分表'}.zip"
    return _zip(name, lambda db: downloads.cycle_packages(db, settings(), chosen, whole=whole))


@routes.get("/packages/{number:path}.zip")
def package(request: Request, number: str) -> Response:
    """The last package of one application."""
    require(request, Role.OPERATOR)
    with reading() as db:
        files = downloads.packages_of(db, settings(), number)
    if not files:
        raise HTTPException(404, f"{number} 没有送评的材料包。")
    folder = files[0][0].partition("/")[0]  # number and institution
    return _sent(f"{folder}-评估材料包.zip", downloads.archive(files))


def _zip(name: str, files: Callable[[Connection], Iterator[downloads.Named]]) -> Response:
    with reading() as db:
        return _sent(name, downloads.archive(files(db)))


def _sent(name: str, content: IO[bytes]) -> StreamingResponse:
    pieces = iter(lambda: content.read(_PIECE), b"")
    closing = BackgroundTask(content.close)
    return StreamingResponse(pieces, media_type="application/zip", headers=_attached(name), background=closing)


def _attached(name: str) -> dict[str, str]:
    return {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
        "Cache-Control": "private, no-store",
        "X-Content-Type-Options": "nosniff",
    }
