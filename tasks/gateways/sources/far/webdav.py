"""A folder on a WebDAV server (webdav:// over HTTP, webdavs:// over HTTPS)."""

from collections.abc import Iterator
from typing import Any

import httpx

from tasks.gateways.sources.far.addresses import Address
from tasks.gateways.sources.far.bounds import Allowance, SourceError
from tasks.gateways.sources.far.remote_folder import Remote, Verdict, usual_verdict
from tasks.gateways.wire.retry import codings


class _Bounded(httpx.SyncByteStream):
    """The body of an answer as far as the bounds go."""

    def __init__(self, stream: httpx.SyncByteStream, allowance: Allowance) -> None:
        self._stream, self._allowance = stream, allowance

    def __iter__(self) -> Iterator[bytes]:
        yield from self._allowance.within(self._stream, "a listing", self._allowance.bounds.page_bytes)

    def close(self) -> None:
        self._stream.close()


def remote(where: Address, allowance: Allowance) -> Remote:
    """The way there, with a user and password or a token."""
    try:
        from webdav4.client import ClientError, ForbiddenOperation, HTTPError  # noqa: PLC0415  an extra
        from webdav4.fsspec import WebdavFileSystem  # noqa: PLC0415
    except ImportError as absent:
        raise SourceError("webdav needs its extra: pip install 'filing-cycles[webdav]'") from absent
    scheme = "https" if where.scheme == "webdavs" else "http"
    port = f":{where.port}" if where.port else ""

    def bound(response: httpx.Response) -> None:
        """Listings are read whole by the library; files are bounded where they are read."""
        _assert_stays(response, where)
        is_file = response.request.method == "GET"
        # a file is counted as it is unpacked, a listing as it comes
        if len(codings(response)) > (1 if is_file else 0):
            raise SourceError(f"{where.shown} packs its answers, unasked: ask its operator")
        if not is_file and isinstance(response.stream, httpx.SyncByteStream):
            response.stream = _Bounded(response.stream, allowance)

    def open_() -> Any:
        return WebdavFileSystem(
            f"{scheme}://{where.host}{port}{where.path}",
            auth=(where.username, where.password) if where.username else None,
            headers={
                "Accept-Encoding": "identity",
                **({"Authorization": f"Bearer {where.token}"} if where.token else {}),
            },
            timeout=allowance.bounds.answer_seconds,
            event_hooks={"response": [bound]},
            retry=False,
        )

    def verdict(error: Exception) -> Verdict:
        status = error.status_code if isinstance(error, HTTPError) else 0
        if isinstance(error, ForbiddenOperation) or status == httpx.codes.FORBIDDEN:
            return "forbidden"
        if status == httpx.codes.NOT_FOUND:
            return "absent"
        return "refused" if status == httpx.codes.UNAUTHORIZED else usual_verdict(error)

    return Remote(
        where.shown,
        open_,
        lambda system: system.client.http.close(),
        "",
        (httpx.HTTPError, ClientError, OSError),
        verdict,
    )


def _assert_stays(response: httpx.Response, where: Address) -> None:
    """The library follows redirects wherever they lead; ours stay where the credentials are meant for."""
    if not response.has_redirect_location:
        return
    # by these a listing would be asked for as a file is, which comes without its bounds and is no listing
    is_lost = response.request.method != "GET" and response.status_code in {httpx.codes.FOUND, httpx.codes.SEE_OTHER}
    if is_lost or _server(response.url.join(response.headers["Location"])) != _server(response.url):
        raise SourceError(
            f"{where.shown} names another address, which is not followed: let FILING_SOURCE name where it has moved to"
        )


def _server(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port
