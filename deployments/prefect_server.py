"""The Prefect server with its pages kept inside the house; started as `python -m deployments.prefect_server`."""

import os
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from deployments.parentage import end_with_parent

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

#: What a page may load and where it may send: this server alone. The interface as shipped calls an analytics host.
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; worker-src 'self' blob:; connect-src 'self' ws: wss:; "
    "object-src 'none'; base-uri 'self'; frame-ancestors 'self'"
)


def guarded(application: Application) -> Application:
    """The application, each of its answers telling the browser to speak to nobody else."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), (b"content-security-policy", POLICY.encode())]
            await send(message)

        await application(scope, receive, send_guarded if scope["type"] == "http" else send)

    return answer


def main() -> None:
    """Serve until SIGTERM, on the address the environment names."""
    import uvicorn  # noqa: PLC0415
    from prefect.server.api.server import create_app  # noqa: PLC0415  reads the environment when imported
    from prefect.settings import get_current_settings  # noqa: PLC0415

    end_with_parent()
    api = get_current_settings().server.api
    level = os.environ.get("PREFECT_SERVER_LOGGING_LEVEL", "warning").lower()
    uvicorn.run(
        guarded(create_app(final=True)),
        host=str(api.host),
        port=int(api.port),
        log_level=level,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=5,
    )


if __name__ == "__main__":
    main()
