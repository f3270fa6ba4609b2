"""Which way packages and letters leave, by the installation's settings; the ways themselves are modules beside this."""

from collections.abc import Callable

from schemas.settings import Settings, UnusableSettingsError
from tasks.gateways.evaluators import Channel, FolderChannel, HttpChannel, HttpSettings, SmtpChannel
from tasks.gateways.wire.letterbox import FolderBox, LetterBox, MailBox
from tasks.gateways.wire.mail import Mailer, SmtpSettings, is_address


def evaluation_channel(installation: Settings, address_of: Callable[[str], str]) -> Channel:
    """The channel `FILING_EVALUATION_CHANNEL` names; `address_of` is expert number to mail address, blank for none.

    Raises UnusableSettingsError where the channel lacks something.
    """
    match installation.evaluation_channel:
        case "folder":
            return FolderChannel(installation.outbox / "evaluation")
        case "smtp":
            office = _address("evaluation_office", installation.evaluation_office)
            return SmtpChannel(mailer(installation), address_of, office)
        case "http":
            if not installation.evaluation_url.startswith(("http://", "https://")):
                raise UnusableSettingsError(_lacking("evaluation_url", "the address packages are posted to"))
            return HttpChannel(
                HttpSettings(
                    installation.evaluation_url,
                    installation.evaluation_token.get_secret_value(),
                    installation.evaluation_timeout_seconds,
                )
            )


def letter_box(installation: Settings) -> LetterBox:
    """Where `FILING_LETTER_CHANNEL` has letters posted; raises UnusableSettingsError where it lacks something."""
    folder = installation.outbox / "letters"
    return MailBox(folder, mailer(installation)) if installation.letter_channel == "smtp" else FolderBox(folder)


def mailer(installation: Settings) -> Mailer:
    """The mail server of the installation; raises UnusableSettingsError where it lacks something."""
    if not installation.smtp_host:
        raise UnusableSettingsError(_lacking("smtp_host", "the mail server's name"))
    settings = SmtpSettings(
        host=installation.smtp_host,
        sender=_address("smtp_sender", installation.smtp_sender),
        port=installation.smtp_port,
        security=installation.smtp_security,
        username=installation.smtp_username,
        password=installation.smtp_password.get_secret_value(),
        timeout_seconds=installation.smtp_timeout_seconds,
    )
    return Mailer(settings, installation.root / "mailed")


def _address(name: str, text: str) -> str:
    if not is_address(text):
        raise UnusableSettingsError(_lacking(name, "the office's mail address"))
    return text


def _lacking(name: str, wanted: str) -> str:
    return f"the chosen channel needs FILING_{name.upper()}: set it to {wanted}, then run again"
