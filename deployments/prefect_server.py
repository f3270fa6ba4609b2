"""The Prefect server behind the gate, its pages kept inside the house; started as `python -m deployments.prefect_server`."""

import os
from importlib import import_module
from pathlib import Path
from threading import Thread

from anyio import Lock, to_thread
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from deployments.gate import hosts
from deployments.gate.door import Gate
from deployments.gate.repeating import repeating
from deployments.prefect_environment import end_with_parent, hold_anywhere, keep_private, server_settings
from deployments.soundness import unknown_settings
from schemas.settings import PAGES, settings

#: What a page may load and where it may send: this server alone. The interface as shipped calls an analytics host.
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; worker-src 'self' blob:; connect-src 'self' ws: wss:; "
    "object-src 'none'; base-uri 'self'; frame-ancestors 'self'"
)


def guarded(application: ASGIApp) -> ASGIApp:
    """The application, each of its answers telling the browser to speak to nobody else."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), (b"content-security-policy", POLICY.encode())]
            await send(message)

        await application(scope, receive, send_guarded if scope["type"] == "http" else send)

    return answer


def with_files(application: ASGIApp, home: Path) -> ASGIApp:
    """The application, and beside it the home's directory editions and Data Docs, which hold no personal data.

    A link that leads out of them leads nowhere.
    """
    pages = {
        name: StaticFiles(directory=home / name, html=True, check_dir=False) for name in ("published", "data-docs")
    }

    for files in pages.values():
        files.config_checked = True  # a folder that is not there yet is none of its errors

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        path = str(scope.get("path", ""))
        for name, files in pages.items():
            prefix = f"{PAGES}/{name}"
            if scope["type"] == "http" and path.startswith(f"{prefix}/"):
                try:
                    await files({**scope, "root_path": scope.get("root_path", "") + prefix}, receive, send)
                except HTTPException as missing:
                    await PlainTextResponse("没有这个文件\n", missing.status_code)(scope, receive, send)
                return
        await application(scope, receive, send)

    return answer


def with_desk(application: ASGIApp) -> ASGIApp:
    """The application, and below `/filing/` the desk, which is made when the first person asks for it."""
    making, made = Lock(), list[ASGIApp]()

    async def desk() -> ASGIApp:
        async with making:
            if not made:
                made.append(await to_thread.run_sync(_make_desk, application))
        return made[0]

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        path = str(scope.get("path", ""))
        if scope["type"] == "http" and path == PAGES:
            await RedirectResponse(f"{PAGES}/")(scope, receive, send)
        elif scope["type"] == "http" and path.startswith(f"{PAGES}/"):
            await (await desk())(scope, receive, send)
        else:
            await application(scope, receive, send)

    return answer


def _make_desk(application: ASGIApp) -> ASGIApp:
    from deployments.desk import house  # noqa: PLC0415  frames and the rule book take seconds to import

    return house.create(application)


def gated(application: ASGIApp) -> ASGIApp:
    """The application behind the gate, and with it what the home shows; `application` is Prefect's server."""
    installation = settings()
    allowed = hosts.allowed(os.environ.get("PREFECT_SERVER_API_HOST", ""), installation.hosts)
    patient = repeating(application)
    return guarded(Gate(with_files(with_desk(patient), installation.root), installation.root, allowed))


def _server() -> ASGIApp:
    """Prefect's server, or the one of another home that this one shares."""
    installation = settings()
    if installation.shared_server:
        from deployments.shared_server import SharedServer  # noqa: PLC0415

        return SharedServer(installation.shared_server, installation.shared_secret.get_secret_value())
    from prefect.server.api.server import create_app  # noqa: PLC0415  slow to import

    application: ASGIApp = create_app(final=True)
    return application


def main() -> None:
    """Serve until SIGTERM, on the address the environment names."""
    hold_anywhere()
    for name, value in server_settings().items():
        os.environ.setdefault(name, value)
    keep_private()
    for sentence in unknown_settings():
        print(sentence)  # noqa: T201
    if os.environ.pop("PREFECT_SERVER_API_AUTH_STRING", None):
        print("PREFECT_SERVER_API_AUTH_STRING is not used: people sign in, programs send machine.secret")  # noqa: T201
    from prefect.context import refresh_global_settings_context  # noqa: PLC0415  slow to import
    from prefect.settings import get_current_settings  # noqa: PLC0415  slow to import

    # what we import has read the environment before it held all of the server's settings
    refresh_global_settings_context()
    api = get_current_settings().server.api
    import uvicorn  # noqa: PLC0415

    end_with_parent()
    level = os.environ.get("PREFECT_SERVER_LOGGING_LEVEL", "warning").lower()
    # the first who opens the desk should not wait for its imports
    Thread(target=import_module, args=("deployments.desk.house",), daemon=True).start()
    uvicorn.run(
        gated(_server()),
        host=str(api.host),
        port=int(api.port),
        log_level=level,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=5,
    )


if __name__ == "__main__":
    main()
