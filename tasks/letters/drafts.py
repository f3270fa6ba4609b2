"""Drafts of documents to be sealed (公告, 公示, 报送函): numbered in the outbox, written below the home's own.

Nothing a person has to write on lies in an edition or in the folder of a public notice.
"""

from collections.abc import Callable

from schemas.run import Run
from schemas.run_summary import Counts
from tasks.store import outbox
from tasks.store.database import reading
from tasks.store.leases import writing
from tasks.store.outbox import DOCUMENTS, Entry

#: Everybody: whom an announcement and a public notice are to.
PUBLIC = "各有关单位、社会公众"


def write_drafts(run: Run, kind: str, write: Callable[[Entry], str]) -> Counts:
    """Write every draft of a kind that is not written yet; `write` returns where, below the home."""
    with reading() as db:
        due = [occasion for occasion in outbox.undelivered(db, DOCUMENTS) if occasion.startswith(f"{kind}:")]
    if not due:
        return Counts()
    return Counts(failed=outbox.deliver(DOCUMENTS, due, write, lambda: writing(run)).failed)
