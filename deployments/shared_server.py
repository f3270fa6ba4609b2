"""Another home's Prefect server as an application: what is asked of it here is asked of it there.

A home that has no server of its own puts it behind its own gate, with its own accounts, desk and files.
"""

from collections.abc import AsyncIterator, Iterable

import anyio
import httpx
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.typing import Subprotocol

#: Seconds until an answer begins; Prefect's own clients give up after as long.
_PATIENCE = 30.0
#: Headers that concern one connection alone (RFC 9110, 7.6.1).
_OF_CONNECTION = frozenset(
    {"connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"}
    | {"proxy-authenticate", "proxy-authorization"}
)
#: Of what is asked also whom it is asked of, and who asks from where: the gate has seen to that.
_NOT_HANDED_ON = _OF_CONNECTION | {"host", "authorization", "cookie", "origin", "referer", "forwarded"}
#: Of an answer also what this home's gate says itself.
_NOT_HANDED_BACK = _OF_CONNECTION | {"set-cookie", "content-security-policy"}
_AWAY = 503
_NORMAL, _LOST = 1000, 1011  # closes of a websocket


class SharedServer:
    """An ASGI application that asks the server at an address, as one who knows its machine's secret."""

    def __init__(self, address: str, secret: str) -> None:
        self._address, self._login = address.rstrip("/"), {"Authorization": f"Bearer {secret}"}
        self._client: httpx.AsyncClient | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection."""
        if scope["type"] == "http":
            await (await self._answer(Request(scope, receive)))(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._speak(WebSocket(scope, receive, send))
        else:
            await self._live(receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        """Nothing is to be done at the start; at the end the connections are closed."""
        while True:
            message = await receive()
            if message["type"] == "lifespan.shutdown" and self._client is not None:
                await self._client.aclose()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return

    async def _answer(self, request: Request) -> Response:
        if self._client is None:
            self._client = httpx.AsyncClient(timeout=_PATIENCE, trust_env=False)
        forwarded = self._client.build_request(
            request.method,
            f"{self._address}{_path(request)}",
            headers=[*_kept(request.headers.items(), _NOT_HANDED_ON), *self._login.items()],
            content=request.stream() if _has_body(request) else None,
        )
        try:
            answer = await self._client.send(forwarded, stream=True)
        except httpx.HTTPError as failed:
            sentence = f"the shared Prefect server does not answer ({type(failed).__name__}): see FILING_SHARED_SERVER"
            return JSONResponse({"exception_message": sentence}, _AWAY)
        response = StreamingResponse(_body(answer), answer.status_code)
        headers = _kept(answer.headers.multi_items(), _NOT_HANDED_BACK)
        response.raw_headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        return response

    async def _speak(self, browser: WebSocket) -> None:
        address = f"ws{self._address.removeprefix('http')}{_path(browser)}"
        offered = [Subprotocol(name) for name in browser.scope.get("subprotocols", [])]
        try:
            async with connect(
                address, additional_headers=self._login, subprotocols=offered or None, max_size=None, proxy=None
            ) as server:
                await browser.accept(server.subprotocol)
                async with anyio.create_task_group() as both:
                    both.start_soon(_hand_on, browser, server, both.cancel_scope)
                    both.start_soon(_hand_back, browser, server, both.cancel_scope)
        except (OSError, WebSocketException):
            await browser.close(_LOST)


def _path(request: Request | WebSocket) -> str:
    """Path and query as they were sent."""
    path = (request.scope.get("raw_path") or request.url.path.encode()).decode("latin-1").partition("?")[0]
    return f"{path}?{request.url.query}" if request.url.query else path


def _has_body(request: Request) -> bool:
    return request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers


def _kept(headers: Iterable[tuple[str, str]], left_out: frozenset[str]) -> list[tuple[str, str]]:
    return [(name, value) for name, value in headers if name.lower() not in left_out]


async def _body(answer: httpx.Response) -> AsyncIterator[bytes]:
    """The bytes as they come, packed or not."""
    try:
        async for chunk in answer.aiter_raw():
            yield chunk
    finally:
        await answer.aclose()


async def _hand_on(browser: WebSocket, server: ClientConnection, until: anyio.CancelScope) -> None:
    try:
        while True:
            message = await browser.receive()
            if message["type"] == "websocket.disconnect":
                break
            text = message.get("text")
            await server.send(message["bytes"] if text is None else text)
    except ConnectionClosed:
        return  # the other direction tells its end
    until.cancel()


async def _hand_back(browser: WebSocket, server: ClientConnection, until: anyio.CancelScope) -> None:
    try:
        async for message in server:
            await (browser.send_text(message) if isinstance(message, str) else browser.send_bytes(message))
        await browser.close(server.close_code or _NORMAL)
    except (ConnectionClosed, WebSocketDisconnect):
        await browser.close(_LOST)
    until.cancel()
