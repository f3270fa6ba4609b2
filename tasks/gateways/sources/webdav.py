"""A folder on a WebDAV server (webdav:// over HTTP, webdavs:// over HTTPS)."""

from typing import Any

import httpx

from tasks.gateways.sources.addresses import Address
from tasks.gateways.sources.bounds import Bounds, SourceError
from tasks.gateways.sources.remote_folder import Remote, Verdict, usual_verdict


def remote(where: Address, bounds: Bounds) -> Remote:
    """The way there, with a user and password or a token."""
    try:
        from webdav4.client import ClientError, ForbiddenOperation, HTTPError  # noqa: PLC0415  an extra
        from webdav4.fsspec import WebdavFileSystem  # noqa: PLC0415
    except ImportError as absent:
        raise SourceError("webdav needs its extra: pip install 'filing-cycles[webdav]'") from absent
    scheme = "https" if where.scheme == "webdavs" else "http"
    port = f":{where.port}" if where.port else ""

    def open_() -> Any:
        return WebdavFileSystem(
            f"{scheme}://{where.host}{port}{where.path}",
            auth=(where.username, where.password) if where.username else None,
            headers={"Authorization": f"Bearer {where.token}"} if where.token else None,
            timeout=bounds.answer_seconds,
            retry=False,
        )

    def verdict(error: Exception) -> Verdict:
        status = error.status_code if isinstance(error, HTTPError) else 0
        if isinstance(error, ForbiddenOperation) or status == httpx.codes.FORBIDDEN:
            return "forbidden"
        if status == httpx.codes.NOT_FOUND:
            return "absent"
        return "refused" if status == httpx.codes.UNAUTHORIZED else usual_verdict(error)

    return Remote(where.shown, open_, "", (httpx.HTTPError, ClientError, OSError), verdict)
