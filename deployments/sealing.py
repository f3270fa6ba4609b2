"""Sealing a backup to a public key (the age format): who has the archive alone cannot read it."""

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import pyrage

from schemas.errors import RefusedError, WrongUseError

_AGE = b"age-encryption.org/v1"
_PRIVATE = "AGE-SECRET-KEY-"


class SealError(WrongUseError):
    """A key that is none."""


class SealedError(RefusedError):
    """An archive that cannot be opened with what was given."""


def sealed(pack: Callable[[BinaryIO], object], recipient: str, aside: Path) -> Callable[[BinaryIO], None]:
    """A writer of the packed archive, sealed to a public key `age1…`; it is packed in `aside` first. Raises SealError."""
    try:
        key = pyrage.x25519.Recipient.from_str(recipient)
    except pyrage.RecipientError:
        raise SealError(
            "FILING_BACKUP_RECIPIENT is no public key of age: write the line age1… that age-keygen printed"
        ) from None

    def write(stream: BinaryIO) -> None:
        with aside.open("w+b") as packed:
            pack(packed)
            packed.seek(0)
            pyrage.encrypt_io(packed, stream, [key])

    return write


def is_sealed(archive: Path) -> bool:
    """Whether an archive was sealed."""
    with archive.open("rb") as stream:
        return stream.read(len(_AGE)) == _AGE


def opened(archive: Path, key: Path | None, target: Path) -> Path:
    """The archive unsealed into `target`; raises SealedError, SealError."""
    if key is None:
        raise SealedError(f"{archive} is sealed: give the file of the private key with --key FILE")
    lines = key.read_text("utf-8", "replace").splitlines()
    identities = [pyrage.x25519.Identity.from_str(line.strip()) for line in lines if line.startswith(_PRIVATE)]
    if not identities:
        raise SealError(f"{key} holds no private key of age: its line begins with {_PRIVATE}")
    try:
        with archive.open("rb") as stream, target.open("wb") as plain:
            pyrage.decrypt_io(stream, plain, identities)
    except pyrage.DecryptError as wrong:
        raise SealedError(
            f"{archive} does not open with {key}: it was sealed to another key, or it is damaged"
        ) from wrong
    return target
