"""Asking again: Prefect's server answers 503 while its embedded database is locked; what may be repeated is, unseen."""

import json
import re

import anyio
from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: What a locked database is answered with.
_BUSY = 503
#: Seconds before each new try: some ten seconds in all, as long as a person waits for a form.
_PAUSES = (0.1, 0.2, 0.4, 0.8, 1.5, 3.0, 4.0)
#: Methods that do the same however often they are asked.
_SAME = ("GET", "HEAD", "PUT", "PATCH", "DELETE")
#: Posts that only read.
_READS = re.compile(r"/api/.+/(filter|count|history|paginate|lateness|next|counts?)(/[a-z_-]+)?/?")
#: Posts that make a run: the same key makes the same run.
_CREATES = re.compile(r"/api/(deployments/[^/]+/create_flow_run|flow_runs)/?")
#: Asked whether the server is up, where only the true answer helps.
_HEALTH = ("/api/health", "/api/ready")
#: Bytes of a body that is kept to be sent again.
_MOST_BYTES = 2_097_152


def repeating(application: ASGIApp) -> ASGIApp:
    """The application, asked again where it was too busy and asking again can do no harm."""

    creating = anyio.Lock()

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in _HEALTH or not _may_be(scope):
            await application(scope, receive, send)
            return
        messages, body = await _read(receive)
        if body is None or not _is_repeatable(scope, body):
            await application(scope, _again(messages, receive), send)
            return
        if _CREATES.fullmatch(str(scope["path"])) and scope["method"] == "POST":
            # many orders at once would lock each other out again and again
            async with creating:
                await _ask(application, scope, messages, receive, send)
            return
        await _ask(application, scope, messages, receive, send)

    return answer


async def _ask(application: ASGIApp, scope: Scope, messages: list[Message], receive: Receive, send: Send) -> None:
    """Ask, again after each pause while the server is busy, and then hand on whatever it says."""
    for pause in _PAUSES:
        if not await _was_busy(application, scope, _again(messages, receive), send):
            return
        await anyio.sleep(pause)
    await application(scope, _again(messages, receive), send)


def _may_be(scope: Scope) -> bool:
    path = str(scope["path"])
    return scope["method"] in _SAME or bool(_READS.fullmatch(path) or _CREATES.fullmatch(path))


def _is_repeatable(scope: Scope, body: bytes) -> bool:
    if scope["method"] in _SAME or _READS.fullmatch(str(scope["path"])):
        return True
    try:
        order = json.loads(body)
    except (ValueError, RecursionError):
        return False
    return isinstance(order, dict) and bool(order.get("idempotency_key"))


async def _read(receive: Receive) -> tuple[list[Message], bytes | None]:
    """The messages of a request's body, and the body; None for one that is too long to be kept, or broken off."""
    messages: list[Message] = []
    body = b""
    while True:
        message = await receive()
        messages.append(message)
        body += message.get("body", b"")
        if message["type"] != "http.request" or len(body) > _MOST_BYTES:
            return messages, None
        if not message.get("more_body", False):
            return messages, body


def _again(messages: list[Message], receive: Receive) -> Receive:
    """What the application receives: the messages that were read, then what comes after them."""
    waiting = iter(list(messages))

    async def replay() -> Message:
        message = next(waiting, None)
        return await receive() if message is None else message

    return replay


async def _was_busy(application: ASGIApp, scope: Scope, receive: Receive, send: Send) -> bool:
    """Ask once; an answer that says busy is kept back."""
    busy = False

    async def send_unless_busy(message: Message) -> None:
        nonlocal busy
        busy = busy or (message["type"] == "http.response.start" and message["status"] == _BUSY)
        if not busy:
            await send(message)

    try:
        await application(dict(scope), receive, send_unless_busy)
    except Exception:
        # the server raises again what it has answered, for its log
        if not busy:
            raise
    return busy
