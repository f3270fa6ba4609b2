"""Who has signed in, and whether a form comes from a page of this desk: what each view and each act depends on."""

import secrets
from urllib.parse import urlsplit

from fastapi import Request
from itsdangerous import BadData, URLSafeTimedSerializer
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect

from deployments.gate import people
from deployments.gate.people import TITLES, Person, Role
from schemas.errors import RefusedError

#: A form may lie open for a working day.
_LIVES_SECONDS = 12 * 3600
#: Bytes of a form without files: words of a decision, some hundred ticked lines.
_MOST_BYTES = 262_144
#: A larger body is cut off.
_MOST_PASSED_OVER = 8 * 1024**3
_MOST_FILES, _MOST_FIELDS = 100, 5_000
_BROKEN_OFF = "上传中断，没有收到完整的内容：请重新提交"
#: The field in which a form carries its token, and the one with what its page had seen.
TOKEN, SEEN = "token", "seen"


class DeskError(RefusedError):
    """What the desk refuses: one Chinese sentence, and the status of the answer."""

    status = 403


class NotSignedInError(DeskError):
    """The session is over, or there never was one."""

    status = 401


class TooLargeError(DeskError):
    """More bytes than the desk takes."""

    status = 413


class BrokenOffError(DeskError):
    """A form or a file that did not come whole."""

    status = 400


class HalfDoneError(DeskError):
    """What was decided is on record, and what follows from it could not be done yet."""

    status = 503


class StaleFormError(DeskError):
    """A form whose token is over or another person's: it is shown again, filled in as it was."""

    status = 409


def signed_in(request: Request) -> Person:
    """Who asks, as the gate brought it; raises NotSignedInError."""
    try:
        return people.signed_in(request.scope)
    except KeyError:
        raise NotSignedInError("登录已过期：请重新登录，再办一次") from None


def require(request: Request, least: Role) -> Person:
    """Who asks, where the role reaches so far; raises DeskError. What is done bears a person's name, never the machine's."""
    person = signed_in(request)
    if person.role is Role.MACHINE or not person.may(least):
        title = TITLES[person.role]
        raise DeskError(f"{person.name}（{title}）不能办理此项：须由“{TITLES[least]}”及以上的人员登录办理")
    return person


class Tokens:
    """Tokens of forms: good for one person and for a day, made by this process alone."""

    def __init__(self) -> None:
        self._serializer = URLSafeTimedSerializer(secrets.token_urlsafe(32), salt="form of the desk")

    def make(self, person: Person) -> str:
        return str(self._serializer.dumps(person.name))

    def is_good(self, token: str, person: Person) -> bool:
        try:
            return bool(self._serializer.loads(token, max_age=_LIVES_SECONDS) == person.name)
        except BadData:
            return False


def assert_same_origin(request: Request) -> None:
    """Raises DeskError for a form of another site's page, or of a browser that does not say whose page it is."""
    origin, host = request.headers.get("origin", ""), request.headers.get("host", "")
    if not host or urlsplit(origin).netloc.lower() != host.lower():
        raise DeskError("此表单不是从本系统的页面提交的，未予办理")


async def _pass_over(request: Request, length: int) -> None:
    """Let a body go by unread: a browser hears no answer before it has sent all; raises BrokenOffError."""
    if length > _MOST_PASSED_OVER:
        return
    try:
        async for _ in request.stream():
            pass
    except ClientDisconnect as broken:
        raise BrokenOffError(_BROKEN_OFF) from broken


async def _whole_form(request: Request) -> FormData:
    """The form, with its files on the disk where they are large; raises BrokenOffError, and leaves no file then."""
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        return await request.form(max_fields=_MOST_FIELDS)
    parser = MultiPartParser(request.headers, request.stream(), max_files=_MOST_FILES, max_fields=_MOST_FIELDS)
    try:
        form = await parser.parse()
    except (ClientDisconnect, MultiPartException) as broken:
        _drop(parser)
        raise BrokenOffError(_BROKEN_OFF) from broken
    files = [value for _, value in form.multi_items() if isinstance(value, UploadFile)]
    # the parser tells nobody of a last part that has no end
    if len(form.multi_items()) and len(files) == len(parser._files_to_close_on_error):
        return form
    _drop(parser)
    raise BrokenOffError(_BROKEN_OFF)


def _drop(parser: MultiPartParser) -> None:
    for file in parser._files_to_close_on_error:
        file.close()


async def read_form(request: Request, tokens: Tokens, *, most: int = _MOST_BYTES) -> FormData:
    """The form of a page of this desk, whose files the caller closes; raises a DeskError for one that is not fit.

    The fields stay in `request.state.fields`, so that a form that is refused can be shown again as it was filled in.
    """
    assert_same_origin(request)
    person = signed_in(request)
    length = request.headers.get("content-length")
    if length is None or not length.isdigit():
        raise BrokenOffError("请求没有说明大小，未予办理：请从页面重新提交")
    if int(length) > most:
        await _pass_over(request, int(length))
        raise TooLargeError(f"提交的内容超过 {most // 1_048_576 or 1} MB，未予接收：请拆分后重新提交")
    form = await _whole_form(request)
    request.state.fields = [(name, text) for name, text in form.multi_items() if not isinstance(text, UploadFile)]
    if not tokens.is_good(str(form.get(TOKEN, "")), person):
        await form.close()
        raise StaleFormError("此页打开已久，或登录过其他账号：内容已保留，请核对后再提交一次")
    return form
