"""Mail by SMTP, once for each key, and where letters to institutions are posted: a folder for a clerk, or mail."""

import re
import smtplib
import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import localtime
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Literal, Protocol

from schemas.settings import Settings, UnusableSettingsError
from tasks.gateways.disk import files
from tasks.gateways.disk.files import put_after
from tasks.gateways.paper.visible_text import visible
from tasks.gateways.wire.retry import DeliveryFailed

_ADDRESS = re.compile(r"[^@\s<>()\[\],;:\\\"]+@[^@\s<>()\[\],;:\\\"]+")
_TRANSIENT = range(400, 500)
_TYPES = {
    "docx": "vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "json",
}


def is_address(text: str) -> bool:
    """Whether a text can be a mail address at all."""
    return bool(_ADDRESS.fullmatch(text))


@dataclass(frozen=True)
class SmtpSettings:
    """One mail server; `sender` is the office's address, times are in seconds."""

    host: str
    sender: str
    port: int = 587
    security: Literal["none", "starttls", "tls"] = "starttls"
    username: str = ""
    password: str = field(default="", repr=False)
    timeout_seconds: float = 30.0


@dataclass(frozen=True)
class Mail:
    """One mail with its attachments by file name; mails with the same key are one mail."""

    key: str
    recipient: str
    subject: str
    body: str
    attached: Mapping[str, bytes]


@dataclass(frozen=True)
class Mailer:
    """Sends mail; `marks` is the folder that remembers what the server has taken.

    SMTP cannot promise once: a server may take a message and die before it says so. Every attempt for a key therefore
    carries the same Message-ID (RFC 5322, 3.6.4), by which receiving systems drop the second copy, and a message the
    server has confirmed is never sent again, even when the caller was killed before it could write that down.
    """

    settings: SmtpSettings
    marks: Path

    def send(self, mail: Mail) -> str:
        """Mail once for its key and return the receipt; raises DeliveryFailed."""
        mark = self.marks / sha256(mail.key.encode()).hexdigest()
        if mark.exists():
            return mark.read_text("utf-8")
        message = compose(self.settings, mail)
        receipt = f"mail:{message['Message-ID']}"

        def transmit() -> None:
            # another process may have sent it while this one waited for its place
            if not mark.exists():
                _transmit(self.settings, message)

        put_after(self.marks, mark.name, receipt.encode(), transmit)
        return receipt


def mailer(installation: Settings) -> Mailer:
    """The mail server of the installation; raises UnusableSettingsError where something is not set."""
    if not installation.smtp_host:
        raise unset("smtp_host", "the mail server's name")
    settings = SmtpSettings(
        host=installation.smtp_host,
        sender=office_address("smtp_sender", installation.smtp_sender),
        port=installation.smtp_port,
        security=installation.smtp_security,
        username=installation.smtp_username,
        password=installation.smtp_password.get_secret_value(),
        timeout_seconds=installation.smtp_timeout_seconds,
    )
    return Mailer(settings, installation.root / "mailed")


def office_address(name: str, text: str) -> str:
    """The mail address a setting holds; raises UnusableSettingsError where it is not one."""
    if not is_address(text):
        raise unset(name, "the office's mail address")
    return text


def unset(name: str, meaning: str) -> UnusableSettingsError:
    """The error that a channel needs a setting, in one sentence that says what to set it to."""
    return UnusableSettingsError(f"the chosen channel needs FILING_{name.upper()}: set it to {meaning}, then run again")


def compose(settings: SmtpSettings, mail: Mail) -> EmailMessage:
    """One message; but for its date the same for the same key and content. Raises DeliveryFailed for a bad address."""
    if not is_address(mail.recipient):
        raise DeliveryFailed(
            f"'{visible(mail.recipient)}' is not a mail address: correct it and retry", retryable=False
        )
    identity = sha256(mail.key.encode()).hexdigest()[:32]
    message = EmailMessage(policy=SMTP)
    message["From"] = settings.sender
    message["To"] = mail.recipient
    message["Subject"] = visible(mail.subject)
    message["Date"] = localtime()
    message["Message-ID"] = f"<{identity}@{settings.sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.body)
    for name, content in mail.attached.items():
        kind = _TYPES.get(name.rpartition(".")[2], "octet-stream")
        message.add_attachment(content, maintype="application", subtype=kind, filename=name)
    if mail.attached:
        message.set_boundary(f"part-{identity}")
    return message


def _transmit(settings: SmtpSettings, message: EmailMessage) -> None:
    where = f"{settings.host}:{settings.port}"
    try:
        connection = _connect(settings)
        try:
            _enter(connection, settings)
            connection.send_message(message)
        finally:
            # once the message is taken, a farewell that fails is no failure
            with suppress(smtplib.SMTPException, OSError):
                connection.quit()
    except smtplib.SMTPRecipientsRefused as refused:
        code, answer = next(iter(refused.recipients.values()))
        raise _failure(where, code, answer) from refused
    except smtplib.SMTPResponseException as refused:
        raise _failure(where, refused.smtp_code, refused.smtp_error) from refused
    except (smtplib.SMTPNotSupportedError, ssl.SSLCertVerificationError) as refused:
        reason = f"the mail server {where} does not fit its settings: {refused}"
        raise DeliveryFailed(reason, retryable=False) from refused
    except (smtplib.SMTPException, OSError) as lost:
        raise DeliveryFailed(f"the mail server {where} cannot be reached: {lost}", retryable=True) from lost


def _connect(settings: SmtpSettings) -> smtplib.SMTP:
    if settings.security == "tls":
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(settings.host, settings.port, timeout=settings.timeout_seconds, context=context)
    return smtplib.SMTP(settings.host, settings.port, timeout=settings.timeout_seconds)


def _enter(connection: smtplib.SMTP, settings: SmtpSettings) -> None:
    if settings.security == "starttls":
        connection.starttls(context=ssl.create_default_context())
    if settings.username:
        connection.login(settings.username, settings.password)


def _failure(where: str, code: int, answer: bytes | str) -> DeliveryFailed:
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    reason = f"the mail server {where} answered {code} {visible(text)[:200]}"
    return DeliveryFailed(reason, retryable=code in _TRANSIENT or code < 0)


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
