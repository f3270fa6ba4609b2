"""A folder in a bucket of S3 or of a store like it; its region and address come from the usual AWS_ variables."""

import asyncio
from typing import Any
from urllib.parse import unquote

from tasks.gateways.sources.far.addresses import Address
from tasks.gateways.sources.far.bounds import Allowance, SourceError
from tasks.gateways.sources.far.remote_folder import Remote, Verdict, usual_verdict
from tasks.gateways.sources.formats.limits import MIB


def remote(where: Address, allowance: Allowance) -> Remote:
    """The way there; user and password of the source are the key and the secret, else AWS's own ways are tried."""
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
