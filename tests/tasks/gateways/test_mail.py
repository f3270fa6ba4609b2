"""Mail to a real SMTP server on loopback: once a key, whatever the server does."""

import errno
import os
import smtplib
import socket
import ssl
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from aiosmtpd import smtp as aiosmtp
from aiosmtpd.controller import Controller

from tasks.gateways.wire.mail import FolderBox, Mail, MailBox, Mailer, OutgoingLetter, SmtpSettings, compose
from tasks.gateways.wire.retry import DeliveryFailed


def _mail(**changed: Any) -> Mail:
    values: dict[str, Any] = {
        "key": "correction:HS-1:v1",
        "recipient": "school@example.org",
        "subject": "补正通知书",
        "body": "　　请补正。\n",
        "attached": {"补正通知书.docx": b"PK docx"},
    }
    return Mail(**{**values, **changed})


def test_a_mail_arrives_whole(smtp: SmtpSettings, postmaster: Any, tmp_path: Path) -> None:
    receipt = Mailer(smtp, tmp_path).send(_mail())
    (message,) = postmaster.accepted
    assert receipt == f"mail:{message['Message-ID']}"
    assert message["Message-ID"].endswith("@hs.example>")
    assert (message["To"], message["Subject"]) == ("school@example.org", "补正通知书")
    body = message.get_body()
    assert body is not None
    assert "请补正" in body.get_content()
    (attachment,) = message.iter_attachments()
    assert attachment.get_filename() == "补正通知书.docx"
    assert attachment.get_content() == b"PK docx"
    assert attachment.get_content_type().endswith("wordprocessingml.document")


def test_the_same_key_is_mailed_once_another_again(smtp: SmtpSettings, postmaster: Any, tmp_path: Path) -> None:
    receipts = {Mailer(smtp, tmp_path).send(_mail()) for _ in range(3)}
    assert len(receipts) == len(postmaster.accepted) == 1
    Mailer(smtp, tmp_path).send(_mail(key="correction:HS-1:v2"))
    assert len({message["Message-ID"] for message in postmaster.accepted}) == 2


