"""Delivery of letters from the outbox; what they say was fixed when they were written into it."""

import hashlib
import re

from prefect import task
from prefect.cache_policies import NO_CACHE
from sqlalchemy import Connection

from schemas.notice import LETTER_KINDS
from schemas.run import Run
from schemas.run_summary import Counts
from schemas.settings import UnusableSettingsError, settings
from tasks.gateways.disk import files as post
from tasks.gateways.paper.visible_text import visible
from tasks.gateways.paper.word import UnusableTemplateError
from tasks.gateways.wire.letterbox import LetterBox, OutgoingLetter, letter_box
from tasks.gateways.wire.mail import is_address
from tasks.gateways.wire.retry import DeliveryFailed, Patience
from tasks.letters.render import UnknownLetterError, render
from tasks.store import addresses, notices
from tasks.store.database import reading
from tasks.store.leases import writing

#: Letters handed over between two notes in the database: a kill repeats at most so many, with the same bytes.
PORTION = 50
_UNSAFE = re.compile(r"[^\w.+@-]+")
#: Characters of a number in a file's name: file systems take 255 bytes, and the mark tells the letters apart.
_LONGEST_SUBJECT = 40


@task(task_run_name="letters-{run.cycle}", cache_policy=NO_CACHE)
def deliver_letters(run: Run) -> Counts:
    """Deliver every letter not delivered yet; one that cannot be delivered stays in the outbox and stops no other."""
    with reading() as db:
        due = notices.undelivered(db)
    if not due:
        return Counts()
    try:
        box = letter_box(settings())
    except UnusableSettingsError as unset:
        return Counts(failed={occasion: f"letter {occasion} was not posted: {unset}" for occasion in due})
    failed: dict[str, str] = {}
    patience = Patience()
    for start in range(0, len(due), PORTION):
        receipts: dict[str, str] = {}
        for occasion in due[start : start + PORTION]:
            try:
                patience.assert_left()
                receipts[occasion] = _deliver(occasion, box)
                patience.renew()
            except DeliveryFailed as refused:
                patience.note(refused)
                failed[occasion] = f"letter {occasion} could not be delivered: {refused}"
            except (OSError, post.OutsideFolderError, UnusableTemplateError, UnknownLetterError) as refused:
                failed[occasion] = f"letter {occasion} could not be delivered: {refused}"
        with writing(run) as db:
            for occasion, receipt in receipts.items():
                notices.delivered(db, occasion, receipt)
    done = len(due) - len(failed)
    return Counts(done={"delivered": done} if done else {}, failed=failed)


def _deliver(occasion: str, box: LetterBox) -> str:
    """Post one letter; the receipt is its file's path in the home, for every letter is kept as a file."""
    with reading() as db:
        letter = notices.read(db, occasion)
        address = _address(db, letter)
    title, name = LETTER_KINDS[letter.kind].title, visible(str(letter.content.get("institution_name", "")))
    box.post(
        OutgoingLetter(
            key=occasion,
            relative=letter_path(letter),
            content=render(letter.kind, letter.content),
            subject=f"{title}：{name}（{letter.subject}）",
            body=f"{name}：\n\n　　{title}见附件，请查收。本邮件由系统发出，请勿直接回复。\n",
            recipient=address if is_address(address) else "",
        )
    )
    return f"outbox/letters/{letter_path(letter)}"


def _address(db: Connection, letter: notices.Notice) -> str:
    if LETTER_KINDS[letter.kind].reader == "panel":
        return addresses.of_lead(db, letter.subject)
    return addresses.of_applicant(db, letter.subject)


def letter_path(letter: notices.Notice) -> str:
    """`<kind>/<subject>-<title>-<mark of the occasion>.docx`, whatever characters the subject brings."""
    mark = hashlib.sha256(letter.occasion.encode()).hexdigest()[:8]
    subject = _UNSAFE.sub("_", letter.subject).strip(".")[:_LONGEST_SUBJECT] or "unnamed"
    return f"{letter.kind}/{subject}-{LETTER_KINDS[letter.kind].title}-{mark}.docx"
