"""The office's signing keys (Ed25519): the private one in the home, all public ones on record with who vouches for each.

`keys/signing.pem` lets whoever has it sign editions: it is its owner's alone to read, and in no backup unless asked for.
`keys/keys.json` is what `published/keys.json` shows: the keys from the oldest on, each signed by the one before unless
that one was lost.
"""

import json
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from schemas.errors import RefusedError
from tasks.gateways.disk import files
from tasks.gateways.shelf.manifest import json_bytes

FOLDER: Final = "keys"
PRIVATE: Final = "signing.pem"
PUBLIC: Final = "keys.json"
#: A public key of Ed25519 has so many bytes.
PUBLIC_BYTES: Final = 32
#: A key that was made and is not on record yet: a kill between the two leaves it to be taken up.
_NEXT: Final = "next.pem"


class KeyLostError(RefusedError):
    """A private key that is missing, damaged or another one: one sentence on what to do."""


@dataclass(frozen=True)
class PublicKey:
    """One key on record: base64 of its 32 bytes, since which day (ISO), and who vouches for it; blank: nobody."""

    key: str
    since: str
    vouched_by: str = ""
    signature: str = ""

    @property
    def statement(self) -> bytes:
        """What the key before signs."""
        return json_bytes({"key": self.key, "since": self.since, "vouched_by": self.vouched_by})


def public_keys(folder: Path) -> list[PublicKey]:
    """The public keys on record in a folder (a home's `keys`, or `published`), the oldest first.

    Raises ValueError for a record that cannot be read.
    """
    path = folder / PUBLIC
    if not path.is_file():
        return []
    try:
        return [PublicKey(**record) for record in json.loads(path.read_bytes())["keys"]]
    except (ValueError, TypeError, KeyError) as broken:
        raise ValueError(f"{path} cannot be read: put it back from a backup") from broken


def new(home: Path, day: date, *, lost: bool = False) -> PublicKey:
    """Make a key and put it on record; the one before vouches for it, unless it was `lost`.

    Raises KeyLostError where there is a key on record that cannot sign, and `lost` does not say so.
    """
    before = public_keys(home / FOLDER)
    voucher = None if lost or not before else _private(home, before[-1])
    private = Ed25519PrivateKey.generate()
    made = PublicKey(_text(private.public_key()), day.isoformat(), before[-1].key if voucher else "")
    if voucher:
        made = PublicKey(made.key, made.since, made.vouched_by, b64encode(voucher.sign(made.statement)).decode())
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    files.put(home / FOLDER, _NEXT, pem, private=True)
    files.put(home / FOLDER, PUBLIC, record([*before, made]))
    (home / FOLDER / _NEXT).replace(home / FOLDER / PRIVATE)
    return made


def record(keys: Iterable[PublicKey]) -> bytes:
    """The keys as a file."""
    return json_bytes({"keys": [asdict(key) for key in keys]})


def signing(home: Path) -> Ed25519PrivateKey | None:
    """The key that signs editions; None where the office never made one. Raises KeyLostError."""
    on_record = public_keys(home / FOLDER)
    return _private(home, on_record[-1]) if on_record else None


def signature(private: Ed25519PrivateKey, message: bytes) -> dict[str, str]:
    """A signature as a manifest holds it."""
    return {"key": _text(private.public_key()), "ed25519": b64encode(private.sign(message)).decode()}


def is_key(text: str) -> bool:
    """Whether a text is a public key as it is printed."""
    try:
        return len(b64decode(text, validate=True)) == PUBLIC_BYTES
    except ValueError:
        return False


def holds(key: str, signed: str, message: bytes) -> bool:
    """Whether a key signed a message; False as well for what is no key or no signature."""
    try:
        Ed25519PublicKey.from_public_bytes(b64decode(key, validate=True)).verify(
            b64decode(signed, validate=True), message
        )
    except (InvalidSignature, NotBase64, ValueError, TypeError):
        return False
    return True


def trusted(keys: Iterable[PublicKey], roots: Iterable[str]) -> set[str]:
    """The keys that may be believed: those given, and those that one of these vouches for, and so on."""
    believed = set(roots)
    for key in keys:
        if key.vouched_by in believed and holds(key.vouched_by, key.signature, key.statement):
            believed.add(key.key)
    return believed


def _private(home: Path, public: PublicKey) -> Ed25519PrivateKey:
    folder = home / FOLDER
    for name in (PRIVATE, _NEXT):
        try:
            private = serialization.load_pem_private_key((folder / name).read_bytes(), None)
        except (OSError, ValueError, TypeError):
            continue
        if isinstance(private, Ed25519PrivateKey) and _text(private.public_key()) == public.key:
            return private
    raise KeyLostError(
        f"{folder / PRIVATE} is missing or is not the key of {public.since}, and editions must be signed: put it back, "
        "or make a new one with `filing keys new --lost` and announce it"
    )


def _text(key: Ed25519PublicKey) -> str:
    return b64encode(key.public_bytes_raw()).decode()
