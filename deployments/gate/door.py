"""The gate itself: an ASGI application that lets a request through to the one behind it, or answers in its place."""

import hmac
from pathlib import Path
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from deployments.gate import access_log, endpoints, hosts, orders, pages
from deployments.gate.accounts import COOKIE
from deployments.gate.orders import Refused, path_of, read_body
from deployments.gate.people import MACHINE, ForbiddenError, Person, Role, bring
from deployments.gate.secrets_of_home import machine_secret
from deployments.gate.signing_in import SigningIn
from schemas.errors import FilingError
from schemas.settings import PAGES, settings

_READING = ("GET", "HEAD")
_JSON = "application/json"
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data", _JSON)
#: Bytes of an order, which is read here.
_ORDER_BYTES = 2_097_152
_CLOSED = 1008  # a websocket's close for policy
_UNKNOWN = 401


class Gate:
    """Host, origin, content type, sign-in and role of every request, before the application behind sees it."""

    def __init__(self, application: ASGIApp, home: Path, allowed: frozenset[str]) -> None:
        self._application, self._home, self._allowed = application, home, allowed
        self._secret = machine_secret(home)
        self._signing_in = SigningIn(home)
        self._ask = orders.asker(application)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection."""
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        else:
            await self._application(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            self._assert_place(scope)
            if path_of(request).startswith(pages.BELOW):
                await (await self._signing_in.answer(request))(scope, receive, send)
                return
            person = self._who(scope)
            endpoint = self._endpoint(scope, person)
            _assert_content(request)
            if endpoint is None or endpoint.least is None:
                await self._application(scope, receive, send)
                return
            assert person is not None
            await self._let_through(bring(scope, person), request, send, endpoint, person)
        except Refused as refused:
            await self._refusal(request, refused)(scope, receive, send)

    async def _let_through(
        self, scope: Scope, request: Request, send: Send, endpoint: endpoints.Endpoint, person: Person
    ) -> None:
        status = 0

        async def counted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = int(message["status"])
                message["headers"] = [pair for pair in message.get("headers", []) if not _opens(pair[0])]
            await send(message)

        receive = request.receive
        try:
            if orders.concerns(request.method, path_of(request)):
                receive = await self._ordered(scope, request, person)
            await self._application(scope, receive, counted)
        except ForbiddenError as forbidden:
            if status:  # the application has answered, and tells us besides
                return
            status = 403
            raise Refused(403, str(forbidden)) from None
        except Refused as refused:
            status = refused.status
            raise
        finally:
            if endpoint.logged and person is not MACHINE:
                self._note(request, person, status)

    async def _ordered(self, scope: Scope, request: Request, person: Person) -> Receive:
        """The request's body, checked; what the server then receives."""
        body = await read_body(request, _ORDER_BYTES)
        try:
            changed = await orders.checked(path_of(request), body, person, self._ask)
        except FilingError as refused:
            raise Refused(403, str(refused)) from None
        length = str(len(changed)).encode()
        scope["headers"] = [
            (name, length if name == b"content-length" else value) for name, value in request.scope["headers"]
        ]
        sent = False

        async def receive() -> Message:
            nonlocal sent
            if sent:
                return await request.receive()
            sent = True
            return {"type": "http.request", "body": changed, "more_body": False}

        return receive

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            self._assert_place(scope)
            person = self._listener(scope)
        except Refused:
            await receive()  # the connection's beginning
            await send({"type": "websocket.close", "code": _CLOSED})
            return
        await self._application(bring(scope, person), receive, send)

    def _listener(self, scope: Scope) -> Person:
        person, endpoint = self._who(scope), endpoints.classed(endpoints.WEBSOCKET, str(scope["path"]))
        if person is None or endpoint is None or endpoint.least is None or not person.may(endpoint.least):
            raise Refused(403, "not for this person")
        return person

    def _assert_place(self, scope: Scope) -> None:
        """The name the server is called by, and the page that asks: what writes, and a websocket, says whose page it is."""
        headers = Headers(scope=scope)
        host, origin = headers.get("host", ""), headers.get("origin")
        if len(headers.getlist("host")) != 1 or hosts.name_of(host) not in self._allowed:
            raise Refused(421, "this server is not called so: add the name to FILING_HOSTS")
        if origin is not None and not hosts.is_own(origin, host):
            raise Refused(403, "another site's page asks: only pages of this server may")
        writes = scope["type"] == "websocket" or scope["method"] not in _READING
        if writes and origin is None and "authorization" not in headers:
            raise Refused(403, "what writes says from which page it comes (Origin)")

    def _who(self, scope: Scope) -> Person | None:
        connection = HTTPConnection(scope)
        header = connection.headers.get("authorization")
        if header is not None:
            scheme, _, secret = header.partition(" ")
            if scheme.lower() == "bearer" and hmac.compare_digest(secret.strip().encode(), self._secret.encode()):
                return MACHINE
            raise Refused(_UNKNOWN, "the secret is not this home's machine.secret")
        return self._signing_in.person_of(connection.cookies.get(COOKIE, ""))

    def _endpoint(self, scope: Scope, person: Person | None) -> endpoints.Endpoint | None:
        """The classed endpoint the person may ask for; None where the machine asks for one nobody has classed."""
        path, method = str(scope["path"]), str(scope["method"])
        below = f"{PAGES}/"
        # what lies below decides itself, by people.require
        endpoint = endpoints.mounted(path) if path.startswith(below) else endpoints.classed(method, path)
        if endpoint is not None and endpoint.least is None:
            return endpoint
        if person is None:
            raise Refused(_UNKNOWN, "请先登录")
        if endpoint is None and person is not MACHINE:
            raise Refused(404, "there is no such page")
        if endpoint is not None and endpoint.least is Role.ADMIN and person is not MACHINE and settings().shared_server:
            raise Refused(403, "this Prefect server is shared by several cities: ask the administrator of its own home")
        if endpoint is not None and endpoint.least is not None and not person.may(endpoint.least):
            access_log.note(self._home, person.name, f"{method} {path}", status=403)
            raise Refused(403, f"not for the role {person.role.word}: it takes {endpoint.least.word}")
        return endpoint

    def _refusal(self, request: Request, refused: Refused) -> Response:
        reads_page = request.method in _READING and "text/html" in request.headers.get("accept", "")
        if refused.status == _UNKNOWN and reads_page and "authorization" not in request.headers:
            return RedirectResponse(pages.sign_in_address(path_of(request), request.url.query), 303)
        if refused.status == _UNKNOWN and _is_form(request):
            return pages.sign_in(_page_before(request), pages.RAN_OUT, _UNKNOWN)
        if reads_page or not path_of(request).startswith(endpoints.API):
            return HTMLResponse(pages.refusal(refused.sentence), refused.status, headers=pages.HEADERS)
        return JSONResponse({"exception_message": refused.sentence}, refused.status)

    def _note(self, request: Request, person: Person, status: int) -> None:
        client = request.client.host if request.client else ""
        access_log.note(
            self._home,
            person.name,
            f"{request.method} {path_of(request)}",
            role=person.role.word,
            status=status,
            address=client,
        )


def _assert_content(request: Request) -> None:
    """A body says that it is JSON: a form that a foreign page can send without asking says something else."""
    headers = request.headers
    if headers.get("content-length", "0") in ("", "0") and "transfer-encoding" not in headers:
        return
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    fit = _FORMS if path_of(request).startswith(f"{PAGES}/") else (_JSON,)
    if kind not in fit:
        raise Refused(415, f"send a body as {' or '.join(fit)}, and say so in Content-Type")


def _is_form(request: Request) -> bool:
    """Whether a person's browser sends a form of the desk."""
    wants_page = "text/html" in request.headers.get("accept", "") and "authorization" not in request.headers
    return wants_page and request.method == "POST" and path_of(request).startswith(f"{PAGES}/")


def _page_before(request: Request) -> str:
    """The page whose form was sent: where its filled-in fields are kept."""
    came_from = urlsplit(request.headers.get("referer", ""))
    return f"{came_from.path}?{came_from.query}" if came_from.query else came_from.path or f"{PAGES}/"


def _opens(name: bytes) -> bool:
    """Whether a header would open the answer to other sites' pages; Prefect's says `*`."""
    return name.lower().startswith(b"access-control-allow")
