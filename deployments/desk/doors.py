"""The doors (收件): files uploaded into the one they belong to, each with its receipt; and what was set aside."""

from anyio import to_thread
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from starlette.datastructures import UploadFile

from deployments.desk.acts import MissingWordsError
from deployments.desk.pages import render_page
from deployments.desk.signing import DeskError, Tokens, read_form, require
from deployments.gate.people import Role
from schemas.duty import Choice
from schemas.settings import settings
from tasks.desk import uploads
from tasks.desk.uploads import DOORS, KINDS, MOST_BYTES, UnfitFileError
from tasks.gateways.disk import receipts
from tasks.gateways.disk.receipts import Receipt
from tasks.store.database import reading
from tasks.store.runs import set_aside

routes = APIRouter(prefix="/doors")
_SHOWN = 100
#: Fields and borders of a form beside its files.
_BESIDE = 1_048_576


@routes.get("")
def page(request: Request, cycle: str = "") -> HTMLResponse:
    """The doors, the newest receipts, and what was set aside."""
    return _page(request, cycle)


def _page(
    request: Request, cycle: str = "", laid_in: list[Receipt] | None = None, refused: list[str] | None = None
) -> HTMLResponse:
    with reading() as db:
        aside = set_aside(db, cycle or None)
    return render_page(
        request,
        "doors.html.j2",
        status=400 if refused and not laid_in else 200,
        doors=DOORS,
        suffixes=KINDS,
        most=MOST_BYTES // 1_048_576,
        receipts=receipts.newest(settings().root, _SHOWN),
        aside=aside[: _SHOWN * 3],
        choice=Choice(cycle=cycle),
        taken=laid_in or [],
        refused=refused or [],
    )


@routes.post("/{door}")
async def upload(request: Request, door: str) -> Response:
    """Lay files into a door; each is taken whole or refused with a sentence, and one broken one stops no other."""
    person = require(request, Role.OPERATOR)
    if door not in DOORS:
        raise DeskError("没有这个收件口")
    tokens: Tokens = request.app.state.tokens
    form = await read_form(request, tokens, most=MOST_BYTES + _BESIDE)
    try:
        files = [file for file in form.getlist("file") if isinstance(file, UploadFile) and file.filename]
        if not files:
            raise MissingWordsError("没有选择文件：请选择后再上传")
        laid_in, refused = await to_thread.run_sync(_lay_in, door, files, person.name)
    finally:
        await form.close()
    return await to_thread.run_sync(lambda: _page(request, laid_in=laid_in, refused=refused))


def _lay_in(door: str, files: list[UploadFile], by: str) -> tuple[list[Receipt], list[str]]:
    laid_in, refused = [], []
    for file in files:
        try:
            laid_in.append(uploads.lay_in(settings(), door, file.filename or "", file.file, by))
        except UnfitFileError as unfit:
            refused.append(str(unfit))
    return laid_in, refused
