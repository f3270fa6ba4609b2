"""A folder on a WebDAV server; needs the extra `webdav`."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
from webdav4.client import ClientError, ForbiddenOperation, HTTPError
from webdav4.fsspec import WebdavFileSystem

from tasks.gateways.sources.far.addresses import Address, Allowance, SourceError
from tasks.gateways.sources.far.remote_folder import Remote, Verdict, usual_verdict
from tasks.gateways.wire.retry import codings


def remote(where: Address, allowance: Allowance) -> Remote:
    """The way to a WebDAV server, over HTTP or HTTPS, with a user and password or a token."""
    errors = (httpx.HTTPError, ClientError, OSError)
    return Remote(where.public_name, lambda: _open(where, allowance), _close, "", errors, _verdict)


def _open(where: Address, allowance: Allowance) -> WebdavFileSystem:
    scheme = "https" if where.scheme == "webdavs" else "http"
    port = f":{where.port}" if where.port else ""
    return WebdavFileSystem(
        f"{scheme}://{where.host}{port}{where.path}",
        auth=(where.username, where.password) if where.username else None,
        headers={
            "Accept-Encoding": "identity",
            **({"Authorization": f"Bearer {where.token}"} if where.token else {}),
        },
        timeout=allowance.bounds.answer_seconds,
        event_hooks={"response": [_binding(where, allowance)]},
        retry=False,
    )


def _close(system: Any) -> None:
    system.client.http.close()


def _verdict(error: Exception) -> Verdict:
    status = error.status_code if isinstance(error, HTTPError) else 0
    if isinstance(error, ForbiddenOperation) or status == httpx.codes.FORBIDDEN:
        return "forbidden"
    if status == httpx.codes.NOT_FOUND:
        return "absent"
    return "refused" if status == httpx.codes.UNAUTHORIZED else usual_verdict(error)


def _binding(where: Address, allowance: Allowance) -> Callable[[httpx.Response], None]:
    """A hook that bounds each answer as it comes."""

    def bind(response: httpx.Response) -> None:
        """Bound a listing, which the library reads whole; files are bounded where they are read."""
        _assert_stays(response, where)
        is_file = response.request.method == "GET"
        # a file is counted as it is unpacked, a listing as it comes
        if len(codings(response)) > (1 if is_file else 0):
            raise SourceError(f"{where.public_name} packs its answers, unasked: ask its operator")
        if not is_file and isinstance(response.stream, httpx.SyncByteStream):
            response.stream = _Bounded(response.stream, allowance)

    return bind


class _Bounded(httpx.SyncByteStream):
    """The body of an answer as far as the bounds go."""

    def __init__(self, stream: httpx.SyncByteStream, allowance: Allowance) -> None:
        self._stream, self._allowance = stream, allowance

    def __iter__(self) -> Iterator[bytes]:
        yield from self._allowance.within(self._stream, "a listing", self._allowance.bounds.page_bytes)

    def close(self) -> None:
        self._stream.close()


def _assert_stays(response: httpx.Response, where: Address) -> None:
    """Raise SourceError for a redirect to another server, which must not get the credentials; the library follows any."""
    if not response.has_redirect_location:
        return
    # after these a listing would be requested by GET as a file is, without the bounds of a listing
    is_lost = response.request.method != "GET" and response.status_code in {httpx.codes.FOUND, httpx.codes.SEE_OTHER}
    if is_lost or _server(response.url.join(response.headers["Location"])) != _server(response.url):
        raise SourceError(
            f"{where.public_name} names another address, which is not followed: let FILING_SOURCE name where it has moved to"
        )


def _server(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port
