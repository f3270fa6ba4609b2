"""Two people at one thing: an act says what its page had seen, and is refused where something was done meanwhile."""

from dataclasses import dataclass

from sqlalchemy import Connection

from schemas.errors import RefusedError
from tasks.store import dossier

#: At most so many of the entries since are shown.
_NAMED = 5


@dataclass(frozen=True)
class Since:
    """One thing that was done meanwhile: by whom, on which day, what."""

    by: str
    on: str
    because: str


class MovedError(RefusedError):
    """Something was done to it since the page was opened; `since` tells what, oldest first, and `seen` is the new mark."""

    def __init__(self, subject: str, seen: int, since: list[Since]) -> None:
        self.subject, self.seen, self.since = subject, seen, since
        doings = "; ".join(f"{entry.on} {entry.by}: {entry.because}" for entry in since)
        super().__init__(f"{subject} has moved since it was looked at ({doings}): look at it again")


def assert_unmoved(db: Connection, subject: str, seen: int | None) -> None:
    """Raise MovedError where the history has later entries about a subject than the one seen; None asks nothing."""
    if seen is None:
        return
    entries = dossier.entries_after(db, subject, seen)
    if entries.empty:
        return
    since = [Since(str(row["by"]), str(row["on"]), str(row["because"])) for row in entries.to_dict("records")]
    # what a person did says more than what the system did of it
    doings = [entry for entry in since if entry.by != "filing"] or since
    raise MovedError(subject, int(entries["entry"].max()), doings[-_NAMED:])
