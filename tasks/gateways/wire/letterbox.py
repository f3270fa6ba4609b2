"""Where letters to institutions are posted: a folder for a clerk, or mail."""

from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Protocol

from schemas.settings import Settings
from tasks.gateways.disk import files
from tasks.gateways.wire.mail import Mail, Mailer, mailer


@dataclass(frozen=True)
class OutgoingLetter:
    """One letter to one institution; `key` is the outbox's key of the occasion, `recipient` a mail address or blank."""

    key: str
    relative: str
    content: bytes
    subject: str = ""
    body: str = ""
    recipient: str = ""


class LetterBox(Protocol):
    """Where letters are posted; posting one again, with the same key, has no further effect."""

    def post(self, letter: OutgoingLetter) -> str:
        """Post a letter and return its receipt; raises `tasks.gateways.wire.retry.DeliveryFailed`."""

    def settle(self) -> None:
        """Wait until what was posted is kept for good; receipts are noted after this."""


@dataclass(frozen=True)
class FolderBox:
    """Letters as files below a folder, for a clerk to print, seal and send."""

    folder: Path
    _unsettled: set[str] = field(default_factory=set)

    def post(self, letter: OutgoingLetter) -> str:
        files.put(self.folder, letter.relative, letter.content, unsettled=self._unsettled)
        return f"file:{letter.relative}"

    def settle(self) -> None:
        files.settle(self._unsettled)


@dataclass(frozen=True)
class MailBox:
    """Letters mailed to the applicant, and kept as files; without an address the file alone."""

    folder: Path
    mailer: Mailer

    def settle(self) -> None:
        """Nothing: a letter's file is kept before its mail goes out."""

    def post(self, letter: OutgoingLetter) -> str:
        box = FolderBox(self.folder)
        filed = box.post(letter)
        box.settle()
        if not letter.recipient:
            return filed
        name = PurePosixPath(letter.relative).name
        return self.mailer.send(Mail(letter.key, letter.recipient, letter.subject, letter.body, {name: letter.content}))


def letter_box(installation: Settings) -> LetterBox:
    """Where `FILING_LETTER_CHANNEL` has letters posted; raises UnusableSettingsError where something is not set."""
    folder = installation.outbox / "letters"
    return MailBox(folder, mailer(installation)) if installation.letter_channel == "smtp" else FolderBox(folder)
