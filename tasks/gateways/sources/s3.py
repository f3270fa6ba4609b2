"""A folder in a bucket of S3 or of a store like it; its region and address come from the usual AWS_ variables."""

from typing import Any
from urllib.parse import unquote

from tasks.gateways.sources.addresses import Address
from tasks.gateways.sources.bounds import Bounds, SourceError
from tasks.gateways.sources.remote_folder import Remote, Verdict, usual_verdict


def remote(where: Address, bounds: Bounds) -> Remote:
    """The way there; user and password of the source are the key and the secret, else AWS's own ways are tried."""
    try:
        import botocore.exceptions  # noqa: PLC0415  an extra
        from s3fs import S3FileSystem  # noqa: PLC0415
    except ImportError as absent:
        raise SourceError("s3 needs its extra: pip install 'filing-cycles[s3]'") from absent

    def open_() -> Any:
        return S3FileSystem(
            key=where.username or None,
            secret=where.password or None,
            config_kwargs={
                "connect_timeout": bounds.answer_seconds,
                "read_timeout": bounds.answer_seconds,
                "retries": {"max_attempts": 1},
            },
            skip_instance_cache=True,
            use_listings_cache=False,
        )

    wrong = (botocore.exceptions.NoCredentialsError, botocore.exceptions.ParamValidationError)

    def verdict(error: Exception) -> Verdict:
        return "refused" if isinstance(error, wrong) else usual_verdict(error)

    errors = (OSError, botocore.exceptions.BotoCoreError)
    return Remote(where.shown, open_, unquote(f"{where.host}{where.path}").rstrip("/"), errors, verdict)
