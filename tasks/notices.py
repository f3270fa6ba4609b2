"""Delivery of letters from the outbox; what they say was fixed when they were written into it."""

import hashlib
import re

from prefect import task
from prefect.cache_policies import NO_CACHE

from schemas.notice import LETTER_KINDS
from schemas.run_summary import Counts, RunKey
from schemas.settings import settings
from tasks.gateways import post
from tasks.letters.render import UnknownLetterError, UnusableTemplateError, render
from tasks.store import notices
from tasks.store.database import reading
from tasks.store.leases import writing

#: Letters handed over between two notes in the database: a kill repeats at most so many, with the same bytes.
PORTION = 50
_UNSAFE = re.compile(r"[^\w.+@-]+")


@task(task_run_name="letters-{run.cycle}", cache_policy=NO_CACHE)
def deliver_letters(run: RunKey) -> Counts:
    """Deliver every letter not delivered yet; one that cannot be delivered stays in the outbox and stops no other."""
    with reading() as db:
        due = notices.undelivered(db)
    failed: dict[str, str] = {}
    for start in range(0, len(due), PORTION):
        receipts: dict[str, str] = {}
        for occasion in due[start : start + PORTION]:
            try:
                receipts[occasion] = _deliver(occasion)
            except (OSError, post.OutsideFolderError, UnusableTemplateError, UnknownLetterError) as refused:
                failed[occasion] = f"letter {occasion} could not be delivered: {refused}"
        with writing(run) as db:
            for occasion, receipt in receipts.items():
                notices.delivered(db, occasion, receipt)
    done = len(due) - len(failed)
    return Counts(done={"delivered": done} if done else {}, failed=failed)


def _deliver(occasion: str) -> str:
    with reading() as db:
        letter = notices.read(db, occasion)
    path = post.put(settings().outbox / "letters", letter_path(letter), render(letter.kind, letter.content))
    return str(path.relative_to(settings().root))


def letter_path(letter: notices.Notice) -> str:
    """`<kind>/<subject>-<title>-<mark of the occasion>.docx`, whatever characters the subject brings."""
    mark = hashlib.sha256(letter.occasion.encode()).hexdigest()[:8]
    subject = _UNSAFE.sub("_", letter.subject).strip(".") or "unnamed"
    return f"{letter.kind}/{subject}-{LETTER_KINDS[letter.kind].title}-{mark}.docx"
