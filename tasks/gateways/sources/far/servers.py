"""The kinds of remote folder, each of which needs an extra: S3, SFTP, WebDAV."""

import asyncio
import base64
import logging
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from stat import S_ISREG
from typing import Any
from urllib.parse import unquote

import httpx

from tasks.gateways.sources.far.addresses import Address, Allowance, SourceError
from tasks.gateways.sources.far.remote_folder import Remote, Verdict, usual_verdict
from tasks.gateways.sources.formats.limits import MIB
from tasks.gateways.wire.retry import codings


def s3(where: Address, allowance: Allowance) -> Remote:
    """The way to a bucket of S3 or of a store like it; its region and address come from the usual AWS_ variables.

    User and password of the source are the key and the secret, else AWS's own ways are tried.
    """
    try:
        import botocore.exceptions  # noqa: PLC0415  an extra
        from aiobotocore.httpsession import AIOHTTPSession  # noqa: PLC0415
        from s3fs import S3FileSystem  # noqa: PLC0415
    except ImportError as absent:
        raise SourceError("s3 needs its extra: pip install 'filing-cycles[s3]'") from absent

    bounds = allowance.bounds

    class Bounded(AIOHTTPSession):  # type: ignore[misc]
        """Reads no more of an answer than the bounds allow: the library reads whatever comes, whole."""

        async def send(self, request: Any) -> Any:
            is_stream, request.stream_output = request.stream_output, True
            response = await super().send(request)
            request.stream_output = is_stream
            length = response.headers.get("content-length", "")
            if length.isdecimal() and int(length) > bounds.page_bytes and request.method != "HEAD":
                raise SourceError(f"an answer is larger than {bounds.page_bytes // MIB} MB: ask its operator")
            if is_stream and not length:
                raise SourceError("a file is sent without its length: ask its operator")
            if not is_stream:
                response._content = await self._whole(response)
            return response

        async def _whole(self, response: Any) -> bytes:
            parts, size = [], 0
            async with asyncio.timeout(bounds.piece_seconds):
                async for part in response.raw.content.iter_chunked(65536):
                    size += len(part)
                    if size > bounds.page_bytes:
                        response.raw.close()
                        raise SourceError(f"a listing is larger than {bounds.page_bytes // MIB} MB: ask its operator")
                    parts.append(part)
            return b"".join(parts)

    def open_() -> Any:
        system = S3FileSystem(
            key=where.username or None,
            secret=where.password or None,
            config_kwargs={
                "connect_timeout": bounds.answer_seconds,
                "read_timeout": bounds.answer_seconds,
                "retries": {"max_attempts": 1},
                "http_session_cls": Bounded,
            },
            skip_instance_cache=True,
            use_listings_cache=False,
        )
        system.retries = 1  # ours are the only ones
        return system

    def close(_: Any) -> None:
        """Nothing to do: the library closes its session as soon as nobody holds the file system."""

    wrong = (botocore.exceptions.NoCredentialsError, botocore.exceptions.ParamValidationError)

    def verdict(error: Exception) -> Verdict:
        return "refused" if isinstance(error, wrong) else usual_verdict(error)

    errors = (OSError, botocore.exceptions.BotoCoreError)
    return Remote(where.shown, open_, close, unquote(f"{where.host}{where.path}").rstrip("/"), errors, verdict)


_PORT = 22


class _StrangerError(Exception):
    """A server that is not known to be the one that is meant."""


def sftp(where: Address, allowance: Allowance) -> Remote:
    """The way to an SFTP server, proved to be the one meant before a password is sent; else keys of the agent or ~/.ssh."""
    try:
        import paramiko  # noqa: PLC0415  an extra
        from fsspec.implementations.sftp import SFTPFileSystem  # noqa: PLC0415
    except ImportError as absent:
        raise SourceError("sftp needs its extra: pip install 'filing-cycles[sftp]'") from absent
    logging.getLogger("paramiko").setLevel(logging.CRITICAL)  # it prints a traceback for every lost connection

    bounds = allowance.bounds

    class Known(paramiko.MissingHostKeyPolicy):  # type: ignore[misc]  # the library has no types
        """Asked about every server, for the client itself is given none."""

        def missing_host_key(self, client: paramiko.SSHClient, hostname: str, key: paramiko.PKey) -> None:
            fingerprint = "SHA256:" + base64.b64encode(sha256(key.asbytes()).digest()).decode().rstrip("=")
            if fingerprint != where.host_key and (where.host_key or not _in_known_hosts(hostname, key)):
                raise _StrangerError(
                    f"the server shows the key {fingerprint}, which is not the one known of it: "
                    "ask its operator, then set FILING_SOURCE_HOST_KEY or known_hosts"
                )

    class Files(SFTPFileSystem):  # type: ignore[misc]
        """Tells a pipe or a device from a file, which the library does not: opening one would never end."""

        @staticmethod
        def _decode_stat(stat: Any, parent_path: str | None = None) -> dict[str, Any]:
            info: dict[str, Any] = SFTPFileSystem._decode_stat(stat, parent_path)
            ordinary = info["type"] != "file" or S_ISREG(stat.st_mode)
            return info if ordinary else {**info, "type": "other"}

        def ls(self, path: str, detail: bool = False, **_: Any) -> list[Any]:
            """As the library's, but of a listing that has an end."""
            entries: list[dict[str, Any]] = []
            for stat in self.ftp.listdir_iter(path):
                allowance.check()
                entries.append(self._decode_stat(stat, path))
                if len(entries) > bounds.files:
                    raise SourceError(f"{where.shown} holds more than {bounds.files} files: remove some")
            return entries if detail else [entry["name"] for entry in entries]

    def open_() -> Any:
        system = Files(
            where.host,
            port=where.port or _PORT,
            username=where.username or None,
            password=where.password or None,
            timeout=bounds.answer_seconds,
            banner_timeout=bounds.answer_seconds,
            auth_timeout=bounds.answer_seconds,
            host_key_policy=Known(),
            skip_instance_cache=True,
        )
        system.ftp.get_channel().settimeout(bounds.answer_seconds)
        return system

    def _in_known_hosts(hostname: str, key: paramiko.PKey) -> bool:
        file = Path("~/.ssh/known_hosts").expanduser()
        return file.is_file() and paramiko.HostKeys(str(file)).check(hostname, key)

    def verdict(error: Exception) -> Verdict:
        wrong = isinstance(error, (paramiko.AuthenticationException, _StrangerError))
        return "refused" if wrong else usual_verdict(error)

    errors = (paramiko.SSHException, _StrangerError, OSError, EOFError)
    return Remote(where.shown, open_, lambda system: system.client.close(), unquote(where.path) or "/", errors, verdict)


class _Bounded(httpx.SyncByteStream):
    """The body of an answer as far as the bounds go."""

    def __init__(self, stream: httpx.SyncByteStream, allowance: Allowance) -> None:
        self._stream, self._allowance = stream, allowance

    def __iter__(self) -> Iterator[bytes]:
        yield from self._allowance.within(self._stream, "a listing", self._allowance.bounds.page_bytes)

    def close(self) -> None:
        self._stream.close()


def webdav(where: Address, allowance: Allowance) -> Remote:
    """The way to a WebDAV server, over HTTP or HTTPS, with a user and password or a token."""
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
