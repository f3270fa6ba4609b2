"""Tokens (送评凭证) that bind results to the package they answer: signed as it goes out, read as they come back.

Which results need one is not decided here. The key is FILING_RESULT_KEY, or one made for the home once tokens are
required; without a key no package has a token, and no token is right.
"""

import hashlib
import os
import secrets
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Final

from itsdangerous import BadData, URLSafeSerializer

from schemas.evaluation import EvaluationPackage
from schemas.settings import Settings

KEY_FILE: Final = "result.key"
"""Below the home; as secret as the database's password."""
_SALT: Final = "filing dispatch"
_ONLY_OWNER: Final = 0o600


@dataclass(frozen=True)
class Dispatch:
    """One package as it was sent: a drawn panel that is replaced gets a package of a higher revision."""

    cycle: str
    application_no: str
    revision: int


def token_for(package: EvaluationPackage, installation: Settings) -> str:
    """The token of a package that goes out; blank where the installation has no key."""
    key = signing_key(installation)
    sent = Dispatch(package.cycle, package.application_no, package.revision)
    return str(_serializer(key).dumps(astuple(sent))) if key else ""


def read_token(token: str, installation: Settings) -> Dispatch | None:
    """The dispatch a token was signed for, None for any text that this installation did not sign."""
    key = signing_key(installation)
    if not key:
        return None
    try:
        return Dispatch(*_serializer(key).loads(token))
    except (BadData, TypeError):
        return None


def signing_key(installation: Settings) -> str:
    """The secret key; made where tokens are required and there is none yet, blank where nobody asked for any."""
    stated = installation.result_key.get_secret_value()
    place = installation.root / KEY_FILE
    if stated or not (place.is_file() or installation.result_tokens == "required"):
        return stated
    if not place.is_file():
        _make(place)
    return place.read_text("ascii").strip()


def _make(place: Path) -> None:
    """Written aside, readable by its owner alone, and put in place unless another process was faster."""
    place.parent.mkdir(parents=True, exist_ok=True)
    aside = place.with_name(f".{KEY_FILE}.{os.getpid()}.part")
    handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _ONLY_OWNER)
    with os.fdopen(handle, "w", encoding="ascii") as stream:
        stream.write(f"{secrets.token_urlsafe(32)}\n")
    try:
        os.link(aside, place)
    except FileExistsError:
        pass  # the other one's key is as good
    finally:
        aside.unlink()


def _serializer(key: str) -> URLSafeSerializer:
    return URLSafeSerializer(key, salt=_SALT, signer_kwargs={"digest_method": hashlib.sha256, "key_derivation": "hmac"})
