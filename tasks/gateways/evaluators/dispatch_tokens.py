"""Tokens (送评凭证) that bind results to their package: signed when it goes out, read when results come back.

The key is FILING_RESULT_KEY, of at least 32 ASCII characters, or one made for the home once tokens are required. Without
a key no package gets a token, and no token is valid.
"""

import hashlib
import secrets
from dataclasses import astuple, dataclass
from functools import cached_property
from typing import Final

from itsdangerous import BadData, URLSafeSerializer

from schemas.errors import WrongUseError
from schemas.evaluation import EvaluationPackage
from schemas.settings import Settings
from tasks.gateways.disk import files

KEY_FILE: Final = "result.key"
"""Below the home; as secret as the database's password."""
_SALT: Final = "filing dispatch"
_SHORTEST: Final = 32  # characters; of a shorter one, tokens could be forged by trying


class SigningKeyError(WrongUseError, ValueError):
    """A key that cannot be used, in one sentence with the remedy; until it is mended nothing is sent or taken."""


@dataclass(frozen=True)
class Dispatch:
    """One package as it was sent: a drawn panel that is replaced gets a package of a higher revision."""

    cycle: str
    application_no: str
    revision: int


@dataclass(frozen=True, eq=False)
class Signer:
    """Signs and reads the tokens of an installation; its key is read once, when the first token is asked for.

    Raises SigningKeyError for a key that cannot be used.
    """

    installation: Settings

    @cached_property
    def _serializer(self) -> URLSafeSerializer | None:
        return _serializer(key) if (key := signing_key(self.installation)) else None

    def token_for(self, package: EvaluationPackage) -> str:
        """The token of a package that goes out; blank where the installation has no key."""
        sent = Dispatch(package.cycle, package.application_no, package.revision)
        return str(self._serializer.dumps(astuple(sent))) if self._serializer else ""

    def read(self, token: str) -> Dispatch | None:
        """The dispatch a token was signed for, None for any text that this installation did not sign."""
        if self._serializer is None:
            return None
        try:
            return Dispatch(*self._serializer.loads(token))
        except (BadData, TypeError):
            return None


def stated_by(token: str) -> Dispatch | None:
    """The dispatch a token names, whoever signed it; None for text that is not a token."""
    _, content = URLSafeSerializer("").loads_unsafe(token)
    try:
        return Dispatch(*content)
    except TypeError:
        return None


def signing_key(installation: Settings) -> str:
    """The secret key, made if tokens are required and there is none yet; blank if there is none and none is required.

    Raises SigningKeyError.
    """
    if not (key := known_key(installation)) and installation.result_tokens == "required":
        # flushed, for packages go out with it next: after a power cut it must still be there, as they are
        files.put_once(installation.root, KEY_FILE, f"{secrets.token_urlsafe(_SHORTEST)}\n".encode(), private=True)
        key = known_key(installation)
    return key


def known_key(installation: Settings) -> str:
    """The secret key, blank if none was made yet; raises SigningKeyError."""
    place = installation.root / KEY_FILE
    if stated := installation.result_key.get_secret_value():
        if not _is_key(stated):
            raise SigningKeyError(f"FILING_RESULT_KEY must have at least {_SHORTEST} ASCII characters: set another")
        return stated
    if not place.is_file():
        return ""
    key = place.read_bytes().decode("ascii", "replace").strip()
    if not _is_key(key):
        raise SigningKeyError(
            f"{place} is damaged, it holds no key of at least {_SHORTEST} ASCII characters: restore it from a backup; "
            "delete it only if nothing was sent out with it, for a new one takes no results of what was"
        )
    return key


def _is_key(text: str) -> bool:
    return len(text) >= _SHORTEST and text.isascii()


def _serializer(key: str) -> URLSafeSerializer:
    return URLSafeSerializer(key, salt=_SALT, signer_kwargs={"digest_method": hashlib.sha256, "key_derivation": "hmac"})