def test_without_room_to_note_it_nothing_is_sent(
    smtp: SmtpSettings, postmaster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch, pytest.raises(OSError, match="No space"):
        patch.setattr(os, "fsync", full)
        Mailer(smtp, tmp_path).send(_mail())
    assert postmaster.accepted == []
    assert list(tmp_path.iterdir()) == []
    Mailer(smtp, tmp_path).send(_mail())
    assert len(postmaster.accepted) == 1


def test_two_at_once_send_it_once(smtp: SmtpSettings, postmaster: Any, tmp_path: Path) -> None:
    senders = [Thread(target=Mailer(smtp, tmp_path).send, args=(_mail(),)) for _ in range(4)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert len(postmaster.accepted) == 1


def test_every_attempt_is_the_same_message_but_for_its_date(smtp: SmtpSettings) -> None:
    first, second = (compose(smtp, _mail()) for _ in range(2))
    for message in (first, second):
        del message["Date"]
    assert first.as_bytes() == second.as_bytes()


def test_an_hour_of_a_server_that_is_down_loses_and_doubles_nothing(tmp_path: Path, postmaster: Any, port: int) -> None:
    mailer = Mailer(SmtpSettings("127.0.0.1", "c@hs.example", port, security="none"), tmp_path)
    for _ in range(12):
        with pytest.raises(DeliveryFailed) as down:
            mailer.send(_mail())
        assert down.value.retryable
        assert f"127.0.0.1:{port}" in down.value.reason
    controller = Controller(postmaster, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        mailer.send(_mail())
    finally:
        controller.stop()
    assert len(postmaster.accepted) == 1


@pytest.mark.parametrize(
    ("reply", "retryable"),
    [("451 greylisted, try later", True), ("421 closing", True), ("550 no such user", False), ("552 too big", False)],
)
def test_a_refusal_says_whether_to_try_again(
    smtp: SmtpSettings, postmaster: Any, tmp_path: Path, reply: str, retryable: bool
) -> None:
    postmaster.replies = [reply]
    with pytest.raises(DeliveryFailed) as refused:
        Mailer(smtp, tmp_path).send(_mail())
    assert refused.value.retryable is retryable
    assert reply[:3] in refused.value.reason
    Mailer(smtp, tmp_path).send(_mail())
    assert len(postmaster.accepted) == 1


@pytest.mark.parametrize(("reply", "retryable"), [("450 busy", True), ("553 not here", False)])
def test_a_refused_recipient_says_whether_to_try_again(
    smtp: SmtpSettings, postmaster: Any, tmp_path: Path, reply: str, retryable: bool
) -> None:
    postmaster.recipient_reply = reply
    with pytest.raises(DeliveryFailed) as refused:
        Mailer(smtp, tmp_path).send(_mail())
    assert refused.value.retryable is retryable
    assert "school@example.org" not in refused.value.reason


@pytest.mark.parametrize("address", ["", "nobody", "a@b@c", "a@b\r\nBcc: x@y.z", "x y@z.cn", "a@b,c@d", "<a@b>", "a@"])
def test_a_bad_address_is_final_and_nothing_is_sent(
    smtp: SmtpSettings, postmaster: Any, tmp_path: Path, address: str
) -> None:
    with pytest.raises(DeliveryFailed, match="not a mail address") as refused:
        Mailer(smtp, tmp_path).send(_mail(recipient=address))
    assert not refused.value.retryable
    assert "\n" not in refused.value.reason
    assert not postmaster.accepted


def test_a_hostile_subject_makes_no_header(smtp: SmtpSettings, postmaster: Any, tmp_path: Path) -> None:
    Mailer(smtp, tmp_path).send(_mail(subject="补正\r\nBcc: thief@example.org\x00"))
    (message,) = postmaster.accepted
    assert message["Bcc"] is None
    assert "thief@example.org[U+0000]" in message["Subject"]


class _Abrupt(aiosmtp.SMTP):
    """Takes the message, says so, and hangs up at the farewell."""

    async def smtp_QUIT(self, arg: str) -> None:  # noqa: N802
        assert self.transport is not None
        self.transport.close()


class _AbruptController(Controller):
    def factory(self) -> aiosmtp.SMTP:
        return _Abrupt(self.handler)


def test_a_server_that_hangs_up_after_taking_the_message_has_taken_it(
    postmaster: Any, tmp_path: Path, port: int
) -> None:
    controller = _AbruptController(postmaster, hostname="127.0.0.1", port=port)
    controller.start()
    mailer = Mailer(SmtpSettings("127.0.0.1", "c@hs.example", port, security="none", timeout_seconds=5), tmp_path)
    try:
        assert mailer.send(_mail()) == mailer.send(_mail())
    finally:
        controller.stop()
    assert len(postmaster.accepted) == 1


def test_a_message_taken_but_not_confirmed_is_sent_again_under_the_same_id(
    smtp: SmtpSettings, postmaster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Lost(smtplib.SMTP):
        def send_message(self, *args: Any, **kwargs: Any) -> Any:
            super().send_message(*args, **kwargs)
            raise TimeoutError("timed out")

    with monkeypatch.context() as network:
        network.setattr(smtplib, "SMTP", Lost)
        with pytest.raises(DeliveryFailed) as lost:
            Mailer(smtp, tmp_path).send(_mail())
    assert lost.value.retryable
    Mailer(smtp, tmp_path).send(_mail())
    assert [str(message["Message-ID"]) for message in postmaster.accepted] == [postmaster.accepted[0]["Message-ID"]] * 2


def test_a_kill_after_the_server_took_it_sends_nothing_again(
    smtp: SmtpSettings, postmaster: Any, tmp_path: Path
) -> None:
    receipt = Mailer(smtp, tmp_path).send(_mail())
    # the caller was killed here; the next run knows of no receipt
    assert Mailer(smtp, tmp_path).send(_mail()) == receipt
    assert len(postmaster.accepted) == 1


def test_a_server_that_says_nothing_is_given_up_on() -> None:
    accepted: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        waiter = Thread(target=lambda: accepted.append(silent.accept()[0]), daemon=True)
        waiter.start()
        slow = SmtpSettings("127.0.0.1", "c@hs.example", port, security="none", timeout_seconds=0.3)
        with pytest.raises(DeliveryFailed) as silence:
            Mailer(slow, Path("unused")).send(_mail())
        assert silence.value.retryable
        waiter.join(timeout=10)
    for connection in accepted:
        connection.close()


def test_a_server_without_tls_is_not_sent_a_password(smtp: SmtpSettings, postmaster: Any, tmp_path: Path) -> None:
    secure = SmtpSettings(smtp.host, smtp.sender, smtp.port, username="u", password="p")
    with pytest.raises(DeliveryFailed, match="does not fit its settings") as refused:
        Mailer(secure, tmp_path).send(_mail())
    assert not refused.value.retryable
    assert not postmaster.accepted


def test_settings_do_not_tell_the_password() -> None:
    assert "geheim" not in repr(SmtpSettings("h", "s@h", password="geheim"))


def _letter(**changed: Any) -> OutgoingLetter:
    values: dict[str, Any] = {
        "key": "k",
        "relative": "correction/HS-1.docx",
        "content": b"docx",
        "subject": "补正通知书",
        "body": "见附件。",
        "recipient": "school@example.org",
    }
    return OutgoingLetter(**{**values, **changed})


def test_a_letter_in_a_folder_is_a_file_once(tmp_path: Path) -> None:
    box = FolderBox(tmp_path)
    assert box.post(_letter()) == box.post(_letter()) == "file:correction/HS-1.docx"
    assert [path.read_bytes() for path in tmp_path.rglob("*.docx")] == [b"docx"]


def test_a_mailed_letter_is_kept_as_a_file_too(smtp: SmtpSettings, postmaster: Any, tmp_path: Path) -> None:
    box = MailBox(tmp_path / "letters", Mailer(smtp, tmp_path / "marks"))
    assert box.post(_letter()).startswith("mail:<")
    assert (tmp_path / "letters" / "correction" / "HS-1.docx").read_bytes() == b"docx"
    assert [part.get_filename() for part in postmaster.accepted[0].iter_attachments()] == ["HS-1.docx"]


def test_an_applicant_without_an_address_gets_a_file(smtp: SmtpSettings, postmaster: Any, tmp_path: Path) -> None:
    box = MailBox(tmp_path / "letters", Mailer(smtp, tmp_path / "marks"))
    assert box.post(_letter(recipient="")) == "file:correction/HS-1.docx"
    assert not postmaster.accepted


def test_a_certificate_nobody_vouches_for_is_a_matter_of_settings(
    smtp: SmtpSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise ssl.SSLCertVerificationError("self-signed certificate")

    monkeypatch.setattr(smtplib.SMTP, "starttls", refuse)
    secure = SmtpSettings(smtp.host, smtp.sender, smtp.port)
    with pytest.raises(DeliveryFailed, match="self-signed") as refused:
        Mailer(secure, tmp_path).send(_mail())
    assert not refused.value.retryable
