"""Letters from the outbox posted to institutions and panels."""

import hashlib
import re
from functools import partial

from sqlalchemy import Connection

from schemas.letter import LETTER_KINDS
from schemas.run import Run
from schemas.run_summary import Counts
from schemas.settings import UnusableSettingsError
from tasks.gateways.paper.visible_text import visible
from tasks.gateways.wire.letterbox import LetterBox, OutgoingLetter, letter_box
from tasks.gateways.wire.mail import is_address
from tasks.letters.render import render
from tasks.runs.step import step
from tasks.store import applications, outbox, panels
from tasks.store.database import reading
from tasks.store.leases import writing
from tasks.store.outbox import LETTERS, Entry

_UNSAFE = re.compile(r"[^\w.+@-]+")
#: Characters of a number in a file's name: file systems take 255 bytes, and the mark tells the letters apart.
_LONGEST_SUBJECT = 40


@step("letters-{run.cycle}")
def deliver_letters(run: Run) -> Counts:
    """Deliver every letter not delivered yet; one that cannot be delivered stays in the outbox and stops no other."""
    with reading() as db:
        due = outbox.undelivered(db, LETTERS)
    if not due:
        return Counts()
    try:
        postbox = letter_box(run.installation)
    except UnusableSettingsError as unset:
        return Counts(failed={occasion: f"letter {occasion} was not posted: {unset}" for occasion in due})
    delivery = outbox.deliver(LETTERS, due, partial(_post, postbox), lambda: writing(run))
    return Counts(done={"delivered": delivery.done} if delivery.done else {}, failed=delivery.failed)


def _post(postbox: LetterBox, letter: Entry) -> str:
    """Post one letter; the receipt is its file's path in the home, for every letter is kept as a file."""
    with reading() as db:
        address = _address(db, letter)
    title, name = LETTER_KINDS[letter.kind].title, visible(str(letter.content.get("institution_name", "")))
    postbox.post(
        OutgoingLetter(
            key=letter.occasion,
            relative=letter_path(letter),
            content=render(letter.kind, letter.content),
            subject=f"{title}：{name}（{letter.subject}）",
            body=f"{name}：\n\n　　{title}见附件，请查收。本邮件由系统发出，请勿直接回复。\n",
            recipient=address if is_address(address) else "",
        )
    )
    return f"outbox/letters/{letter_path(letter)}"


def _address(db: Connection, letter: Entry) -> str:
    if LETTER_KINDS[letter.kind].reader == "panel":
        return panels.lead_address(db, letter.subject)
    return applications.address(db, letter.subject)


def letter_path(letter: Entry) -> str:
    """`<kind>/<subject>-<title>-<mark of the occasion>.docx`, whatever characters the subject brings."""
    mark = hashlib.sha256(letter.occasion.encode()).hexdigest()[:8]
    subject = _UNSAFE.sub("_", letter.subject).strip(".")[:_LONGEST_SUBJECT] or "unnamed"
    return f"{letter.kind}/{subject}-{LETTER_KINDS[letter.kind].title}-{mark}.docx"
