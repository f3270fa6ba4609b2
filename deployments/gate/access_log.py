"""Who did and read what: one JSON line each, in a private file that is only ever added to."""

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from schemas.finding import hidden

FILE = "access.jsonl"


def note(home: Path, who: str, what: str, **more: object) -> None:
    """Add a line: when, who, what they did, and the rest of what is known of it."""
    entry = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "who": who, "what": what, **more}
    line = hidden(json.dumps(entry, ensure_ascii=False, default=str)) + "\n"  # the log itself tells nobody's number
    descriptor = os.open(home / FILE, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(descriptor, line.encode("utf-8", "replace"))  # one write: lines of two processes do not mix
    finally:
        os.close(descriptor)


def entries(home: Path) -> Iterator[dict[str, object]]:
    """Every line, oldest first; one that a full disk cut short is passed over."""
    place = home / FILE
    if not place.exists():
        return
    with place.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            try:
                yield json.loads(line)
            except ValueError:
                continue
