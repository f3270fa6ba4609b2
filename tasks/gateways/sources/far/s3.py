"""A folder in a bucket of S3, or of a store like it; needs the extra `s3`."""

import asyncio
from typing import Any
from urllib.parse import unquote

import botocore.exceptions
from aiobotocore.httpsession import AIOHTTPSession
from s3fs import S3FileSystem

from tasks.gateways.sources.far.addresses import Address, Allowance, Bounds, SourceError
from tasks.gateways.sources.far.remote_folder import Remote, Verdict, usual_verdict
from tasks.gateways.sources.formats.limits import MIB

_WRONG_CREDENTIALS = (botocore.exceptions.NoCredentialsError, botocore.exceptions.ParamValidationError)
_PIECE = 65536  # bytes


def remote(where: Address, allowance: Allowance) -> Remote:
    """The way to a bucket, whose region and address come from the usual AWS_ variables.

    User and password of the source are the key and the secret; without them AWS's own ways are tried.
    """
    path = unquote(f"{where.host}{where.path}").rstrip("/")
    errors = (OSError, botocore.exceptions.BotoCoreError)
    return Remote(where.public_name, lambda: _open(where, allowance.bounds), _close, path, errors, _verdict)


def _open(where: Address, bounds: Bounds) -> S3FileSystem:
    system = S3FileSystem(
        key=where.username or None,
        secret=where.password or None,
        config_kwargs={
            "connect_timeout": bounds.answer_seconds,
            "read_timeout": bounds.answer_seconds,
            "retries": {"max_attempts": 1},
            # the library makes the sessions itself, and so needs a class that knows the bounds
            "http_session_cls": type("BoundedSession", (_Session,), {"bounds": bounds}),
        },
        skip_instance_cache=True,
        use_listings_cache=False,
    )
    system.retries = 1  # ours are the only ones
    return system


def _close(_: Any) -> None:
    """Nothing to do: the library closes its session as soon as nobody holds the file system."""


def _verdict(error: Exception) -> Verdict:
    return "refused" if isinstance(error, _WRONG_CREDENTIALS) else usual_verdict(error)


class _Session(AIOHTTPSession):  # type: ignore[misc]  # the library has no types
    """Reads no more of an answer than the bounds allow; the library would read any answer whole."""

    bounds: Bounds

    async def send(self, request: Any) -> Any:
        is_stream, request.stream_output = request.stream_output, True
        response = await super().send(request)
        request.stream_output = is_stream
        length = response.headers.get("content-length", "")
        if length.isdecimal() and int(length) > self.bounds.page_bytes and request.method != "HEAD":
            raise SourceError(f"an answer is larger than {self.bounds.page_bytes // MIB} MB: ask its operator")
        if is_stream and not length:
            raise SourceError("a file is sent without its length: ask its operator")
        if not is_stream:
            response._content = await self._whole(response)
        return response

    async def _whole(self, response: Any) -> bytes:
        parts, size = [], 0
        async with asyncio.timeout(self.bounds.piece_seconds):
            async for part in response.raw.content.iter_chunked(_PIECE):
                size += len(part)
                if size > self.bounds.page_bytes:
                    response.raw.close()
                    raise SourceError(f"a listing is larger than {self.bounds.page_bytes // MIB} MB: ask its operator")
                parts.append(part)
        return b"".join(parts)
