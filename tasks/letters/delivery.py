"""Letters from the outbox posted to institutions and panels."""

import hashlib
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

from schemas import office
from schemas.letter_text import LETTER_KINDS
from schemas.run import Counts, Run
from schemas.settings import UnusableSettingsError
from tasks.gateways.disk import files
from tasks.gateways.paper.pdf import NoOfficeSuiteError, as_pdf
from tasks.gateways.paper.visible_text import visible
from tasks.gateways.wire.mail import LetterBox, OutgoingLetter, is_address, letter_box
from tasks.letters.render import render
from tasks.runs.run import step
from tasks.runs.spreading import expect, spread
from tasks.store import applications, outbox, panels
from tasks.store.database import reading
from tasks.store.leases import writing
from tasks.store.outbox import DOCUMENTS, LETTERS, Delivery, Entry

_UNSAFE = re.compile(r"[^\w.+@-]+")
#: Everybody: whom an announcement and a public notice are to.
PUBLIC = "各有关单位、社会公众"
#: Characters of a number in a file's name: file systems take 255 bytes, and the mark tells the letters apart.
_LONGEST_SUBJECT = 40
#: Letters set as PDF by one process of LibreOffice.
_SET_AT_ONCE = 50


@step("letters-{run.cycle}")
def deliver_letters(run: Run) -> Counts:
    """Deliver every letter not delivered yet; one that cannot be delivered stays in the outbox and stops no other."""
    with reading() as db:
        due = outbox.undelivered(db, LETTERS)
    if not due:
        return Counts()
    try:
        letter_box(run.installation)
    except UnusableSettingsError as unset:
        return Counts(failed={occasion: f"letter {occasion} was not posted: {unset}" for occasion in due})
    # a mail server is asked by one process at a time
    is_folder = run.installation.letter_channel == "folder"
    delivery = spread(run, "letters", post_letters, due) if is_folder else post_letters(run, due)
    advice = _set_as_pdf(run.installation.outbox / "letters") if run.installation.letter_pdf else []
    return Counts(done={"delivered": delivery.done} if delivery.done else {}, failed=delivery.failed, advice=advice)


def expect_letters(run: Run, number: int) -> None:
    """Get ready for about so many letters, which the run is going to write."""
    if run.installation.letter_channel == "folder":
        expect(run, post_letters, number)


def post_letters(run: Run, due: list[str]) -> Delivery:
    """Post the letters of these occasions; repeated, it posts none twice."""
    postbox = letter_box(run.installation)
    templates = office.read(run.installation.root).folder(run.installation.root)
    # a folder needs no addresses
    address_of = _address if run.installation.letter_channel == "smtp" else lambda _: ""
    post = partial(_post, postbox, templates, address_of)
    return outbox.deliver(LETTERS, due, post, lambda: writing(run), postbox.settle)


def _set_as_pdf(folder: Path) -> list[str]:
    """Set every letter that has no PDF file beside it; returns a sentence where that cannot be."""
    due = [path for path in sorted(folder.glob("*/*.docx")) if not path.with_suffix(".pdf").exists()]
    try:
        for start in range(0, len(due), _SET_AT_ONCE):
            portion = {
                path.relative_to(folder).with_suffix(".pdf").as_posix(): path.read_bytes()
                for path in due[start : start + _SET_AT_ONCE]
            }
            for relative, content in as_pdf(portion).items():
                files.put(folder, relative, content)
    except NoOfficeSuiteError as missing:
        return [f"{len(due)} letters were not set as PDF: {missing}"]
    return []


def _post(postbox: LetterBox, templates: Path | None, address_of: Callable[[Entry], str], letter: Entry) -> str:
    """Post one letter; the receipt is its file's path in the home, for every letter is kept as a file."""
    address = address_of(letter)
    title, name = LETTER_KINDS[letter.kind].title, visible(str(letter.content.get("institution_name", "")))
    postbox.post(
        OutgoingLetter(
            key=letter.occasion,
            relative=letter_path(letter),
            content=render(letter.kind, letter.content, templates),
            subject=f"{title}：{name}（{letter.number or letter.subject}）",
            body=_mail(name, title, letter),
            recipient=address if is_address(address) else "",
        )
    )
    return f"outbox/letters/{letter_path(letter)}"


def _mail(name: str, title: str, letter: Entry) -> str:
    """The text of the mail that brings a letter: its number, and whom to ask."""
    number = f"（{letter.number}）" if letter.number else ""
    contacts = [
        f"{word}：{visible(str(line))}"
        for word, field in (("联系人", "contact"), ("电话", "phone"), ("邮箱", "email"))
        if (line := letter.content.get(field))
    ]
    ask = f"　　{'，'.join(contacts)}。\n" if contacts else ""
    issuer = visible(str(letter.content.get("issuer", "")))
    return f"{name}：\n\n　　{title}{number}见附件，请查收。本邮件由系统发出，请勿直接回复。\n{ask}\n{issuer}\n"


def _address(letter: Entry) -> str:
    with reading() as db:
        if LETTER_KINDS[letter.kind].reader == "panel":
            return panels.lead_address(db, letter.subject)
        return applications.address(db, letter.subject)


def letter_path(letter: Entry) -> str:
    """`<kind>/<subject>-<title>-<mark of the occasion>.docx`, whatever characters the subject brings."""
    mark = hashlib.sha256(letter.occasion.encode()).hexdigest()[:8]
    subject = _UNSAFE.sub("_", letter.subject).strip(".")[:_LONGEST_SUBJECT] or "unnamed"
    return f"{letter.kind}/{subject}-{LETTER_KINDS[letter.kind].title}-{mark}.docx"


def write_drafts(run: Run, kind: str, write: Callable[[Entry], str]) -> Counts:
    """Write every draft to be sealed (公告, 公示, 报送函) of a kind that is not written yet; `write` returns where.

    It lies below the home: nothing a person has to write on is in an edition or in the folder of a public notice.
    """
    with reading() as db:
        due = [occasion for occasion in outbox.undelivered(db, DOCUMENTS) if occasion.startswith(f"{kind}:")]
    if not due:
        return Counts()
    return Counts(failed=outbox.deliver(DOCUMENTS, due, write, lambda: writing(run)).failed)
